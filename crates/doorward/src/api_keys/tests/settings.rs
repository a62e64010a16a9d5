//! What an operator may not set.

use super::*;
use crate::{StartError, testing::Engine};

/// Promise: `api_keys/audience`
#[test]
fn a_setting_that_names_no_audience_is_refused() {
    let told = |uri: &str| {
        let text = format!("[api_keys]\nresources = [\"https://api.example.com\", \"{uri}\"]\n");
        let errors = crate::Settings::read(&text.parse().unwrap(), &[]).err().unwrap_or_default();
        errors.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    for (uri, problem) in [
        ("", "it is no absolute URI"),
        ("api", "it is no absolute URI"),
        ("/api", "it is no absolute URI"),
        ("https://api.example.com/#part", "it has a fragment"),
        ("https://api.example.com/#", "it has a fragment"),
        ("https://api.example.com/a b", "it is longer than 512 letters, or has others than those of ASCII"),
        ("https://API.example.com", "Write it as `https://api.example.com/`"),
    ] {
        let told = told(uri);
        assert_eq!(told.len(), 1, "{uri}: {told:?}");
        assert!(told[0].starts_with(&format!("api_keys.resources: `{uri}` cannot be used: ")), "{told:?}");
        assert!(told[0].contains(problem), "{told:?}");
    }
    for uri in ["https://files.example.com/v1?x=1", "urn:example:api"] {
        assert_eq!(told(uri), Vec::<String>::new());
    }
}

/// Promise: `api_keys/audience`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_that_come_from_no_file_are_judged_too() {
    let app = TestApp::new(Engine::Sqlite).await;
    let mut settings = app.settings.clone();
    settings.api_keys.resources = vec!["api".to_owned()];
    let built = crate::Doorward::builder(settings).open().await;
    assert!(matches!(built.err(), Some(StartError::Settings(errors)) if errors[0].key == "api_keys.resources"));
}
