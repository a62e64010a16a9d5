//! What an operator's acts promise, on every engine.

use doorward_core::EmailAddress;

use crate::{
    on_every_engine, operate,
    testing::{Actor, PASSWORD, TestApp},
};

const ANN: &str = "ann@example.com";
const NEW: &str = "a quite different passphrase";

async fn log_in(browser: &mut Actor, password: &str) -> u16 {
    let token = browser.form_token().await;
    browser.post_with(&token, "/auth/login", &[("email", ANN), ("password", password)]).await.status
}

async fn sets_password(app: &TestApp) {
    let token = app.token_for(ANN).await;
    let mut visitor = app.visitor();
    let form = [("token", token.as_str()), ("new_password", NEW)];
    assert_eq!(visitor.post("/auth/password/reset", &form).await.status, 200);
    assert_eq!(visitor.post("/auth/password/reset", &form).await.status, 410, "once");
    assert_eq!(log_in(&mut visitor, NEW).await, 200);
}

on_every_engine! {
    /// Promise: `operator/ends-everything`
    async fn after_everything_was_ended_no_link_works_any_more(app: TestApp) {
        let mut ann = app.person(ANN).await;
        ann.post("/auth/email/change", &[("email", "ann@new.example")]).await;
        let change = app.token_for("ann@new.example").await;
        app.visitor().post("/auth/password/forgot", &[("email", ANN)]).await;
        let reset = app.token_for(ANN).await;
        app.visitor().post("/auth/signup", &[("email", "bob@example.com"), ("password", PASSWORD)]).await;
        let signup = app.token_for("bob@example.com").await;
        assert_eq!(operate::revoke_everything(&app.doorward).await.unwrap(), 1);
        assert!(!ann.is_signed_in().await);
        let mut ann = app.logged_in(ANN).await;
        assert_eq!(ann.post("/auth/email/confirm", &[("token", &change)]).await.status, 410);
        let form = [("token", reset.as_str()), ("new_password", NEW)];
        assert_eq!(app.visitor().post("/auth/password/reset", &form).await.status, 410);
        let form = [("token", signup.as_str()), ("password", PASSWORD)];
        assert_eq!(app.visitor().post("/auth/email/verify", &form).await.status, 410);
    }

    /// Promise: `operator/knows-no-password`
    async fn an_account_is_made_without_a_password_and_its_person_sets_one(app: TestApp) {
        let email = EmailAddress::parse(ANN).unwrap();
        assert!(operate::invite(&app.doorward, &email).await.unwrap().is_some());
        assert!(operate::invite(&app.doorward, &email).await.unwrap().is_none(), "one account for one address");
        assert_eq!(app.count("passwords").await, 0);
        for guess in ["", PASSWORD, NEW] {
            assert_ne!(log_in(&mut app.visitor(), guess).await, 200, "{guess:?}");
        }
        let letters = app.letters_to(ANN).await;
        assert_eq!(letters.len(), 1);
        assert_eq!(letters[0].subject, "Set the password of your new account");
        sets_password(&app).await;
        assert_eq!(app.audit_lines().iter().filter(|line| line.contains("account.created")).count(), 1);
    }

    /// Promise: `operator/voids-password`
    async fn a_reset_ends_everything_and_lets_the_person_set_a_new_password(app: TestApp) {
        let id = app.account(ANN).await;
        let mut ann = app.logged_in(ANN).await;
        let mut visitor = app.visitor();
        visitor.post("/auth/password/forgot", &[("email", ANN)]).await;
        let old = app.token_for(ANN).await;
        let epoch = crate::accounts::by_id(app.db(), id).await.unwrap().unwrap().password_epoch;
        assert_eq!(operate::reset(&app.doorward, id).await.unwrap().unwrap().as_str(), ANN);
        assert!(!ann.is_signed_in().await);
        assert_eq!(log_in(&mut app.visitor(), PASSWORD).await, 401);
        assert_eq!(crate::accounts::by_id(app.db(), id).await.unwrap().unwrap().password_epoch, epoch + 1, "no device is known");
        let form = [("token", old.as_str()), ("new_password", NEW)];
        assert_eq!(visitor.post("/auth/password/reset", &form).await.status, 410, "a link of before is void");
        sets_password(&app).await;
        let lines = app.audit_lines();
        let voided: Vec<_> = lines.iter().filter(|line| line.contains("password.voided")).collect();
        assert!(voided.len() == 1 && voided[0].contains("\"actor\":\"operator\""), "{lines:?}");
        let nobody = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        assert!(operate::reset(&app.doorward, nobody).await.unwrap().is_none());
    }
}
