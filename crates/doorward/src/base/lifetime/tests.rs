//! Links under a clock that is set back, on every engine.

use std::time::Duration;

use crate::{on_every_engine, testing::PASSWORD};

const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

on_every_engine! {
    /// Promise: `lifetime/clocks`
    async fn no_link_is_believed_that_this_clock_cannot_have_made(app: TestApp) {
        for (round, back, status) in [(1, MINUTE + SECOND, 410), (2, MINUTE, 200)] {
            let [ann, bob, kim, new] = ["ann", "bob", "kim", "new"].map(|name| format!("{name}{round}@example.com"));
            app.person(&ann).await.post("/auth/email/change", &[("email", &new)]).await;
            app.account(&kim).await;
            app.visitor().post("/auth/password/forgot", &[("email", &kim)]).await;
            app.visitor().post("/auth/signup", &[("email", &bob), ("password", PASSWORD)]).await;
            let (change, reset, signup) = (app.token_for(&new).await, app.token_for(&kim).await, app.token_for(&bob).await);
            app.clock.set_back(back);
            let mut ann = app.logged_in(&ann).await;
            let page = ann.clone().in_browser().get("/auth/account").await.text();
            assert_eq!(page.contains("Waiting for confirmation"), status == 200);
            let mut visitor = app.visitor();
            for (person, path, form) in [
                (&mut ann, "/auth/email/confirm", vec![("token", change.as_str())]),
                (&mut visitor, "/auth/email/verify", vec![("token", &signup), ("password", PASSWORD)]),
                (&mut app.visitor(), "/auth/password/reset", vec![("token", &reset), ("new_password", "a quite different one")]),
            ] {
                assert_eq!(person.get(&format!("{path}?token={}", form[0].1)).await.status, status, "{path} {back:?}");
                assert_eq!(person.post(path, &form).await.status, status, "{path} {back:?}");
            }
            app.clock.advance(back);
        }
    }
}
