//! The routes about providers.

use super::tour::Tour;
use crate::testing::providers::{ANN, World, begin, come_back};

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
}
