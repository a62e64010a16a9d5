//! Somebody has come by a provider: whose people they are, whether they join, and who stays out. All of it in the transaction that
//! makes their session.

use doorward_core::{AccountId, EmailAddress, ProviderName, RoleName, TenantId};
use ring::digest::{SHA256, digest};

use super::{rules::Connection, store};
use crate::{
    accounts,
    audit::{self, Action, Detail},
    base::db::Transaction,
    context::Context,
    domains,
    error::{Fault, Refusal},
    federation::{self, Identity},
    guard::Visit,
    policy::OwnRoles,
    tenants::{self, Join, State, TenantDenied},
};

/// Who has come, and by what.
pub(crate) struct Arrival<'a> {
    /// By which provider.
    pub(crate) provider: &'a ProviderName,
    /// Whose provider it is, where a tenant has brought it.
    pub(crate) tenant: Option<TenantId>,
    /// What the provider calls their organisation, where it says so.
    pub(crate) organisation: Option<&'a str>,
    /// Who they are to the provider.
    pub(crate) identity: &'a Identity,
    /// Who they are here.
    pub(crate) account: AccountId,
    /// The address of their account.
    pub(crate) email: &'a EmailAddress,
}

/// Why a tenant does not let somebody in by its own provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotWelcome {
    /// They were a member, and are none any more.
    Departed,
    /// There is no room, here or for them.
    Full,
}

type Welcomed<T> = Result<T, Refusal<NotWelcome>>;

/// Lets somebody who has just come join the tenant whose people they are. By the tenant's own provider nobody comes in who was
/// removed; by everybody's they come in and do not join.
pub(crate) async fn arrived(cx: &Context, tx: &mut Transaction, arrival: &Arrival<'_>, visit: &Visit) -> Welcomed<()> {
    let Some(connection) = connection_of(tx, arrival).await? else { return Ok(()) };
    match welcomed(cx, tx, (&connection, arrival), visit).await {
        Err(Refusal::Denied(_)) if connection.is_shared() => Ok(()),
        welcomed => welcomed,
    }
}

/// The connection that says whose people they are.
async fn connection_of(tx: &mut Transaction, arrival: &Arrival<'_>) -> Result<Option<Connection>, Fault> {
    if let Some(tenant) = arrival.tenant {
        return store::find_in(tx, tenant, arrival.provider).await;
    }
    let Some(organisation) = arrival.organisation else { return Ok(None) };
    let Some(found) = store::shared(tx, arrival.provider, organisation).await? else { return Ok(None) };
    // What a tenant says of an organisation counts while it has that domain; what an operator says counts until it is removed.
    let counts = found.vouched || domains::is_holder(tx, found.tenant, organisation).await?;
    Ok(Some(found).filter(|_| counts))
}

async fn welcomed(
    cx: &Context,
    tx: &mut Transaction,
    (connection, arrival): (&Connection, &Arrival<'_>),
    visit: &Visit,
) -> Welcomed<()> {
    let tenant = tenants::lock(tx, connection.tenant).await?;
    if tenant.is_none_or(|tenant| tenant.state() != State::Active) {
        return Ok(());
    }
    if tenants::standing_in(cx, tx, connection.tenant, arrival.account).await?.is_some() {
        return Ok(());
    }
    if store::has_departed(tx, connection.tenant, &marks_of(arrival)).await? {
        return Err(Refusal::Denied(NotWelcome::Departed));
    }
    // A role may have been given more to do since it was chosen.
    let joins = |role: &&RoleName| cx.policy().knows(role) && !cx.policy().gives_any(role);
    match connection.join_role.as_ref().filter(joins) {
        Some(role) => join(cx, tx, (connection.tenant, arrival.account), role.clone(), visit).await,
        None => Ok(()),
    }
}

async fn join(
    cx: &Context,
    tx: &mut Transaction,
    (tenant, account): (TenantId, AccountId),
    role: RoleName,
    visit: &Visit,
) -> Welcomed<()> {
    let roles = OwnRoles::new(vec![role.clone()]);
    match tenants::join(cx, tx, tenant, account, &roles, Join::Themselves).await {
        Ok(()) => {}
        Err(Refusal::Denied(TenantDenied::TooManyMembers | TenantDenied::TooManyTenants)) => {
            return Err(Refusal::Denied(NotWelcome::Full));
        }
        Err(Refusal::Denied(_)) => return Ok(()),
        Err(Refusal::Fault(fault)) => return Err(fault.into()),
    }
    let event = audit::by(account, Action::MemberJoined, visit.address).within(tenant).about(Detail::Roles(vec![role]));
    Ok(audit::append(cx, tx, event).await?)
}

/// Remembers that somebody is no member any more, by everything that they may come back as: the account, the address, and who they
/// are to providers.
pub(crate) async fn depart(tx: &mut Transaction, tenant: TenantId, account: AccountId) -> Result<(), Fault> {
    let mut marks = vec![mark(&["account", &account.to_string()])];
    marks.extend(accounts::any_address_of(tx, account).await?.map(|email| mark(&["email", email.as_str()])));
    marks.extend(federation::identities_of(tx, account).await?.iter().map(mark_of));
    for mark in marks {
        store::depart(tx, tenant, &mark).await?;
    }
    Ok(())
}

fn marks_of(arrival: &Arrival<'_>) -> [String; 3] {
    let account = arrival.account.to_string();
    [mark(&["account", &account]), mark(&["email", arrival.email.as_str()]), mark_of(arrival.identity)]
}

fn mark_of(identity: &Identity) -> String {
    mark(&["identity", &identity.issuer, &identity.subject])
}

/// A digest: whoever was removed and has deleted their account since need not be read from the table.
fn mark(parts: &[&str]) -> String {
    let text = parts.join("\0");
    digest(&SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
