//! What the ladder promises, over HTTP, on every engine.

use std::time::Duration;

use crate::{on_every_engine, testing::PASSWORD};

const ANN: &str = "ann@example.com";

on_every_engine! {
    /// Promise: `ladder/proofs-only`
    async fn a_session_says_which_proofs_made_it_and_when(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let logged_in_at = app.now().as_secs();
        let who = ann.get("/auth/session").await.json();
        assert_eq!(who["session"]["factors"], serde_json::json!([{ "factor": "password", "at": logged_in_at }]));
        app.wait(Duration::from_secs(600));
        ann.post("/auth/account/profile", &[("display_name", "Ann")]).await;
        let later = ann.get("/auth/session").await.json();
        assert_eq!(later["session"]["factors"], who["session"]["factors"], "use is no proof");
        assert_eq!(later["session"]["proved_at"], logged_in_at);
        assert_eq!(ann.post("/auth/reauthenticate", &[("password", "not the password")]).await.status, 403);
        assert_eq!(ann.get("/auth/session").await.json()["session"]["proved_at"], logged_in_at, "a wrong proof is none");
        assert_eq!(ann.post("/auth/reauthenticate", &[("password", PASSWORD)]).await.status, 200);
        let proved = ann.get("/auth/session").await.json();
        assert_eq!(proved["session"]["factors"], serde_json::json!([{ "factor": "password", "at": logged_in_at + 600 }]));
    }

    /// Promise: `ladder/proofs-only`
    async fn nobody_states_their_own_proofs(app: TestApp) {
        app.account(ANN).await;
        let mut ann = app.visitor();
        for field in ["factors", "factor", "proved_at", "level", "acr", "amr", "session", "account"] {
            let form = [("email", ANN), ("password", PASSWORD), (field, "password:1")];
            assert_eq!(ann.post("/auth/login", &form).await.code(), "unknown_field", "{field}");
        }
        assert_eq!(app.count("sessions").await, 0);
    }
}
