//! `/tenants/{tenant}/connections`: the providers that the tenant has brought, and the forms about them.

use doorward_core::{DomainName, ProviderName};
use serde_json::{Value, json};

use super::{
    denied::ConnectionDenied,
    door, flow,
    rules::{self, Connection, Rule, Typed, Wiring},
    store,
};
use crate::{
    access::own::ConnectionsManage,
    accounts,
    base::render::page,
    context::Context,
    error::Fault,
    federation::{self, Trial, Tried},
    guard::{Denial, Member, NoInput, Problem, RecentMember, Refused, Reply, Routes, input},
    reauthentication,
    tenant_page::Place,
    tenants,
};

pub(crate) fn routes(routes: &mut Routes) {
    door::routes(routes);
    routes.get("/tenants/{tenant}/connections", list, "Lists the providers that the tenant has brought.");
    routes.post("/tenants/{tenant}/connections", add, "Puts a provider on the list, to be set up.");
    let doc = "Shows a provider, with where it sends people back to.";
    routes.get("/tenants/{tenant}/connections/{connection}", show, doc);
    let doc = "Writes how the provider is spoken to; its people can come in by it from then on.";
    routes.post("/tenants/{tenant}/connections/{connection}", write, doc);
    let doc = "Says that people whom a provider of everybody's knows by a domain of the tenant are its people.";
    routes.post("/tenants/{tenant}/organisations", claim, doc);
    let doc = "Says in which role people join who come by the provider, or that they do not join.";
    routes.post("/tenants/{tenant}/connections/{connection}/joining", let_join, doc);
    let doc = "Adds a rule: a value of a claim, and the role that it gives at each login.";
    routes.post("/tenants/{tenant}/connections/{connection}/rules", add_rule, doc);
    routes.post("/tenants/{tenant}/connections/{connection}/rules/remove", remove_rule, "Takes a rule away.");
    let doc = "Tries a provider out, and says what is wrong and what to do.";
    routes.post("/tenants/{tenant}/connections/{connection}/try", try_out, doc);
    let doc = "Removes a provider, and every way into an account that led through it.";
    routes.delete("/tenants/{tenant}/connections/{connection}", remove, doc);
    routes.post("/tenants/{tenant}/connections/{connection}/remove", remove, "The same for a form.");
}

input! {
    Add {
        kind: "`openid`, `entra` or `google-workspace`.",
        label: "What stands on its button.",
    }
}

input! {
    Claiming {
        provider: "The name of a provider of the settings that says which domain its people are of.",
        organisation: "The domain, which the tenant has proved.",
    }
}

input! {
    Joining {
        connection: "The provider's name.",
        role [optional]: "The role; empty when nobody joins by it.",
    }
}

input! {
    Ruling {
        connection: "The provider's name.",
        claim: "The name of a claim, such as `groups`.",
        value: "A value of it: the claim is this text, or a list with this text in it.",
        role: "The role that it gives.",
    }
}

input! {
    One { connection: "The provider's name." }
}

input! {
    Writing {
        connection: "The provider's name.",
        client_id: "The name that the provider gave this service.",
        client_secret: "The secret that goes with it. It is never shown again.",
        issuer [optional]: "For `openid`: where the provider is, exactly as it says it of itself.",
        organisation [optional]: "For `entra`: the id of the directory. For `google-workspace`: the domain.",
    }
}

page! {
    /// The providers of a tenant, and the form for another.
    #[derive(askama::Template)]
    ConnectionsPage in "connections/connections.html" {
        place: Place,
        lines: Vec<Line>,
        kinds: Vec<(&'static str, &'static str)>,
        is_recent: bool,
        is_allowed: bool,
        typed: (String, String),
        shared: Vec<(String, String)>,
        claimed: String,
        only_own: bool,
        owners: Vec<(String, String, bool)>,
    }
}

page! {
    /// One of them, and the form to set it up.
    #[derive(askama::Template)]
    ConnectionPage in "connections/connection.html" {
        place: Place,
        line: Line,
        redirect_uri: String,
        is_recent: bool,
        typed: (String, String, String),
        join_role: String,
        roles: Vec<String>,
        rules: Vec<(String, String, String)>,
        given: Vec<String>,
        typed_rule: (String, String),
        tried: Option<Tried>,
    }
}

/// A provider as people see it.
pub(crate) struct Line {
    name: String,
    kind: String,
    label: String,
    is_ready: bool,
    /// Whose people of a provider of everybody's it is about; empty for one of the tenant's own.
    organisation: String,
}

async fn list(member: Member<ConnectionsManage>, _: NoInput) -> Result<Reply, Refused> {
    let cx = member.cx();
    let found = store::list(&cx.db, member.tenant()).await?;
    let told: Vec<_> = found.iter().map(|one| told(&member, one)).collect();
    let page = listed(&member, found, Default::default()).await?;
    let named: Vec<_> = page.owners.iter().filter(|(.., may)| *may).map(|(account, ..)| account.as_str()).collect();
    let body = json!({
        "connections": told,
        "allowed": cx.settings.connections.allowed,
        "only_own": page.only_own,
        "break_glass": named,
    });
    Ok(Reply::page(&body, page))
}

async fn add(member: RecentMember<ConnectionsManage>, input: Add) -> Result<Reply, Refused> {
    let cx = member.cx();
    let added = async {
        let kind = rules::kind(&input.kind).map_err(|denied| denied.problem())?;
        let label = rules::label(&input.label).map_err(|denied| denied.problem())?;
        let name = flow::add(cx, member.authorized(), (kind, &label), &member.visit()).await?;
        found(&member, name.as_str()).await
    };
    match added.await {
        Ok(one) => Ok(Reply::done(&told(&member, &one), back(&member, &format!("/{}", one.name)))),
        Err(refused) => {
            let typed = (repeated(&input.kind), repeated(&input.label));
            let page = async { listed(&member, store::list(&cx.db, member.tenant()).await?, typed).await };
            Err(on_page(refused, page).await)
        }
    }
}

async fn claim(member: RecentMember<ConnectionsManage>, input: Claiming) -> Result<Reply, Refused> {
    let cx = member.cx();
    let claimed = async {
        let domain = DomainName::parse(&input.organisation).map_err(|_| ConnectionDenied::NotProved.problem())?;
        let name = flow::claim(cx, member.authorized(), (&input.provider, &domain), &member.visit()).await?;
        found(&member, name.as_str()).await
    };
    match claimed.await {
        Ok(one) => Ok(Reply::done(&told(&member, &one), back(&member, &format!("/{}", one.name)))),
        Err(refused) => {
            let page = async {
                let page = listed(&member, store::list(&cx.db, member.tenant()).await?, Default::default()).await?;
                Ok(ConnectionsPage { claimed: repeated(&input.organisation), ..page })
            };
            Err(on_page(refused, page).await)
        }
    }
}

async fn let_join(member: RecentMember<ConnectionsManage>, input: Joining) -> Result<Reply, Refused> {
    let one = found(&member, &input.connection).await?;
    let role = match input.role.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| ConnectionDenied::Role.problem())?),
    };
    match flow::let_join(member.cx(), member.authorized(), (&one.name, role.as_ref()), &member.visit()).await {
        Ok(()) => {
            let one = found(&member, one.name.as_str()).await?;
            let to = back(&member, &format!("/{}?done=connection-joining", one.name));
            Ok(Reply::done(&told(&member, &one), to))
        }
        Err(refusal) => Err(on_page(refusal.into(), as_it_is(&member, &one)).await),
    }
}

async fn add_rule(member: RecentMember<ConnectionsManage>, input: Ruling) -> Result<Reply, Refused> {
    let one = found(&member, &input.connection).await?;
    let added = async {
        let rule = Rule::read(&input.claim, &input.value, &input.role).map_err(|denied| denied.problem())?;
        flow::add_rule(member.cx(), member.authorized(), (&one.name, &rule), &member.visit()).await?;
        Ok::<_, Refused>(())
    };
    match added.await {
        Ok(()) => ruled(&member, &one, "connection-rule-added").await,
        Err(refused) => {
            let page = async {
                let page = as_it_is(&member, &one).await?;
                Ok(ConnectionPage { typed_rule: (repeated(&input.claim), repeated(&input.value)), ..page })
            };
            Err(on_page(refused, page).await)
        }
    }
}

async fn remove_rule(member: RecentMember<ConnectionsManage>, input: Ruling) -> Result<Reply, Refused> {
    let one = found(&member, &input.connection).await?;
    let rule = Rule::read(&input.claim, &input.value, &input.role).map_err(|denied| denied.problem())?;
    flow::remove_rule(member.cx(), member.authorized(), (&one.name, &rule), &member.visit()).await?;
    ruled(&member, &one, "connection-rule-removed").await
}

async fn ruled(member: &Member<ConnectionsManage>, one: &Connection, code: &str) -> Result<Reply, Refused> {
    let rules: Vec<_> = store::rules(&member.cx().db, one).await?.iter().map(rule_told).collect();
    let to = back(member, &format!("/{}?done={code}", one.name));
    Ok(Reply::done(&json!({ "rules": rules }), to))
}

fn rule_told(rule: &Rule) -> Value {
    json!({ "claim": rule.claim, "value": rule.value, "role": rule.role.as_str() })
}

async fn show(member: Member<ConnectionsManage>, input: One) -> Result<Reply, Refused> {
    let one = found(&member, &input.connection).await?;
    let mut body = told(&member, &one);
    body["rules"] = store::rules(&member.cx().db, &one).await?.iter().map(rule_told).collect();
    Ok(Reply::page(&body, as_it_is(&member, &one).await?))
}

async fn write(member: RecentMember<ConnectionsManage>, input: Writing) -> Result<Reply, Refused> {
    let one = found(&member, &input.connection).await?;
    if one.is_shared() {
        return Err(ConnectionDenied::NoSuchConnection.problem().into());
    }
    let typed = Typed {
        client_id: &input.client_id,
        client_secret: &input.client_secret,
        issuer: &input.issuer,
        organisation: &input.organisation,
    };
    let written = async {
        let wiring = Wiring::read(&one.kind, &typed).map_err(|denied| denied.problem())?;
        flow::write(member.cx(), member.authorized(), (&one.name, &wiring), &member.visit()).await?;
        Ok::<_, Refused>(())
    };
    match written.await {
        Ok(()) => {
            let one = found(&member, one.name.as_str()).await?;
            Ok(Reply::done(&told(&member, &one), back(&member, "?done=connection-written")))
        }
        Err(refused) => {
            let typed = (repeated(&input.client_id), repeated(&input.issuer), repeated(&input.organisation));
            Err(on_page(refused, shown(&member, &one, typed)).await)
        }
    }
}

async fn try_out(member: RecentMember<ConnectionsManage>, input: One) -> Result<Reply, Refused> {
    let (cx, one) = (member.cx(), found(&member, &input.connection).await?);
    Trial::counted(cx, member.account()).await?;
    match flow::try_out(cx, member.authorized(), &one, &member.visit()).await {
        Ok((provider, trial)) => {
            let page = as_it_is(&member, &one).await?;
            let page = ConnectionPage { tried: Some(Tried::of(&provider, &trial)), ..page };
            Ok(Reply::page(&trial.described(), page))
        }
        Err(refusal) => Err(on_page(refusal.into(), as_it_is(&member, &one)).await),
    }
}

async fn remove(member: RecentMember<ConnectionsManage>, input: One) -> Result<Reply, Refused> {
    let name = named(&input.connection)?;
    flow::give_up(member.cx(), (member.authorized(), member.session()), &name, &member.visit()).await?;
    Ok(Reply::done(&json!({ "removed": true }), back(&member, "?done=connection-removed")))
}

/// Reads a name; the same is said of what is no name, and of one that is not there.
fn named(text: &str) -> Result<ProviderName, Problem> {
    text.parse().map_err(|_| ConnectionDenied::NoSuchConnection.problem())
}

async fn found(member: &Member<ConnectionsManage>, name: &str) -> Result<Connection, Refused> {
    let found = store::find(&member.cx().db, member.tenant(), name).await?;
    Ok(found.ok_or_else(|| ConnectionDenied::NoSuchConnection.problem())?)
}

fn back(member: &Member<ConnectionsManage>, rest: &str) -> String {
    format!("{}/tenants/{}/connections{rest}", member.cx().site.base, member.slug())
}

/// What was typed, as far as a page repeats it.
fn repeated(text: &str) -> String {
    text.chars().take(1000).collect()
}

/// Shows a refusal on the page that it is about.
async fn on_page<P: crate::base::render::Page + 'static>(
    refused: Refused,
    page: impl Future<Output = Result<P, Refused>>,
) -> Refused {
    match page.await {
        Ok(page) => refused.page(page),
        Err(_) => refused,
    }
}

async fn as_it_is(member: &Member<ConnectionsManage>, one: &Connection) -> Result<ConnectionPage, Refused> {
    shown(member, one, (one.client_id.clone(), one.issuer.clone(), one.organisation.clone())).await
}

async fn listed(
    member: &Member<ConnectionsManage>,
    found: Vec<Connection>,
    typed: (String, String),
) -> Result<ConnectionsPage, Refused> {
    let cx = member.cx();
    Ok(ConnectionsPage {
        place: Place::of(member).await?,
        lines: found.iter().map(Line::of).collect(),
        kinds: federation::kinds().map(|(name, _)| (name, kind_label(name))).collect(),
        is_recent: reauthentication::is_recent(cx, member.proved_at()),
        is_allowed: cx.settings.connections.allowed,
        typed,
        shared: naming_domains(cx),
        claimed: String::new(),
        only_own: tenants::own(&cx.db, member.tenant(), member.account()).await?.is_some_and(|one| one.own_sign_in),
        owners: owners(member).await?,
    })
}

/// The owners of the tenant: the account, its address, and whether they may break the glass.
async fn owners(member: &Member<ConnectionsManage>) -> Result<Vec<(String, String, bool)>, Fault> {
    let db = &member.cx().db;
    let breakers = tenants::breakers(db, member.tenant()).await?;
    let ids: Vec<_> = breakers.iter().map(|(account, _)| *account).collect();
    let accounts = accounts::by_ids(db, &ids).await?;
    let address = |id| accounts.iter().find(|account| account.id == id).map(|account| account.email.to_string());
    Ok(breakers.into_iter().map(|(id, may)| (id.to_string(), address(id).unwrap_or_default(), may)).collect())
}

/// The providers of everybody's that say which domain their people are of.
fn naming_domains(cx: &Context) -> Vec<(String, String)> {
    let naming = cx.providers.iter().filter(|one| one.names_domains());
    naming.map(|one| (one.name().to_string(), one.label().to_owned())).collect()
}

async fn shown(
    member: &Member<ConnectionsManage>,
    one: &Connection,
    typed: (String, String, String),
) -> Result<ConnectionPage, Refused> {
    let cx = member.cx();
    Ok(ConnectionPage {
        place: Place::of(member).await?,
        line: Line::of(one),
        redirect_uri: cx.providers.redirect_uri(&one.name),
        is_recent: reauthentication::is_recent(cx, member.proved_at()),
        typed,
        join_role: one.join_role.as_ref().map(ToString::to_string).unwrap_or_default(),
        roles: choices(member),
        rules: store::rules(&cx.db, one)
            .await?
            .into_iter()
            .map(|rule| (rule.claim, rule.value, rule.role.to_string()))
            .collect(),
        given: given(member),
        typed_rule: Default::default(),
        tried: None,
    })
}

/// The roles that somebody may get by joining, as far as whoever looks may give them.
fn choices(member: &Member<ConnectionsManage>) -> Vec<String> {
    let policy = member.cx().policy();
    let given = policy.gives(member.authorized().roles()).into_iter().filter(|role| !policy.gives_any(role));
    given.map(|role| role.to_string()).collect()
}

/// The roles that a rule may give, as far as whoever looks may give them.
fn given(member: &Member<ConnectionsManage>) -> Vec<String> {
    let policy = member.cx().policy();
    let given = policy.gives(member.authorized().roles()).into_iter().filter(|role| role != policy.owner());
    given.map(|role| role.to_string()).collect()
}

/// What programs learn of a connection: never its secret. Times are seconds since the epoch.
fn told(member: &Member<ConnectionsManage>, one: &Connection) -> Value {
    json!({
        "connection": one.name.as_str(),
        "kind": one.kind,
        "label": one.label,
        "redirect_uri": member.cx().providers.redirect_uri(&one.name),
        "client_id": one.client_id,
        "issuer": one.issuer,
        "organisation": one.organisation,
        "ready": one.is_ready(),
        "provider": one.provider,
        "join_role": one.join_role.as_ref().map(ToString::to_string),
        "created_at": one.created_at.as_secs(),
    })
}

/// How people call the kinds, where they choose one.
fn kind_label(name: &str) -> &'static str {
    match name {
        "entra" => "Microsoft Entra ID",
        "shared" => "A provider that everybody may use",
        "google-workspace" => "Google Workspace",
        _ => "Any OpenID Connect provider",
    }
}

impl Line {
    fn of(one: &Connection) -> Self {
        Self {
            name: one.name.to_string(),
            kind: one.kind.clone(),
            label: one.label.clone(),
            is_ready: one.is_ready(),
            organisation: if one.is_shared() { one.organisation.clone() } else { String::new() },
        }
    }

    fn called(&self) -> &'static str {
        kind_label(&self.kind)
    }
}
