//! Other verbs than the ones in the table.

use super::*;

on_every_engine! {
    /// Promise: `guard/methods`
    async fn a_route_answers_to_its_own_method_only(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let token = ann.csrf_token().await;
        // What answers a proxy answers it in the method of whatever the proxy has stopped.
        let mut paths: Vec<_> = table().iter().filter(|route| !route.is_any()).map(|route| route.path).collect();
        paths.sort_unstable();
        paths.dedup();
        for path in paths {
            let known: Vec<_> = table().iter().filter(|route| route.path == path).map(|route| route.method.clone()).collect();
            let sent = format!("/auth{}", path.replace("{id}", "0000000000000001"));
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "post", "POSTX", "JEFF"] {
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                if known.contains(&method) {
                    continue;
                }
                let mut sender = ann.clone();
                sender.set_header("x-csrf-token", &token);
                let answer = sender.send(method.clone(), &sent, "", None).await;
                assert_eq!(verdict(&answer), refused(405, "method_not_allowed"), "{method} {path}");
                // RFC 9110 section 15.5.6: the answer says which methods there are.
                let allowed: Vec<_> = answer.header("allow").split(',').map(str::trim).collect();
                assert!(known.iter().all(|known| allowed.contains(&known.as_str())), "{method} {path}: {allowed:?}");
                assert!(!allowed.contains(&method.as_str()), "{method} {path}: {allowed:?}");
            }
        }
        assert!(ann.is_signed_in().await);
    }

    /// Promise: `guard/methods`
    async fn looking_with_head_has_no_effect_and_no_body(app: TestApp) {
        let mut ann = app.person(ANN).await;
        ann.post("/auth/email/change", &[("email", "new@example.com")]).await;
        let token = app.token_for("new@example.com").await;
        // Whoever asks first for the keys of tokens has one made.
        app.visitor().get("/auth/oauth/jwks").await;
        let rows = ["sessions", "email_changes", "audit_events", "outbox"];
        let mut before = Vec::new();
        for table in rows {
            before.push(app.count(table).await);
        }
        for route in table() {
            let query = if route.path == "/email/confirm" { format!("?token={token}") } else { String::new() };
            let answer = ann.send(Method::HEAD, &format!("{}{query}", path_of(&route)), "", None).await;
            let has_get = table().iter().any(|other| other.path == route.path && other.method == Method::GET);
            assert_eq!(answer.status != 405, has_get, "{}", name_of(&route));
            assert!(answer.body.is_empty(), "{}", name_of(&route));
        }
        for (table, before) in rows.iter().zip(before) {
            assert_eq!(app.count(table).await, before, "{table}");
        }
        assert!(ann.is_signed_in().await);
        assert_eq!(ann.get(&format!("/auth/email/confirm?token={token}")).await.status, 200, "the link was not spent");
    }

    /// Promise: `guard/methods`
    async fn a_header_or_field_does_not_change_the_method(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let token = ann.csrf_token().await;
        for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
            let mut sender = ann.clone();
            sender.set_header("x-csrf-token", &token);
            sender.set_header(name, "DELETE");
            assert_eq!(sender.send(Method::POST, "/auth/sessions", "", None).await.status, 405, "{name}");
            let mut looking = ann.clone();
            looking.set_header(name, "POST");
            assert_eq!(looking.get("/auth/logout").await.status, 200, "{name}");
            assert_eq!(looking.get("/auth/logout/everywhere").await.status, 405, "{name}");
        }
        assert!(ann.is_signed_in().await);
    }

    /// Promise: `guard/methods`
    async fn guessing_by_another_verb_is_neither_a_guess_nor_a_login(app: TestApp) {
        app.account(ANN).await;
        let mut visitor = app.visitor();
        let token = visitor.form_token().await;
        visitor.set_header("x-csrf-token", &token);
        let form = format!("email=ann%40example.com&password={}", PASSWORD.replace(' ', "+"));
        for method in ["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "LOGIN"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            for path in [format!("/auth/login?{form}"), "/auth/login".to_owned()] {
                let answer = visitor.send(method.clone(), &path, &form, Some(FORM)).await;
                assert!(answer.status >= 400 || method == Method::HEAD, "{method} {path} gave {}", answer.status);
            }
        }
        assert_eq!(visitor.get(&format!("/auth/login?{form}")).await.status, 422, "a password in the address is refused");
        assert_eq!((app.count("sessions").await, app.count("throttles").await), (0, 0));
    }
}
