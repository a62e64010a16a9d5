//! Who may act, what is written down, and what goes with a connection.

use std::time::Duration;

use doorward_core::EmailAddress;

use super::*;

/// The events about connections of one tenant, oldest first, behind whoever acted.
async fn events(app: &TestApp, tenant: TenantId) -> Vec<String> {
    let sql = "SELECT actor || ' ' || action || ' ' || target || ' ' || result FROM audit_events
        WHERE action LIKE 'connection.%' AND tenant = $1 ORDER BY id";
    app.db().list(sql, &[&tenant], |row| row.get(0)).await.unwrap()
}

on_every_engine! {
    /// Promise: `connections/who-may`
    async fn only_whoever_may_sees_and_changes_connections(app: TestApp) {
        let mut acme = Acme::set_up(app.engine(), &[]).await;
        let app = acme.app();
        for role in ["admin", "member", "billing"] {
            let email = format!("{role}@example.com");
            app.member(acme.tenant, app.account(&email).await, role).await;
        }
        let eve = app.account("eve@example.com").await;
        app.tenant("other", eve).await;
        let cases = [
            ("an admin", app.logged_in("admin@example.com").await, no(403, "forbidden")),
            ("a member", app.logged_in("member@example.com").await, no(403, "forbidden")),
            ("billing", app.logged_in("billing@example.com").await, no(403, "forbidden")),
            ("another tenant's owner", app.logged_in("eve@example.com").await, no(404, "no_such_tenant")),
            ("nobody", app.visitor(), no(401, "not_signed_in")),
        ];
        let one = format!("{LIST}/{}", acme.name);
        for (who, mut actor, refusal) in cases {
            assert_eq!(said(&actor.get(LIST).await), refusal, "{who}");
            assert_eq!(said(&actor.get(&one).await), refusal, "{who}");
            assert_eq!(said(&actor.post(LIST, &[("kind", "openid"), ("label", "x")]).await), refusal, "{who}");
            assert_eq!(said(&write(&mut actor, &one, "https://id.example.com").await), refusal, "{who}");
            assert_eq!(said(&actor.post(&format!("{one}/remove"), &[]).await), refusal, "{who}");
            assert_eq!(said(&actor.delete(&one).await), refusal, "{who}");
        }
        // Through another tenant's address it is not there.
        let mut eve = app.logged_in("eve@example.com").await;
        for name in [acme.name.as_str(), "id", "nothing", "..", "X"] {
            let theirs = format!("/auth/tenants/other/connections/{name}");
            assert_eq!(said(&eve.get(&theirs).await), no(404, "no_such_connection"), "{name}");
            assert_eq!(said(&write(&mut eve, &theirs, "https://id.example.com").await), no(404, "no_such_connection"), "{name}");
            assert_eq!(said(&eve.delete(&theirs).await), no(404, "no_such_connection"), "{name}");
        }
        // Whoever finds an open browser may look, and no more.
        app.wait(Duration::from_secs(1800));
        assert_eq!(acme.ola.get(LIST).await.status, 200);
        let page = acme.ola.clone().in_browser().get(&one).await.text();
        assert!(page.contains("Prove it…") && !page.contains("Client secret"), "{page}");
        let stale = no(403, "reauthentication_required");
        assert_eq!(said(&acme.ola.post(LIST, &[("kind", "openid"), ("label", "x")]).await), stale);
        assert_eq!(said(&acme.write().await), stale);
        assert_eq!(said(&acme.ola.delete(&one).await), stale);
        assert_eq!(acme.app().count("connections").await, 1);
    }

    /// Promise: `connections/removed`, `connections/recorded`
    async fn with_a_connection_goes_everything_that_it_led_to(app: TestApp) {
        let mut acme = Acme::set_up(app.engine(), &[kim()]).await;
        let (_, answer) = acme.comes(KIM).await;
        assert_eq!(answer.status, 200);
        let mut late = acme.app().visitor();
        let url = begin(&mut late, &format!("/auth/providers/{}", acme.name), &[]).await;
        let callback = acme.world.walk(&url, KIM).await;
        assert_eq!(acme.ola.delete(&format!("{LIST}/{}", acme.name)).await.status, 200);
        for table in ["connections", "identities", "provider_flows"] {
            assert_eq!(acme.app().count(table).await, 0, "{table}");
        }
        assert_eq!(said(&come_back(&mut late, &callback).await), no(404, "no_such_provider"));
        // Another one of the same provider is another one: its people are not those of the first.
        let old = acme.name.clone();
        let (second, redirect_uri) = added(&mut acme.ola, "acme").await;
        assert_ne!(second, old);
        acme.name = second.clone();
        acme.allow(&[&redirect_uri]).await;
        assert_eq!(acme.write().await.status, 200);
        assert_eq!(acme.comes(KIM).await.1.code(), "address_taken");
        let ola = acme.app().doorward.account_of(&EmailAddress::parse(OLA).unwrap()).await.unwrap().unwrap();
        let expected = [("added", &old), ("changed", &old), ("removed", &old), ("added", &second), ("changed", &second)];
        let expected = expected.map(|(what, name)| format!("account:{ola} connection.{what} connection:{name} success"));
        assert_eq!(events(acme.app(), acme.tenant).await, expected);
    }

    /// Promise: `connections/removed`
    async fn with_a_tenant_goes_its_connection(app: TestApp) {
        let acme = Acme::set_up(app.engine(), &[kim()]).await;
        assert_eq!(acme.comes(KIM).await.1.status, 200);
        operate::delete_tenant(&acme.app().doorward, acme.tenant).await.unwrap();
        assert_eq!((acme.app().count("connections").await, acme.app().count("identities").await), (0, 0));
    }

    /// Promise: `connections/operators`
    async fn operators_see_connections_and_remove_them(app: TestApp) {
        let acme = Acme::set_up(app.engine(), &[kim()]).await;
        let app = acme.app();
        let root = app.account("root@example.com").await;
        operate::grant_operator(&app.doorward, root, vec!["admin".parse().unwrap()]).await.unwrap();
        let mut root = app.logged_in("root@example.com").await;
        let panel = "/auth/admin/tenants/acme/connections";
        let listed = root.get(panel).await.json();
        assert_eq!((&listed["connections"][0]["connection"], &listed["connections"][0]["ready"]), (&json!(acme.name), &json!(true)));
        assert!(!listed.to_string().contains(SECRET));
        assert_eq!(said(&root.post(&format!("{panel}/org-nothing/remove"), &[]).await), no(404, "no_such_connection"));
        assert_eq!(said(&root.post(&format!("{panel}/X/remove"), &[]).await), no(404, "no_such_connection"));
        assert_eq!(root.post(&format!("{panel}/{}/remove", acme.name), &[]).await.status, 200);
        assert_eq!(app.count("connections").await, 0);
        assert!(events(app, acme.tenant).await.last().unwrap().contains("connection.removed"));
    }
}
