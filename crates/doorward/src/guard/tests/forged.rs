//! Identities, roles and rights that a request asserts by itself: in fields that nobody asked for (mass assignment), and in fields
//! and headers that name an account (better-auth, CVE-2025-61928). A new route is tried without being mentioned.

use super::*;
use crate::operate;

const OWNER: &str = "owner@example.com";

/// What a request would like to be true.
const FIELDS: [&str; 18] = [
    "role",
    "roles",
    "is_owner",
    "is_admin",
    "admin",
    "operator",
    "permissions",
    "plan",
    "tenant_id",
    "user_id",
    "userId",
    "account_id",
    "email_verified",
    "verified",
    "disabled_at",
    "created_at",
    "password_hash",
    "epoch",
];

/// Headers by which proxies and frameworks say who somebody is.
const HEADERS: [&str; 9] = [
    "x-user-id",
    "x-forwarded-user",
    "x-forwarded-email",
    "x-remote-user",
    "x-auth-request-user",
    "x-auth-request-email",
    "x-account-id",
    "x-session-id",
    "remote-user",
];

/// The owner of acme, who is an operator with every power, and their id.
async fn owner(app: &TestApp) -> (Actor, String) {
    let owner = app.account(OWNER).await;
    app.tenant("acme", owner).await;
    operate::grant_operator(&app.doorward, owner, vec!["admin".parse().unwrap()]).await.unwrap();
    (app.logged_in(OWNER).await, owner.to_string())
}

/// Everything that such a field could have changed.
async fn state(app: &TestApp) -> Vec<String> {
    let mut state = Vec::new();
    for sql in [
        "SELECT id || email || name || epoch || password_epoch || created_at || COALESCE(disabled_at, 0) FROM accounts ORDER BY id",
        "SELECT account || roles FROM operators ORDER BY account",
        "SELECT tenant || account || roles || is_owner || entitlements FROM memberships ORDER BY tenant, account",
        "SELECT id || slug || name || COALESCE(open_role, '') || entitlements FROM tenants ORDER BY id",
    ] {
        state.extend(app.db().list(sql, &[], |row| row.get::<String>(0)).await.unwrap());
    }
    for table in ["audit_events", "sessions", "invitations", "outbox", "signups", "email_changes"] {
        state.push(format!("{table} {}", app.count(table).await));
    }
    state
}

on_every_engine! {
    /// Promise: `guard/every-route-guarded`
    async fn no_route_takes_a_field_that_it_does_not_name(app: TestApp) {
        let (mut owner, id) = owner(&app).await;
        let (of_session, of_form) = (owner.csrf_token().await, owner.form_token().await);
        let before = state(&app).await;
        // What an authorization request brings that we do not know is ignored, and never taken (RFC 6749 section 3.1).
        for route in changing().into_iter().filter(|route| route.path != "/oauth/authorize") {
            let token = if route.guard == "Public" { &of_form } else { &of_session };
            for name in FIELDS.into_iter().filter(|name| !route.fields.iter().any(|field| field.name == *name)) {
                let mut sender = owner.clone();
                sender.set_header("x-csrf-token", token);
                let body = serde_json::json!({ name: id }).to_string();
                for (body, kind) in [(body, "application/json"), (format!("{name}={id}"), FORM)] {
                    let answer = sender.send(route.method.clone(), &path_of(&route), &body, Some(kind)).await;
                    assert_eq!(verdict(&answer), refused(422, "unknown_field"), "{} {name} as {kind}", name_of(&route));
                }
            }
        }
        assert_eq!(state(&app).await, before);
    }

    /// Promise: `guard/every-route-guarded`
    async fn nobody_is_somebody_by_saying_so(app: TestApp) {
        let (_, id) = owner(&app).await;
        let mut visitor = app.visitor();
        let token = visitor.form_token().await;
        let before = state(&app).await;
        for route in table().into_iter().filter(|route| !is_for_all(route)) {
            for said in [id.as_str(), OWNER] {
                let mut forger = visitor.clone();
                for header in HEADERS {
                    forger.set_header(header, said);
                }
                forger.set_header("authorization", &format!("Bearer {said}"));
                let answer = knock_with(&forger, &token, &route).await;
                assert_eq!(verdict(&answer), refused(401, "not_signed_in"), "{} with headers", name_of(&route));
                if route.is_any() {
                    // What a proxy asks has its own rules about fields, and its own tests in `access`.
                    continue;
                }
                forger.set_header("x-csrf-token", &token);
                for name in ["userId", "user_id", "account", "email", "session"] {
                    let body = serde_json::json!({ name: said }).to_string();
                    // Where the path names an account, a second one is refused before anybody asks who is there.
                    let expected = [refused(401, "not_signed_in"), refused(400, "repeated_field")];
                    let answer = forger.send(route.method.clone(), &path_of(&route), &body, Some("application/json")).await;
                    assert!(expected.contains(&verdict(&answer)), "{} with {name}: {}", name_of(&route), answer.text());
                    let path = format!("{}?{name}={said}", path_of(&route));
                    let answer = forger.send(route.method.clone(), &path, "{}", Some("application/json")).await;
                    assert!(expected.contains(&verdict(&answer)), "{} in the query {name}: {}", name_of(&route), answer.text());
                }
            }
        }
        assert_eq!(state(&app).await, before);
    }
}
