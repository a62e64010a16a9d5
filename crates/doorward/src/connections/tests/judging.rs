//! What a tenant may write.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::net::TcpListener;

use super::*;

on_every_engine! {
    /// Promise: `connections/judged`
    async fn only_kinds_of_organisations_at_public_addresses_are_taken(app: TestApp) {
        let mut acme = Acme::with(app.engine(), &[]).await;
        for kind in ["google", "github", "gitlab", "apple", "oauth2", "OPENID", "", "x"] {
            let answer = acme.ola.post(LIST, &[("kind", kind), ("label", "Acme ID")]).await;
            assert_eq!(said(&answer), no(422, "kind_unknown"), "{kind}");
        }
        for label in ["", " ", "\n", &"x".repeat(101)] {
            assert_eq!(acme.ola.post(LIST, &[("kind", "openid"), ("label", label)]).await.code(), "label_invalid");
        }
        let path = format!("{LIST}/{}", acme.name);
        let wrong = [
            "", "x", "id.example.com", "http://id.example.com", "https://10.0.0.1", "https://169.254.169.254/latest",
            "https://[::1]", "ftp://id.example.com", "file:///etc/passwd", "http://localhost:1", "https://",
            "connection:org-1:https://x.example",
        ];
        for issuer in wrong {
            assert_eq!(said(&write(&mut acme.ola, &path, issuer).await), no(422, "issuer_invalid"), "{issuer}");
        }
        let issuer = acme.world.provider.text("issuer").to_owned();
        let missing = "client_secret_missing";
        for (id, secret, code) in [("", SECRET, "client_id_missing"), ("x", "", missing), ("x", "a\nb", missing)] {
            let form = [("client_id", id), ("client_secret", secret), ("issuer", &issuer)];
            assert_eq!(said(&acme.ola.post(&path, &form).await), no(422, code), "{id} {secret}");
        }
        let listed = acme.ola.get(LIST).await.json();
        assert_eq!((&listed["connections"][0]["ready"], listed["connections"].as_array().unwrap().len()), (&json!(false), 1));
        // As many as may be, and no more.
        for _ in 1..3 {
            added(&mut acme.ola, "acme").await;
        }
        let more = acme.ola.post(LIST, &[("kind", "openid"), ("label", "More")]).await;
        assert_eq!(said(&more), no(409, "too_many_connections"));
    }

    /// Promise: `connections/judged`
    async fn each_kind_needs_what_tells_its_people_from_others(app: TestApp) {
        let mut acme = Acme::with(app.engine(), &[]).await;
        let directory = "8e6f3a52-1c1b-4f7a-9a51-0d6a3c0b2f11";
        let cases = [
            ("entra", ["", "acme.example", "common", "organizations", "../common", "8e6f3a52"], directory),
            ("google-workspace", ["", "x", "*", "127.0.0.1", "a b", "https://acme.example"], "acme.example"),
        ];
        for (kind, wrong, right) in cases {
            let made = acme.ola.post(LIST, &[("kind", kind), ("label", kind)]).await.json();
            let path = format!("{LIST}/{}", made["connection"].as_str().unwrap());
            let known = [("client_id", "x"), ("client_secret", SECRET), ("issuer", "https://evil.example")];
            let form = |organisation| [&known[..], &[("organisation", organisation)]].concat();
            for organisation in wrong {
                let answer = acme.ola.post(&path, &form(organisation)).await;
                assert_eq!(said(&answer), no(422, "organisation_invalid"), "{kind} {organisation}");
            }
            let written = acme.ola.post(&path, &form(right)).await.json();
            assert_eq!((&written["organisation"], &written["issuer"], &written["ready"]), (&json!(right), &json!(""), &json!(true)));
        }
    }

    /// Promise: `connections/judged`
    async fn a_name_that_leads_to_this_machine_is_not_called(app: TestApp) {
        let (listener, asked) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), Arc::new(AtomicUsize::new(0)));
        let port = listener.local_addr().unwrap().port();
        let count = Arc::clone(&asked);
        tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
        let mut acme = Acme::with(app.engine(), &[]).await;
        let path = format!("{LIST}/{}", acme.name);
        assert_eq!(write(&mut acme.ola, &path, &format!("https://localhost:{port}")).await.status, 200);
        let mut visitor = acme.app().visitor();
        let token = visitor.form_token().await;
        let begun = visitor.post_with(&token, &format!("/auth/providers/{}", acme.name), &[]).await;
        assert_eq!((begun.code().as_str(), asked.load(Ordering::SeqCst)), ("provider_unavailable", 0));
    }
}
