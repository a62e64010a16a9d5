//! Whom a notice reaches, and whom it is spared, on every engine.

use crate::{
    on_every_engine,
    testing::{Actor, TestApp},
};

const ANN: &str = "ann@example.com";
const NEW: &str = "ann@new.example";
const NEW_PASSWORD: &str = "a quite different passphrase";

async fn ask_for_new_address(app: &TestApp, person: &mut Actor) -> String {
    assert_eq!(person.post("/auth/email/change", &[("email", NEW)]).await.status, 202);
    app.token_for(NEW).await
}

async fn confirm(person: &mut Actor, token: &str) {
    assert_eq!(person.post("/auth/email/confirm", &[("token", token)]).await.status, 200);
}

on_every_engine! {
    /// Promise: `mail/owner-of-the-moment`
    async fn a_new_address_does_not_take_the_notices_of_the_old_one_along(app: TestApp) {
        app.account(ANN).await;
        let mut thief = app.logged_in(ANN).await;
        let token = ask_for_new_address(&app, &mut thief).await;
        let before = app.subjects_to(ANN).await.len();
        // Ordered while the address was the old one, and sent when it is another.
        app.logged_in(ANN).await;
        confirm(&mut thief, &token).await;
        let told = app.subjects_to(ANN).await.split_off(before);
        assert_eq!(told.len(), 2, "{told:?}");
        assert_eq!(app.subjects_to(NEW).await.len(), 1, "the link and nothing else");
    }

    /// Promise: `mail/notices`
    async fn whoever_tells_owners_otherwise_can_turn_the_notices_off(app: TestApp) {
        let mut app = app;
        app.settings.mail.notices = false;
        let app = app.another().await;
        app.account(ANN).await;
        let mut ann = app.logged_in(ANN).await;
        assert_eq!(ann.post("/auth/password/change", &[("new_password", NEW_PASSWORD)]).await.status, 200);
        let token = ask_for_new_address(&app, &mut ann).await;
        confirm(&mut ann, &token).await;
        assert!(app.subjects_to(ANN).await.is_empty());
        let reset = app.visitor().post("/auth/password/forgot", &[("email", NEW)]).await;
        assert_eq!((reset.status, app.subjects_to(NEW).await.len()), (202, 2), "what was asked for is sent all the same");
    }

    /// Promise: `mail/notices`
    async fn owners_are_told_by_default(app: TestApp) {
        app.account(ANN).await;
        let mut ann = app.logged_in(ANN).await;
        assert_eq!(ann.post("/auth/password/change", &[("new_password", NEW_PASSWORD)]).await.status, 200);
        let token = ask_for_new_address(&app, &mut ann).await;
        confirm(&mut ann, &token).await;
        assert_eq!(app.subjects_to(ANN).await.len(), 4, "a login, a change that begins, a password, a change that is done");
    }
}
