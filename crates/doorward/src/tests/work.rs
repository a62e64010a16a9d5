//! What goes on without a request, and what the front door refuses.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    Doorward,
    base::settings::{SecretText, Setting},
    on_every_engine,
    testing::{PASSWORD, TestApp},
};

on_every_engine! {
    async fn what_is_over_is_cleared_away_and_letters_are_sent(app: TestApp) {
        app.visitor().post("/auth/signup", &[("email", "old@example.com"), ("password", PASSWORD)]).await;
        app.letters().await;
        app.wait(Duration::from_secs(2 * 86_400));
        app.visitor().post("/auth/signup", &[("email", "new@example.com"), ("password", PASSWORD)]).await;
        let (doorward, (stop, stopped)) = (app.doorward.clone(), tokio::sync::oneshot::channel::<()>());
        let working = tokio::spawn(async move { doorward.work(async { drop(stopped.await) }).await });
        while (app.count("signups").await, app.count("outbox").await) != (1, 0) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        drop(stop);
        working.await.unwrap();
    }
}

#[tokio::test]
async fn a_pepper_may_be_in_either_spelling_of_base64() {
    let secret = STANDARD.encode([0xfb; 33]);
    assert!(secret.contains('+') && secret.contains('/'));
    let app = TestApp::new(crate::testing::Engine::Sqlite).await;
    for secret in [secret.clone(), secret.replace('+', "-").replace('/', "_")] {
        let mut settings = app.settings.clone();
        settings.passwords.pepper = SecretText::read(&toml::Value::String(format!("1:{secret}"))).unwrap();
        let builder = Doorward::builder(settings).keys(app.key_file().load().unwrap());
        assert!(builder.development_mailbox(app.folder().join("mailbox")).build().await.is_ok(), "{secret}");
    }
}
