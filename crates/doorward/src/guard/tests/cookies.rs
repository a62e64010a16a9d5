//! Cookies that somebody else put there, or made up.

use super::*;

async fn who(actor: &Actor, cookies: &[&str]) -> Answer {
    let mut headers: Vec<(&str, &[u8])> = vec![("accept", b"application/json")];
    headers.extend(cookies.iter().map(|value| ("cookie", value.as_bytes())));
    by_hand(actor, "GET", "/auth/session", &headers, "").await
}

/// What an attacker can toss next to or instead of the cookie `name` with the victim's value `ours`, and is not ours.
fn look_alikes(name: &str, ours: &str, theirs: &str) -> Vec<Vec<String>> {
    let one = |header: String| vec![header];
    let upper = name.to_uppercase();
    vec![
        one(format!("{name}={ours}; {name}={theirs}")),
        one(format!("{name}={theirs}; {name}={ours}")),
        one(format!("{name}={ours}; {name}={ours}")),
        one(format!("{name}={ours};{name}={theirs}")),
        one(format!("{name}={ours}; theme=dark; {name}=")),
        one(format!("{name}=; {name}={ours}")),
        vec![format!("{name}={ours}"), format!("{name}={theirs}")],
        vec![format!("{name}={theirs}"), format!("{name}={ours}")],
        vec![format!("{name}={ours}"), format!("{name}={ours}")],
        // Prefix bypasses: a server that trims or decodes Unicode would see the name with its prefix.
        one(format!("\u{2000}{name}={ours}")),
        one(format!("\u{a0}{name}={ours}")),
        one(format!("{name}\u{2000}={ours}")),
        one(format!("{}%2d{}={ours}", &name[..3], &name[4..])),
        one(format!("$Version=1; {name}=\"{ours}\"; $Path=/")),
        one(format!("$Version=1, {name}={ours}")),
        one(format!("{name}=\"{ours}\"")),
        one(format!("{upper}={ours}")),
        one(format!("{}={ours}", name.replace("session", "Session"))),
        one(format!("={name}={ours}")),
        one(format!("{name} ={ours}")),
        one(format!("{name}= {ours}")),
        one(format!("{name}=={ours}")),
        one(format!("{name}={ours}=")),
        one(format!("{name}={ours}, {name}={theirs}")),
        one(format!("{name}={ours}\u{2000}")),
        one(format!("x{name}={ours}")),
        one(format!("{name}2={ours}")),
        one(format!("theme=dark,{name}={ours}")),
        one(name.to_owned()),
        one(format!("{name};={ours}")),
        one(ours.to_owned()),
    ]
}

/// What may stand beside the real cookie without touching it: other names are other cookies.
fn bystanders(name: &str, ours: &str, theirs: &str) -> Vec<Vec<String>> {
    vec![
        vec![format!("{name}={ours}")],
        vec![format!("theme=dark; {name}={ours}; lang=en")],
        vec!["theme=dark".to_owned(), format!("{name}={ours}")],
        vec![format!("\u{2000}{name}={theirs}; {name}={ours}")],
        vec![format!("{}={theirs}; {name}={ours}", name.to_uppercase())],
        vec![format!("={name}={theirs}; {name}={ours}")],
        vec![format!("$Version=1; {name}={ours}; $Path=/")],
        vec![format!(";; {name}={ours} ;;")],
    ]
}

on_every_engine! {
    /// Promise: `guard/duplicate-cookies`
    async fn a_tossed_cookie_is_never_a_session(app: TestApp) {
        let mut app = app;
        let ann = app.person(ANN).await;
        let mallory = app.person("mallory@evil.example").await;
        let (ours, theirs) = (ann.session_cookie().unwrap().to_owned(), mallory.session_cookie().unwrap().to_owned());
        app.settings.site.public_url = "https://id.example.com".to_owned();
        let over_https = app.another().await;
        // Both nodes have the same keys, so the same value is genuine under the name of each.
        for (node, name) in [(&app, "dev-session"), (&over_https, "__Host-session")] {
            let visitor = node.visitor();
            for cookies in look_alikes(name, &ours, &theirs) {
                let cookies: Vec<_> = cookies.iter().map(String::as_str).collect();
                assert_eq!(verdict(&who(&visitor, &cookies).await), refused(401, "not_signed_in"), "{cookies:?}");
            }
            for cookies in bystanders(name, &ours, &theirs) {
                let cookies: Vec<_> = cookies.iter().map(String::as_str).collect();
                let answer = who(&visitor, &cookies).await;
                assert_eq!(answer.json()["account"]["email"], ANN, "{cookies:?}");
            }
        }
        let wrong_name = who(&over_https.visitor(), &[&format!("dev-session={ours}")]).await;
        assert_eq!(wrong_name.status, 401, "over https the cookie without the prefix is nothing");
    }

    /// Promise: `guard/duplicate-cookies`
    async fn two_session_cookies_change_nothing_either(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let mallory = app.person("mallory@evil.example").await;
        let token = ann.csrf_token().await;
        let cookies = format!("dev-session={}; dev-session={}", ann.session_cookie().unwrap(), mallory.session_cookie().unwrap());
        let origin = app.origin();
        let headers = [("cookie", cookies.as_bytes()), ("origin", origin.as_bytes()), ("x-csrf-token", token.as_bytes())];
        let answer = by_hand(&ann, "POST", "/auth/logout", &headers, "").await;
        assert_eq!(verdict(&answer), refused(401, "not_signed_in"));
        assert!(ann.is_signed_in().await);
    }

    /// Promise: `guard/duplicate-cookies`
    async fn a_flood_of_cookies_changes_nobodys_identity(app: TestApp) {
        let ann = app.person(ANN).await;
        let ours = format!("dev-session={}", ann.session_cookie().unwrap());
        let jar = |count: usize| (0..count).map(|n| format!("c{n}=v")).collect::<Vec<_>>().join("; ");
        let answer = who(&ann, &[&format!("{}; {ours}", jar(180))]).await;
        assert_eq!(answer.json()["account"]["email"], ANN);
        // A jar that overflowed has dropped ours.
        assert_eq!(who(&ann, &[&jar(180)]).await.status, 401);
        assert_eq!(who(&ann, &[&jar(5_000), &ours]).await.status, 200);
        let twice = format!("{ours}; {}; dev-session=", jar(5_000));
        assert_eq!(who(&ann, &[&twice]).await.status, 401);
        let head = format!("GET /auth/session HTTP/1.1\r\nHost: localhost\r\nCookie: {}\r\n\r\n", "c=v; ".repeat(2_000_000));
        let answer = raw(&app, head.into_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    }

    /// Promise: `guard/forged-cookie`
    async fn a_forged_cookie_is_refused_before_the_store_is_asked(app: TestApp) {
        let mut ann = app.person(ANN).await;
        ann.form_token().await;
        let genuine = ann.session_cookie().unwrap().to_owned();
        let mut tx = app.db().begin(crate::operate::Durability::Full).await.unwrap();
        tx.batch("ALTER TABLE sessions RENAME TO sessions_away").await.unwrap();
        tx.commit().await.unwrap();
        let asked = who(&ann, &[&format!("dev-session={genuine}")]).await;
        assert_eq!(asked.status, 503, "the store is asked about a genuine cookie, and does not answer");
        let mut forged: Vec<String> = (0..genuine.len())
            .map(|at| {
                let other = if genuine.as_bytes()[at] == b'A' { "B" } else { "A" };
                format!("{}{other}{}", &genuine[..at], &genuine[at + 1..])
            })
            .collect();
        forged.extend([
            String::new(),
            "x".to_owned(),
            genuine[1..].to_owned(),
            genuine[..genuine.len() - 1].to_owned(),
            format!("{genuine}A"),
            format!("{genuine}{genuine}"),
            "A".repeat(102),
            "A".repeat(100_000),
            genuine.replace(['-', '_'], "/"),
            genuine.to_lowercase(),
            ann.cookies["dev-form"].clone(),
            ann.cookies["dev-device"].clone(),
            "' OR 1=1 --".to_owned(),
            "../../dev/null".to_owned(),
        ]);
        for cookie in forged.iter().filter(|cookie| **cookie != genuine) {
            let answer = who(&ann, &[&format!("dev-session={cookie}")]).await;
            assert_eq!(verdict(&answer), refused(401, "not_signed_in"), "{cookie}");
        }
    }

    /// Promise: `guard/forged-cookie`
    async fn a_signed_cookie_of_another_kind_is_no_session(app: TestApp) {
        let mut ann = app.person(ANN).await;
        ann.form_token().await;
        for kind in ["dev-form", "dev-device"] {
            let value = &ann.cookies[kind];
            assert_eq!(who(&ann, &[&format!("dev-session={value}")]).await.status, 401, "{kind}");
        }
        let mut confused = app.visitor();
        confused.cookies.insert("dev-form".to_owned(), ann.session_cookie().unwrap().to_owned());
        let before = confused.cookies["dev-form"].clone();
        confused.form_token().await;
        assert_ne!(confused.cookies["dev-form"], before, "a session cookie is no form cookie, and is replaced");
    }
}
