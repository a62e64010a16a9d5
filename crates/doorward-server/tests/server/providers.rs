//! Providers, listed and tried at the command line.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use crate::support::{Said, Site, doorward, finish};

/// A hostile provider, which ends with its test.
struct Hostile(Child, String);

impl Hostile {
    fn start() -> Self {
        let parts = std::env::var_os("DOORWARD_TEST_NODE_PARTS").map(PathBuf::from);
        let parts = parts.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/parts"));
        let client = json!({ "client": { "client_id": "doorward", "client_secret": "a secret of the provider" } });
        let mut node = Command::new("node");
        let node =
            node.arg(parts.join("hostile.mjs")).arg(client.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = node.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).unwrap();
        Self(child, told["origin"].as_str().unwrap().to_owned())
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Promise: `server/provider-tried`
#[test]
fn a_provider_is_listed_and_tried_at_the_command_line() {
    let hostile = Hostile::start();
    // A folder of `doorward dev`, because plain http leads to this machine in development only.
    let site = Site::dev(&[]);
    let run = |args: &[&str]| -> Said {
        let folder = site.beside("data").display().to_string();
        let mut command = doorward(&[&["--folder", &folder], args].concat());
        for (name, fault) in [("GOOD", "honest"), ("BAD", "discovery-issuer-mismatch")] {
            let issuer = format!("{}/{fault}", hostile.1);
            for (key, value) in [
                ("KIND", "openid"),
                ("ISSUER", &issuer),
                ("CLIENT_ID", "doorward"),
                ("CLIENT_SECRET", "a secret of the provider"),
            ] {
                command.env(format!("DOORWARD_PROVIDERS__{name}__{key}"), value);
            }
        }
        finish(command, "")
    };
    let list = run(&["provider", "list"]);
    assert!(
        list.code == Some(0) && list.stdout.contains("good") && list.stdout.contains("/auth/providers/bad/callback"),
        "{list:?}"
    );
    let objects = run(&["provider", "list", "--json"]);
    assert_eq!(objects.stdout.lines().count(), 2, "{objects:?}");
    let good = run(&["provider", "try", "good"]);
    assert!(
        good.code == Some(0) && good.stdout.contains("Register with it: ") && !good.stdout.contains("WRONG"),
        "{good:?}"
    );
    let bad = run(&["provider", "try", "bad", "--json"]);
    let told: Value = serde_json::from_str(&bad.stdout).unwrap();
    assert_eq!((bad.code, &told["works"]), (Some(1), &json!(false)), "{bad:?}");
    let issuer = told["checks"].as_array().unwrap().iter().find(|check| check["check"] == "issuer").unwrap();
    assert!(issuer["found"] == "bad" && issuer["says"].as_str().unwrap().contains("write exactly this"), "{bad:?}");
    for said in [&list, &objects, &good, &bad] {
        assert!(!said.stdout.contains("a secret") && !said.stderr.contains("a secret"), "{said:?}");
    }
    let none = run(&["provider", "try", "google"]);
    assert!(none.code == Some(1) && none.stderr.contains("there is no provider google"), "{none:?}");
}
