//! What a lookup means for a domain, written down with its event and its letters, in the caller's transaction.

use doorward_core::Timestamp;

use super::{
    dns::Unanswered,
    letters::{self, Ended},
    rules::{Domain, DomainDenied, Proof, Seen},
    store,
};
use crate::{
    audit::{self, Action, By, Detail, Event, Target},
    base::db::Transaction,
    context::Context,
    error::Fault,
    tenant_page::tell_owners,
    tenants::{self, Named},
};

/// An event about a domain, in its tenant.
pub(super) fn about(event: Event, one: &Domain) -> Event {
    event.on(Target::Domain(one.name.clone())).within(one.tenant)
}

/// When a domain is looked for again that its record has proved.
pub(super) fn next_look(cx: &Context) -> Timestamp {
    cx.clock.now().after(cx.settings.domains.recheck)
}

/// What records say of a domain, or that nobody has said anything.
pub(super) fn judged(one: &Domain, asked: Result<Vec<Vec<u8>>, Unanswered>) -> Option<Seen> {
    match asked {
        Ok(records) => Some(one.judged(&records)),
        Err(why) => {
            tracing::info!(domain = %one.name, %why, "a domain could not be looked up");
            None
        }
    }
}

/// Makes a domain its tenant's that nobody had; `false` when another tenant has it.
pub(super) async fn prove(cx: &Context, tx: &mut Transaction, one: &Domain, by: By) -> Result<bool, Fault> {
    if !store::prove(tx, one, Proof::Dns, (cx.clock.now(), Some(next_look(cx)))).await? {
        return Ok(false);
    }
    audit::append(cx, tx, verified(one, by, Proof::Dns)).await?;
    Ok(true)
}

/// That a domain was proved.
pub(super) fn verified(one: &Domain, by: By, proof: Proof) -> Event {
    about(by.did(Action::DomainVerified), one).about(Detail::Word(proof.name()))
}

/// Holds what was seen against a domain that its record had proved, and that is locked. Says why not, when the record is not
/// there.
pub(super) async fn hold(
    cx: &Context,
    tx: &mut Transaction,
    one: &Domain,
    (seen, by): (Seen, By),
) -> Result<Option<DomainDenied>, Fault> {
    let (now, settings) = (cx.clock.now(), &cx.settings.domains);
    if seen == Seen::Proved {
        store::note(tx, one, (now, None, Some(next_look(cx)))).await?;
        if one.missing_since.is_some() {
            audit::append(cx, tx, verified(one, by, Proof::Dns)).await?;
        }
        return Ok(None);
    }
    if one.is_lost(now, settings) {
        store::disprove(tx, one).await?;
        audit::append(cx, tx, about(by.did(Action::DomainLost), one).about(Detail::Word("record_missing"))).await?;
        tell(cx, tx, one, letters::Told::Lost(Ended::RecordGone)).await?;
        return Ok(Some(why(seen, None)));
    }
    let since = one.missing_since.unwrap_or(now);
    store::note(tx, one, (now, Some(since), Some(next_look(cx).min(since.after(settings.grace))))).await?;
    if one.missing_since.is_none() {
        audit::append(cx, tx, about(by.did(Action::DomainMissing), one)).await?;
        tell(cx, tx, one, letters::Told::Missing).await?;
    }
    Ok(Some(why(seen, Some(since.after(settings.grace).since(now)))))
}

/// Why what was seen proves nothing; `left` is for how long the domain counts all the same.
pub(super) fn why(seen: Seen, left: Option<std::time::Duration>) -> DomainDenied {
    match seen {
        Seen::Another => DomainDenied::OtherValue(left),
        Seen::Nothing | Seen::Proved => DomainDenied::NoRecord(left),
    }
}

/// Orders a letter to each owner of the tenant.
pub(super) async fn tell(cx: &Context, tx: &mut Transaction, one: &Domain, told: letters::Told) -> Result<(), Fault> {
    tell_owners(cx, tx, one.tenant, (told.kind(), &told.reference(one))).await
}

/// Reads the slug of a tenant that may be gone.
pub(super) async fn slug_of(cx: &Context, tenant: &str) -> Result<Option<String>, Fault> {
    let Ok(id) = tenant.parse() else { return Ok(None) };
    let found = tenants::by_name(&cx.db, &Named::Id(id)).await?;
    Ok(found.map(|tenant| tenant.slug.to_string()))
}
