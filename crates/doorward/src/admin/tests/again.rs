//! Acts of the console that are under way while their operator is made less.

use super::*;
use crate::testing::crowd::{About, meeting};

const ACME: &str = "/auth/admin/tenants/acme";

/// One of each act, with what it takes.
fn acts(account: AccountId, session: &str) -> Vec<(String, Vec<(&'static str, &'static str)>)> {
    let of_account = |act: &str| format!("/auth/admin/accounts/{account}/{act}");
    let of_tenant = |act: &str| format!("{ACME}{act}");
    vec![
        (of_account("disable"), vec![]),
        (of_account("enable"), vec![]),
        (of_account("end-sessions"), vec![]),
        (of_account("reset"), vec![]),
        (format!("/auth/admin/sessions/{session}/revoke"), vec![]),
        ("/auth/admin/tenants".to_owned(), vec![("slug", "made"), ("name", "Made")]),
        (of_tenant("/suspend"), vec![]),
        (of_tenant("/delete"), vec![("slug", "acme")]),
        (of_tenant("/entitle"), vec![("plan", "pro"), ("until", "2999-01-01")]),
        (of_tenant("/members"), vec![("email", BOB), ("roles", "member")]),
        (of_tenant(&format!("/members/{account}/roles")), vec![("roles", "owner,admin")]),
        (of_tenant("/invitations"), vec![("email", "new@example.com"), ("roles", "member")]),
    ]
}

/// Everything that those acts could have changed.
async fn state(app: &TestApp) -> Vec<String> {
    let mut state = Vec::new();
    for sql in [
        "SELECT id || epoch || password_epoch || COALESCE(disabled_at, 0) FROM accounts ORDER BY id",
        "SELECT id || slug || entitlements || COALESCE(suspended_at, 0) || COALESCE(delete_at, 0) FROM tenants ORDER BY id",
        "SELECT tenant || account || roles FROM memberships ORDER BY tenant, account",
    ] {
        state.extend(app.db().list(sql, &[], |row| row.get::<String>(0)).await.unwrap());
    }
    for table in ["sessions", "invitations", "outbox"] {
        state.push(format!("{table} {}", app.count(table).await));
    }
    state
}

on_every_engine! {
    /// Promise: `operators/act-again`
    async fn an_act_under_way_fails_once_its_operator_may_not(app: TestApp) {
        let (ann, session, _, mut owner) = victim(&app).await;
        app.account(BOB).await;
        for (round, (role, expected)) in [(None, (404, "not_found")), (Some("auditor"), (403, "forbidden"))].into_iter().enumerate() {
            let (mut admin, account) = operator(&app, &format!("root{round}@example.com"), "admin").await;
            let (token, acts) = (admin.csrf_token().await, acts(ann, &session));
            let (before, events) = (state(&app).await, app.count("audit_events").await);
            let count = acts.len();
            let mut many: Vec<std::pin::Pin<Box<dyn Future<Output = Option<Answer>> + Send>>> = Vec::new();
            for (path, form) in acts.clone() {
                let (mut browser, token) = (admin.clone(), token.clone());
                many.push(Box::pin(async move { Some(browser.post_with(&token, &path, &form).await) }));
            }
            let doorward = app.doorward.clone();
            many.push(Box::pin(async move {
                doorward.context().meeting.joined_by(count).await;
                match role {
                    None => assert!(operate::revoke_operator(&doorward, account).await.unwrap()),
                    Some(role) => assert!(operate::grant_operator(&doorward, account, vec![role.parse().unwrap()]).await.unwrap()),
                }
                None
            }));
            let (met, answers) = meeting(&app, About::Acting, many).await;
            assert_eq!(met, count, "each had been let in before the operator was made less");
            for answer in answers.into_iter().flatten() {
                assert_eq!(verdict(&answer), (expected.0, expected.1.to_owned()), "{}", answer.text());
            }
            assert_eq!(state(&app).await, before);
            assert_eq!(app.count("audit_events").await, events + 1, "that the operator was made less, and nothing else");
        }
        assert!(owner.is_signed_in().await);
        assert_eq!(owner.asks("acme", "tenant:read").await.0, 200);
    }
}
