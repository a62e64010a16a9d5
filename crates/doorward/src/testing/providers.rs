//! A Doorward with a real provider beside it.

use axum::http::Method;
use doorward_core::{AccountId, Clock, SystemClock};
use serde_json::{Value, json};
use url::Url;

use crate::{
    config::ProvidersSettings,
    operate::{self, Action, Filter, Recorded},
    testing::{Actor, Answer, Engine, TestApp, parts::Part},
};

pub(crate) const ANN: &str = "ann@example.com";

/// Somebody who may come, as the provider knows them.
pub(crate) fn ann() -> Value {
    json!({ "sub": "ann-1", "login": ANN, "password": "password", "email": ANN, "email_verified": true, "name": "Ann Smith" })
}

/// A Doorward and the provider that it is told of, under the name `id`.
pub(crate) struct World {
    pub(crate) app: TestApp,
    pub(crate) provider: Part,
}

impl World {
    /// With these accounts at the provider.
    pub(crate) async fn with(engine: Engine, accounts: &[Value]) -> Self {
        Self::changed(engine, accounts, "", |_| {}).await
    }

    /// The same with more lines about the provider, and other settings.
    pub(crate) async fn changed(
        engine: Engine,
        accounts: &[Value],
        lines: &str,
        change: impl FnOnce(&mut crate::Settings),
    ) -> Self {
        let client = json!({
            "client_id": "doorward", "client_secret": "a secret of the provider's",
            "redirect_uris": ["http://localhost:4400/auth/providers/id/callback"],
        });
        let provider = Part::start("provider.mjs", &json!({ "client": client, "accounts": accounts }));
        let told = format!(
            "[providers.id]\nkind = \"openid\"\nlabel = \"Example ID\"\nissuer = \"{}\"\nclient_id = \"doorward\"\n\
             client_secret = \"a secret of the provider's\"\n{lines}\n",
            provider.text("issuer")
        );
        let app = app_with(engine, &told, change).await;
        Self { app, provider }
    }

    /// Walks the provider's forms like somebody; the address that they come back with.
    pub(crate) async fn walk(&self, url: &str, login: &str) -> String {
        self.walked(json!({ "url": url, "login": login, "password": "password" })).await
    }

    /// The same with whatever else is to be said to the walker.
    pub(crate) async fn walked(&self, walk: Value) -> String {
        let answer = self.provider.desk(Method::POST, "/walk", &walk).await;
        answer.json()["callback"].as_str().unwrap_or_else(|| panic!("{}", answer.text())).to_owned()
    }

    /// Comes in by the provider from a fresh browser.
    pub(crate) async fn comes(&self, login: &str) -> (Actor, Answer) {
        let mut person = self.app.visitor();
        let answer = self.comes_in(&mut person, login).await;
        (person, answer)
    }

    /// The same from a browser that there is.
    pub(crate) async fn comes_in(&self, person: &mut Actor, login: &str) -> Answer {
        let url = begin(person, "/auth/providers/id", &[]).await;
        let callback = self.walk(&url, login).await;
        come_back(person, &callback).await
    }

    /// How often the provider was asked so.
    pub(crate) async fn seen(&self, what: &str) -> u64 {
        self.provider.desk(Method::GET, "/seen", &Value::Null).await.json()[what].as_u64().unwrap_or_default()
    }
}

/// A Doorward with these providers, whose clock shows the time that they have.
pub(crate) async fn app_with(engine: Engine, providers: &str, change: impl FnOnce(&mut crate::Settings)) -> TestApp {
    let providers = ProvidersSettings::parse(providers).unwrap();
    let app = TestApp::with(engine, |settings| {
        settings.providers = providers;
        change(settings);
    })
    .await;
    app.wait(SystemClock.now().since(app.now()));
    app
}

/// Asks to be sent to a provider; where to.
pub(crate) async fn begin(person: &mut Actor, path: &str, form: &[(&str, &str)]) -> String {
    // Where one logs in, whoever is logged in already is a visitor too.
    let is_login = path.starts_with("/auth/providers/") && !path.ends_with("/reauthenticate");
    let token = if is_login { person.form_token().await } else { person.csrf_token().await };
    let answer = person.post_with(&token, path, form).await;
    answer.json()["redirect_to"].as_str().unwrap_or_else(|| panic!("{path}: {}", answer.text())).to_owned()
}

/// The path and the query of an address that leads back to us.
pub(crate) fn callback_of(url: &str) -> String {
    let url = Url::parse(url).unwrap();
    url[url::Position::BeforePath..].to_owned()
}

/// Comes back from a provider, as a browser does: from another site.
pub(crate) async fn come_back(person: &mut Actor, callback: &str) -> Answer {
    let mut coming = person.clone();
    coming.set_header("sec-fetch-site", "cross-site");
    coming.remove_header("origin");
    let answer = coming.get(&callback_of(callback)).await;
    person.cookies = coming.cookies;
    answer
}

/// The events of one kind, newest first.
pub(crate) async fn events(app: &TestApp, action: Action) -> Vec<Recorded> {
    let filter = Filter { action: Some(action), ..Filter::default() };
    operate::search(app.db(), &filter, None, 1000).await.unwrap()
}

/// What the log says of those who were refused, newest first.
pub(crate) async fn reasons(app: &TestApp, action: Action) -> Vec<String> {
    let events = events(app, action).await.into_iter().filter(|event| event.result == "denied");
    events.map(|event| event.detail.unwrap_or_default()).collect()
}

/// Makes the sessions of an account such that are to be rechecked.
pub(crate) async fn make_due(app: &TestApp, account: AccountId) {
    let mut tx = app.db().begin(operate::Durability::Full).await.unwrap();
    let now = app.now();
    assert!(tx.execute("UPDATE sessions SET recheck_at = $1 WHERE account = $2", &[&now, &account]).await.unwrap() > 0);
    tx.commit().await.unwrap();
}

/// Sends somebody to the provider that opened their session; what is answered.
pub(crate) async fn recheck(person: &mut Actor, form: &[(&str, &str)]) -> Answer {
    let token = person.get("/auth/recheck").await.json()["csrf_token"].as_str().unwrap_or_default().to_owned();
    person.post_with(&token, "/auth/recheck", form).await
}
