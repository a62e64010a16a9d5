//! Clients of the settings.

use toml::Table;

use super::*;
use crate::Settings;

const POLICY: &str = "[policy]\npermissions = [\"invoices:read\"]\n";
const WEB: &str = "[clients.web]\nname = \"The web\"\nauthentication = \"secret\"\ngrants = [\"authorization_code\"]\n\
    redirect_uris = [\"https://a.example/cb\"]\nscopes = [\"openid\", \"invoices:read\"]\n";

fn secret() -> String {
    operate::ClientSecretText::mint(&doorward_core::SystemEntropy).reveal()
}

fn read(text: &str) -> Result<Settings, Vec<String>> {
    let settings = Settings::read(&text.parse::<Table>().unwrap(), &[]);
    settings.map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

/// Promise: `clients/settings-win`
#[test]
fn clients_are_judged_with_the_rest_of_the_settings() {
    let secret = secret();
    let web = format!("{POLICY}{WEB}secret = \"{secret}\"\n");
    assert!(read(&web).is_ok(), "{:?}", read(&web).err());
    for (text, told) in [
        (format!("{WEB}secret = \"{secret}\""), "clients.web.scopes: `invoices:read` is no scope. There are"),
        (format!("{POLICY}{WEB}"), "clients.web.secret: there is none. Make one with `doorward client secret`"),
        (format!("{POLICY}{WEB}secret = \"hunter2\""), "clients.web.secret: it is no secret of a client"),
        (format!("{web}secret_before = \"hunter2\""), "clients.web.secret_before: it is no secret of a client"),
        (
            format!("{web}secret_befor = \"hunter2\""),
            "clients.web.secret_befor: there is no such setting. Did you mean `secret_before`?",
        ),
        (format!("{web}tenant = \"acme\""), "clients.web.tenant: it is no id of a tenant"),
        (format!("{web}trusted = \"yes\""), "clients.web.trusted: it must be true or false"),
        (format!("{web}resources = \"x\""), "clients.web.resources: it must be a list of texts"),
        (
            web.replace("https://a", "http://a"),
            "clients.web.redirect_uris: `http://a.example/cb` cannot be used: plain http",
        ),
        (
            web.replace("clients.web", "clients.Web"),
            "clients.Web: it is no name of a client. Write 2 to 31 small letters",
        ),
        (web.replace("\"secret\"", "\"none\""), "clients.web.secret: this client proves itself otherwise. Remove it."),
        (format!("{POLICY}[clients]\nweb = 1"), "clients.web: it is a client, not a value. Write [clients.web]"),
        ("clients = 3".to_owned(), "clients: it is a section, not a value"),
    ] {
        let errors = read(&text).err().unwrap_or_default();
        assert!(errors.iter().any(|error| error.starts_with(told)), "{told}: {errors:#?}");
        assert!(!errors.concat().contains("hunter2") && !errors.concat().contains(&secret), "{errors:#?}");
    }
    assert_eq!(read("[clients.a1]\n[clients.b1]").err().unwrap().len(), 6, "of all clients at once");
}

async fn with(engine: Engine, clients: &str) -> TestApp {
    let text = format!("{POLICY}{clients}");
    TestApp::with(engine, |settings| {
        let read = read(&text).unwrap();
        (settings.policy, settings.clients) = (read.policy, read.clients);
    })
    .await
}

/// Promise: `clients/settings-win`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_of_the_settings_is_as_they_say_on_sqlite() {
    settings_win(Engine::Sqlite).await;
}

/// Promise: `clients/settings-win`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_of_the_settings_is_as_they_say_on_postgres() {
    settings_win(Engine::Postgres).await;
}

async fn settings_win(engine: Engine) {
    let (now, before) = (secret(), secret());
    let app = with(engine, &format!("{WEB}secret = \"{now}\"\nsecret_before = \"{before}\"")).await;
    let program = program(&app).await;
    for good in [&now, &before] {
        assert_eq!(asked(&program, &basic("web", good), &[]).await, "web");
    }
    assert_eq!(asked(&program, &basic("web", &secret()), &[]).await, UNPROVED);
    assert_eq!(refused(&app, &service("web")).await.0, "client_id_taken");
    // A row that was there before the settings had the name.
    let of_row = registered(&app, &service("row")).await;
    let mut tx = app.db().begin(operate::Durability::Full).await.unwrap();
    tx.execute("UPDATE clients SET id = $1", &[&"web"]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(asked(&program, &basic("web", &of_row), &[]).await, UNPROVED);
    assert_eq!(asked(&program, &basic("web", &now), &[]).await, "web");
    let denied = |error: operate::ActError| error.to_string().contains("stands in the settings");
    assert!(operate::disable_client(&app.doorward, &id("web")).await.is_err_and(denied));
    assert!(operate::delete_client(&app.doorward, &id("web")).await.is_err_and(denied));
    assert!(operate::rotate_client_secret(&app.doorward, &id("web"), Duration::ZERO).await.is_err_and(denied));
    let client = operate::client(&app.doorward, &id("web")).await.unwrap().unwrap();
    assert!(client.is_of_settings() && client.first_resource() == app.origin());
    let listed = operate::clients_of_settings(&app.doorward);
    assert_eq!(listed.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["web"]);
}
