//! What operators do, and what ends with an account, a tenant or everything.

use super::*;

fn code<T: std::fmt::Debug>(result: Result<T, ActError>) -> &'static str {
    match result {
        Err(ActError::Denied { code, .. }) => code,
        other => panic!("it was not denied: {other:?}"),
    }
}

async fn waiting(app: &TestApp) -> Vec<operate::Invited> {
    let tenant = operate::tenant(&app.doorward, "acme").await.unwrap().unwrap();
    operate::invitations(&app.doorward, &tenant, None, 10).await.unwrap()
}

on_every_engine! {
    /// Promise: `invitations/operators`
    async fn an_operator_invites_to_any_role_and_the_log_says_so(app: TestApp) {
        let (acme, _) = acme(&app).await;
        let door = &app.doorward;
        let id = operate::invite_member(door, acme, &address(BOB), roles(&["owner", "billing"])).await.unwrap();
        assert_eq!(code(operate::invite_member(door, acme, &address(BOB), roles(&["member"])).await), "already_invited");
        assert_eq!(code(operate::invite_member(door, acme, &address(ANN), roles(&["member"])).await), "already_member");
        assert_eq!(code(operate::invite_member(door, acme, &address(KIM), roles(&["nothing"])).await), "unknown_role");
        assert_eq!(code(operate::invite_member(door, acme, &address(KIM), vec![]).await), "role_missing");
        let letter = app.letters_to(BOB).await.pop().unwrap();
        assert!(!letter.text.contains("@example.com has invited"), "{}", letter.text);
        operate::resend_invitation(door, acme, id).await.unwrap();
        let token = app.token_for(BOB).await;
        let listed = waiting(&app).await;
        assert_eq!((listed.len(), listed[0].id, listed[0].invited_by), (1, id, None::<AccountId>));
        let mut bob = app.person(BOB).await;
        let offer = bob.get(&format!("{ACCEPT}?token={token}")).await.json();
        assert_eq!((&offer["invited_by"], &offer["roles"]), (&Value::Null, &json!(["billing", "owner"])));
        assert!(bob.clone().in_browser().get(&format!("{ACCEPT}?token={token}")).await.text().contains("whoever runs Doorward"));
        assert_eq!(accept(&mut bob, &token).await, ok());
        assert_eq!(bob.asks("acme", "tenant:delete").await, ok());
        let gone = operate::invite_member(door, acme, &address(KIM), roles(&["member"])).await.unwrap();
        let token = app.token_for(KIM).await;
        operate::revoke_invitation(door, acme, gone).await.unwrap();
        assert_eq!(accept(&mut app.person(KIM).await, &token).await, spent());
        for result in [operate::revoke_invitation(door, acme, gone).await, operate::resend_invitation(door, acme, gone).await] {
            assert_eq!(code(result), "no_such_invitation");
        }
        let done: Vec<_> = events(&app).await.into_iter().filter(|event| event.0 == "operator").map(|event| (event.1, event.4)).collect();
        let (both, member) = (Some("billing,owner".to_owned()), Some("member".to_owned()));
        let told = |action: &str, detail: &Option<String>| (action.to_owned(), detail.clone());
        let (sent, resent) = (told("invitation.sent", &both), told("invitation.resent", &both));
        assert_eq!(done, [sent, resent, told("invitation.sent", &member), told("invitation.revoked", &None)]);
        operate::suspend_tenant(door, acme).await.unwrap();
        assert_eq!(code(operate::invite_member(door, acme, &address(KIM), roles(&["member"])).await), "tenant_closed");
    }

    /// Promise: `invitations/operators`
    async fn what_is_another_tenants_is_not_there_for_an_operator_either(app: TestApp) {
        let (acme, mut ann) = acme(&app).await;
        let bob = app.account(BOB).await;
        let other = app.tenant("other", bob).await;
        let id = invited(&mut ann, KIM, "member").await.parse().unwrap();
        assert_eq!(code(operate::revoke_invitation(&app.doorward, other, id).await), "no_such_invitation");
        assert_eq!(code(operate::resend_invitation(&app.doorward, other, id).await), "no_such_invitation");
        operate::revoke_invitation(&app.doorward, acme, id).await.unwrap();
        assert!(waiting(&app).await.is_empty());
    }

    /// Promise: `operator/ends-everything`
    async fn ending_everything_voids_invitations_which_can_be_sent_again(app: TestApp) {
        let (_, mut ann) = acme(&app).await;
        app.account(BOB).await;
        let id = invited(&mut ann, BOB, "member").await;
        let token = app.token_for(BOB).await;
        operate::revoke_everything(&app.doorward).await.unwrap();
        assert_eq!(accept(&mut app.logged_in(BOB).await, &token).await, spent());
        assert_eq!(resend(&mut app.logged_in(ANN).await, &id).await, ok());
        let token = app.token_for(BOB).await;
        assert_eq!(accept(&mut app.logged_in(BOB).await, &token).await, ok());
    }

    /// Promise: `operator/deleted-is-gone`
    async fn with_an_account_goes_what_it_has_sent_and_what_was_sent_to_it(app: TestApp) {
        let (acme, mut ann) = acme(&app).await;
        let (bob, kim) = (app.account(BOB).await, app.account(KIM).await);
        app.member(acme, kim, "admin").await;
        invited(&mut ann, BOB, "member").await;
        invited(&mut ann, "new@example.com", "member").await;
        invited(&mut app.logged_in(KIM).await, "other@example.com", "member").await;
        for account in [bob, kim] {
            assert_eq!(operate::delete(&app.doorward, account).await.unwrap(), operate::Deletion::Done);
        }
        let left: Vec<_> = waiting(&app).await.into_iter().map(|one| one.email.to_string()).collect();
        assert_eq!(left, ["new@example.com"]);
    }
}

/// Whatever the engine: what an address is called decides nothing about the order of rows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_reads_on_after_the_last_one() {
    let app = TestApp::new(Engine::Sqlite).await;
    let (acme, _) = acme(&app).await;
    for email in ["b@example.com", "a@example.com", "c@example.com"] {
        operate::invite_member(&app.doorward, acme, &address(email), roles(&["member"])).await.unwrap();
        app.wait(Duration::from_millis(1));
    }
    let all = waiting(&app).await;
    let tenant = operate::tenant(&app.doorward, "acme").await.unwrap().unwrap();
    let rest = operate::invitations(&app.doorward, &tenant, Some(all[0].id), 10).await.unwrap();
    let emails: Vec<_> = rest.iter().map(|one| one.email.as_str()).collect();
    assert_eq!(emails, ["a@example.com", "b@example.com"]);
}
