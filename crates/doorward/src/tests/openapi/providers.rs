//! The routes about providers.

use super::tour::Tour;
use crate::{
    operate,
    testing::providers::{ANN, World, begin, come_back, make_due},
};

pub(super) async fn all(tour: &mut Tour<'_>, world: &World) {
    let id = ("provider", "id");
    tour.visit(&mut world.app.visitor(), "POST /providers/{provider}", &[id]).await;
    let failed = "GET /providers/{provider}/failed";
    tour.visit(&mut world.app.visitor(), failed, &[id, ("code", "provider_cancelled")]).await;
    tour.visit(&mut world.app.visitor(), failed, &[id, ("code", "provider_cancelled"), ("way", "link")]).await;
    let mut pat = world.app.person("pat@example.com").await;
    tour.visit(&mut pat, "POST /account/identities/link", &[id]).await;
    let url = begin(&mut pat, "/auth/account/identities/link", &[id]).await;
    let callback = world.walk(&url, ANN).await;
    assert_eq!(come_back(&mut pat, &callback).await.status, 200);
    for page in ["", "/link", "/unlink"] {
        tour.visit(&mut pat, &format!("GET /account/identities{page}"), &[]).await;
    }
    tour.visit(&mut pat, "POST /providers/{provider}/reauthenticate", &[id]).await;
    let named = [("issuer", world.provider.text("issuer")), ("subject", "ann-1".to_owned())];
    let named = named.each_ref().map(|(name, value)| (*name, value.as_str()));
    tour.visit(&mut pat, "POST /account/identities/unlink", &named).await;
    let (mut ann, came) = world.comes(ANN).await;
    assert_eq!(came.status, 200, "{}", came.text());
    tour.visit(&mut ann, "POST /recheck", &[]).await;
    let account = ann.get("/auth/session").await.json()["account"]["id"].as_str().unwrap().parse().unwrap();
    make_due(&world.app, account).await;
    tour.visit(&mut ann, "GET /recheck", &[]).await;
}

/// A tenant's own provider is found by an address.
pub(super) async fn organisation(tour: &mut Tour<'_>, world: &World) {
    let owner = world.app.account("pia@example.com").await;
    let tenant = world.app.tenant("forge", owner).await;
    operate::verify_domain(&world.app.doorward, tenant, &"forge.example".parse().unwrap()).await.unwrap();
    let mut pia = world.app.logged_in("pia@example.com").await;
    let made = pia.post("/auth/tenants/forge/connections", &[("kind", "openid"), ("label", "Forge")]).await.json();
    let at = format!("/auth/tenants/forge/connections/{}", made["connection"].as_str().unwrap());
    let issuer = world.provider.text("issuer");
    let form = [("client_id", "doorward"), ("client_secret", "a secret"), ("issuer", issuer.as_str())];
    assert_eq!(pia.post(&at, &form).await.status, 200);
    tour.visit(&mut world.app.visitor(), "POST /login/organisation", &[("email", "x@forge.example")]).await;
}
