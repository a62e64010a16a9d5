//! The pages, and the list in pages.

use super::*;
use crate::on_every_engine;

on_every_engine! {
    /// Promise: `api_keys/own`
    async fn the_list_comes_in_pages(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let mut ids = Vec::new();
        for _ in 0..3 {
            ids.insert(0, made(&mut all.bob, "tenant:read", &[]).await.id);
            later(&app);
        }
        let (mut seen, mut next) = (Vec::new(), String::new());
        for left in [1, 0] {
            let page = all.bob.get(&format!("{KEYS}?limit=2&cursor={next}")).await.json();
            seen.extend(page["api_keys"].as_array().unwrap().iter().map(|key| text(key, "id").to_owned()));
            next = text(&page, "next").to_owned();
            assert_eq!(next.is_empty(), left == 0);
            if left > 0 {
                for (whose, path) in [(&mut all.cem, KEYS), (&mut all.dan, "/auth/tenants/other/api-keys")] {
                    assert_eq!(said(&whose.get(&format!("{path}?cursor={next}")).await), no(422, "cursor_invalid"));
                }
            }
        }
        assert_eq!(seen, ids);
        for limit in ["0", "101", "-1", "x"] {
            assert_eq!(said(&all.bob.get(&format!("{KEYS}?limit={limit}")).await), no(422, "limit_invalid"), "{limit}");
        }
        let page = all.bob.clone().in_browser().get(&format!("{KEYS}?limit=2")).await.text();
        assert!(page.contains("/auth/tenants/acme/api-keys?cursor="), "{page}");
    }

    /// Promise: `api_keys/no-wider`
    async fn the_form_offers_what_may_be_and_keeps_what_was_typed(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let page = all.cem.clone().in_browser().get(KEYS).await.text();
        assert!(page.contains("scope_members:read") && !page.contains("scope_members:manage") && !page.contains("kind-service"), "{page}");
        let mut bob = all.bob.clone().in_browser();
        assert!(bob.get(KEYS).await.text().contains("kind-service"));
        let form = [("name", ""), ("kind", "service"), ("scope_members:manage", "on"), ("lifetime_days", "30")];
        let page = bob.post(KEYS, &form).await;
        let shown = page.text();
        assert_eq!(page.status, 422);
        for kept in [
            "id=\"kind-service\" checked", "id=\"scope_members:manage\" checked", "<option value=\"30\" selected>", "Give it a name",
        ] {
            assert!(shown.contains(kept), "{kept}: {shown}");
        }
        assert!(all.cem.clone().in_browser().get("/auth/tenants/acme").await.text().contains("/auth/tenants/acme/api-keys\""));
        let key = made(&mut all.cem, "tenant:read", &[]).await;
        let back = all.cem.clone().in_browser().post(&format!("{KEYS}/{}/revoke", key.id), &[]).await;
        assert_eq!((back.status, back.header("location")), (303, "/auth/tenants/acme/api-keys?done=api-key-revoked"));
    }
}
