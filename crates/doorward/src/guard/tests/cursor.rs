use std::time::Duration;

use doorward_core::{AccountId, Purpose, SystemEntropy};

use crate::{
    guard::{Cursor, Listing, Viewer},
    testing::{Engine, TestApp},
};

const AT: [u8; 16] = *b"sixteen bytes it";

fn ann(app: &TestApp) -> Viewer {
    Viewer::Account(AccountId::new(app.now(), &SystemEntropy))
}

fn read(app: &TestApp, list: &Listing, text: &str) -> Result<Option<[u8; 16]>, (u16, &'static str)> {
    Cursor::read(app.doorward.context(), list, text).map_err(|problem| {
        assert!(problem.about("cursor").is_some());
        (problem.status.as_u16(), problem.code)
    })
}

const REFUSED: Result<Option<[u8; 16]>, (u16, &str)> = Err((422, "cursor_invalid"));

/// Promise: `guard/cursors-bound`
#[tokio::test]
async fn a_cursor_leads_back_to_its_place_in_its_own_list_only() {
    let app = TestApp::new(Engine::Sqlite).await;
    let viewer = ann(&app);
    let list = |name, viewer, parts: &[(&'static str, Option<&str>)]| {
        parts.iter().fold(Listing::new(name, viewer), |list, (name, value)| list.with(name, *value))
    };
    let own = list("members", viewer, &[("tenant", Some("ab")), ("name", Some("c"))]);
    let cursor = Cursor::write(app.doorward.context(), &own, AT);
    assert_eq!(read(&app, &own, &cursor), Ok(Some(AT)));
    assert_eq!(read(&app, &own, ""), Ok(None), "no cursor is the first page");
    for (name, viewer, parts) in [
        ("audit", viewer, &[("tenant", Some("ab")), ("name", Some("c"))][..]),
        ("members", ann(&app), &[("tenant", Some("ab")), ("name", Some("c"))]),
        ("members", Viewer::Operator, &[("tenant", Some("ab")), ("name", Some("c"))]),
        ("members", viewer, &[("tenant", Some("ac")), ("name", Some("c"))]),
        ("members", viewer, &[("tenant", Some("a")), ("name", Some("bc"))]),
        ("members", viewer, &[("tenant", Some("abc")), ("name", Some(""))]),
        ("members", viewer, &[("tenant", Some("ab")), ("name", None)]),
        ("members", viewer, &[("tenant", Some("ab")), ("slug", Some("c"))]),
        ("members", viewer, &[("name", Some("c")), ("tenant", Some("ab"))]),
        ("members", viewer, &[("tenant", Some("ab"))]),
        ("members", viewer, &[("tenant", Some("ab")), ("name", Some("c")), ("role", None)]),
        ("members", viewer, &[]),
    ] {
        assert_eq!(read(&app, &list(name, viewer, parts), &cursor), REFUSED, "{name} {parts:?}");
    }
}

/// Promise: `guard/cursors-bound`
#[tokio::test]
async fn an_empty_text_narrows_a_list_and_no_text_does_not() {
    let app = TestApp::new(Engine::Sqlite).await;
    let list = |value| Listing::new("members", Viewer::Operator).with("name", value);
    let cursor = Cursor::write(app.doorward.context(), &list(Some("")), AT);
    assert_eq!(read(&app, &list(None), &cursor), REFUSED);
}

/// Promise: `guard/cursors-bound`
#[tokio::test]
async fn a_cursor_that_was_changed_cut_or_made_for_something_else_is_refused() {
    let app = TestApp::new(Engine::Sqlite).await;
    let (cx, list) = (app.doorward.context(), Listing::new("members", Viewer::Operator));
    let cursor = Cursor::write(cx, &list, AT);
    for at in 0..cursor.len() {
        let mut changed = cursor.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        assert_eq!(read(&app, &list, std::str::from_utf8(&changed).unwrap()), REFUSED, "byte {at}");
        assert!(at == 0 || read(&app, &list, &cursor[..at]) == REFUSED, "cut at {at}");
    }
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, &cursor).unwrap();
    for purpose in [Purpose::Session, Purpose::Form, Purpose::Device] {
        let sealed = cx.keys().seal(purpose, &bytes[4..52], cx.clock.now());
        assert_eq!(read(&app, &list, &sealed), REFUSED, "{purpose:?}");
    }
    for text in [" ", "x", "0", &"A".repeat(112), &"A".repeat(10_000), &format!("{cursor}="), "ä", "\0"] {
        assert_eq!(read(&app, &list, text), REFUSED, "{text:?}");
    }
}

/// Promise: `guard/cursors-bound`
#[tokio::test]
async fn a_rotation_of_keys_leaves_cursors_usable_and_a_replacement_does_not() {
    let app = TestApp::new(Engine::Sqlite).await;
    let list = Listing::new("members", Viewer::Operator);
    let cursor = Cursor::write(app.doorward.context(), &list, AT);
    let (file, hour) = (app.key_file(), Duration::from_secs(3600));
    file.rotate(app.now(), Duration::ZERO, hour, &SystemEntropy).unwrap();
    app.doorward.replace_keys(file.load().unwrap());
    assert_eq!(read(&app, &list, &cursor), Ok(Some(AT)));
    assert_ne!(Cursor::write(app.doorward.context(), &list, AT), cursor, "the new key signs");
    file.replace_all(app.now(), &SystemEntropy).unwrap();
    app.doorward.replace_keys(file.load().unwrap());
    assert_eq!(read(&app, &list, &cursor), REFUSED);
}
