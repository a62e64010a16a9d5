//! Clients: which programs may ask for tokens, and what may be done to them.

use std::time::Duration;

use doorward_core::ClientId;
use serde_json::{Value, json};

use super::{
    flow::{ConfirmPage, nav, next_page},
    rules::{Nav, stamp},
    tenants as panel,
};
use crate::{
    base::render::page,
    clients::{self, Authentication, Client, ClientDenied, ClientSecretText, Registration},
    error::Refusal,
    guard::{
        Cursor, Listing, Operator, OrPage, Problem, Refused, Reply, Routes, Viewer, input, number, numbered, page_size,
        paged,
    },
    operator::clients as acts,
    operators::power::{ClientsManage, ClientsRead},
};

pub(super) fn routes(routes: &mut Routes) {
    routes.get("/admin/clients", list, "Lists clients, newest first, after those of the settings.");
    routes.get("/admin/client-registration", form, "Shows the form in which a client is registered.");
    routes.post("/admin/clients", register, "Registers a client, and shows its secret this once.");
    routes.get("/admin/clients/{client}", show, "Shows a client.");
    routes.post(
        "/admin/clients/{client}/rotate",
        rotate,
        "Gives a client another secret, shown this once; the one before goes on working for a while.",
    );
    routes.get("/admin/clients/{client}/disable", ask_disable, "Asks before a client is kept out.");
    routes.post("/admin/clients/{client}/disable", disable, "Keeps a client out from its next request on.");
    routes.post("/admin/clients/{client}/enable", enable, "Lets a client in again.");
    routes.get("/admin/clients/{client}/delete", ask_delete, "Asks before a client is deleted.");
    routes.post("/admin/clients/{client}/delete", delete, "Deletes a client with everything that it was given.");
}

page! {
    /// The list of clients.
    #[derive(askama::Template)]
    ClientsPage in "admin/clients.html" { nav: Nav, rows: Vec<Row>, next: Option<String> }
}

page! {
    /// One client, with its secret right after that was made.
    #[derive(askama::Template)]
    ClientPage in "admin/client.html" {
        nav: Nav,
        client: Row,
        facts: Vec<(&'static str, String)>,
        tenant: Option<String>,
        secret: Option<String>,
        has_secret: bool,
    }
}

page! {
    /// The form in which a client is registered, with what was typed.
    #[derive(askama::Template)]
    RegistrationPage in "admin/registration.html" {
        nav: Nav,
        typed: Typed,
        scopes: String,
    }
}

/// A line in the list of clients.
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) authentication: &'static str,
    pub(crate) registered: String,
    pub(crate) is_disabled: bool,
    pub(crate) is_of_settings: bool,
}

/// What was typed into the form.
#[derive(Default)]
pub(crate) struct Typed {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) authentication: String,
    pub(crate) keys: String,
    pub(crate) grants: String,
    pub(crate) scopes: String,
    pub(crate) resources: String,
    pub(crate) redirect_uris: String,
    pub(crate) post_logout_redirect_uris: String,
    pub(crate) backchannel_logout_uri: String,
    pub(crate) tenant: String,
    pub(crate) trusted: bool,
    pub(crate) demands_dpop: bool,
    pub(crate) algorithm: String,
}

input! {
    Paging {
        cursor [optional]: "Where the page begins: the `next` of the page before it.",
        limit [optional]: "How many lines, 1 to 100; 50 when it is empty. Those of the settings come on top of the first page.",
    }
}

input! {
    Registering {
        id [optional]: "Its name for programs; empty for one that is made up.",
        name: "Its name for people, up to 100 characters.",
        authentication: "How it proves itself: `secret`, `private_key_jwt`, or `none` for a public client.",
        keys [optional]: "For `private_key_jwt`: its public keys as a JSON Web Key Set.",
        grants: "`authorization_code`, `refresh_token`, `client_credentials`, `device_code`, with spaces between.",
        scopes [optional]: "`openid`, `profile`, `email`, `offline_access` and permissions, with spaces between.",
        resources [optional]: "The audiences that it may name, with spaces or line ends between; empty for the public URL of the site.",
        redirect_uris [optional]: "Where people are sent back to, with spaces or line ends between.",
        post_logout_redirect_uris [optional]: "Where they may be sent after logging out, with spaces or line ends between.",
        backchannel_logout_uri [optional]: "Where it is told that somebody has logged out; empty for nowhere.",
        tenant [optional]: "The slug or id of the tenant that it belongs to; empty for none.",
        trusted [optional]: "`on` when it is our own, so that nobody is asked whether to let it in.",
        demands_dpop [optional]: "`on` when its tokens need a proof of possession.",
        algorithm [optional]: "How its tokens are signed: `EdDSA`, which empty means too, or `ES256`.",
    }
}

input! {
    One { client: "The client's id." }
}

input! {
    Rotation {
        client: "The client's id.",
        hours [optional]: "For how many hours the secret before works too, 0 to 720; 24 when it is empty.",
    }
}

async fn list(operator: Operator<ClientsRead>, input: Paging) -> Result<Reply, Refused> {
    let cx = operator.cx();
    let (list, limit) = (Listing::new("clients", Viewer::Operator), page_size(&input.limit)?);
    let before = Cursor::read(cx, &list, &input.cursor)?.map(number);
    let found = clients::list(cx, before.unwrap_or(i64::MAX), i64::from(limit) + 1).await?;
    let (found, next) = paged(cx, &list, found, limit, |client| numbered(client.number));
    let of_settings = cx.clients.of_settings().filter(|_| before.is_none()).map(AsRef::as_ref);
    // A row of the same name as a client of the settings is worth nothing.
    let rows = found.iter().filter(|row| !cx.clients.has(&row.id));
    let shown: Vec<&Client> = of_settings.chain(rows).collect();
    let json = json!({ "clients": shown.iter().map(|client| entry(client)).collect::<Vec<_>>(), "next": next });
    let page = ClientsPage {
        nav: nav(&operator, "clients").await?,
        rows: shown.into_iter().map(Row::of).collect(),
        next: next_page("clients", &[("limit", &input.limit)], next.as_ref()),
    };
    Ok(Reply::page(&json, page))
}

async fn form(operator: Operator<ClientsManage>, _: crate::guard::NoInput) -> Result<Reply, Refused> {
    let typed = Typed {
        authentication: "secret".to_owned(),
        grants: "authorization_code refresh_token".to_owned(),
        scopes: "openid profile email".to_owned(),
        ..Typed::default()
    };
    let page = registration_page(&operator, typed).await?;
    Ok(Reply::page(&json!({ "csrf_token": operator.csrf_token() }), page))
}

async fn registration_page<P>(operator: &Operator<P>, typed: Typed) -> Result<RegistrationPage, Refused> {
    let names = operator.cx().policy().permissions().map(|(name, _)| name);
    let scopes = clients::OPENID.into_iter().chain(names).collect::<Vec<_>>().join(", ");
    Ok(RegistrationPage { nav: nav(operator, "clients").await?, typed, scopes })
}

async fn register(operator: Operator<ClientsManage>, input: Registering) -> Result<Reply, Refused> {
    match registered(&operator, &input).await {
        Ok((client, secret)) => shown(&operator, &client, secret).await,
        Err(refused) => Err(refused.page(registration_page(&operator, Typed::of(&input)).await?)),
    }
}

async fn registered(
    operator: &Operator<ClientsManage>,
    input: &Registering,
) -> Result<(Client, Option<ClientSecretText>), Refused> {
    let tenant = match input.tenant.trim() {
        "" => None,
        named => {
            let unknown = |refused: Refused| match refused.is_code("no_such_tenant") {
                true => Refusal::Denied(ClientDenied::NoSuchTenant).into(),
                false => refused,
            };
            Some(panel::tenant(operator, named).await.map_err(unknown)?.id)
        }
    };
    let list = |text: &str| text.split([' ', ',', '\n', '\r', '\t']).map(str::to_owned).collect::<Vec<_>>();
    // A comma may be part of a URI.
    let uris = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let names = |text: &str| list(text).into_iter().filter(|name| !name.is_empty()).take(MOST).collect();
    let written = Registration {
        id: input.id.trim().to_owned(),
        name: input.name.to_string(),
        authentication: input.authentication.trim().to_owned(),
        keys: input.keys.to_string(),
        grants: names(&input.grants),
        scopes: names(&input.scopes),
        resources: uris(&input.resources),
        redirect_uris: uris(&input.redirect_uris),
        post_logout_redirect_uris: uris(&input.post_logout_redirect_uris),
        backchannel_logout_uri: input.backchannel_logout_uri.to_string(),
        tenant,
        trusted: is_on("trusted", &input.trusted)?,
        demands_dpop: is_on("demands_dpop", &input.demands_dpop)?,
        algorithm: input.algorithm.trim().to_owned(),
    };
    Ok(acts::register(operator.cx(), operator.by(), &written).await?)
}

/// Reads a box that was ticked or not.
fn is_on(field: &'static str, text: &str) -> Result<bool, Problem> {
    match text {
        "on" => Ok(true),
        "" | "off" => Ok(false),
        _ => Err(Problem::field(field, "client_invalid", "It is `on` or `off`.")),
    }
}

async fn show(operator: Operator<ClientsRead>, input: One) -> Result<Reply, Refused> {
    let client = client(&operator, &input.client).await?;
    shown(&operator, &client, None).await
}

/// Shows a client, also as the answer to what has just given it a secret: there is no second one that shows that.
async fn shown<P>(operator: &Operator<P>, client: &Client, secret: Option<ClientSecretText>) -> Result<Reply, Refused> {
    let secret = secret.map(ClientSecretText::reveal);
    let mut json = entry(client);
    if let Some(secret) = &secret {
        json["secret"] = json!(secret);
    }
    let page = client_page(operator, client).await?;
    Ok(Reply::page(&json, ClientPage { secret, ..page }))
}

async fn client_page<P>(operator: &Operator<P>, client: &Client) -> Result<ClientPage, Refused> {
    Ok(ClientPage {
        nav: nav(operator, "clients").await?,
        client: Row::of(client),
        facts: facts(client),
        tenant: client.tenant.map(|tenant| tenant.to_string()),
        secret: None,
        has_secret: client.authentication == Authentication::Secret,
    })
}

async fn rotate(operator: Operator<ClientsManage>, input: Rotation) -> Result<Reply, Refused> {
    let before = client(&operator, &input.client).await?;
    let page = client_page(&operator, &before).await?;
    let wrong = || Problem::field("hours", "hours_invalid", "Say 0 to 720 hours.");
    let hours = match input.hours.trim() {
        "" => Ok(24),
        text => text.parse::<u64>().ok().filter(|hours| *hours <= 720).ok_or_else(wrong),
    };
    let grace = Duration::from_secs(hours.or_page(|| page)? * 3600);
    let secret = acts::rotate(operator.cx(), operator.by(), &before.id, grace).await?;
    shown(&operator, client(&operator, before.id.as_str()).await?.as_ref(), Some(secret)).await
}

async fn ask_disable(operator: Operator<ClientsManage>, input: One) -> Result<Reply, Refused> {
    let says = vec![
        "At its next request it is answered as a client that is not there.".to_owned(),
        "Access tokens that it has are good until they end, a few minutes from now.".to_owned(),
    ];
    asking(&operator, &input.client, ("Keep out", "disable", "Keep it out"), says).await
}

async fn disable(operator: Operator<ClientsManage>, input: One) -> Result<Reply, Refused> {
    let id = client(&operator, &input.client).await?.id.clone();
    let changed = acts::disable(operator.cx(), operator.by(), &id).await?;
    Ok(done(&operator, &id, &json!({ "disabled": true, "changed": changed }), "client-disabled"))
}

async fn enable(operator: Operator<ClientsManage>, input: One) -> Result<Reply, Refused> {
    let id = client(&operator, &input.client).await?.id.clone();
    let changed = acts::enable(operator.cx(), operator.by(), &id).await?;
    Ok(done(&operator, &id, &json!({ "disabled": false, "changed": changed }), "client-enabled"))
}

async fn ask_delete(operator: Operator<ClientsManage>, input: One) -> Result<Reply, Refused> {
    let says = vec!["Everything that people have let it do ends with it, and nothing brings it back.".to_owned()];
    asking(&operator, &input.client, ("Delete", "delete", "Delete it"), says).await
}

async fn delete(operator: Operator<ClientsManage>, input: One) -> Result<Reply, Refused> {
    let id = client(&operator, &input.client).await?.id.clone();
    acts::delete(operator.cx(), operator.by(), &id).await?;
    let way = format!("{}/admin/clients?done=console-client-deleted", operator.cx().site.base);
    Ok(Reply::done(&json!({ "deleted": true }), way))
}

/// Reads a client by its id; what is none names no client.
async fn client<P>(operator: &Operator<P>, id: &str) -> Result<std::sync::Arc<Client>, Refused> {
    let nothing = || Refused::from(Refusal::Denied(ClientDenied::NoSuchClient));
    let id: ClientId = id.parse().map_err(|_| nothing())?;
    clients::look(operator.cx(), &id).await?.ok_or_else(nothing)
}

/// The page that asks before an act.
async fn asking<P>(
    operator: &Operator<P>,
    id: &str,
    (heading, act, label): (&str, &str, &'static str),
    says: Vec<String>,
) -> Result<Reply, Refused> {
    let client = client(operator, id).await?;
    let page = ConfirmPage {
        nav: nav(operator, "clients").await?,
        heading: format!("{heading} {}?", client.name),
        says,
        action: format!("admin/clients/{}/{act}", client.id),
        label,
        back: format!("admin/clients/{}", client.id),
        typed: None,
    };
    Ok(Reply::page(&json!({ "client": entry(&client), "csrf_token": operator.csrf_token() }), page))
}

fn done<P>(operator: &Operator<P>, id: &ClientId, json: &Value, code: &str) -> Reply {
    Reply::done(json, format!("{}/admin/clients/{id}?done=console-{code}", operator.cx().site.base))
}

/// One client as programs see it. Times are seconds since the epoch.
fn entry(client: &Client) -> Value {
    client.described(|time| time.as_secs().into())
}

/// One client as people see it: what there is to say, each with its name.
fn facts(client: &Client) -> Vec<(&'static str, String)> {
    let yes = |is_so: bool| if is_so { "Yes".to_owned() } else { String::new() };
    let facts = [
        ("Proves itself with", client.authentication.name().to_owned()),
        ("Asks by", client.grant_names().join(", ")),
        ("May ask for", client.scopes.join(", ")),
        ("Audiences", client.resources.join(", ")),
        ("Sends back to", client.redirect_uris.join(", ")),
        ("After logging out to", client.post_logout_redirect_uris.join(", ")),
        ("Told of logouts at", client.backchannel_logout_uri.clone().unwrap_or_default()),
        ("Our own", yes(client.trusted)),
        ("Needs proof of possession", yes(client.demands_dpop)),
        ("Tokens signed with", client.algorithm.name().to_owned()),
        ("Keys", client.keys.clone()),
        ("Registered", client.created_at.map(stamp).unwrap_or_default()),
        ("Kept out since", client.disabled_at.map(stamp).unwrap_or_default()),
        ("Secret before works until", client.secret_before_until.map(stamp).unwrap_or_default()),
    ];
    facts.into_iter().filter(|(_, text)| !text.is_empty()).collect()
}

impl Row {
    fn of(client: &Client) -> Self {
        Self {
            id: client.id.to_string(),
            name: client.name.clone(),
            authentication: client.authentication.name(),
            registered: client.created_at.map_or_else(|| "in the settings".to_owned(), stamp),
            is_disabled: client.disabled_at.is_some(),
            is_of_settings: client.is_of_settings(),
        }
    }
}

impl Typed {
    fn of(input: &Registering) -> Self {
        let text = |text: &str| text.chars().take(16 * 1024).collect();
        Self {
            id: text(&input.id),
            name: text(&input.name),
            authentication: text(&input.authentication),
            keys: text(&input.keys),
            grants: text(&input.grants),
            scopes: text(&input.scopes),
            resources: text(&input.resources),
            redirect_uris: text(&input.redirect_uris),
            post_logout_redirect_uris: text(&input.post_logout_redirect_uris),
            backchannel_logout_uri: text(&input.backchannel_logout_uri),
            tenant: text(&input.tenant),
            trusted: input.trusted.as_str() == "on",
            demands_dpop: input.demands_dpop.as_str() == "on",
            algorithm: text(&input.algorithm),
        }
    }
}

/// Names that one request may list; more than a client may have.
const MOST: usize = 256;
