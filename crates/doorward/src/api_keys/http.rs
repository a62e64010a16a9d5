//! `/tenants/{tenant}/api-keys`: the list of keys, the form for a new one, and the page that shows it once.

use doorward_core::{AccountId, ApiKeyId, EmailAddress};
use serde_json::{Value, json};

use super::{
    flow::{self, Actor},
    rules::{DAY, Key, MakeDenied, Owner, PERSONAL, SERVICE, Wish, lifetime},
    store::{self, Seen},
};
use crate::{
    access::{
        Permission,
        own::{ApiKeysManage, TenantRead},
    },
    accounts,
    base::render::{ago, day, page},
    context::Context,
    guard::{
        Cursor, Denial, Field, Fields, Input, Listing, Member, Problem, RecentMember, Refused, Reply, Routes, Viewer,
        input, page_size, paged,
    },
    reauthentication,
    tenant_page::Place,
    tokens::Scopes,
};

pub(crate) fn routes(routes: &mut Routes) {
    routes.get(
        "/tenants/{tenant}/api-keys",
        list,
        "Lists the person's own API keys for the tenant, and those of its services for whoever manages them, newest first, in pages.",
    );
    routes.post("/tenants/{tenant}/api-keys", make, "Makes an API key, and shows it this once.");
    routes.delete("/tenants/{tenant}/api-keys/{id}", revoke, "Takes an API key back: it works no more.");
    routes.post("/tenants/{tenant}/api-keys/{id}/revoke", revoke, "The same for a form.");
}

input! {
    Paged {
        cursor [optional]: "Where the page begins: `next` of the page before.",
        limit [optional]: "Keys on a page, 1 to 100; 50 when absent.",
    }
}

input! {
    One { id: "The key's id." }
}

/// What a key is to be.
struct Make {
    name: String,
    kind: String,
    scopes: String,
    ticked: Vec<(String, zeroize::Zeroizing<String>)>,
    lifetime_days: String,
    resource: String,
}

impl Input for Make {
    const FIELDS: &'static [Field] = &[
        Field { name: "name", doc: "The key's name for people, up to 100 characters.", required: true },
        Field {
            name: "kind",
            doc: "`personal`, which nothing means too, to act for oneself, or `service`, to act for the tenant.",
            required: false,
        },
        Field { name: "scopes", doc: "Names of permissions, with spaces between.", required: false },
        Field {
            name: "lifetime_days",
            doc: "How many days it works; 90 unless the settings say otherwise.",
            required: false,
        },
        Field { name: "resource", doc: "For which audience its tokens are; the first that there is.", required: false },
    ];
    const FAMILY: Option<&'static str> = Some(TICKED);

    fn take(fields: &mut Fields) -> Self {
        let mut text = |name| fields.take(name).to_string();
        let (name, kind, scopes) = (text("name"), text("kind"), text("scopes"));
        let (lifetime_days, resource) = (text("lifetime_days"), text("resource"));
        Self { name, kind, scopes, lifetime_days, resource, ticked: fields.take_family(TICKED) }
    }
}

/// How the names of the form's fields begin: one for each permission that is ticked.
const TICKED: &str = "scope_";

page! {
    /// The keys of a tenant that somebody sees, and the form for another.
    #[derive(askama::Template)]
    KeysPage in "api_keys/keys.html" {
        place: Place,
        lines: Vec<Line>,
        next: Option<String>,
        form: Form,
    }
}

page! {
    /// A new key, this once.
    #[derive(askama::Template)]
    MadePage in "api_keys/made.html" { place: Place, name: String, key: String, ends: String, token_url: String }
}

/// A key as people see it.
pub(crate) struct Line {
    id: ApiKeyId,
    name: String,
    is_service: bool,
    scopes: Vec<String>,
    made: String,
    by: String,
    used: String,
    ends: String,
    is_over: bool,
}

/// What the form for a new key offers, and what was typed into it.
pub(crate) struct Form {
    /// Whether the person has proved themselves a moment ago; otherwise the form would be lost on the way.
    is_recent: bool,
    may_services: bool,
    is_service: bool,
    name: String,
    choices: Vec<Choice>,
    days: Vec<u64>,
    chosen_days: u64,
    resources: Vec<String>,
    resource: String,
}

/// A permission that a key may get.
pub(crate) struct Choice {
    name: String,
    about: String,
    is_chosen: bool,
}

async fn list(member: Member<TenantRead>, input: Paged) -> Result<Reply, Refused> {
    let (place, limit) = (Place::of(&member).await?, page_size(&input.limit)?);
    let (keys, next) = shown(&member, &place, (&input.cursor, limit)).await?;
    let makers = makers(member.cx(), &keys).await?;
    let entries: Vec<_> = keys.iter().map(|key| told(member.cx(), key, &makers)).collect();
    let body = json!({ "api_keys": entries, "next": next });
    let lines = keys.into_iter().map(|key| Line::of(member.cx(), key, &makers)).collect();
    let form = Form::new(&member, &place, None);
    Ok(Reply::page(&body, KeysPage { place, lines, next, form }))
}

async fn make(member: RecentMember<TenantRead>, input: Make) -> Result<Reply, Refused> {
    let place = Place::of(&member).await?;
    let actor = Actor { by: member.authorized(), session: member.session() };
    let made = match wish(member.cx(), &input) {
        Ok(wish) => flow::make(member.cx(), &actor, wish, &member.visit()).await.map_err(Refused::from),
        Err(problem) => Err(problem.into()),
    };
    let (key, secret) = match made {
        Ok(made) => made,
        Err(refused) => return Err(on_page(&member, place, &input, refused).await),
    };
    let text = secret.reveal();
    let body = json!({
        "id": key.id.to_string(),
        "key": text,
        "kind": key.owner.kind(),
        "scopes": key.scopes.iter().collect::<Vec<_>>(),
        "resource": key.resource,
        "expires_at": key.expires_at.as_secs(),
    });
    let token_url = member.cx().site.page("/oauth/token");
    let page = MadePage { place, name: key.name, key: text, ends: day(key.expires_at), token_url };
    Ok(Reply::page(&body, page))
}

async fn revoke(member: Member<TenantRead>, input: One) -> Result<Reply, Refused> {
    let actor = Actor { by: member.authorized(), session: member.session() };
    // The same is said of a key that is not there, of another tenant's and of what is no name at all.
    let id = input.id.parse().map_err(|_| MakeDenied::NoSuchKey.problem())?;
    flow::revoke(member.cx(), &actor, id, &member.visit()).await?;
    let back = format!("{}/tenants/{}/api-keys?done=api-key-revoked", member.cx().site.base, member.slug());
    Ok(Reply::done(&json!({ "revoked": true }), back))
}

/// Shows a refusal above the form that it is about, with what was typed.
async fn on_page(member: &Member<TenantRead>, place: Place, input: &Make, refused: Refused) -> Refused {
    let found = async {
        let (keys, next) = shown(member, &place, ("", page_size("")?)).await?;
        let makers = makers(member.cx(), &keys).await?;
        let lines: Vec<_> = keys.into_iter().map(|key| Line::of(member.cx(), key, &makers)).collect();
        Ok::<_, Refused>((lines, next))
    };
    match found.await {
        Ok((lines, next)) => {
            let form = Form::new(member, &place, Some(input));
            refused.page(KeysPage { place, lines, next, form })
        }
        Err(_) => refused,
    }
}

/// A page of the keys that somebody sees.
async fn shown(
    member: &Member<TenantRead>,
    place: &Place,
    (cursor, limit): (&str, u32),
) -> Result<(Vec<Key>, Option<String>), Refused> {
    let (cx, tenant) = (member.cx(), member.tenant());
    let seen = Seen { account: member.account(), services: place.may(ApiKeysManage::NAME) };
    let list = Listing::new("api keys", Viewer::Account(member.account()));
    let list = list.with("tenant", Some(&tenant.id().to_string())).with("services", seen.services.then_some("too"));
    let before = Cursor::read(cx, &list, cursor)?.map(ApiKeyId::from_bytes);
    let found = store::list(&cx.db, (tenant, seen), before, i64::from(limit) + 1).await?;
    Ok(paged(cx, &list, found, limit, |key| *key.id.as_bytes()))
}

/// The addresses of those who have made keys.
type Makers = Vec<(AccountId, EmailAddress)>;

async fn makers(cx: &Context, keys: &[Key]) -> Result<Makers, Refused> {
    let ids: Vec<_> = keys.iter().filter_map(|key| key.made_by).collect();
    let found = accounts::by_ids(&cx.db, &ids).await?;
    Ok(found.into_iter().map(|account| (account.id, account.email)).collect())
}

fn maker<'m>(key: &Key, makers: &'m Makers) -> Option<&'m EmailAddress> {
    makers.iter().find(|(account, _)| Some(*account) == key.made_by).map(|(_, email)| email)
}

/// What programs learn of a key.
fn told(cx: &Context, key: &Key, makers: &Makers) -> Value {
    json!({
        "id": key.id.to_string(),
        "name": key.name,
        "kind": key.owner.kind(),
        "scopes": key.scopes.iter().collect::<Vec<_>>(),
        "resource": key.resource,
        "made_by": maker(key, makers).map(EmailAddress::as_str),
        "created_at": key.created_at.as_secs(),
        "expires_at": key.expires_at.as_secs(),
        "last_used_at": key.last_used_at.map(|at| at.as_secs()),
        "expired": key.is_over(cx.clock.now(), &cx.settings.api_keys),
    })
}

impl Line {
    fn of(cx: &Context, key: Key, makers: &Makers) -> Self {
        let now = cx.clock.now();
        Self {
            is_service: key.owner == Owner::Tenant,
            scopes: key.scopes.iter().map(str::to_owned).collect(),
            made: ago(key.created_at, now),
            by: maker(&key, makers).map_or_else(|| "somebody who is gone".to_owned(), ToString::to_string),
            used: key.last_used_at.map(|at| ago(at, now)).unwrap_or_default(),
            ends: day(key.expires_at),
            is_over: key.is_over(now, &cx.settings.api_keys),
            id: key.id,
            name: key.name,
        }
    }
}

impl Form {
    fn new(member: &Member<TenantRead>, place: &Place, typed: Option<&Make>) -> Self {
        let cx = member.cx();
        let settings = &cx.settings.api_keys;
        let (longest, usual) =
            (settings.longest.as_secs() / DAY, settings.lifetime.min(settings.longest).as_secs() / DAY);
        let mut days: Vec<_> =
            [7, 30, 90, 180, 365, usual, longest].into_iter().filter(|days| *days <= longest).collect();
        days.sort_unstable();
        days.dedup();
        let chosen = |name: &str| typed.is_some_and(|typed| typed.ticked.iter().any(|(ticked, _)| ticked == name));
        let choice = |(name, about): &(String, String)| Choice {
            is_chosen: chosen(name),
            name: name.clone(),
            about: about.clone(),
        };
        Self {
            is_recent: reauthentication::is_recent(cx, member.proved_at()),
            may_services: place.may(ApiKeysManage::NAME),
            is_service: typed.is_some_and(|typed| typed.kind == SERVICE),
            name: typed.map(|typed| typed.name.clone()).unwrap_or_default(),
            choices: place.held().iter().map(choice).collect(),
            chosen_days: typed.and_then(|typed| typed.lifetime_days.parse().ok()).unwrap_or(usual),
            days,
            resources: flow::resources(cx),
            resource: typed.map(|typed| typed.resource.clone()).unwrap_or_default(),
        }
    }
}

/// Reads what was typed; whether it may be is decided behind the locks.
fn wish(cx: &Context, input: &Make) -> Result<Wish, Problem> {
    let is_service = match input.kind.as_str() {
        "" | PERSONAL => false,
        SERVICE => true,
        _ => return Err(MakeDenied::Kind.problem()),
    };
    let mut scopes = input.scopes.clone();
    for (name, value) in &input.ticked {
        // A name with a space in it would be two.
        if value.as_str() != "on" || name.contains(' ') {
            return Err(MakeDenied::UnknownScope.problem());
        }
        scopes.push(' ');
        scopes.push_str(name);
    }
    Ok(Wish {
        is_service,
        name: input.name.clone(),
        scopes: Scopes::parse(&scopes).ok_or_else(|| MakeDenied::UnknownScope.problem())?,
        lifetime: lifetime(&input.lifetime_days, &cx.settings.api_keys).map_err(|denied| denied.problem())?,
        resource: input.resource.clone(),
    })
}
