//! Providers: by which people may come in, and what is wrong with each.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{flow::nav, rules::Nav};
use crate::{
    attempts,
    base::{db::Durability, render::page},
    federation::{Provider, Trial, not_here},
    guard::{NoInput, Operator, Refused, Reply, Routes, input},
    operator::providers as acts,
    operators::power::{ProvidersRead, ProvidersTry},
};

pub(super) fn routes(routes: &mut Routes) {
    routes.get("/admin/providers", list, "Lists the providers of the settings, and where each sends people back to.");
    routes.post(
        "/admin/providers/{provider}/try",
        try_out,
        "Tries a provider out, and says what is wrong and what to do.",
    );
}

page! {
    /// The providers, and what came of trying one.
    #[derive(askama::Template)]
    ProvidersPage in "admin/providers.html" { nav: Nav, rows: Vec<Row>, tried: Option<Tried> }
}

/// A provider in the list.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) kind: &'static str,
    pub(crate) redirect_uri: String,
}

/// What came of trying one.
pub(crate) struct Tried {
    pub(crate) label: String,
    pub(crate) works: bool,
    /// What was found, what it is about, and a sentence.
    pub(crate) checks: Vec<(&'static str, &'static str, String)>,
}

input! {
    Named { provider: "The provider's name in the settings." }
}

async fn list(operator: Operator<ProvidersRead>, _: NoInput) -> Result<Reply, Refused> {
    let entries: Vec<_> = operator.cx().providers.iter().map(entry).collect();
    let json = json!({ "providers": entries, "csrf_token": operator.csrf_token() });
    let page = ProvidersPage { nav: nav(&operator, "providers").await?, rows: rows(&operator), tried: None };
    Ok(Reply::page(&json, page))
}

async fn try_out(operator: Operator<ProvidersTry>, named: Named) -> Result<Reply, Refused> {
    let cx = operator.cx();
    let provider = cx.providers.find(&named.provider).cloned().ok_or_else(not_here)?;
    let mut tx = cx.db.begin(Durability::Relaxed).await?;
    let whose = operator.account().to_string();
    attempts::count_use(cx, &mut tx, ("provider_trials", &whose), MOST).await?;
    tx.commit().await?;
    let trial = acts::try_out(cx, operator.by(), &provider).await?;
    let page = ProvidersPage {
        nav: nav(&operator, "providers").await?,
        // Whoever may try them and not see them learns of the one that they named.
        rows: rows(&operator).into_iter().filter(|row| row.name == provider.name().as_str()).collect(),
        tried: Some(Tried::of(&provider, &trial)),
    };
    Ok(Reply::page(&described(&trial), page))
}

/// What came of a trial, as programs see it.
fn described(trial: &Trial) -> Value {
    let check = |check: &crate::federation::Check| json!({ "check": check.name, "found": check.found.name(), "says": check.says });
    json!({
        "provider": trial.provider.as_str(),
        "works": trial.works(),
        "redirect_uri": trial.redirect_uri,
        "checks": trial.checks.iter().map(check).collect::<Vec<_>>(),
    })
}

fn entry(provider: &Arc<Provider>) -> Value {
    json!({
        "name": provider.name().as_str(),
        "label": provider.label(),
        "kind": provider.kind(),
        "redirect_uri": provider.redirect_uri(),
    })
}

fn rows<P>(operator: &Operator<P>) -> Vec<Row> {
    let row = |provider: &Arc<Provider>| Row {
        name: provider.name().to_string(),
        label: provider.label().to_owned(),
        kind: provider.kind(),
        redirect_uri: provider.redirect_uri().to_owned(),
    };
    operator.cx().providers.iter().map(row).collect()
}

impl Tried {
    fn of(provider: &Provider, trial: &Trial) -> Self {
        let check = |check: &crate::federation::Check| (check.found.name(), about(check.name), check.says.clone());
        Self {
            label: provider.label().to_owned(),
            works: trial.works(),
            checks: trial.checks.iter().map(check).collect(),
        }
    }
}

/// What a check is about, for people.
fn about(name: &str) -> &'static str {
    match name {
        "description" => "Its description",
        "issuer" => "Who it is",
        "endpoints" => "Its addresses",
        "algorithms" => "How it signs",
        "proof" => "Proof of the code",
        "clock" => "Clocks",
        "keys" => "Its keys",
        "request" => "Receiving people",
        _ => "Id and secret",
    }
}

/// How many trials an operator makes in an hour.
const MOST: u32 = 60;
