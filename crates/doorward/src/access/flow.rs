//! Asking.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use doorward_core::{AccountId, SessionId};

use super::rules::{AccessDenied, Authorized, Permission, judge};
use crate::{
    Doorward,
    base::db::Transaction,
    context::Context,
    error::{Fault, Refusal},
    features, policy, reauthentication,
    sessions::Live,
    tenants::{self, Named, Standing, Tenant},
};

/// One question, as a program puts it.
pub(super) struct Question<'q> {
    pub(super) tenant: &'q str,
    pub(super) permission: &'q str,
    /// How old the person's last proof may be.
    pub(super) fresh_within: Option<Duration>,
}

/// A yes, and to whom.
pub(super) struct Yes {
    pub(super) standing: Arc<Standing>,
}

/// Whether somebody may do `P` in the tenant that goes by this name.
pub(crate) async fn authorize<P: Permission>(
    cx: &Context,
    (account, session): (AccountId, SessionId),
    tenant: &str,
) -> Result<Authorized<P>, Refusal<AccessDenied>> {
    let standing = standing(cx, account, tenant).await?;
    let permission = cx.policy().permission(P::NAME);
    let judged = Authorized::judged(standing.as_deref(), account, permission, cx.clock.now());
    let authorized = judged.map_err(Refusal::Denied)?;
    match standing {
        Some(standing) if !is_entered(cx, &standing, session).await? => Err(AccessDenied::ProviderRequired.into()),
        _ => Ok(authorized),
    }
}

/// Whether a session was opened in a way that the tenant lets in.
pub(crate) async fn is_entered(cx: &Context, standing: &Standing, session: SessionId) -> Result<bool, Fault> {
    Ok(!standing.own_sign_in || features::has_entered(cx, (session, standing.tenant), standing.breaks_glass).await?)
}

/// Whether an account may do something in the tenant that goes by this name: the question of a program beside the server, which
/// has no session to ask with. Whether the account is enabled is not asked, nor by which way somebody would come in where the tenant
/// demands one; who has a session is asked about with a guard.
pub async fn may(doorward: &Doorward, account: AccountId, tenant: &str, permission: &str) -> Result<bool, Fault> {
    let cx = doorward.context();
    let Some(known) = cx.policy().permission(permission) else { return Ok(false) };
    let standing = standing(cx, account, tenant).await?;
    Ok(judge(standing.as_deref(), permission, Some(known), cx.clock.now()).is_ok())
}

/// Asks once more where an act becomes true: locks the tenant and reads the membership behind the lock. Whoever took the
/// role away has either done so before, and is seen, or waits until the act is done.
pub(crate) async fn again<P: Permission>(
    cx: &Context,
    tx: &mut Transaction,
    authorized: &Authorized<P>,
) -> Result<(Tenant, Authorized<P>), Refusal<AccessDenied>> {
    let (id, account) = (authorized.tenant().id(), authorized.account());
    let tenant = tenants::lock(tx, id).await?.ok_or(Refusal::Denied(AccessDenied::Stranger))?;
    let standing = tenants::standing_in(cx, tx, id, account).await?;
    let permission = cx.policy().permission(P::NAME);
    let judged = Authorized::judged(standing.as_ref(), account, permission, cx.clock.now());
    Ok((tenant, judged.map_err(Refusal::Denied)?))
}

/// Answers one question.
pub(super) async fn ask(cx: &Context, live: &Live, question: &Question<'_>) -> Result<Yes, Refusal<AccessDenied>> {
    let permission = known(cx, question)?;
    let standing = standing(cx, live.account, question.tenant).await?;
    let entered = match &standing {
        Some(standing) => is_entered(cx, standing, live.id).await?,
        None => false,
    };
    answer(cx, live, question, (permission, standing, entered)).map_err(Refusal::Denied)
}

/// Answers many, each as if it were alone. About one tenant it costs one look; about several, one look at everything that
/// the person belongs to, unless all that is asked about is in memory.
pub(super) async fn ask_all(
    cx: &Context,
    live: &Live,
    questions: &[Question<'_>],
) -> Result<Vec<Result<Yes, AccessDenied>>, Fault> {
    let mut looked: BTreeMap<&str, Option<Arc<Standing>>> = BTreeMap::new();
    let texts: BTreeSet<&str> = questions.iter().map(|question| question.tenant).collect();
    if let (1, Some(one)) = (texts.len(), texts.first()) {
        looked.insert(one, standing(cx, live.account, one).await?);
    } else {
        // What is no name is nobody's.
        let named = texts.into_iter().filter_map(|text| Some((text, text.parse::<Named>().ok()?)));
        let (texts, names): (Vec<_>, Vec<_>) = named.unzip();
        let found = cx.memberships.find_all(&cx.db, cx.policy(), names, live.account).await?;
        looked.extend(texts.into_iter().zip(found));
    }
    let mut entered = BTreeMap::new();
    for (text, standing) in looked.iter().filter_map(|(text, standing)| Some((*text, standing.as_ref()?))) {
        entered.insert(text, is_entered(cx, standing, live.id).await?);
    }
    let answers = questions.iter().map(|question| {
        let permission = known(cx, question)?;
        let standing = looked.get(question.tenant).cloned().flatten();
        answer(cx, live, question, (permission, standing, entered.get(question.tenant) == Some(&true)))
    });
    Ok(answers.collect())
}

fn known(cx: &Context, question: &Question<'_>) -> Result<policy::Permission, AccessDenied> {
    cx.policy().permission(question.permission).ok_or(AccessDenied::UnknownPermission)
}

fn answer(
    cx: &Context,
    live: &Live,
    question: &Question<'_>,
    (permission, standing, entered): (policy::Permission, Option<Arc<Standing>>, bool),
) -> Result<Yes, AccessDenied> {
    judge(standing.as_deref(), question.permission, Some(permission), cx.clock.now())?;
    if !entered {
        return Err(AccessDenied::ProviderRequired);
    }
    let fresh = question.fresh_within.is_none_or(|span| reauthentication::is_within(cx, live.proved_at, span));
    match standing {
        Some(standing) if fresh => Ok(Yes { standing }),
        _ => Err(AccessDenied::NotFresh),
    }
}

async fn standing(cx: &Context, account: AccountId, tenant: &str) -> Result<Option<Arc<Standing>>, Fault> {
    match tenant.parse::<Named>() {
        Ok(named) => cx.memberships.find(&cx.db, cx.policy(), named, account).await,
        // What is no name is nobody's.
        Err(()) => Ok(None),
    }
}

impl From<AccessDenied> for Refusal<AccessDenied> {
    fn from(denied: AccessDenied) -> Self {
        Self::Denied(denied)
    }
}
