//! All features in one place: their routes, their tables, their letters, what they forget with an account.

use doorward_core::{AccountId, ClientId, EmailAddress, ProviderName, SessionId, TenantId};

use crate::{
    access, account_page, accounts, admin, api_keys, attempts, audit, authorization,
    base::{
        db::{Durability, Migration, Transaction},
        mail::{self, Composer},
        throttle,
    },
    clients, connections,
    context::Context,
    domains, email_change,
    error::{Fault, Refusal},
    federation::{self, Brought},
    guard::{Routes, Visit},
    invitations, login, mailbox, oauth, openapi, openid, operator, operators, password_reset, passwords,
    reauthentication, sessions, signing, signup, site, tenant_page, tenants, tokens,
};

/// Where a Doorward runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// On somebody's own machine, with a mailbox page instead of real letters.
    Development,
    /// Anywhere else.
    Production,
}

/// The routes of every feature.
pub(crate) fn routes(stage: Stage) -> Routes {
    let mut routes = Routes::default();
    signup::http::routes(&mut routes);
    login::http::routes(&mut routes);
    federation::http::routes(&mut routes);
    sessions::http::routes(&mut routes);
    reauthentication::http::routes(&mut routes);
    password_reset::http::routes(&mut routes);
    email_change::http::routes(&mut routes);
    account_page::http::routes(&mut routes);
    access::http::routes(&mut routes);
    admin::http::routes(&mut routes);
    tenant_page::http::routes(&mut routes);
    invitations::http::routes(&mut routes);
    api_keys::http::routes(&mut routes);
    domains::http::routes(&mut routes);
    connections::http::routes(&mut routes);
    authorization::http::routes(&mut routes);
    oauth::http::routes(&mut routes);
    openid::http::routes(&mut routes);
    signing::http::routes(&mut routes);
    openapi::routes(&mut routes);
    site::http::routes(&mut routes);
    if stage == Stage::Development {
        mailbox::http::routes(&mut routes);
    }
    routes
}

/// The schema of every feature, in the order in which it is applied.
pub(crate) fn migrations() -> Vec<Migration> {
    [
        audit::MIGRATIONS,
        throttle::MIGRATIONS,
        mail::MIGRATIONS,
        accounts::MIGRATIONS,
        passwords::MIGRATIONS,
        sessions::MIGRATIONS,
        password_reset::MIGRATIONS,
        signup::MIGRATIONS,
        email_change::MIGRATIONS,
        tenants::MIGRATIONS,
        invitations::MIGRATIONS,
        operators::MIGRATIONS,
        signing::MIGRATIONS,
        clients::MIGRATIONS,
        tokens::MIGRATIONS,
        authorization::MIGRATIONS,
        api_keys::MIGRATIONS,
        openid::MIGRATIONS,
        federation::MIGRATIONS,
        domains::MIGRATIONS,
        connections::MIGRATIONS,
    ]
    .concat()
}

/// What writes letters.
pub(crate) fn composers() -> Vec<Composer> {
    [
        signup::COMPOSERS,
        login::COMPOSERS,
        password_reset::COMPOSERS,
        passwords::COMPOSERS,
        email_change::COMPOSERS,
        invitations::COMPOSERS,
        tokens::COMPOSERS,
        api_keys::COMPOSERS,
        federation::COMPOSERS,
        domains::COMPOSERS,
        connections::COMPOSERS,
    ]
    .concat()
}

/// Removes what every feature keeps about a tenant that is being deleted.
pub(crate) async fn forget_tenant(cx: &Context, tx: &mut Transaction, tenant: TenantId) -> Result<(), Fault> {
    api_keys::forget_tenant(cx, tx, tenant).await?;
    tokens::forget_tenant(tx, tenant).await?;
    authorization::forget_tenant(tx, tenant).await?;
    clients::forget_tenant(tx, tenant).await?;
    connections::forget_tenant(cx, tx, tenant).await?;
    domains::forget_tenant(tx, tenant).await?;
    invitations::forget_tenant(tx, tenant).await
}

/// Ends what somebody has given to programs in a tenant that they do not belong to any more.
pub(crate) async fn forget_member(
    cx: &Context,
    tx: &mut Transaction,
    tenant: TenantId,
    account: AccountId,
) -> Result<(), Fault> {
    api_keys::forget_member(cx, tx, tenant, account).await?;
    connections::depart(tx, tenant, account).await?;
    authorization::forget_member(tx, tenant, account).await?;
    tokens::forget_member(tx, tenant, account).await.map(drop)
}

/// Ends what an account has given to programs, as all its sessions end.
pub(crate) async fn end_access(tx: &mut Transaction, account: AccountId) -> Result<(), Fault> {
    tokens::forget_account(tx, account).await.map(drop)
}

/// Ends what an account has given to programs for as long as one session lives, as that session ends.
pub(crate) async fn end_access_of_session(
    tx: &mut Transaction,
    account: AccountId,
    session: SessionId,
) -> Result<(), Fault> {
    tokens::forget_session(tx, account, session).await.map(drop)
}

/// The same for every account there is.
pub(crate) async fn end_all_access(tx: &mut Transaction) -> Result<(), Fault> {
    tokens::forget_everything(tx).await.map(drop)
}

/// Ends the keys with which programs act for an account: they outlive a logout and a change of the password, and neither a
/// reset of it nor that the account is kept out.
pub(crate) async fn end_keys(cx: &Context, tx: &mut Transaction, account: AccountId) -> Result<(), Fault> {
    api_keys::end_of_account(cx, tx, account).await
}

/// Ends the ways into an account by providers that whoever had it before may have made, as its owner sets a new password.
pub(crate) async fn end_foreign_ways(
    cx: &Context,
    tx: &mut Transaction,
    account: AccountId,
    email: &EmailAddress,
) -> Result<(), Fault> {
    federation::end_foreign(cx, tx, account, email).await
}

/// The provider of this name that a tenant has brought, if people can be led to it now.
pub(crate) async fn brought_provider(cx: &Context, name: &ProviderName) -> Result<Option<Brought>, Fault> {
    connections::provider(cx, name).await
}

/// The provider of the tenant that the domain of an address belongs to.
pub(crate) async fn provider_of_domain(cx: &Context, email: &EmailAddress) -> Result<Option<Brought>, Fault> {
    connections::of_address(cx, email).await
}

pub(crate) use connections::{Arrival, NotWelcome};

/// What comes of it, in tenants, that somebody has come by a provider.
pub(crate) async fn came_by_provider(
    cx: &Context,
    tx: &mut Transaction,
    arrival: &Arrival<'_>,
    visit: &Visit,
) -> Result<(), Refusal<NotWelcome>> {
    connections::arrived(cx, tx, arrival, visit).await
}

/// Whether a session was opened by a provider of the tenant, or by an owner who may break the glass and has.
pub(crate) async fn has_entered(cx: &Context, entry: (SessionId, TenantId), breaks_glass: bool) -> Result<bool, Fault> {
    connections::has_entered(cx, entry, breaks_glass).await
}

/// Locks the tenant of a provider that it has brought, and looks whether it still is what it was in this version.
pub(crate) async fn still_leads(tx: &mut Transaction, brought: (TenantId, &ProviderName, i64)) -> Result<bool, Fault> {
    connections::still_leads(tx, brought).await
}

/// Whether there is any provider that a tenant has brought.
pub(crate) async fn any_provider_brought(cx: &Context) -> Result<bool, Fault> {
    connections::any(cx).await
}

/// Whether the domain of an address belongs to a tenant.
pub(crate) async fn is_of_tenant(tx: &mut Transaction, tenant: TenantId, email: &EmailAddress) -> Result<bool, Fault> {
    domains::is_of(tx, tenant, email).await
}

/// Removes a client with what every feature keeps about it; `false` when there is none.
pub(crate) async fn forget_client(tx: &mut Transaction, client: &ClientId) -> Result<bool, Fault> {
    tokens::forget_client(tx, client).await?;
    authorization::forget_client(tx, client).await?;
    openid::forget_client(tx, client).await?;
    clients::remove(tx, client).await
}

/// Removes what every feature keeps about an account that is being deleted. Names the tenants that would be left without an
/// owner; the caller then undoes its transaction.
pub(crate) async fn forget_account(
    cx: &Context,
    tx: &mut Transaction,
    account: AccountId,
    email: &EmailAddress,
) -> Result<Vec<TenantId>, Fault> {
    mail::forget(tx, account, email).await?;
    signup::forget(tx, email).await?;
    attempts::pardon(tx, email).await?;
    sessions::forget(tx, account).await?;
    passwords::forget(tx, account).await?;
    password_reset::forget(tx, account).await?;
    email_change::forget(tx, account).await?;
    authorization::forget_account(tx, account).await?;
    tokens::forget_account(tx, account).await?;
    api_keys::forget_account(cx, tx, account).await?;
    federation::forget_account(tx, account).await?;
    connections::forget_account(tx, account).await?;
    let alone = tenants::forget_account(tx, account).await?;
    // Behind the tenants, where an act of the console asks about its operator again.
    operators::forget(tx, account).await?;
    // What clients know of its sessions stays until they were told that these are over.
    // After the tenants that it owns are locked, as in every flow that spends an invitation.
    invitations::forget(tx, account, email).await?;
    Ok(alone)
}

/// Removes what is over. Sessions and events, of which there may be many, go in pieces, so that nobody waits long to write.
pub(crate) async fn purge(cx: &Context) -> Result<(), Fault> {
    while alone(cx, async |tx| sessions::purge(cx, tx).await).await? > 0 {}
    // Rows of one account in two of these tables are locked by its own flows in their own order.
    alone(cx, async |tx| password_reset::purge(cx, tx).await).await?;
    alone(cx, async |tx| signup::purge(cx, tx).await).await?;
    alone(cx, async |tx| email_change::purge(cx, tx).await).await?;
    alone(cx, async |tx| federation::purge(cx, tx).await).await?;
    alone(cx, async |tx| connections::purge(cx, tx).await).await?;
    alone(cx, async |tx| invitations::purge(cx, tx).await).await?;
    alone(cx, async |tx| tokens::purge(cx, tx).await).await?;
    alone(cx, async |tx| authorization::purge(cx, tx).await).await?;
    alone(cx, async |tx| signing::purge(cx, tx).await).await?;
    alone(cx, async |tx| clients::purge(cx, tx).await).await?;
    alone(cx, async |tx| api_keys::purge(cx, tx).await).await?;
    alone(cx, async |tx| throttle::purge(tx, cx.clock.now()).await).await?;
    while alone(cx, async |tx| audit::purge(cx, tx).await).await? > 0 {}
    operator::tenants::delete_waiting_tenants(cx).await?;
    Ok(())
}

/// Removes something in a transaction of its own; returns how much.
async fn alone(cx: &Context, purge: impl AsyncFnOnce(&mut Transaction) -> Result<u64, Fault>) -> Result<u64, Fault> {
    let mut tx = cx.db.begin(Durability::Relaxed).await?;
    let removed = purge(&mut tx).await?;
    tx.commit().await?;
    Ok(removed)
}
