use std::fs;

use serde_json::json;

use crate::support::{Client, Site};

const FIRST: &str = "canary one sits in a cage";
const WRONG: &str = "canary two is not the right";
const SECOND: &str = "canary three sings in there";
const QUERY: &str = "canary4inquery";
const HEADER: &str = "canary5inheader";
const COOKIE: &str = "canary6incookie";

/// Every secret that a browser has been given so far.
fn secrets_of(client: &Client) -> Vec<String> {
    client.cookies.values().cloned().chain([client.csrf.clone()]).filter(|text| text.len() > 20).collect()
}

/// Promise: `server/log-tells-no-secrets`
#[test]
fn no_secret_reaches_the_output_or_the_database() {
    let mut site = Site::dev(&["--log", "trace", "--audit-stream"]);
    let email = "ann@example.com";
    let mut secrets: Vec<String> = [FIRST, WRONG, SECOND, QUERY, HEADER, COOKIE].map(str::to_owned).to_vec();
    let mut ann = site.visitor();
    ann.begin();
    ann.post("/auth/signup", &json!({ "email": email, "password": FIRST }));
    let token = site.token_for(email, "/auth/email/verify");
    ann.get(&format!("/auth/email/verify?token={token}"));
    let verified = ann.post("/auth/email/verify", &json!({ "token": token, "password": FIRST }));
    assert!((200..300).contains(&verified.status), "{verified:?}");
    secrets.extend(secrets_of(&ann));
    secrets.push(token);

    let mut other = site.visitor();
    assert_eq!(other.log_in(email, WRONG).status, 401);
    assert_eq!(other.log_in(email, FIRST).status, 200);
    secrets.extend(secrets_of(&other));
    other.begin();
    other.post("/auth/password/forgot", &json!({ "email": email }));
    let token = site.token_for(email, "/auth/password/reset");
    let reset = other.post("/auth/password/reset", &json!({ "token": token, "new_password": SECOND }));
    assert!((200..300).contains(&reset.status), "{reset:?}");
    secrets.push(token);

    assert_eq!(other.log_in(email, SECOND).status, 200);
    let session = other.get("/auth/session").json();
    other.csrf = session["csrf_token"].as_str().unwrap().to_owned();
    secrets.extend(secrets_of(&other));
    other.get(&format!("/auth/login?token={QUERY}&return_to=/{QUERY}"));
    let mut stranger = site.visitor();
    stranger.cookies.insert("dev-session".to_owned(), COOKIE.to_owned());
    stranger.csrf = HEADER.to_owned();
    stranger.get("/auth/session");
    stranger.post("/auth/logout", &json!({ "password": WRONG }));
    other.post("/auth/logout", &json!({}));
    assert_eq!(site.stop(), Some(0));

    let mut places = vec![("standard output", site.stdout().join("\n").into_bytes())];
    places.push(("standard error", site.stderr().join("\n").into_bytes()));
    for name in ["doorward.db", "doorward.db-wal", "doorward.db-shm"] {
        places.push((name, fs::read(site.data().join(name)).unwrap_or_default()));
    }
    assert!(places[1].1.len() > 1000 && places[2].1.len() > 1000, "there is something to look through");
    for (place, bytes) in &places {
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} is in {place}");
        }
    }
}
