//! The first page: how much there is, how logins have gone, and what was denied lately.

use serde_json::{Map, Value, json};

use super::{
    flow::nav,
    log::{self, Line},
    plot::{self, Plot, Span},
    rules::{Nav, counted},
};
use crate::{
    accounts,
    audit::{self, Filter, Outcome},
    base::render::page,
    error::Refusal,
    guard::{Operator, Problem, Refused, Reply, Routes, Viewer, input},
    operators::power::Enter,
    sessions, tenants,
};

pub(super) fn routes(routes: &mut Routes) {
    routes.get("/admin", show, "Shows how much there is, how logins have gone, and what was denied lately.");
}

page! {
    /// The first page of the console.
    #[derive(askama::Template)]
    OverviewPage in "admin/overview.html" {
        nav: Nav,
        counts: Vec<Count>,
        plot: Option<Plot>,
        denied: Option<Vec<Line>>,
    }
}

/// How much there is of something.
pub(crate) struct Count {
    pub(crate) panel: &'static str,
    pub(crate) name: &'static str,
    pub(crate) text: String,
}

input! {
    Overview { span [optional]: "How far back the logins are counted: `day` or `week`; a day when it is empty." }
}

async fn show(operator: Operator<Enter>, input: Overview) -> Result<Reply, Refused> {
    let cx = operator.cx();
    let nav = nav(&operator, "overview").await?;
    let unknown = || Problem::field("span", "span_invalid", "The logins of a `day` or a `week` can be shown.");
    let span = Span::of(&input.span).ok_or_else(unknown)?;
    let mut counted_up = Vec::new();
    if nav.may("accounts:read") {
        counted_up.push(("accounts", "Accounts", accounts::count(&cx.db, MOST).await?));
        counted_up.push(("sessions", "Live sessions", sessions::count(cx, MOST).await?));
    }
    if nav.may("tenants:read") {
        counted_up.push(("tenants", "Organisations", tenants::count_all(&cx.db, MOST).await?));
    }
    let plot = if nav.may("audit:read") || nav.may("system:read") { Some(plot::read(cx, span).await?) } else { None };
    let denied = match nav.may("audit:read") {
        true => Some(newest_denied(&operator).await?),
        false => None,
    };
    let counts: Map<String, Value> =
        counted_up.iter().map(|(panel, _, count)| ((*panel).to_owned(), json!(count))).collect();
    let json = json!({
        "counts": counts,
        "logins": plot.as_ref().map(Plot::json),
        "denied": denied.as_ref().map(|(events, _)| events),
    });
    let count = |(panel, name, count)| Count { panel, name, text: counted(count, MOST) };
    let page = OverviewPage {
        nav,
        counts: counted_up.into_iter().map(count).collect(),
        plot,
        denied: denied.map(|(_, lines)| lines),
    };
    Ok(Reply::page(&json, page))
}

async fn newest_denied<P>(operator: &Operator<P>) -> Result<(Vec<audit::Recorded>, Vec<Line>), Refused> {
    let filter =
        Filter { result: Some(Outcome::Denied), since: operator.cx().clock.now().before(WEEK), ..Filter::default() };
    let page = audit::page(operator.cx(), Viewer::Operator, &filter, "", 8).await;
    let events = page.map_err(|refusal| match refusal {
        Refusal::Denied(problem) => Refused::from(problem),
        Refusal::Fault(fault) => fault.into(),
    })?;
    let lines = log::lines(operator.cx(), &events.events).await?;
    Ok((events.events, lines))
}

/// Counting stops here: what it costs does not grow with the service.
const MOST: i64 = 100_001;
const WEEK: std::time::Duration = std::time::Duration::from_secs(7 * 86_400);
