//! Clients of others, unchanged, against the real server.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::support::{Site, on_every_engine};

fn parts() -> PathBuf {
    let parts = std::env::var_os("DOORWARD_TEST_NODE_PARTS").map(PathBuf::from);
    parts.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/parts"))
}

/// Runs a program of the test kit with these arguments; what it wrote.
fn answered(program: &str, script: &str, arguments: &Value) -> String {
    let mut command = Command::new(program);
    let command = command.arg(parts().join(script)).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child =
        command.spawn().unwrap_or_else(|cause| panic!("{program}: {cause}; `cargo xtask test` installs it"));
    child.stdin.take().unwrap().write_all(arguments.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Registers a client; its name, secret and address.
fn registered(site: &Site, id: &str, more: &[&str]) -> Value {
    let made = site.objects(&[&["client", "register", id, "--id", id, "--json"], more].concat()).remove(0);
    let redirect_uri = more.iter().skip_while(|word| **word != "--redirect-uri").nth(1);
    json!({ "id": id, "secret": made["secret"], "redirect_uri": redirect_uri })
}

/// A key that nobody uses for anything else.
fn key() -> Value {
    json!({
        "kty": "OKP", "crv": "Ed25519", "kid": "signer-1", "alg": "EdDSA", "use": "sig",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    })
}

on_every_engine! {
    /// Promise: `oauth/any-client`
    fn clients_of_others_complete_every_grant_and_verify_what_they_get(site: Site) {
        let issuer = site.visitor().get("/auth/.well-known/openid-configuration").json()["issuer"].as_str().unwrap().to_owned();
        let (email, password) = ("ann@example.com", "seven wet herons on a fence");
        site.make(email, password);
        site.done(&["tenant", "create", "Acme", "--slug", "acme", "--owner", email]);
        let scopes = "openid,profile,email,offline_access,tenant:read";
        let to_people = "authorization_code,refresh_token";
        let callback = "https://web.example.com/callback";
        let web = ["--authentication", "secret", "--grant", to_people, "--scope", scopes, "--redirect-uri", callback];
        let devices = "authorization_code,refresh_token,device_code";
        let native = ["--authentication", "none", "--grant", devices, "--scope", scopes, "--redirect-uri", "http://127.0.0.1/callback"];
        let itself = ["--grant", "client_credentials", "--scope", "tenant:read", "--tenant", "acme", "--authentication"];
        let file = site.beside("signer.jwks.json");
        let mut public = key();
        public.as_object_mut().unwrap().remove("d");
        std::fs::write(&file, json!({ "keys": [public] }).to_string()).unwrap();
        let mut signer = registered(&site, "signer", &[&itself[..], &["private_key_jwt", "--keys-file", file.to_str().unwrap()]].concat());
        signer["jwk"] = key();
        let arguments = json!({
            "issuer": issuer, "email": email, "password": password, "tenant": "acme",
            "audience": issuer.trim_end_matches("/auth"),
            "web": registered(&site, "web", &web),
            "native": registered(&site, "native", &native),
            "service": registered(&site, "service", &[&itself[..], &["secret"]].concat()),
            "signer": signer,
        });
        let told: Value = serde_json::from_str(&answered("node", "oauth.mjs", &arguments)).unwrap();
        assert_eq!(told["done"].as_array().unwrap().len(), 9, "{told}");
        let verify = json!({
            "jwks_uri": told["jwks_uri"], "tokens": told["tokens"], "issuer": issuer, "audience": arguments["audience"],
        });
        let claims = answered("/usr/bin/python3", "verify.py", &verify);
        assert_eq!(claims.lines().count(), 2);
        assert!(claims.lines().all(|line| line.contains("tenant:read")), "{claims}");
    }
}
