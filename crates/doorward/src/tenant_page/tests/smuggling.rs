//! Identifiers of another tenant wherever a request has room for one, and fields that nobody asked for.

use super::*;

/// Every write of a tenant's pages, with what it takes.
fn writes(all: &Acme) -> Vec<(String, Vec<(&'static str, &'static str)>)> {
    let at = |rest: &str| format!("/auth/tenants/acme{rest}");
    vec![
        ("/auth/tenants".to_owned(), vec![("name", "Mine"), ("slug", "mine")]),
        (at("/rename"), vec![("name", "Renamed"), ("slug", "renamed")]),
        (at("/open"), vec![("role", "member")]),
        (at("/delete"), vec![]),
        (at("/restore"), vec![]),
        (at("/leave"), vec![]),
        (at("/join"), vec![]),
        (all.path(2, "/roles"), vec![("roles", "admin")]),
        (all.path(2, "/remove"), vec![]),
    ]
}

on_every_engine! {
    /// Promise: `tenant_page/no-smuggling`
    async fn a_field_that_nobody_asked_for_is_refused_and_nothing_changes(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let before = state(&app).await;
        let other = all.other.to_string();
        for (path, form) in writes(&all) {
            for field in [
                "tenant_id", "id", "account_id", "is_owner", "owner", "suspended_at", "delete_at", "entitlements", "permissions",
                "number", "created_at", "joined_at", "email", "as", "by", "open_role",
            ] {
                let extended = [&form[..], &[(field, other.as_str())]].concat();
                assert_eq!(said(&all.ann.post(&path, &extended).await), no(422, "unknown_field"), "{path} {field}");
                let fields = extended.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
                let body = Value::Object(fields.collect());
                assert_eq!(said(&all.ann.post_json(&path, &body).await), no(422, "unknown_field"), "{path} {field} as JSON");
            }
            // Where the path names one, a second one is no second opinion.
            for field in ["tenant", "account"] {
                let answer = all.ann.post(&path, &[&form[..], &[(field, other.as_str())]].concat()).await;
                let refused = ["unknown_field", "repeated_field"].contains(&answer.code().as_str());
                assert!(refused && (400..=422).contains(&answer.status), "{path} {field}: {}", answer.text());
            }
        }
        assert_eq!(state(&app).await, before);
    }

    /// Promise: `tenant_page/no-smuggling`
    async fn another_tenant_in_a_header_or_the_query_is_nothing(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let before = state(&app).await;
        let (other, dan) = (all.other.to_string(), all.ids[3].to_string());
        for (name, value) in [
            ("x-tenant", "other"), ("x-tenant-id", other.as_str()), ("x-forwarded-user", dan.as_str()), ("x-user-id", &dan),
            ("x-remote-user", DAN), ("x-doorward-account", &dan), ("x-doorward-tenant", &other), ("x-doorward-roles", "owner"),
            ("x-original-url", "/auth/tenants/other"), ("x-http-method-override", "DELETE"), ("x-forwarded-uri", "/auth/tenants/other"),
        ] {
            let mut cem = all.cem.clone();
            cem.set_header(name, value);
            assert_eq!(cem.get("/auth/tenants/acme").await.json()["tenant"]["id"], all.acme.to_string(), "{name}");
            assert_eq!(said(&cem.get("/auth/tenants/other").await), no(404, "no_such_tenant"), "{name}");
            assert_eq!(said(&cem.get("/auth/tenants/other/members").await), no(404, "no_such_tenant"), "{name}");
            assert_eq!(said(&cem.post("/auth/tenants/acme/rename", &[("name", "Mine")]).await), no(403, "forbidden"), "{name}");
            let removed = cem.post(&format!("/auth/tenants/other/members/{dan}/remove"), &[]).await;
            assert_eq!(said(&removed), no(404, "no_such_tenant"), "{name}");
        }
        for query in ["tenant=other", "tenant_id=other", "account=x", "role=owner", "slug=other"] {
            let answer = all.cem.get(&format!("/auth/tenants/acme/members?{query}")).await;
            assert!((400..=422).contains(&answer.status), "{query}: {}", answer.text());
            let answer = all.ann.send(Method::POST, &format!("/auth/tenants/acme/leave?{query}"), "", Some(FORM)).await;
            assert_eq!(said(&answer), no(403, "csrf_token_invalid"), "{query}");
        }
        assert_eq!(state(&app).await, before);
    }

    /// Promise: `tenant_page/no-smuggling`
    async fn a_member_of_another_tenant_is_nobody_here(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let before = state(&app).await;
        let nobody = "018f3f0a-0000-7000-8000-000000000000";
        for whom in [all.ids[3].to_string(), nobody.to_owned(), DAN.to_owned(), "%00".to_owned(), "..".to_owned()] {
            let path = format!("/auth/tenants/acme/members/{whom}");
            let (looked, gave) = (all.ann.get(&path).await, all.ann.post(&format!("{path}/roles"), &[("roles", "member")]).await);
            let (removed, deleted) = (all.ann.post(&format!("{path}/remove"), &[]).await, all.ann.delete(&path).await);
            for answer in [looked, gave, removed, deleted] {
                assert_eq!(said(&answer), no(404, "no_such_member"), "{whom}");
            }
        }
        let (foreign, missing) = (all.path(3, ""), format!("/auth/tenants/acme/members/{nobody}"));
        assert_eq!(all.ann.get(&foreign).await.body, all.ann.get(&missing).await.body);
        assert_eq!(state(&app).await, before);
    }

    /// Promise: `tenant_page/no-smuggling`
    async fn a_cursor_of_another_list_is_refused(app: TestApp) {
        let mut all = Acme::of(&app).await;
        app.member(all.other, all.ids[1], "admin").await;
        let of = |answer: Answer| answer.json()["next"].as_str().unwrap().to_owned();
        let members = of(all.bob.get("/auth/tenants/acme/members?limit=1").await);
        let of_cem = of(all.cem.get("/auth/tenants/acme/members?limit=1").await);
        let events = of(all.bob.get("/auth/tenants/acme/audit?limit=1").await);
        let joins = of(all.bob.get("/auth/tenants/acme/audit?limit=1&action=member.joined").await);
        for (path, cursor) in [
            ("/auth/tenants/other/members?", &members), ("/auth/tenants/acme/members?", &of_cem), ("/auth/tenants/acme/members?", &events),
            ("/auth/tenants/other/audit?", &events), ("/auth/tenants/acme/audit?", &members), ("/auth/tenants/acme/audit?", &joins),
            ("/auth/tenants/acme/audit?action=member.left&", &joins), ("/auth/tenants/acme/audit?result=denied&", &events),
            ("/auth/tenants/acme/members?", &"A".repeat(86)), ("/auth/tenants/acme/audit?", &"1".to_owned()),
        ] {
            let answer = all.bob.get(&format!("{path}cursor={cursor}")).await;
            assert_eq!(said(&answer), no(422, "cursor_invalid"), "{path}{cursor}");
        }
        assert_eq!(all.bob.get(&format!("/auth/tenants/acme/members?cursor={members}")).await.status, 200);
    }
}
