//! The secret at rest.

use std::time::Duration;

use doorward_core::SystemEntropy;

use super::*;

/// What lies in the row of a connection for its secret, in hexadecimal.
async fn sealed(app: &TestApp, name: &str) -> Vec<u8> {
    let sql = "SELECT sealed FROM connections WHERE name = $1";
    app.db().find(sql, &[&name], |row| row.get(0)).await.unwrap().unwrap()
}

async fn exchange(app: &TestApp, one: &str, other: &str) {
    let mut tx = app.db().begin(operate::Durability::Full).await.unwrap();
    let sql = "UPDATE connections SET sealed = (SELECT sealed FROM connections AS other WHERE other.name = $1) WHERE name = $2";
    assert_eq!(tx.execute(sql, &[&other, &one]).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

on_every_engine! {
    /// Promise: `connections/sealed`
    async fn the_secret_rests_under_its_seal_and_is_shown_to_nobody(app: TestApp) {
        let mut acme = Acme::set_up(app.engine(), &[kim()]).await;
        let first = sealed(acme.app(), &acme.name).await;
        assert!(first.len() > SECRET.len() && !holds(&first, SECRET.as_bytes()));
        let path = format!("{LIST}/{}", acme.name);
        let mut browser = acme.ola.clone().in_browser();
        let shown = [
            acme.ola.get(LIST).await.text(),
            acme.ola.get(&path).await.text(),
            acme.write().await.text(),
            browser.get(&path).await.text(),
            browser.get("/auth/tenants/acme/audit").await.text(),
        ];
        assert!(shown.iter().all(|text| !text.contains(SECRET)), "{shown:?}");
        assert!(acme.app().audit_lines().iter().all(|line| !line.contains(SECRET)));
        assert!(sealed(acme.app(), &acme.name).await != first, "the same secret never looks the same");
        assert_eq!(acme.comes(KIM).await.1.status, 200);
    }

    /// Promise: `connections/sealed`
    async fn a_secret_of_another_row_opens_nowhere(app: TestApp) {
        let mut acme = Acme::set_up(app.engine(), &[kim()]).await;
        let (second, _) = added(&mut acme.ola, "acme").await;
        let issuer = acme.world.provider.text("issuer").to_owned();
        assert_eq!(write(&mut acme.ola, &format!("{LIST}/{second}"), &issuer).await.status, 200);
        exchange(acme.app(), &acme.name, &second).await;
        let mut visitor = acme.app().another().await.visitor();
        let token = visitor.form_token().await;
        let begun = visitor.post_with(&token, &format!("/auth/providers/{}", acme.name), &[]).await;
        assert_eq!(said(&begun), no(404, "no_such_provider"));
        let begun = visitor.post_with(&token, &format!("/auth/providers/{second}"), &[]).await;
        assert!(begun.json()["redirect_to"].is_string(), "{}", begun.text());
    }

    /// Promise: `connections/sealed-again`
    async fn a_rotation_of_the_master_keys_breaks_nothing(app: TestApp) {
        let acme = Acme::set_up(app.engine(), &[kim()]).await;
        let cx = acme.app().doorward.context();
        let first = sealed(acme.app(), &acme.name).await;
        crate::connections::keep(cx).await.unwrap();
        assert!(sealed(acme.app(), &acme.name).await == first, "there is nothing to do");
        let (lead, lifetime) = (Duration::from_secs(300), Duration::from_secs(3600));
        let rotate = || {
            acme.app().key_file().rotate(acme.app().now(), lead, lifetime, &SystemEntropy).unwrap();
            acme.app().doorward.replace_keys(acme.app().key_file().load().unwrap());
        };
        rotate();
        acme.app().wait(lead);
        crate::connections::keep(cx).await.unwrap();
        let second = sealed(acme.app(), &acme.name).await;
        assert!(second != first);
        crate::connections::keep(cx).await.unwrap();
        assert!(sealed(acme.app(), &acme.name).await == second, "once");
        acme.app().wait(2 * lifetime);
        rotate();
        let left: Vec<_> = acme.app().key_file().list().unwrap().into_iter().map(|(id, _)| id).collect();
        assert_eq!(left, [2, 3], "the first master key is gone");
        let opened = crate::connections::provider(cx, &acme.name.parse().unwrap()).await.unwrap();
        assert!(opened.is_some_and(|opened| opened.client_secret.get().unwrap().expose_text() == Some(SECRET)));
    }
}
