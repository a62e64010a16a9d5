use std::collections::BTreeSet;

use axum::http::Method;

use super::*;
use crate::{
    clients::Grant,
    features::{self, Stage},
};

const PLACES: [&str; 3] = [
    "/auth/.well-known/openid-configuration",
    "/auth/.well-known/oauth-authorization-server",
    "/.well-known/oauth-authorization-server/auth",
];

async fn document(app: &TestApp) -> Value {
    app.visitor().get(PLACES[0]).await.json()
}

fn texts(value: &Value) -> BTreeSet<String> {
    value.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

on_every_engine! {
    /// Promise: `openid/discovery`
    async fn every_address_in_the_document_is_served(app: TestApp) {
        let issuer = format!("{}/auth", app.origin());
        let served: BTreeSet<_> = features::routes(Stage::Production).table.into_iter().map(|route| route.path).collect();
        let document = document(&app).await;
        assert_eq!(document["issuer"], issuer.as_str());
        let mut count = 0;
        for (name, value) in document.as_object().unwrap() {
            let is_address = name.ends_with("_endpoint") || name.ends_with("_uri");
            assert_eq!(is_address, value.as_str().is_some_and(|text| text.contains("://") && name != "issuer"), "{name}");
            if is_address {
                let path = value.as_str().unwrap().strip_prefix(&issuer).unwrap();
                assert!(served.contains(path), "{name} is {path}, which nobody serves");
                count += 1;
            }
        }
        assert_eq!(count, 9);
    }

    /// Promise: `openid/discovery`
    async fn the_document_lies_at_each_of_its_three_addresses(app: TestApp) {
        let expected = document(&app).await;
        for path in PLACES {
            let answer = app.visitor().get(path).await;
            assert_eq!((answer.status, answer.json()), (200, expected.clone()), "{path}");
            assert_eq!(answer.header("cache-control"), "public, max-age=300", "{path}");
            assert_eq!(answer.header("content-type"), "application/json", "{path}");
            assert!(answer.set_cookies().is_empty(), "{path}: what caches keep has no cookie");
        }
        let mut browser = app.person(ANN).await.in_browser();
        assert!(browser.get(PLACES[0]).await.set_cookies().is_empty());
    }

    /// Promise: `openid/discovery`
    async fn what_the_document_names_is_what_there_is(app: TestApp) {
        let document = document(&app).await;
        assert_eq!(texts(&document["grant_types_supported"]), Grant::ALL.iter().map(|grant| grant.name().to_owned()).collect());
        for absent in ["token", "id_token", "code id_token"] {
            assert!(!texts(&document["response_types_supported"]).contains(absent));
        }
        assert!(!texts(&document["grant_types_supported"]).contains("password"));
        assert_eq!(texts(&document["code_challenge_methods_supported"]), BTreeSet::from(["S256".to_owned()]));
        assert!(!texts(&document["id_token_signing_alg_values_supported"]).contains("none"));
        // RFC 9864: Ed25519 by its own name too, where others sign; we write the one name that every library knows.
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(texts(&document["id_token_signing_alg_values_supported"]), names(&["EdDSA", "ES256"]));
        assert_eq!(texts(&document["dpop_signing_alg_values_supported"]), names(&["EdDSA", "Ed25519", "ES256", "ES384"]));
        for endpoint in ["token", "revocation", "introspection"] {
            let listed = texts(&document[format!("{endpoint}_endpoint_auth_signing_alg_values_supported")]);
            assert_eq!(listed, names(&["EdDSA", "Ed25519", "ES256", "ES384", "RS256", "PS256"]), "{endpoint}");
        }
        assert!(!texts(&document["introspection_endpoint_auth_methods_supported"]).contains("none"));
        let permissions = operate::policy(&app.doorward).permissions().map(|(name, _)| name.to_owned());
        let own = ["openid", "profile", "email", "offline_access"].map(str::to_owned);
        let scopes: BTreeSet<_> = own.into_iter().chain(permissions).collect();
        assert_eq!(texts(&document["scopes_supported"]), scopes);
        // Each endpoint answers to what it is: a program without anything gets a no in the words of OAuth, and a page is a page.
        for name in ["token", "revocation", "introspection", "pushed_authorization_request", "device_authorization"] {
            let url = document[format!("{name}_endpoint")].as_str().unwrap();
            let path = url.strip_prefix(&app.origin()).unwrap();
            let answer = app.visitor().post_with("", path, &[]).await;
            let told = (answer.status, answer.json()["error"].as_str().map(str::to_owned));
            assert_eq!(told, (401, Some("invalid_client".to_owned())), "{name}: {}", answer.text());
        }
    }

    /// Promise: `openid/discovery`
    async fn nobody_else_is_answered_at_the_root(app: TestApp) {
        let server = "/.well-known/oauth-authorization-server";
        for path in [server, &format!("{server}/other"), "/.well-known/openid-configuration"] {
            assert_eq!(app.visitor().get(path).await.status, 404, "{path}");
        }
        let answer = app.visitor().send(Method::POST, PLACES[2], "", None).await;
        assert_eq!(answer.status, 405);
    }
}
