//! What happened in a tenant, for those who may read that there: page by page, or as a file.

use std::{collections::HashMap, sync::Arc};

use doorward_core::{AccountId, SessionId};
use serde_json::json;

use super::{flow, place::Place};
use crate::{
    access::{self, own::AuditRead},
    accounts,
    audit::{self, Action, Asked, Format, Recorded},
    base::render::page,
    context::Context,
    error::Fault,
    guard::{Member, Pieces, Refused, Reply, Routes, Unmade, Viewer, input, page_size},
    tenants::InTenant,
};

pub(super) fn routes(routes: &mut Routes) {
    routes.get("/tenants/{tenant}/audit", show, "Lists what happened in the tenant, newest first.");
    routes.get("/tenants/{tenant}/audit/export", export, "Sends all of it as lines of JSON or as CSV.");
}

page! {
    /// What happened in a tenant.
    #[derive(askama::Template)]
    LogPage in "tenant_page/log.html" {
        place: Place,
        events: Vec<Line>,
        actions: Vec<(&'static str, String)>,
        action: String,
        result: String,
        account: String,
        whose: String,
        since: String,
        until: String,
        query: String,
        next: String,
    }
}

/// An event as people read it.
pub(crate) struct Line {
    at: String,
    action: String,
    detail: String,
    actor: String,
    actor_id: String,
    target: String,
    is_denied: bool,
    address: String,
}

input! {
    Search {
        action [optional]: "Events of this action only, such as `member.removed`.",
        account [optional]: "Events by or about this account only.",
        result [optional]: "`success` or `denied`.",
        since [optional]: "Not before this day, or this moment in RFC 3339.",
        until [optional]: "Up to the end of this day, or before this moment.",
        cursor [optional]: "Where the page begins; `next` of the one before.",
        limit [optional]: "How many events, 1 to 100.",
    }
}

input! {
    Export {
        format: "`jsonl` or `csv`.",
        action [optional]: "Events of this action only, such as `member.removed`.",
        account [optional]: "Events by or about this account only.",
        result [optional]: "`success` or `denied`.",
        since [optional]: "Not before this day, or this moment in RFC 3339.",
        until [optional]: "Up to the end of this day, or before this moment.",
    }
}

async fn show(member: Member<AuditRead>, input: Search) -> Result<Reply, Refused> {
    let cx = member.cx();
    let asked = Asked {
        action: &input.action,
        account: &input.account,
        result: &input.result,
        since: &input.since,
        until: &input.until,
    };
    let filter = asked.filter(Some(member.tenant().id()))?;
    let limit = page_size(&input.limit)?;
    let viewer = Viewer::Account(member.account());
    let found = audit::page(cx, viewer, &filter, &input.cursor, limit).await?;
    let events: Vec<_> = found.events.into_iter().map(Recorded::for_members).collect();
    let body = json!({ "events": events, "next": found.next });
    let people = People::of(cx, &events).await?;
    Ok(Reply::page(
        &body,
        LogPage {
            place: Place::of(&member).await?,
            events: events.iter().map(|event| people.line(event)).collect(),
            actions: ACTIONS.iter().map(|action| (action.name(), worded(action.name()))).collect(),
            whose: people.name(filter.account),
            action: input.action.to_string(),
            result: input.result.to_string(),
            account: input.account.to_string(),
            since: input.since.to_string(),
            until: input.until.to_string(),
            query: asked.query(),
            next: found.next.unwrap_or_default(),
        },
    ))
}

async fn export(member: Member<AuditRead>, input: Export) -> Result<Reply, Refused> {
    let format = Format::asked(&input.format)?;
    let asked = Asked {
        action: &input.action,
        account: &input.account,
        result: &input.result,
        since: &input.since,
        until: &input.until,
    };
    let filter = asked.filter(Some(member.tenant().id()))?;
    let name = format!("{}-audit.{}", member.slug(), input.format.as_str());
    if member.wants_headers_only() {
        return Ok(Reply::download(format.media_type(), &name, Unmade));
    }
    // Before anything is read: a file that is cut off was taken away all the same.
    flow::note_export(member.cx(), member.authorized(), &member.visit()).await?;
    let pieces = Watched {
        sent: audit::Export::for_members(filter, format).sent(member.cx()),
        cx: Arc::clone(member.cx()),
        reader: (member.account(), member.session()),
        tenant: member.tenant(),
    };
    Ok(Reply::download(format.media_type(), &name, pieces))
}

/// A file whose reader is asked about again before each piece: a long one goes no further than their membership.
struct Watched {
    sent: audit::Sent,
    cx: Arc<Context>,
    reader: (AccountId, SessionId),
    tenant: InTenant,
}

impl Pieces for Watched {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        let tenant = self.tenant.id().to_string();
        let may = access::authorize::<AuditRead>(&self.cx, self.reader, &tenant).await.is_ok();
        let account = accounts::by_id(&self.cx.db, self.reader.0).await?;
        if !may || account.is_none_or(|account| account.disabled_at.is_some()) {
            return Err(Fault::new("sending a log", "whoever reads it may not any more"));
        }
        self.sent.next().await
    }
}

/// The addresses of the accounts that events name.
struct People(HashMap<AccountId, String>);

impl People {
    async fn of(cx: &Context, events: &[Recorded]) -> Result<Self, Fault> {
        let named = events.iter().flat_map(|event| [Some(event.actor.as_str()), event.target.as_deref()]);
        let mut ids: Vec<_> = named.flatten().filter_map(account_of).collect();
        ids.sort();
        ids.dedup();
        let accounts = accounts::by_ids(&cx.db, &ids).await?;
        Ok(Self(accounts.into_iter().map(|account| (account.id, account.email.to_string())).collect()))
    }

    /// What an account is called; by its id unless an event of this tenant names it, so that nobody looks up others here.
    fn name(&self, account: Option<AccountId>) -> String {
        account.map(|id| self.0.get(&id).cloned().unwrap_or_else(|| id.to_string())).unwrap_or_default()
    }

    fn spoken(&self, whom: &str) -> String {
        match (account_of(whom), whom.split(':').next()) {
            (Some(id), _) => self.0.get(&id).cloned().unwrap_or_else(|| "somebody whose account is gone".to_owned()),
            (None, Some("operator")) => "whoever runs the service".to_owned(),
            (None, Some("doorward")) => "Doorward".to_owned(),
            (None, Some("tenant")) => "the organisation".to_owned(),
            (None, Some("invitation")) => "an invitation".to_owned(),
            (None, _) => "somebody unknown".to_owned(),
        }
    }

    fn line(&self, event: &Recorded) -> Line {
        let target = event.target.as_deref().filter(|target| *target != event.actor && !target.starts_with("tenant:"));
        Line {
            at: event.at.get(..19).unwrap_or(&event.at).replace('T', " "),
            action: worded(&event.action),
            detail: event.detail.clone().unwrap_or_default().replace(',', ", "),
            actor: self.spoken(&event.actor),
            actor_id: account_of(&event.actor).map(|id| id.to_string()).unwrap_or_default(),
            target: target.map(|target| self.spoken(target)).unwrap_or_default(),
            is_denied: event.result == audit::Outcome::Denied.name(),
            address: event.address.clone().unwrap_or_default(),
        }
    }
}

fn account_of(whom: &str) -> Option<AccountId> {
    whom.strip_prefix("account:")?.parse().ok()
}

/// An action's name as words: `member.roles_changed` is "Member: roles changed".
fn worded(name: &str) -> String {
    let name = name.replacen("tenant.", "organisation.", 1);
    let words = name.replacen('.', ": ", 1).replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// What can happen in a tenant.
const ACTIONS: [Action; 19] = [
    Action::TenantCreated,
    Action::TenantRenamed,
    Action::TenantOpened,
    Action::TenantSuspended,
    Action::TenantResumed,
    Action::TenantDeletionRequested,
    Action::TenantRestored,
    Action::MemberJoined,
    Action::RolesChanged,
    Action::MemberLeft,
    Action::MemberRemoved,
    Action::InvitationSent,
    Action::InvitationResent,
    Action::InvitationRevoked,
    Action::InvitationAccepted,
    Action::EntitlementSet,
    Action::EntitlementEnded,
    Action::AuditExported,
    Action::TenantDeleted,
];
