//! What whoever runs the service sees of keys, and does to them.

use super::*;
use crate::{on_every_engine, operate};

const PANEL: &str = "/auth/admin/api-keys";
const FORGED: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// An operator in this role.
async fn operator(app: &TestApp, role: &str) -> Actor {
    let email = format!("{role}.operator@example.com");
    let account = app.account(&email).await;
    assert!(operate::grant_operator(&app.doorward, account, vec![role.parse().unwrap()]).await.unwrap());
    app.logged_in(&email).await
}

fn revoking(id: &str) -> String {
    format!("{PANEL}/{id}/revoke")
}

/// The names of the keys in an answer.
fn names(answer: &Answer) -> Vec<String> {
    let keys = answer.json()["api_keys"].as_array().cloned().unwrap_or_default();
    keys.iter().map(|key| text(key, "name").to_owned()).collect()
}

on_every_engine! {
    /// Promise: `api_keys/operated`
    async fn nobody_takes_a_key_back_in_the_console_who_may_not(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let key = made(&mut all.bob, "tenant:read", &[]).await;
        let path = revoking(&key.id);
        assert_eq!(said(&app.visitor().post(&path, &[]).await), no(401, "not_signed_in"));
        for member in [&mut all.ann, &mut all.bob, &mut all.dan] {
            assert_eq!(said(&member.post(&path, &[]).await), no(404, "not_found"), "to a member there is no console");
            assert_eq!(said(&member.get(PANEL).await), no(404, "not_found"));
        }
        let mut auditor = operator(&app, "auditor").await;
        assert_eq!(said(&auditor.post(&path, &[]).await), no(403, "forbidden"));
        let page = auditor.clone().in_browser().get(PANEL).await.text();
        assert!(page.contains("The builder") && !page.contains("/revoke"), "who only reads is offered no more: {page}");
        let admin = operator(&app, "admin").await;
        let mut foreign = admin.clone();
        foreign.set_header("origin", "https://else.example.com");
        foreign.set_header("sec-fetch-site", "cross-site");
        let mine = admin.clone().csrf_token().await;
        assert_eq!(said(&foreign.post_with(&mine, &path, &[]).await), no(403, "foreign_origin"));
        assert_eq!(said(&admin.clone().post_with(FORGED, &path, &[]).await), no(403, "csrf_token_invalid"));
        app.wait(5 * MINUTE);
        assert_eq!(said(&admin.clone().post(&path, &[]).await), no(403, "reauthentication_required"));
        assert_eq!(events(&app, "api_key.revoked").await, Vec::<String>::new());
        token(&app, &key.key).await;
    }

    /// Promise: `api_keys/operated`, `operator/takes-keys-back`
    async fn an_operator_takes_any_key_back_once(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let mine = made(&mut all.cem, "tenant:read", &[]).await;
        let service = made(&mut all.bob, "tenant:read", &[("kind", "service")]).await;
        let given = [token(&app, &mine.key).await, token(&app, &service.key).await];
        let mut support = operator(&app, "support").await;
        for unknown in ["018f3f0a-0000-7000-8000-000000000000", "x", "%00", mine.key.as_str()] {
            assert_eq!(said(&support.post(&revoking(unknown), &[]).await), no(404, "no_such_api_key"), "{unknown}");
        }
        for (key, given) in [&mine, &service].into_iter().zip(&given) {
            let answer = support.post(&revoking(&key.id), &[]).await;
            assert_eq!((answer.status, answer.json()), (200, serde_json::json!({ "revoked": true })));
            assert_eq!(said(&support.post(&revoking(&key.id), &[]).await), no(404, "no_such_api_key"), "twice");
            assert_eq!(error(&app, &key.key, &[]).await, "invalid_grant");
            assert_eq!(all.holds(&app, given).await, None, "what came of it is void");
        }
        let who = support.get("/auth/session").await.json()["account"]["id"].as_str().unwrap().to_owned();
        let expected = [&mine, &service].map(|key| format!("operator:{who} api_key:{} success", key.id));
        assert_eq!(events(&app, "api_key.revoked").await, expected, "each with the operator's name");
        let key = made(&mut all.cem, "tenant:read", &[]).await;
        let back = support.clone().in_browser().post(&revoking(&key.id), &[]).await;
        assert_eq!((back.status, back.header("location")), (303, "/auth/admin/api-keys?done=console-api-key-revoked"));
    }

    /// Promise: `api_keys/operated`
    async fn a_key_of_an_operator_who_may_do_more_is_not_for_everybody_to_end(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let key = made(&mut all.bob, "tenant:read", &[]).await;
        assert!(operate::grant_operator(&app.doorward, all.ids[1], vec!["admin".parse().unwrap()]).await.unwrap());
        assert_eq!(said(&operator(&app, "support").await.post(&revoking(&key.id), &[]).await), no(403, "may_do_more"));
        token(&app, &key.key).await;
        assert_eq!(operator(&app, "admin").await.post(&revoking(&key.id), &[]).await.status, 200);
    }

    /// Promise: `api_keys/operated`
    async fn an_operator_sees_all_keys_and_nothing_that_works(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let mut made_keys = Vec::new();
        for (who, name, kind) in [(0, "first", "personal"), (1, "<b>second</b>", "service"), (2, "third", "personal")] {
            let actor = [&mut all.ann, &mut all.bob, &mut all.cem].into_iter().nth(who).unwrap();
            let form = [("name", name), ("scopes", "tenant:read"), ("kind", kind)];
            made_keys.push(actor.post(KEYS, &form).await.json());
            later(&app);
        }
        let elsewhere = [("name", "fourth"), ("scopes", "tenant:read")];
        assert_eq!(all.dan.post("/auth/tenants/other/api-keys", &elsewhere).await.status, 200);
        let mut auditor = operator(&app, "auditor").await;
        let everything = auditor.get(PANEL).await;
        assert_eq!(names(&everything), ["fourth", "third", "<b>second</b>", "first"]);
        let first = &everything.json()["api_keys"][3];
        assert_eq!((text(first, "kind"), text(first, "account")), ("personal", all.ids[0].to_string().as_str()), "{first}");
        assert_eq!((&first["tenant"], &first["last_used_at"]), (&all.acme.to_string().into(), &Value::Null));
        let page = auditor.clone().in_browser().get(PANEL).await.text();
        assert!(page.contains("&#60;b&#62;second") && page.contains(">A tenant</a>") && page.contains("cem@example.com"), "{page}");
        for made in &made_keys {
            let key = text(made, "key");
            assert!(!everything.text().contains(key) && !page.contains(key) && !page.contains(&key[..20]));
        }
        let of = |query: String| format!("{PANEL}?{query}");
        assert_eq!(names(&auditor.get(&of("tenant=other".to_owned())).await), ["fourth"]);
        assert_eq!(names(&auditor.get(&of(format!("tenant={}", all.acme))).await).len(), 3);
        assert_eq!(names(&auditor.get(&of(format!("account={}", all.ids[1]))).await), Vec::<String>::new(), "a service's is nobody's");
        assert_eq!(names(&auditor.get(&of(format!("account={}&tenant=acme", all.ids[2]))).await), ["third"]);
        assert_eq!(names(&auditor.get(&of(format!("account={}&tenant=other", all.ids[2]))).await), Vec::<String>::new());
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = auditor.get(&of(format!("limit=3&cursor={cursor}"))).await;
            seen.extend(names(&page));
            match page.json()["next"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(seen, ["fourth", "third", "<b>second</b>", "first"]);
        assert_eq!(said(&auditor.get(&of(format!("tenant=acme&cursor={cursor}"))).await), no(422, "cursor_invalid"));
        for (query, status, code) in [
            ("tenant=nowhere", 404, "no_such_tenant"), ("account=x", 404, "no_such_account"), ("limit=0", 422, "limit_invalid"),
        ] {
            assert_eq!(said(&auditor.get(&of(query.to_owned())).await), no(status, code), "{query}");
        }
    }

    /// Promise: `api_keys/operated`, `operator/takes-keys-back`
    async fn somebody_at_the_server_does_the_same(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let mine = made(&mut all.cem, "tenant:read", &[]).await;
        later(&app);
        let service = made(&mut all.bob, "tenant:read", &[("kind", "service")]).await;
        let listed = async |of, after, limit| {
            let found = operate::api_keys(&app.doorward, of, after, limit).await.unwrap();
            found.into_iter().map(|key| key.id.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(listed((None, None), None, 10).await, [service.id.clone(), mine.id.clone()]);
        assert_eq!(listed((None, None), service.id.parse().ok(), 10).await, std::slice::from_ref(&mine.id));
        assert_eq!(listed((None, None), None, 1).await, std::slice::from_ref(&service.id));
        assert_eq!(listed((Some(all.other), None), None, 10).await, Vec::<String>::new());
        assert_eq!(listed((Some(all.acme), Some(all.ids[2])), None, 10).await, std::slice::from_ref(&mine.id));
        operate::revoke_api_key(&app.doorward, mine.id.parse().unwrap()).await.unwrap();
        assert!(operate::revoke_api_key(&app.doorward, mine.id.parse().unwrap()).await.is_err(), "once");
        assert_eq!(error(&app, &mine.key, &[]).await, "invalid_grant");
        assert_eq!(events(&app, "api_key.revoked").await, [format!("operator api_key:{} success", mine.id)]);
    }
}
