//! `GET` and `POST /reauthenticate`.

use doorward_core::password::Guess;
use serde_json::json;

use super::flow;
use crate::{
    accounts,
    base::render::{ProviderButton, page},
    federation,
    guard::{NoInput, OrPage, Refused, Reply, Routes, SignedIn, input},
    passwords,
};

pub(crate) fn routes(routes: &mut Routes) {
    routes.get("/reauthenticate", form, "Asks for the password once more.");
    routes.post("/reauthenticate", submit, "Proves that it is still the same person; the session gets a new id.");
}

page! {
    /// The form that asks once more.
    #[derive(askama::Template)]
    ReauthenticatePage in "reauthentication/reauthenticate.html" {
        address: String,
        has_password: bool,
        providers: Vec<ProviderButton>,
    }
}

input! {
    Proof { password: "The account's password." }
}

async fn form(person: SignedIn, _: NoInput) -> Result<Reply, Refused> {
    let page = page_of(&person).await?;
    Ok(Reply::page(&json!({ "csrf_token": person.csrf_token() }), page))
}

async fn submit(person: SignedIn, input: Proof) -> Result<Reply, Refused> {
    let cx = person.cx();
    let page = page_of(&person).await?;
    let guess = match Guess::new(&input.password) {
        Ok(guess) => guess,
        Err(too_long) => return Err(too_long).or_page(|| page),
    };
    let opened = flow::prove(cx, person.live(), guess, &person.visit()).await.or_page(|| page)?;
    let done = json!({ "reauthenticated": true, "csrf_token": opened.csrf_token() });
    Ok(Reply::done(&done, person.destination()).cookie(opened.cookie(cx)))
}

async fn page_of(person: &SignedIn) -> Result<ReauthenticatePage, Refused> {
    let account = accounts::by_id(&person.cx().db, person.account()).await?;
    Ok(ReauthenticatePage {
        address: account.map(|account| account.email.to_string()).unwrap_or_default(),
        has_password: passwords::is_set(&person.cx().db, person.account()).await?,
        providers: federation::provers(person.cx(), person.account()).await?,
    })
}
