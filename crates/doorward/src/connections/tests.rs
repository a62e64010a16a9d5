//! What `connections` promises, over HTTP and with a real OpenID provider, on every engine.

mod acting;
mod apart;
mod ending;
mod finding;
mod joining;
mod judging;
mod rechecked;
mod requiring;
mod ruling;
mod sealing;
mod trying;

use axum::http::Method;
use doorward_core::{DomainName, TenantId};
use serde_json::{Value, json};

use crate::{
    on_every_engine, operate,
    testing::{
        Actor, Answer, Engine, TestApp,
        providers::{World, begin, come_back},
    },
};

const OLA: &str = "ola@example.com";
const KIM: &str = "kim@acme.example";
const LIST: &str = "/auth/tenants/acme/connections";

/// Kim, as the provider of acme knows them.
fn kim() -> Value {
    json!({ "sub": "kim-1", "email": KIM, "email_verified": true, "name": "Kim Lee" })
}

/// Acme, which belongs to ola and has proved its domain, beside a provider that everybody may use, and that acme has brought as
/// well.
struct Acme {
    world: World,
    ola: Actor,
    tenant: TenantId,
    /// The name of the provider that acme has brought.
    name: String,
}

impl Acme {
    async fn with(engine: Engine, accounts: &[Value]) -> Self {
        Self::changed(engine, accounts, |_| {}).await
    }

    async fn changed(engine: Engine, accounts: &[Value], change: impl FnOnce(&mut crate::Settings)) -> Self {
        let world = World::changed(engine, accounts, "", change).await;
        let owner = world.app.account(OLA).await;
        let tenant = world.app.tenant("acme", owner).await;
        let mut ola = world.app.logged_in(OLA).await;
        verify(&world.app, tenant, "acme.example").await;
        let (name, redirect_uri) = added(&mut ola, "acme").await;
        let acme = Self { world, ola, tenant, name };
        acme.allow(&[&redirect_uri]).await;
        acme
    }

    /// Lets the provider send people back to these addresses as well as to the operator's own.
    async fn allow(&self, more: &[&str]) {
        let own = "http://localhost:4400/auth/providers/id/callback";
        let uris: Vec<_> = std::iter::once(&own).chain(more).collect();
        self.world.provider.desk(Method::PUT, "/client", &json!({ "redirect_uris": uris })).await;
    }

    /// The same, with everything about the provider written.
    async fn set_up(engine: Engine, accounts: &[Value]) -> Self {
        let mut acme = Self::with(engine, accounts).await;
        let answer = acme.write().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        acme
    }

    async fn write(&mut self) -> Answer {
        let issuer = self.world.provider.text("issuer").to_owned();
        write(&mut self.ola, &format!("{LIST}/{}", self.name), &issuer).await
    }

    /// Comes in by acme's provider from a fresh browser.
    async fn comes(&self, login: &str) -> (Actor, Answer) {
        let mut person = self.world.app.visitor();
        let url = begin(&mut person, &format!("/auth/providers/{}", self.name), &[]).await;
        let callback = self.world.walk(&url, login).await;
        let answer = come_back(&mut person, &callback).await;
        (person, answer)
    }

    /// Links acme's provider to the account of somebody.
    async fn links(&self, person: &mut Actor, login: &str) -> Answer {
        let url = begin(person, "/auth/account/identities/link", &[("provider", &self.name)]).await;
        let callback = self.world.walk(&url, login).await;
        come_back(person, &callback).await
    }

    fn app(&self) -> &TestApp {
        &self.world.app
    }
}

/// Proves a domain on the word of an operator.
async fn verify(app: &TestApp, tenant: TenantId, domain: &str) {
    operate::verify_domain(&app.doorward, tenant, &name(domain)).await.unwrap();
}

fn name(domain: &str) -> DomainName {
    domain.parse().unwrap()
}

/// Puts an OpenID provider on the list of a tenant: its name and where it sends people back to.
async fn added(by: &mut Actor, tenant: &str) -> (String, String) {
    let path = format!("/auth/tenants/{tenant}/connections");
    let answer = by.post(&path, &[("kind", "openid"), ("label", "Acme ID")]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = |name: &str| answer.json()[name].as_str().unwrap().to_owned();
    (text("connection"), text("redirect_uri"))
}

async fn write(by: &mut Actor, path: &str, issuer: &str) -> Answer {
    let form = [("client_id", "doorward"), ("client_secret", SECRET), ("issuer", issuer)];
    by.post(path, &form).await
}

/// Whose session it is, or nobody's.
async fn address_of(person: &mut Actor) -> Option<String> {
    let answer = person.get("/auth/session").await;
    answer.json()["account"]["email"].as_str().map(str::to_owned)
}

fn said(answer: &Answer) -> (u16, String) {
    (answer.status, answer.code())
}

fn no(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

const SECRET: &str = "a secret of the provider's";
