//! Sessions by a tenant's provider, which is asked once more who their person is.

use std::time::Duration;

use super::{
    joining::{account_of, roles_of},
    *,
};
use crate::testing::providers::{make_due, recheck};

const DUE: (u16, &str) = (401, "provider_recheck_required");

/// Acme, to whose people its provider is asked again after five minutes, with a rule that gives whoever is of the staff a role.
async fn rechecking(engine: Engine) -> Acme {
    let span = |settings: &mut crate::Settings| settings.connections.recheck = Some(Duration::from_secs(300));
    let mut acme = Acme::changed(engine, &[kim_of(&["staff", "heads"])], span).await;
    assert_eq!(acme.write().await.status, 200);
    for (group, role) in [("staff", "member"), ("heads", "admin")] {
        let form = [("claim", "groups"), ("value", group), ("role", role)];
        assert_eq!(acme.ola.post(&format!("{LIST}/{}/rules", acme.name), &form).await.status, 200);
    }
    acme
}

fn kim_of(groups: &[&str]) -> Value {
    let mut kim = kim();
    kim["groups"] = json!(groups);
    kim
}

/// Kim has come by it, and is to be rechecked.
async fn due(acme: &Acme) -> Actor {
    let (mut kim, answer) = acme.comes(KIM).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    make_due(acme.app(), account_of(acme.app(), KIM).await.unwrap()).await;
    assert_eq!(said(&kim.get("/auth/tenants/acme").await), no(DUE.0, DUE.1));
    kim
}

/// Where kim is sent to.
async fn sent(kim: &mut Actor) -> String {
    let answer = recheck(kim, &[]).await;
    answer.json()["redirect_to"].as_str().unwrap_or_else(|| panic!("{}", answer.text())).to_owned()
}

/// Kim goes to the provider; what they come back with, and what it is answered.
async fn carried_on(acme: &Acme, kim: &mut Actor) -> Answer {
    let way = sent(kim).await;
    let callback = acme.world.walk(&way, KIM).await;
    come_back(kim, &callback).await
}

on_every_engine! {
    /// Promise: `federation/rechecked`
    async fn a_tenants_provider_is_asked_again_and_says_the_roles_anew(app: TestApp) {
        let acme = rechecking(app.engine()).await;
        let (mut kim, _) = acme.comes(KIM).await;
        let mut pat = acme.app().person("pat@example.com").await;
        assert_eq!(roles_of(acme.app(), acme.tenant, KIM).await.as_deref(), Some("admin,member"));
        acme.app().wait(Duration::from_secs(299));
        assert_eq!(kim.asks("acme", "tenant:read").await.0, 200);
        acme.app().wait(Duration::from_secs(1));
        assert_eq!(kim.asks("acme", "tenant:read").await, no(DUE.0, DUE.1));
        assert_eq!(kim.get("/auth/recheck").await.json()["provider"], json!(acme.name));
        assert!(pat.is_signed_in().await, "whoever came otherwise is not asked");
        acme.world.provider.desk(Method::PUT, "/accounts", &json!([kim_of(&["staff"])])).await;
        let back = carried_on(&acme, &mut kim).await;
        assert_eq!((back.status, &back.json()["rechecked"]), (200, &json!(true)), "{}", back.text());
        assert_eq!(kim.asks("acme", "tenant:read").await.0, 200);
        assert_eq!(roles_of(acme.app(), acme.tenant, KIM).await.as_deref(), Some("member"));
    }

    /// Promise: `federation/rechecked-as-before`
    async fn whoever_was_removed_or_is_none_of_its_people_is_not_carried_on(app: TestApp) {
        let acme = rechecking(app.engine()).await;
        let mut kim = due(&acme).await;
        operate::withdraw_domain(&acme.app().doorward, acme.tenant, &name("acme.example")).await.unwrap();
        assert_eq!(said(&carried_on(&acme, &mut kim).await), no(403, "address_of_others"));
        verify(acme.app(), acme.tenant, "acme.example").await;
        let account = account_of(acme.app(), KIM).await.unwrap();
        operate::remove_member(&acme.app().doorward, acme.tenant, account).await.unwrap();
        assert_eq!(said(&carried_on(&acme, &mut kim).await), no(403, "tenant_does_not_allow"));
        assert_eq!(said(&kim.get("/auth/session").await), no(DUE.0, DUE.1));
        assert_eq!(roles_of(acme.app(), acme.tenant, KIM).await, None);
    }

    /// Promise: `federation/rechecked-as-before`
    async fn nobody_is_carried_on_by_a_closed_tenant_or_a_connection_that_is_gone(app: TestApp) {
        let mut acme = rechecking(app.engine()).await;
        let mut kim = due(&acme).await;
        let callback = acme.world.walk(&sent(&mut kim).await, KIM).await;
        operate::suspend_tenant(&acme.app().doorward, acme.tenant).await.unwrap();
        assert_eq!(said(&come_back(&mut kim, &callback).await), no(404, "no_such_provider"));
        assert_eq!(said(&recheck(&mut kim, &[]).await), no(404, "no_such_provider"));
        operate::resume_tenant(&acme.app().doorward, acme.tenant).await.unwrap();
        let callback = acme.world.walk(&sent(&mut kim).await, KIM).await;
        let path = format!("{LIST}/{}", acme.name);
        assert_eq!(acme.ola.delete(&path).await.status, 200);
        assert_eq!(said(&come_back(&mut kim, &callback).await), no(404, "no_such_provider"));
        assert_eq!(said(&kim.get("/auth/recheck").await), no(401, "not_signed_in"), "with a connection go the sessions by it");
    }
}
