//! What people see: the question whether they agree, the way on, the form for a device's code, and what they have agreed to.

use doorward_core::{AccountId, Timestamp};

use super::{
    flow::OFFLINE,
    rules::{Back, Consent},
    store,
    wishes::Wishes,
};
use crate::{
    accounts,
    base::render::{ago, page, spoken},
    clients::{self, Client, Grant},
    context::Context,
    error::Fault,
    tenants::{self, Joined, Named},
    tokens::{self, Family, Scopes},
};

page! {
    /// Asks whether a client is let in.
    #[derive(askama::Template)]
    ConsentPage in "authorization/consent.html" {
        client: String,
        host: String,
        address: String,
        wishes: Wishes,
        lasts: String,
        tenants: Vec<Place>,
        action: &'static str,
        hidden: Vec<(&'static str, String)>,
        is_device: bool,
    }
}

page! {
    /// Leads on to a client.
    #[derive(askama::Template)]
    OnwardPage in "authorization/onward.html" { client: String, url: String }
}

page! {
    /// The form for the code of a device.
    #[derive(askama::Template)]
    DevicePage in "authorization/device.html" { typed: String }
}

page! {
    /// Tells that a device was let in, or turned away.
    #[derive(askama::Template)]
    DecidedPage in "authorization/decided.html" { client: String, allowed: bool }
}

page! {
    /// What a person has agreed to.
    #[derive(askama::Template)]
    AppsPage in "authorization/apps.html" { apps: Vec<App> }
}

/// A tenant to choose.
pub(crate) struct Place {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// A client that a person has let in.
pub(crate) struct App {
    pub(crate) client: String,
    pub(crate) name: String,
    /// What it may with the account.
    pub(crate) wishes: Vec<String>,
    /// In which tenants, and what it may there.
    pub(crate) places: Vec<LetIn>,
    pub(crate) scopes: Scopes,
    pub(crate) since: Timestamp,
    pub(crate) agreed: String,
    /// When it last renewed its access; empty when it has none that it could renew.
    pub(crate) used: String,
    pub(crate) connections: usize,
}

/// A tenant that a client was let into.
pub(crate) struct LetIn {
    pub(crate) name: String,
    pub(crate) wishes: Vec<String>,
}

/// The address of an account, for the sentence that says as whom somebody is asked.
pub(super) async fn address(cx: &Context, account: AccountId) -> Result<String, Fault> {
    let account = accounts::by_id(&cx.db, account).await?;
    account.map(|account| account.email.to_string()).ok_or_else(|| Fault::new("asking a person", "the account is gone"))
}

pub(super) fn places(tenants: &[Joined]) -> Vec<Place> {
    tenants.iter().map(|one| Place { id: one.id.to_string(), name: one.name.clone() }).collect()
}

/// What people recognise in an address: its host, or the scheme of an app of the device itself.
pub(super) fn host(back: &Back) -> String {
    let parsed = url::Url::parse(&back.redirect_uri).ok();
    let host = parsed.as_ref().and_then(|url| url.host_str().map(str::to_owned));
    match (host, parsed) {
        (Some(host), _) if ["127.0.0.1", "[::1]"].contains(&host.as_str()) => "a program on this computer".to_owned(),
        (Some(host), _) => host,
        (None, Some(url)) => format!("an app on this device ({})", url.scheme()),
        (None, None) => String::new(),
    }
}

/// For how long a client is let in, as the person is told beforehand.
pub(super) fn lasts(cx: &Context, client: &Client, scopes: &Scopes) -> String {
    let tokens = &cx.settings.tokens;
    if !client.allows(Grant::RefreshToken) {
        return format!("It is let in for {}.", spoken(tokens.access_lifetime));
    }
    let (most, idle) = (spoken(tokens.refresh_absolute), spoken(tokens.refresh_idle));
    let ends = if scopes.has(OFFLINE) { "" } else { "you log out, " };
    format!("It is let in until {ends}you take it back or it has not been here for {idle}, and for {most} at most.")
}

/// How many families of an account are looked at for its list of apps.
const MOST_FAMILIES: i64 = 1000;

/// Everything that a person has let in, by client.
pub(super) async fn apps(cx: &Context, account: AccountId) -> Result<Vec<App>, Fault> {
    let mut consents = store::consents(&cx.db, account).await?;
    let families = tokens::of_account(&cx.db, account, None, MOST_FAMILIES).await?;
    // Our own apps are not asked about, and are let in all the same.
    for family in &families {
        match consents.iter_mut().find(|one| one.client == family.client && one.tenant == family.tenant) {
            Some(known) => known.scopes = known.scopes.and(&family.scopes),
            None => {
                let (client, tenant, scopes) = (family.client.clone(), family.tenant, family.scopes.clone());
                consents.push(Consent { client, tenant, scopes, given_at: family.created_at });
            }
        }
    }
    consents.sort_by(|a, b| a.client.cmp(&b.client));
    let mut apps: Vec<App> = Vec::new();
    for consent in consents {
        if apps.last().is_none_or(|app| app.client != consent.client.as_str()) {
            apps.push(app(cx, &consent, &families).await?);
        }
        let place = match consent.tenant {
            Some(tenant) => tenants::by_name(&cx.db, &Named::Id(tenant)).await?.map(|tenant| tenant.name),
            None => None,
        };
        if let Some(app) = apps.last_mut() {
            app.scopes = app.scopes.and(&consent.scopes);
            app.since = app.since.min(consent.given_at);
            let wishes = Wishes::of(cx, &consent.scopes).tenant;
            app.places.extend(place.map(|name| LetIn { name, wishes }));
        }
    }
    for app in &mut apps {
        app.wishes = Wishes::of(cx, &app.scopes).account;
        app.agreed = ago(app.since, cx.clock.now());
    }
    Ok(apps)
}

/// A client that was let in, without what and where.
async fn app(cx: &Context, consent: &Consent, families: &[Family]) -> Result<App, Fault> {
    let of_client = || families.iter().filter(|family| family.client == consent.client);
    let known = clients::find(cx, &consent.client).await?;
    let used = of_client().map(|family| family.rotated_at).max();
    Ok(App {
        client: consent.client.to_string(),
        name: known.map_or_else(|| consent.client.to_string(), |client| client.name.clone()),
        wishes: Vec::new(),
        places: Vec::new(),
        scopes: consent.scopes.clone(),
        since: consent.given_at,
        agreed: String::new(),
        used: used.map(|at| ago(at, cx.clock.now())).unwrap_or_default(),
        connections: of_client().count(),
    })
}

/// The page that leads on to a client: a form of ours must not lead to another site.
pub(crate) fn onward(client: &Client, url: &str) -> OnwardPage {
    OnwardPage { client: client.name.clone(), url: url.to_owned() }
}
