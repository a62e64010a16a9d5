//! What pages promise that needs no browser to see.

use std::{collections::BTreeSet, time::Duration};

use axum::http::Method;
use doorward_core::Timestamp;

use super::{ago, spoken};
use crate::site::{Settings, Site};
use crate::{
    features::{Stage, routes},
    testing::{Actor, Answer, Engine, PASSWORD, TestApp},
};

const ANN: &str = "ann@example.com";

/// One start tag with its attributes.
#[derive(Debug)]
struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The start and end tags of a page, in their order; our own templates are regular enough for that.
fn tags(html: &str) -> Vec<Tag> {
    let mut rest = html;
    let mut found = Vec::new();
    while let Some((_, after)) = rest.split_once('<') {
        let mut quoted = false;
        let end = after.find(|c| {
            quoted ^= c == '"';
            c == '>' && !quoted
        });
        let (tag, next) = after.split_at(end.expect("a tag is closed"));
        found.push(parse(tag));
        rest = next;
    }
    found
}

fn parse(tag: &str) -> Tag {
    let (name, mut rest) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
    let mut attributes = Vec::new();
    while !rest.trim().is_empty() {
        let text = rest.trim_start();
        let end = text.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(text.len());
        let (name, after) = text.split_at(end);
        match after.strip_prefix("=\"").map(|value| value.split_once('"').expect("a value is closed")) {
            Some((value, after)) => {
                attributes.push((name.to_owned(), value.to_owned()));
                rest = after;
            }
            None => {
                assert!(!after.starts_with('='), "every value stands in quotes: {tag}");
                attributes.push((name.to_owned(), String::new()));
                rest = after;
            }
        }
    }
    Tag { name: name.trim_end_matches('/').to_ascii_lowercase(), attributes }
}

/// Checks everything that is promised of every page.
fn inspect(app: &TestApp, at: &str, page: &Answer) {
    let html = page.text();
    let tags = tags(&html);
    let count = |name: &str| tags.iter().filter(|tag| tag.name == name).count();
    assert!(html.starts_with("<!doctype html>\n<html lang=\"en\">"), "{at}\n{html}");
    for once in ["h1", "title", "main", "/html"] {
        assert_eq!(count(once), 1, "{once} of {at}\n{html}");
    }
    for never in ["script", "style", "iframe", "object", "embed", "base"] {
        assert_eq!(count(never), 0, "{never} in {at}\n{html}");
    }
    let mut ids = BTreeSet::new();
    for tag in &tags {
        for (name, value) in &tag.attributes {
            assert!(name != "style" && !name.starts_with("on"), "{name} in {at}\n{html}");
            assert!(name != "id" || ids.insert(value.clone()), "two elements are called {value} in {at}");
            if ["href", "src", "action", "formaction", "srcset", "poster", "data"].contains(&name.as_str()) {
                let ours = value.starts_with('/') && !value.starts_with("//") || value.starts_with('#');
                let in_letter = at.contains("/dev/mailbox/") && value.starts_with(&format!("{}/", app.origin()));
                assert!(ours || in_letter, "{value} in {at}");
            }
        }
    }
    each_input_has_a_label(at, &tags);
    each_form_is_protected(at, &tags);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("cache-control"), "no-store", "{at}");
    assert!(page.header("content-security-policy").starts_with("default-src 'none'; style-src 'self';"), "{at}");
}

fn each_input_has_a_label(at: &str, tags: &[Tag]) {
    let labels: BTreeSet<_> = tags.iter().filter_map(|tag| tag.attribute("for")).collect();
    for input in tags.iter().filter(|tag| tag.name == "input") {
        let hidden = input.attribute("type") == Some("hidden") || input.attribute("hidden").is_some();
        let named = input.attribute("id").is_some_and(|id| labels.contains(id));
        assert!(hidden || named, "{input:?} in {at} has no label");
        for described in input.attribute("aria-describedby").into_iter().flat_map(str::split_whitespace) {
            assert!(tags.iter().any(|tag| tag.attribute("id") == Some(described)), "{described} in {at} is nowhere");
        }
    }
}

/// A form goes to a route of ours with the method of that route, and one that changes something carries its token.
fn each_form_is_protected(at: &str, tags: &[Tag]) {
    let starts = tags.iter().enumerate().filter(|(_, tag)| tag.name == "form");
    for (start, form) in starts {
        let inside: Vec<_> = tags[start + 1..].iter().take_while(|tag| tag.name != "/form").collect();
        let action = form.attribute("action").expect("a form says where it goes");
        if form.attribute("method") == Some("get") {
            only_narrows(at, action, &inside);
            continue;
        }
        assert_eq!(form.attribute("method"), Some("post"), "{at}: nothing that a form sends belongs into an address");
        assert!(is_route(&Method::POST, action), "{at}: {action} is no route");
        let token = inside.iter().find(|tag| tag.attribute("name") == Some("csrf_token"));
        let token = token.and_then(|tag| tag.attribute("value")).unwrap_or_default();
        assert_eq!(token.len(), 43, "{at}: the form to {action} has the token {token:?}");
        assert_eq!(inside.iter().filter(|tag| tag.name == "button").count(), 1, "{at}: {action}");
    }
}

/// A form that narrows a list puts into the address what the address may show, and changes nothing.
fn only_narrows(at: &str, action: &str, inside: &[&Tag]) {
    assert!(is_route(&Method::GET, action), "{at}: {action} shows nothing");
    for field in inside.iter().filter_map(|tag| tag.attribute("name")) {
        let narrows =
            ["action", "result", "since", "until", "account", "search", "tenant", "format", "span"].contains(&field);
        assert!(narrows, "{at}: the form to {action} puts {field} into an address");
    }
}

fn is_route(method: &Method, path: &str) -> bool {
    let fits = |pattern: &str| {
        let (ours, theirs): (Vec<_>, Vec<_>) =
            (format!("/auth{pattern}").split('/').map(str::to_owned).collect(), path.split('/').collect());
        ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(our, their)| our.starts_with('{') || our == their)
    };
    routes(Stage::Development).table.iter().any(|route| route.method == *method && fits(route.path))
}

/// Every address that answers to GET, with the texts that its parameters and tokens may have.
fn addresses(tokens: &[String], session: &str, account: &str) -> Vec<String> {
    let table = routes(Stage::Development).table;
    let mut found: Vec<String> =
        vec!["/".to_owned(), "/nowhere".to_owned(), "/auth/nowhere".to_owned(), "/auth".to_owned()];
    for route in table.iter().filter(|route| route.method == Method::GET) {
        let path = format!("/auth{}", route.path).replace("{tenant}", "acme").replace("{account}", account);
        for id in ["000001", "000002", "000003", "999999", session] {
            found.push(path.replace("{id}", id));
        }
        if route.fields.iter().any(|field| field.name == "token") {
            found.extend(tokens.iter().map(|token| format!("{path}?token={token}")));
        } else if route.fields.is_empty() {
            found.push(format!("{path}?done=profile-saved&return_to=/shop%3Fa%3D1"));
            found.push(format!("{path}?done=%3Cscript%3E&return_to=//evil.example"));
        }
    }
    found.sort();
    found.dedup();
    found
}

async fn walk(app: &TestApp, who: &str, actor: &Actor, addresses: &[String]) -> usize {
    let mut pages = 0;
    for address in addresses {
        let answer = actor.clone().in_browser().get(address).await;
        assert_ne!(answer.status, 500);
        if answer.header("content-type").starts_with("text/html") {
            inspect(app, &format!("{address} ({who})"), &answer);
            pages += 1;
        } else if answer.status == 303 {
            let location = answer.header("location");
            let path = location.split('?').next().unwrap();
            assert!(is_route(&Method::GET, path), "{address} leads to {location}");
        }
    }
    pages
}

/// Promise: `render/sound-pages`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_sound_for_everybody() {
    let app = TestApp::new(Engine::Sqlite).await;
    let mut ann = app.person(ANN).await;
    app.logged_in(ANN).await;
    let mut visitor = app.visitor();
    visitor.post("/auth/signup", &[("email", "new@example.com"), ("password", PASSWORD)]).await;
    visitor.post("/auth/password/forgot", &[("email", ANN)]).await;
    ann.post("/auth/email/change", &[("email", "ann@new.example")]).await;
    let mut tokens = vec![String::new(), "A".repeat(43), "%22%3E%3Cscript%3E".to_owned()];
    for email in ["new@example.com", ANN, "ann@new.example"] {
        tokens.push(app.token_for(email).await);
    }
    let session = ann.get("/auth/session").await.json()["session"]["id"].as_str().unwrap().to_owned();
    let account = ann.get("/auth/session").await.json()["account"]["id"].as_str().unwrap().to_owned();
    app.tenant("acme", account.parse().unwrap()).await;
    let addresses = addresses(&tokens, &session, &account);
    let mut stale = app.person("bob@example.com").await;
    crate::operate::disable(
        &app.doorward,
        app.doorward
            .account_of(&doorward_core::EmailAddress::parse("bob@example.com").unwrap())
            .await
            .unwrap()
            .unwrap(),
    )
    .await
    .unwrap();
    assert!(walk(&app, "nobody", &visitor, &addresses).await > 20);
    assert!(walk(&app, "ann", &ann, &addresses).await > 25);
    assert!(!stale.is_signed_in().await);
    walk(&app, "somebody whose session ended", &stale, &addresses).await;
    app.wait(Duration::from_secs(400));
    walk(&app, "ann, without a recent proof", &ann, &addresses).await;
}

/// Promise: `render/sound-pages`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_that_answers_a_form_is_sound() {
    let app = TestApp::new(Engine::Sqlite).await;
    let account = app.account(ANN).await;
    app.tenant("acme", account).await;
    let ann = app.logged_in(ANN).await;
    let visitor = app.visitor();
    let typed = "\"><script>alert(1)</script>";
    let mut pages = 0;
    for (who, actor) in [("nobody", &visitor), ("ann", &ann)] {
        let table = routes(Stage::Development).table;
        for route in table.iter().filter(|route| route.method == Method::POST && !route.path.starts_with("/logout")) {
            let path = route.path.replace("{tenant}", "acme").replace("{account}", &account.to_string());
            let path = format!("/auth{}", path.replace("{id}", "0000000000000000"));
            for value in ["", typed, "x", &"A".repeat(43), "ann@example.com"] {
                let form: Vec<_> = route
                    .fields
                    .iter()
                    .filter(|field| !["id", "account"].contains(&field.name))
                    .map(|field| (field.name, value))
                    .collect();
                for token in ["right", "wrong", ""] {
                    let mut sender = actor.clone().in_browser();
                    let csrf = match (token, route.guard.as_str()) {
                        ("right", "Public") => sender.form_token().await,
                        ("right", _) => sender.csrf_token().await,
                        (other, _) => other.to_owned(),
                    };
                    let answer = sender.post_with(&csrf, &path, &form).await;
                    if answer.header("content-type").starts_with("text/html") {
                        inspect(&app, &format!("{path} ({who}, {value:?}, {token} token)"), &answer);
                        pages += 1;
                    }
                }
            }
        }
    }
    assert!(pages > 100, "{pages} pages");
}

/// Promise: `render/sound-pages`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_says_not_now_is_sound_and_tells_nothing() {
    let app = TestApp::new(Engine::Sqlite).await;
    let mut ann = app.person(ANN).await.in_browser();
    let mut tx = app.db().begin(crate::operate::Durability::Full).await.unwrap();
    tx.batch("ALTER TABLE sessions RENAME TO elsewhere").await.unwrap();
    tx.commit().await.unwrap();
    let page = ann.get("/auth/account").await;
    assert_eq!(page.status, 503);
    inspect(&app, "an outage", &page);
    assert!(page.text().contains("quote this reference: <strong>") && !page.text().contains("sessions"));
}

/// Promise: `render/themed`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn name_logo_and_colours_come_from_the_settings_and_stay_text() {
    let app = TestApp::with(Engine::Sqlite, |settings| {
        settings.site.name = "Smith & <b>Sons</b> \"Ltd\"".to_owned();
        settings.site.accent = Some("#a1B2c3".to_owned());
    })
    .await;
    let mut visitor = app.visitor().in_browser();
    let page = visitor.get("/auth/login").await;
    inspect(&app, "a themed page", &page);
    assert!(page.text().contains("Smith &#38; &#60;b&#62;Sons&#60;/b&#62; &#34;Ltd&#34;"));
    let css = visitor.get("/auth/assets/theme.css").await;
    assert_eq!(css.text(), ":root { --accent: #a1B2c3; }\n");
    assert_eq!(css.header("cache-control"), "public, max-age=31536000, immutable");
}

/// Promise: `render/themed`
#[test]
fn a_colour_that_could_be_more_than_a_colour_is_refused() {
    for colour in ["red", "#fff", "#12345g", "#1234567", "", "#a1b2c3;}body{x", "url(//evil.example)", "#１２３４５６"]
    {
        let settings = Settings { accent_dark: Some(colour.to_owned()), ..Settings::default() };
        assert_eq!(Site::new(&settings, true).err().unwrap().key, "site.accent_dark", "{colour:?}");
    }
    for logo in ["logo.gif", "logo", "/etc/passwd", "/does/not/exist.png", "logo.svg.exe"] {
        let settings = Settings { logo: Some(logo.to_owned()), ..Settings::default() };
        assert_eq!(Site::new(&settings, true).err().unwrap().key, "site.logo", "{logo}");
    }
}

/// Promise: `render/public-url`
#[test]
fn the_public_address_is_scheme_host_and_port_and_https_unless_it_is_this_machine() {
    let site = |url: &str| Site::new(&Settings { public_url: url.to_owned(), ..Settings::default() }, true);
    for (url, origin, https) in [
        ("https://id.example.com", "https://id.example.com", true),
        ("https://id.example.com/", "https://id.example.com", true),
        ("https://ID.example.com:443", "https://id.example.com", true),
        ("https://id.example.com:8443", "https://id.example.com:8443", true),
        ("https://bücher.example", "https://xn--bcher-kva.example", true),
        ("http://localhost:4400", "http://localhost:4400", false),
        ("http://127.0.0.1", "http://127.0.0.1", false),
        ("http://[::1]:4400", "http://[::1]:4400", false),
    ] {
        let site = site(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        assert_eq!((site.public_url.as_str(), site.origin.as_str(), site.https), (origin, origin, https), "{url}");
        assert_eq!(site.link("/x", "T".to_owned()), format!("{origin}/auth/x?token=T"));
        assert_eq!(site.cookies().session.starts_with("__Host-"), https, "{url}");
    }
    for url in [
        "",
        "id.example.com",
        "//id.example.com",
        "ftp://id.example.com",
        "file:///etc",
        "javascript:alert(1)",
        "https://",
        "https://id.example.com/path",
        "https://id.example.com?x",
        "https://id.example.com#x",
        "https://user@id.example.com",
        "https://:secret@id.example.com",
        "https://user:secret@id.example.com",
        "http://id.example.com",
        "http://localhost.example.com",
        "http://127.0.0.2",
        "http://10.0.0.1:4400",
        "http://[::2]",
        "https://id.example.com:99999",
    ] {
        assert_eq!(site(url).err().map(|error| error.key).as_deref(), Some("site.public_url"), "{url:?}");
    }
}

#[test]
fn networks_of_proxies_are_checked_when_they_are_read() {
    for entry in ["10.0.0.0/33", "::/129", "proxy.example.com", "10.0.0", "10.0.0.0/", "10.0.0.0/-1", "", "10.0.0.0/8 "]
    {
        let settings =
            Settings { trusted_proxies: vec!["127.0.0.1".to_owned(), entry.to_owned()], ..Settings::default() };
        let refused = Site::new(&settings, true).err().unwrap();
        assert_eq!(refused.key, "site.trusted_proxies", "{entry}");
        assert!(refused.problem.contains(&format!("`{entry}`")));
    }
}

#[test]
fn spans_are_told_in_the_largest_unit_that_is_not_one() {
    let told = [0, 1, 2, 119, 120, 1799, 1800, 7199, 7200, 86_400, 172_799, 172_800, 604_800]
        .map(|secs| spoken(Duration::from_secs(secs)));
    assert_eq!(
        told,
        [
            "0 seconds",
            "1 second",
            "2 seconds",
            "119 seconds",
            "2 minutes",
            "29 minutes",
            "30 minutes",
            "119 minutes",
            "2 hours",
            "24 hours",
            "47 hours",
            "2 days",
            "7 days",
        ]
    );
}

#[test]
fn moments_are_told_by_how_long_ago_they_were() {
    let now = Timestamp::from_secs(1_000_000);
    let told = [0, 119, 120, 7200, 1_000_000, -50].map(|secs| ago(Timestamp::from_secs(1_000_000 - secs), now));
    assert_eq!(told, ["just now", "just now", "2 minutes ago", "2 hours ago", "11 days ago", "just now"]);
}
