//! What `domains` promises, over HTTP and against a real DNS server, on every engine.

mod acting;
mod claiming;
mod lying;
mod operators;
mod proving;
mod rechecking;

use std::time::Duration;

use doorward_core::{EmailAddress, TenantId};
use serde_json::Value;

use super::tenant_of;
use crate::{
    on_every_engine, operate,
    testing::{Actor, Answer, TestApp, dns::NameServer},
};

const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";
const LIST: &str = "/auth/tenants/acme/domains";
const NAME: &str = "acme.example";
const AT: &str = "_doorward-challenge.acme.example";
const DAY: Duration = Duration::from_secs(86_400);

/// Acme belongs to ann and other to bob.
struct Two {
    ann: Actor,
    bob: Actor,
    acme: TenantId,
    other: TenantId,
}

impl Two {
    async fn of(app: &TestApp) -> Self {
        let (ann, bob) = (app.account(ANN).await, app.account(BOB).await);
        let (acme, other) = (app.tenant("acme", ann).await, app.tenant("other", bob).await);
        Self { ann: app.logged_in(ANN).await, bob: app.logged_in(BOB).await, acme, other }
    }

    /// Ann's tenant has proved its domain by this record, and the server that says so is gone.
    async fn proved(&mut self, app: &TestApp) -> String {
        let value = added(&mut self.ann, "acme", NAME).await;
        let server = NameServer::with(app, &[(AT, &value)]);
        assert_eq!(check(&mut self.ann, "acme").await, ok());
        drop(server);
        assert_eq!(holder(app, "x@acme.example").await.as_deref(), Some("acme"));
        value
    }
}

async fn add(by: &mut Actor, tenant: &str, domain: &str) -> Answer {
    by.post(&format!("/auth/tenants/{tenant}/domains"), &[("domain", domain)]).await
}

/// Adds a domain, and returns what its record is to say.
async fn added(by: &mut Actor, tenant: &str, domain: &str) -> String {
    let answer = add(by, tenant, domain).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    text(&answer.json(), "record_value").to_owned()
}

/// Looks for the record of [`NAME`].
async fn check(by: &mut Actor, tenant: &str) -> (u16, String) {
    said(&by.post(&format!("/auth/tenants/{tenant}/domains/{NAME}/check"), &[]).await)
}

/// The one domain on the list of acme.
async fn only(by: &mut Actor) -> Value {
    let list = by.get(LIST).await.json();
    assert_eq!(list["domains"].as_array().map(Vec::len), Some(1), "{list}");
    list["domains"][0].clone()
}

/// The slug of the tenant that an address belongs to.
async fn holder(app: &TestApp, address: &str) -> Option<String> {
    let address = EmailAddress::parse(address).unwrap();
    let tenant = tenant_of(app.doorward.context(), &address).await.unwrap();
    assert_eq!(
        operate::tenant_of_address(&app.doorward, &address).await.unwrap().map(|tenant| tenant.id),
        tenant.as_ref().map(|tenant| tenant.id)
    );
    tenant.map(|tenant| tenant.slug.to_string())
}

/// Lets the worker look again.
async fn recheck(app: &TestApp) {
    super::recheck(app.doorward.context()).await.unwrap();
}

fn said(answer: &Answer) -> (u16, String) {
    (answer.status, answer.code())
}

fn ok() -> (u16, String) {
    no(200, "")
}

fn no(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap_or_default()
}

/// The events about domains of one tenant, oldest first: who, what, with which result and detail.
async fn events(app: &TestApp, tenant: TenantId) -> Vec<String> {
    let sql = "SELECT actor || ' ' || action || ' ' || target || ' ' || result || ' ' || COALESCE(detail, '-') FROM audit_events
        WHERE action LIKE 'domain.%' AND tenant = $1 ORDER BY id";
    app.db().list(sql, &[&tenant], |row| row.get(0)).await.unwrap()
}

/// The end of the newest of them, behind whoever acted.
async fn newest(app: &TestApp, tenant: TenantId) -> String {
    let last = events(app, tenant).await.pop().unwrap_or_default();
    last.split_once(' ').map(|(_, what)| what.to_owned()).unwrap_or_default()
}
