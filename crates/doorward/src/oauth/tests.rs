//! What clients ask us for.

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    on_every_engine, operate,
    testing::programs::{self, Program, bare, part, texts},
};

const FORM: &str = "application/x-www-form-urlencoded";

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap_or_default()
}

on_every_engine! {
    /// Promise: `oauth/service`
    async fn a_service_gets_a_token_for_itself(app: TestApp) {
        let ann = app.account("ann@example.com").await;
        let acme = app.tenant("acme", ann).await;
        let service = Program::service(&app, acme).await;
        let given = service.post(&app, "/auth/oauth/token", &[("grant_type", "client_credentials")]).await;
        assert_eq!(given.status, 200, "{}", given.text());
        assert_eq!(given.header("cache-control"), "no-store");
        let given = given.json();
        assert_eq!(given["refresh_token"], Value::Null);
        let claims = part(text(&given, "access_token"), 1);
        assert_eq!((text(&claims, "sub"), text(&claims, "client_id")), ("service", "service"));
        assert_eq!(claims["tenant"], acme.to_string());
        assert_eq!(claims["permissions"], json!(["members:read", "tenant:read"]));
        assert_eq!(claims["auth_time"], Value::Null, "there is nobody who could have proved anything");
        let narrow = [("grant_type", "client_credentials"), ("scope", "tenant:read")];
        let given = service.post(&app, "/auth/oauth/token", &narrow).await.json();
        assert_eq!(text(&given, "scope"), "tenant:read");
        let wide = [("grant_type", "client_credentials"), ("scope", "tenant:read members:manage")];
        assert_eq!(text(&service.post(&app, "/auth/oauth/token", &wide).await.json(), "error"), "invalid_scope");
        operate::suspend_tenant(&app.doorward, acme).await.unwrap();
        let closed = service.post(&app, "/auth/oauth/token", &[("grant_type", "client_credentials")]).await;
        assert_eq!(text(&closed.json(), "error"), "invalid_grant");
    }

    /// Promise: `oauth/only-what-is-registered`
    async fn a_client_asks_in_its_own_ways_alone(app: TestApp) {
        let ann = app.account("ann@example.com").await;
        let acme = app.tenant("acme", ann).await;
        let (web, native, service) =
            (Program::web(&app).await, Program::native(&app).await, Program::service(&app, acme).await);
        let error = async |client: &Program, form: &[(&str, &str)]| {
            text(&client.post(&app, "/auth/oauth/token", form).await.json(), "error").to_owned()
        };
        assert_eq!(error(&web, &[("grant_type", "client_credentials")]).await, "unauthorized_client");
        assert_eq!(error(&native, &[("grant_type", "client_credentials")]).await, "unauthorized_client");
        for grant in ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"] {
            assert_eq!(error(&service, &[("grant_type", grant)]).await, "unauthorized_client", "{grant}");
        }
        for grant in ["password", "implicit", "", "device_code", "AUTHORIZATION_CODE", "urn:ietf:params:oauth:grant-type:saml2-bearer"] {
            assert_eq!(error(&web, &[("grant_type", grant)]).await, "unsupported_grant_type", "{grant}");
        }
        let elsewhere = [("grant_type", "client_credentials"), ("resource", "https://else.example.com")];
        assert_eq!(error(&service, &elsewhere).await, "invalid_target");
    }

    /// Promise: `oauth/no-cookies`
    async fn no_cookie_is_looked_at(app: TestApp) {
        let mut ann = app.person("ann@example.com").await;
        let web = Program::web(&app).await;
        let cookie = ann.session_cookie().unwrap().to_owned();
        for path in ["/auth/oauth/token", "/auth/oauth/revoke", "/auth/oauth/introspect", "/auth/oauth/par", "/auth/oauth/device"] {
            let form = format!("client_id=web&grant_type=refresh_token&refresh_token={cookie}&token={cookie}");
            let with = ann.send(Method::POST, path, &form, Some(FORM)).await;
            let without = bare(&app).send(Method::POST, path, &form, Some(FORM)).await;
            assert_eq!((with.status, with.text()), (without.status, without.text()), "{path}");
            assert_eq!(with.status, 401, "{path}: {}", with.text());
            assert!(with.set_cookies().is_empty());
        }
        assert!(ann.is_signed_in().await);
        let _ = web;
    }

    /// Promise: `oauth/own-words`
    async fn what_is_wrong_is_said_in_the_words_of_oauth(app: TestApp) {
        let web = Program::web(&app).await;
        let basic = {
            use base64::{Engine, engine::general_purpose::STANDARD};
            format!("Basic {}", STANDARD.encode(format!("web:{}", web.secret.clone().unwrap())))
        };
        let send = async |content_type: &str, body: &str| {
            let mut sender = bare(&app);
            sender.set_header("authorization", &basic);
            sender.send(Method::POST, "/auth/oauth/token", body, Some(content_type)).await
        };
        for (content_type, body, status, error) in [
            ("application/json", "{}", 415, "invalid_request"),
            (FORM, "grant_type=refresh_token&grant_type=client_credentials", 400, "invalid_request"),
            (FORM, "grant_type=refresh_token", 400, "invalid_grant"),
            (FORM, "", 400, "unsupported_grant_type"),
            (FORM, "grant_type=refresh_token&refresh_token=dwr_short", 400, "invalid_grant"),
        ] {
            let answer = send(content_type, body).await;
            assert_eq!((answer.status, text(&answer.json(), "error")), (status, error), "{body}");
            assert!(!text(&answer.json(), "error_description").is_empty());
            assert_eq!(answer.header("content-type"), "application/json");
            assert_eq!(answer.header("cache-control"), "no-store");
        }
        let ignored = send(FORM, "grant_type=refresh_token&refresh_token=x&something=else&csrf_token=x&return_to=y").await;
        assert_eq!(text(&ignored.json(), "error"), "invalid_grant", "what is not known is ignored");
        let wrong = bare(&app).send(Method::POST, "/auth/oauth/token", "client_id=web&client_secret=no", Some(FORM)).await;
        assert_eq!((wrong.status, text(&wrong.json(), "error")), (401, "invalid_client"));
        let method = bare(&app).send(Method::GET, "/auth/oauth/token", "", None).await;
        assert_eq!(method.status, 405);
    }

    /// Promise: `oauth/introspection`
    async fn whoever_protects_a_resource_is_told_of_its_own_tokens(app: TestApp) {
        let ann = app.account("ann@example.com").await;
        app.tenant("acme", ann).await;
        let mut ann = app.logged_in("ann@example.com").await;
        let resource = "https://api.example.com";
        let written = operate::Registration { resources: texts(&[&app.origin(), resource]), ..programs::web() };
        let web = Program::registered(&app, written).await;
        let api = operate::Registration {
            id: "api".to_owned(), name: "The API".to_owned(), authentication: "secret".to_owned(),
            grants: texts(&["client_credentials"]), scopes: texts(&["openid"]), resources: texts(&[resource]),
            ..operate::Registration::default()
        };
        let api = Program::registered(&app, api).await;
        let native = Program::native(&app).await;
        let wants = [("scope", "openid email tenant:read"), ("resource", resource)];
        let given = web.tokens(&app, &mut ann, &wants).await;
        let token = text(&given, "access_token");
        let told = api.introspect(&app, token).await;
        assert_eq!((&told["active"], text(&told, "client_id")), (&json!(true), "web"), "{told}");
        assert_eq!((text(&told, "tenant_slug"), &told["permissions"]), ("acme", &json!(["tenant:read"])));
        let ours = web.tokens(&app, &mut ann, &[("scope", "openid tenant:read")]).await;
        let not_for_it = api.introspect(&app, text(&ours, "access_token")).await;
        assert_eq!(not_for_it, json!({ "active": false }), "for another audience");
        assert_eq!(api.introspect(&app, text(&ours, "refresh_token")).await, json!({ "active": false }));
        // Whoever protects several learns which one it is for.
        for (token, audience) in [(token, resource), (text(&ours, "access_token"), app.origin().as_str())] {
            let told = web.introspect(&app, token).await;
            assert_eq!((&told["active"], text(&told, "aud")), (&json!(true), audience), "{told}");
        }
        let public = native.post(&app, "/auth/oauth/introspect", &[("token", token)]).await;
        assert_eq!(text(&public.json(), "error"), "unauthorized_client", "anybody could say that they are it");
        for made_up in ["x", "a.b.c", "dwr_", &"A".repeat(9000)] {
            assert_eq!(api.introspect(&app, made_up).await, json!({ "active": false }));
        }
        let nothing = api.post(&app, "/auth/oauth/introspect", &[]).await;
        assert_eq!(text(&nothing.json(), "error"), "invalid_request");
    }

    /// Promise: `oauth/revocation`
    async fn a_client_gives_back_nothing_of_anothers(app: TestApp) {
        let ann = app.account("ann@example.com").await;
        app.tenant("acme", ann).await;
        let mut ann = app.logged_in("ann@example.com").await;
        let (web, native) = (Program::web(&app).await, Program::native(&app).await);
        let given = web.tokens(&app, &mut ann, &[("scope", "offline_access tenant:read")]).await;
        for name in ["access_token", "refresh_token"] {
            let answer = native.post(&app, "/auth/oauth/revoke", &[("token", text(&given, name))]).await;
            assert_eq!((answer.status, text(&answer.json(), "error")), (400, "invalid_grant"), "{name}");
        }
        assert_eq!(web.introspect(&app, text(&given, "access_token")).await["active"], true);
        let stranger = bare(&app).send(Method::POST, "/auth/oauth/revoke", "token=x", Some(FORM)).await;
        assert_eq!(stranger.status, 401);
    }
}
