//! What becomes of the tokens of a client that is registered otherwise than it was.

use doorward_core::TenantId;
use serde_json::{Value, json};
use toml::Table;

use super::{ANN, text};
use crate::{
    Settings, on_every_engine, operate,
    testing::{
        TestApp,
        programs::{Program, part, web},
        relying::shows,
    },
};

const PEOPLE: &str =
    "grants = [\"authorization_code\", \"refresh_token\"]\nredirect_uris = [\"https://web.example.com/callback\"]";
const SCOPES: &str = "scopes = [\"openid\", \"offline_access\", \"tenant:read\", \"members:read\"]";
const ITSELF: &str = "grants = [\"client_credentials\"]\nscopes = [\"tenant:read\", \"members:read\"]";

/// The tenants of Ann, a client of the settings, and somebody who protects our own resource.
struct Stage {
    app: TestApp,
    acme: TenantId,
    beta: TenantId,
    client: Program,
}

impl Stage {
    async fn set(app: TestApp) -> Self {
        let ann = app.account(ANN).await;
        let (acme, beta) = (app.tenant("acme", ann).await, app.tenant("beta", ann).await);
        let secret = operate::ClientSecretText::mint(&doorward_core::SystemEntropy).reveal();
        let redirect_uri = "https://web.example.com/callback".to_owned();
        let client = Program { id: "set".to_owned(), secret: Some(secret), redirect_uri, dpop: None };
        Self { app, acme, beta, client }
    }

    /// A node whose settings have the client with these lines.
    async fn with(&self, lines: &str) -> TestApp {
        let secret = self.client.secret.as_deref().unwrap();
        let client = |id: &str, lines: &str| {
            format!(
                "[clients.{id}]\nname = \"A client\"\nauthentication = \"secret\"\nsecret = \"{secret}\"\n{lines}\n"
            )
        };
        let api = client("api", "grants = [\"client_credentials\"]\nscopes = [\"openid\"]");
        let set = if lines.is_empty() { String::new() } else { client("set", lines) };
        let clients = format!("{api}{set}").parse::<Table>().unwrap();
        let clients = Settings::read(&clients, &[]).map_err(|errors| errors[0].to_string()).unwrap().clients;
        self.app.another_with(|settings| settings.clients = clients).await
    }

    /// What holds of a token, by those who protect the resource.
    async fn told(&self, node: &TestApp, token: &str) -> Value {
        let api = Program { id: "api".to_owned(), ..self.client.clone() };
        api.introspect(node, token).await
    }
}

const GONE: fn() -> Value = || json!({ "active": false });

on_every_engine! {
    /// Rows J-19 and R-10: a client of the settings that belongs to another tenant, has lost a grant, a scope or its resource,
    /// or is not there, after a restart.
    ///
    /// Promise: `tokens/as-registered`
    async fn what_a_client_of_the_settings_has_lost_its_tokens_have_lost(app: TestApp) {
        let stage = Stage::set(app).await;
        let of = |tenant: TenantId| format!("tenant = \"{tenant}\"\n");
        let before = format!("{}{PEOPLE}\n{SCOPES}", of(stage.acme));
        let node = stage.with(&before).await;
        let mut ann = node.logged_in(ANN).await;
        let given = stage.client.tokens(&node, &mut ann, &[("scope", "openid offline_access tenant:read members:read")]).await;
        let access = text(&given, "access_token").to_owned();
        assert_eq!(part(&access, 1)["tenant"], stage.acme.to_string());
        let mut refresh = text(&given, "refresh_token").to_owned();
        let elsewhere = "resources = [\"https://else.example.com\"]\n";
        for (what, after, error) in [
            ("another tenant", before.replace(&of(stage.acme), &of(stage.beta)), "invalid_grant"),
            ("no way of people", format!("{}{ITSELF}", of(stage.acme)), "unauthorized_client"),
            ("another resource", format!("{elsewhere}{before}"), "invalid_grant"),
            ("not there", String::new(), "invalid_client"),
        ] {
            let node = stage.with(&after).await;
            assert_eq!(stage.told(&node, &access).await, GONE(), "{what}");
            assert_eq!(shows(&node, "/auth/oauth/userinfo", "Bearer", &access).await.status, 401, "{what}");
            assert_eq!(stage.client.renewed(&node, &refresh).await, Err(error.to_owned()), "{what}");
            if error == "invalid_grant" {
                assert_eq!(stage.client.introspect(&node, &refresh).await, GONE(), "{what}");
            }
            // As long as the settings say so: nothing was ended.
            let node = stage.with(&before).await;
            assert_eq!(stage.told(&node, &access).await["active"], true, "{what}");
            assert_eq!(stage.client.introspect(&node, &refresh).await["active"], true, "{what}");
            refresh = stage.client.renewed(&node, &refresh).await.unwrap();
        }
        let without_refresh = before.replace(", \"refresh_token\"", "");
        let node = stage.with(&without_refresh).await;
        assert_eq!(stage.told(&node, &access).await["active"], true, "what it has it keeps for its minutes");
        assert_eq!(stage.client.renewed(&node, &refresh).await, Err("unauthorized_client".to_owned()));
        assert_eq!(stage.client.introspect(&node, &refresh).await, GONE());
        let node = stage.with(&before.replace(", \"members:read\"", "")).await;
        assert_eq!(stage.told(&node, &access).await["permissions"], json!(["tenant:read"]), "a scope");
        let renewed = stage.client.refresh(&node, &refresh).await.json();
        assert_eq!(part(text(&renewed, "access_token"), 1)["permissions"], json!(["tenant:read"]));
        let node = stage.with(&format!("demands_dpop = true\n{before}")).await;
        assert_eq!(stage.told(&node, &access).await, GONE(), "it was given without a key");
        let node = stage.with(&before.replace(&of(stage.acme), "")).await;
        assert_eq!(stage.told(&node, &access).await["active"], true, "one of no tenant acts wherever its person has let it in");
    }

    /// Row J-19: a code that was given before the restart.
    ///
    /// Promise: `tokens/as-registered`
    async fn a_code_brings_nothing_for_a_tenant_that_its_client_has_left(app: TestApp) {
        let stage = Stage::set(app).await;
        let lines = |tenant: TenantId| format!("tenant = \"{tenant}\"\n{PEOPLE}\n{SCOPES}");
        let node = stage.with(&lines(stage.acme)).await;
        let mut ann = node.logged_in(ANN).await;
        let code = stage.client.code(&mut ann, &[("scope", "offline_access tenant:read")]).await;
        let node = stage.with(&lines(stage.beta)).await;
        let answer = stage.client.exchange(&node, &code).await;
        assert_eq!((answer.status, text(&answer.json(), "error")), (400, "invalid_grant"));
        assert_eq!(stage.app.count("refresh_families").await, 0);
    }

    /// Row J-19: a service that acts for itself, of the settings and of a row.
    ///
    /// Promise: `tokens/as-registered`
    async fn a_service_has_nothing_in_a_tenant_that_it_has_left(app: TestApp) {
        let stage = Stage::set(app).await;
        let grant = [("grant_type", "client_credentials")];
        let of = |tenant: TenantId| format!("tenant = \"{tenant}\"\n{ITSELF}");
        let node = stage.with(&of(stage.acme)).await;
        let given = stage.client.post(&node, "/auth/oauth/token", &grant).await.json();
        let access = text(&given, "access_token");
        assert_eq!(stage.told(&node, access).await["tenant"], stage.acme.to_string());
        let without_tenant = "grants = [\"client_credentials\"]\nscopes = [\"openid\"]".to_owned();
        let people = format!("tenant = \"{}\"\n{PEOPLE}\n{SCOPES}", stage.acme);
        for (what, after) in [("moved", of(stage.beta)), ("without a tenant", without_tenant), ("for people alone", people)] {
            let node = stage.with(&after).await;
            assert_eq!(stage.told(&node, access).await, GONE(), "{what}");
        }
        let node = stage.with(&of(stage.beta)).await;
        let given = stage.client.post(&node, "/auth/oauth/token", &grant).await.json();
        assert_eq!(stage.told(&node, text(&given, "access_token")).await["tenant"], stage.beta.to_string());
        // A row is not moved: it is deleted, and another one gets its name.
        let service = Program::service(&node, stage.acme).await;
        let access = text(&service.post(&node, "/auth/oauth/token", &grant).await.json(), "access_token").to_owned();
        assert_eq!(stage.told(&node, &access).await["active"], true);
        operate::delete_client(&node.doorward, &service.name()).await.unwrap();
        assert_eq!(stage.told(&node, &access).await, GONE());
        Program::service(&node, stage.beta).await;
        assert_eq!(stage.told(&node, &access).await, GONE());
    }

    /// Row J-19: a row that was deleted has ended what it was given, whoever gets its name.
    ///
    /// Promise: `tokens/as-registered`
    async fn a_client_of_a_deleted_ones_name_inherits_nothing(app: TestApp) {
        let stage = Stage::set(app).await;
        let node = stage.with("").await;
        let registered = async || Program::registered(&node, operate::Registration { tenant: Some(stage.acme), ..web() }).await;
        let client = registered().await;
        let mut ann = node.logged_in(ANN).await;
        let given = client.tokens(&node, &mut ann, &[("scope", "offline_access tenant:read")]).await;
        operate::delete_client(&node.doorward, &client.name()).await.unwrap();
        let client = registered().await;
        assert_eq!(client.renewed(&node, text(&given, "refresh_token")).await, Err("invalid_grant".to_owned()));
        assert_eq!(stage.told(&node, text(&given, "access_token")).await, GONE());
    }

    /// Row J-19: whoever logs out ends what a client was given for this session, also where it can renew nothing.
    ///
    /// Promise: `tokens/ends-with`
    async fn a_logout_takes_back_what_was_given_for_the_session(app: TestApp) {
        let stage = Stage::set(app).await;
        for (grants, how) in [(PEOPLE.to_owned(), "/auth/logout"), (PEOPLE.replace(", \"refresh_token\"", ""), "/auth/logout"),
            (PEOPLE.replace(", \"refresh_token\"", ""), "/auth/logout/everywhere")]
        {
            let node = stage.with(&format!("{grants}\n{SCOPES}")).await;
            let wants = [("scope", "openid tenant:read"), ("tenant", "acme")];
            let mut ann = node.logged_in(ANN).await;
            let access = text(&stage.client.tokens(&node, &mut ann, &wants).await, "access_token").to_owned();
            assert_eq!(stage.told(&node, &access).await["active"], true);
            let revoked = node.count("revoked_tokens").await;
            assert_eq!(shows(&node, "/auth/oauth/userinfo", "Bearer", &access).await.status, 200);
            assert_eq!(ann.post(how, &[]).await.status, 200);
            assert_eq!(stage.told(&node, &access).await, GONE(), "{grants} {how}");
            assert_eq!(node.count("refresh_families").await, 0, "{grants} {how}");
            assert!(node.count("revoked_tokens").await > revoked, "whoever verifies by themselves learns it: {grants} {how}");
            assert_eq!(shows(&node, "/auth/oauth/userinfo", "Bearer", &access).await.status, 401, "{grants} {how}");
        }
    }
}
