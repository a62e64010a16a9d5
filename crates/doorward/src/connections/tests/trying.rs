//! Trying a tenant's provider before anybody needs it.

use super::*;
use crate::operate::Action;

on_every_engine! {
    /// Promise: `connections/tried-first`
    async fn what_is_wrong_shows_to_whoever_sets_it_up_and_to_nobody_else(app: TestApp) {
        let mut acme = Acme::with(app.engine(), &[kim()]).await;
        let path = format!("{LIST}/{}", acme.name);
        assert_eq!(said(&acme.ola.post(&format!("{path}/try"), &[]).await), no(409, "connection_not_written"));
        assert_eq!(acme.write().await.status, 200);
        let tried = acme.ola.post(&format!("{path}/try"), &[]).await;
        assert_eq!((&tried.json()["works"], &tried.json()["provider"]), (&json!(true), &json!(acme.name)), "{}", tried.text());
        assert!(!tried.text().contains(SECRET));
        let wrong = [("client_id", "doorward"), ("client_secret", "not this one"), ("issuer", &*acme.world.provider.text("issuer"))];
        assert_eq!(acme.ola.post(&path, &wrong).await.status, 200);
        let tried = acme.ola.post(&format!("{path}/try"), &[]).await.json();
        let bad: Vec<_> = tried["checks"].as_array().unwrap().iter().filter(|check| check["found"] == "bad").collect();
        assert_eq!((&tried["works"], bad.len(), &bad[0]["check"]), (&json!(false), 1, &json!("secret")), "{tried}");
        assert!(!tried.to_string().contains("not this one"));
        // Who may not manage connections, and who has not proved themselves just now, tries nothing.
        let pat = acme.app().account("pat@example.com").await;
        acme.app().member(acme.tenant, pat, "admin").await;
        let mut pat = acme.app().logged_in("pat@example.com").await;
        assert_eq!(pat.post(&format!("{path}/try"), &[]).await.status, 403);
        acme.app().wait(std::time::Duration::from_secs(1800));
        assert_eq!(said(&acme.ola.post(&format!("{path}/try"), &[]).await), no(403, "reauthentication_required"));
        let sql = "SELECT actor || ' ' || target FROM audit_events WHERE action = $1 AND tenant = $2";
        let action = Action::ProviderTried.name();
        let events: Vec<String> = acme.app().db().list(sql, &[&action, &acme.tenant], |row| row.get(0)).await.unwrap();
        assert_eq!(events.len(), 2, "each trial is in the log of the tenant: {events:?}");
        assert!(events.iter().all(|event| event.ends_with(&acme.name)), "{events:?}");
    }

    /// Promise: `connections/tried-first`
    async fn nobody_tries_for_ever(app: TestApp) {
        let mut acme = Acme::with(app.engine(), &[kim()]).await;
        let path = format!("{LIST}/{}/try", acme.name);
        for _ in 0..60 {
            assert_eq!(said(&acme.ola.post(&path, &[]).await), no(409, "connection_not_written"));
        }
        assert_eq!(acme.ola.post(&path, &[]).await.status, 429);
    }
}
