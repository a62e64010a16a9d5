//! Making keys and taking them back.

use doorward_core::{AccountId, ApiKey, ApiKeyId, Handled, SessionId, TenantId};

use super::{
    letters,
    rules::{Key, KeyInfo, MakeDenied, Owner, Wish},
    store::{self, Seen},
};
use crate::{
    access::{
        self, Authorized, Permission,
        own::{ApiKeysManage, TenantRead},
    },
    accounts,
    audit::{Action, Event, Target},
    base::{
        db::{Durability, Transaction},
        mail,
    },
    context::Context,
    error::{Fault, Refusal},
    guard::{Denial, Visit},
    sessions,
    tenant_page::{Act, ActDenied},
    tenants::{self, Standing, display_name},
    tokens,
};

type Done<T> = Result<T, Refusal<MakeDenied>>;

const fn denied<T>(denied: MakeDenied) -> Done<T> {
    Err(Refusal::Denied(denied))
}

/// A member who acts, with the session that they do it with.
pub(super) struct Actor<'a> {
    pub(super) by: &'a Authorized<TenantRead>,
    pub(super) session: SessionId,
}

/// An act under way: account and tenant are locked, and what whoever acts may was read behind the locks.
struct Acting {
    act: Act<TenantRead>,
    standing: Standing,
}

impl Acting {
    async fn begin(cx: &Context, actor: &Actor<'_>) -> Done<Self> {
        #[cfg(test)]
        cx.meeting.reached(crate::testing::crowd::About::Acting).await;
        let mut tx = cx.db.begin(Durability::Full).await?;
        let logged_out = || Refusal::Denied(MakeDenied::Act(ActDenied::logged_out()));
        // The account before the tenant, as in every flow. Whoever has reset the password has had the lock before, and must not
        // find a key that was made with the old one a moment later.
        let (account, session) = (actor.by.account(), actor.session);
        if !accounts::lock(&mut tx, account).await? || !sessions::stands(&mut tx, account, session).await? {
            return Err(logged_out());
        }
        let again = access::again(cx, &mut tx, actor.by).await;
        let (tenant, by) = again.map_err(|refusal| refusal.map(|denied| MakeDenied::Act(denied.problem().into())))?;
        let standing = tenants::standing_in(cx, &mut tx, tenant.id, account).await?.ok_or_else(logged_out)?;
        Ok(Self { act: Act { tx, tenant, by }, standing })
    }

    /// Whether whoever acts holds a permission.
    fn holds(&self, cx: &Context, permission: &str) -> bool {
        cx.policy().permission(permission).is_some_and(|known| self.standing.holds(known, cx.clock.now()))
    }

    /// Which keys they see and take back.
    fn seen(&self, cx: &Context) -> Seen {
        Seen { account: self.act.by.account(), services: self.holds(cx, ApiKeysManage::NAME) }
    }

    async fn done(self, cx: &Context, id: ApiKeyId, action: Action, visit: &Visit) -> Done<()> {
        let about = |event: Event| event.on(Target::ApiKey(id));
        self.act.done(cx, visit, about, action).await.map_err(|refusal| refusal.map(MakeDenied::Act))
    }
}

/// Makes a key that may no more than whoever makes it, and tells them by a letter. The key is in the answer and nowhere else.
pub(super) async fn make(cx: &Context, actor: &Actor<'_>, wish: Wish, visit: &Visit) -> Done<(Key, Handled<ApiKey>)> {
    let mut acting = Acting::begin(cx, actor).await?;
    let (account, tenant) = (acting.act.by.account(), acting.act.tenant.id);
    let owner = if wish.is_service { Owner::Tenant } else { Owner::Person(account) };
    if wish.is_service && !acting.holds(cx, ApiKeysManage::NAME) {
        return denied(MakeDenied::NotTheirs);
    }
    demand_own(cx, &acting, &wish)?;
    let (now, settings) = (cx.clock.now(), &cx.settings.api_keys);
    let most = match owner {
        Owner::Person(_) => settings.per_account,
        Owner::Tenant => settings.per_tenant,
    };
    if store::count(&mut acting.act.tx, (tenant, owner), now).await? >= i64::from(most) {
        return denied(MakeDenied::TooMany);
    }
    let secret = Handled::<ApiKey>::mint(cx.entropy.as_ref());
    let key = Key {
        id: ApiKeyId::new(now, cx.entropy.as_ref()),
        digest: secret.token().digest(),
        name: display_name(&wish.name).ok_or(Refusal::Denied(MakeDenied::Name))?,
        tenant,
        owner,
        made_by: Some(account),
        resource: resource(cx, &wish.resource)?,
        scopes: wish.scopes,
        created_at: now,
        expires_at: now.after(wish.lifetime.unwrap_or(settings.lifetime).min(settings.longest)),
        last_used_at: None,
    };
    store::insert(&mut acting.act.tx, secret.handle(), &key).await?;
    if let Some(email) = accounts::address_of(&mut acting.act.tx, account).await? {
        let slug = acting.act.tenant.slug.to_string();
        mail::notify(cx, &mut acting.act.tx, letters::MADE, &slug, &email).await?;
    }
    acting.done(cx, key.id, Action::ApiKeyCreated, visit).await?;
    Ok((key, secret))
}

/// Demands that a key gets permissions only, each of them known and its maker's own at this moment.
fn demand_own(cx: &Context, acting: &Acting, wish: &Wish) -> Done<()> {
    if wish.scopes.is_empty() {
        return denied(MakeDenied::NoScope);
    }
    if wish.scopes.iter().any(|scope| cx.policy().permission(scope).is_none()) {
        return denied(MakeDenied::UnknownScope);
    }
    match wish.scopes.iter().find(|scope| !acting.holds(cx, scope)) {
        Some(scope) => denied(MakeDenied::ScopeNotYours(scope.to_owned())),
        None => Ok(()),
    }
}

/// The audiences that keys may be for, that of the site itself when the settings name none.
pub(super) fn resources(cx: &Context) -> Vec<String> {
    match cx.settings.api_keys.resources.as_slice() {
        [] => vec![cx.site.public_url.clone()],
        named => named.to_vec(),
    }
}

fn resource(cx: &Context, named: &str) -> Done<String> {
    let mut known = resources(cx).into_iter();
    let found = if named.is_empty() { known.next() } else { known.find(|known| known == named) };
    found.ok_or(Refusal::Denied(MakeDenied::Resource))
}

/// Takes a key back that whoever acts sees; it and what came of it is refused from now on.
pub(super) async fn revoke(cx: &Context, actor: &Actor<'_>, id: ApiKeyId, visit: &Visit) -> Done<()> {
    let mut acting = Acting::begin(cx, actor).await?;
    let seen = acting.seen(cx);
    let (tx, tenant) = (&mut acting.act.tx, acting.act.tenant.id);
    if !store::remove(tx, (tenant, seen), id).await? {
        return denied(MakeDenied::NoSuchKey);
    }
    end(cx, tx, [id]).await?;
    acting.done(cx, id, Action::ApiKeyRevoked, visit).await
}

/// Lists keys for whoever runs the service: of everybody, of a tenant, or those that act for a person, newest first.
pub(crate) async fn list_all(
    cx: &Context,
    of: (Option<TenantId>, Option<AccountId>),
    before: Option<ApiKeyId>,
    limit: i64,
) -> Result<Vec<KeyInfo>, Fault> {
    let found = store::list_all(&cx.db, of, before, limit).await?;
    Ok(found.into_iter().map(|key| KeyInfo::of(key, cx.clock.now(), &cx.settings.api_keys)).collect())
}

/// Finds a key for whoever runs the service.
pub(crate) async fn look(cx: &Context, id: ApiKeyId) -> Result<Option<KeyInfo>, Fault> {
    let found = store::by_id(&cx.db, id).await?;
    Ok(found.map(|key| KeyInfo::of(key, cx.clock.now(), &cx.settings.api_keys)))
}

/// Takes a key back for whoever runs the service, whoever it belongs to; it and what came of it is refused from now on. Returns
/// the tenant that it was for.
pub(crate) async fn take_back(
    cx: &Context,
    tx: &mut Transaction,
    id: ApiKeyId,
) -> Result<TenantId, Refusal<MakeDenied>> {
    let Some(tenant) = store::remove_any(tx, id).await? else { return denied(MakeDenied::NoSuchKey) };
    end(cx, tx, [id]).await?;
    Ok(tenant)
}

/// Ends the keys with which programs act for an account in a tenant that it does not belong to any more.
pub(crate) async fn forget_member(
    cx: &Context,
    tx: &mut Transaction,
    tenant: TenantId,
    account: AccountId,
) -> Result<(), Fault> {
    let gone = store::remove_of(tx, account, Some(tenant)).await?;
    end(cx, tx, gone).await
}

/// Ends the keys with which programs act for an account.
pub(crate) async fn end_of_account(cx: &Context, tx: &mut Transaction, account: AccountId) -> Result<(), Fault> {
    let gone = store::remove_of(tx, account, None).await?;
    end(cx, tx, gone).await
}

/// The same for an account that is being deleted. Keys of services stay, and nobody has made them.
pub(crate) async fn forget_account(cx: &Context, tx: &mut Transaction, account: AccountId) -> Result<(), Fault> {
    end_of_account(cx, tx, account).await?;
    store::forget_maker(tx, account).await
}

/// Ends all keys of a tenant.
pub(crate) async fn forget_tenant(cx: &Context, tx: &mut Transaction, tenant: TenantId) -> Result<(), Fault> {
    let gone = store::remove_in(tx, tenant).await?;
    end(cx, tx, gone).await
}

/// Remembers that what came of these keys is void.
pub(super) async fn end(
    cx: &Context,
    tx: &mut Transaction,
    gone: impl IntoIterator<Item = ApiKeyId>,
) -> Result<(), Fault> {
    for id in gone {
        tokens::revoke_by_name(cx, tx, &id.to_string()).await?;
    }
    Ok(())
}

/// Removes keys that have been over for a month; until then their people see what became of them.
pub(crate) async fn purge(cx: &Context, tx: &mut Transaction) -> Result<u64, Fault> {
    let month = std::time::Duration::from_secs(30 * super::rules::DAY);
    store::purge(tx, cx.clock.now().before(month)).await
}
