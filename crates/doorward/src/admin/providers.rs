//! Providers: by which people may come in, and what is wrong with each.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{flow::nav, rules::Nav};
use crate::{
    base::render::page,
    federation::{Provider, Trial, Tried, not_here},
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
    Trial::counted(cx, operator.account()).await?;
    let trial = acts::try_out(cx, operator.by(), &provider).await?;
    let page = ProvidersPage {
        nav: nav(&operator, "providers").await?,
        // Whoever may try them and not see them learns of the one that they named.
        rows: rows(&operator).into_iter().filter(|row| row.name == provider.name().as_str()).collect(),
        tried: Some(Tried::of(&provider, &trial)),
    };
    Ok(Reply::page(&trial.described(), page))
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
