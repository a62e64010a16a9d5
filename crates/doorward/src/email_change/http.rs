//! `GET` and `POST /email/confirm`; asking for a change is part of the account page.

use doorward_core::{EmailChange, Token};
use serde_json::json;

use super::{flow, rules::ChangeDenied};
use crate::{
    base::render::page,
    guard::{Denial, OrPage, Problem, Refused, Reply, Routes, SignedIn, input},
};

pub(crate) fn routes(routes: &mut Routes) {
    routes.get(
        "/email/confirm",
        confirm_form,
        "Shows the button that confirms the new address to somebody with a link.",
    );
    routes.post("/email/confirm", confirm, "Changes the address; all other sessions end and this one gets a new id.");
}

page! {
    /// The button that confirms the new address.
    #[derive(askama::Template)]
    ConfirmPage in "email_change/confirm.html" { address: String, token: String }
}

page! {
    /// What is shown for a link that does not work here.
    #[derive(askama::Template)]
    SpentPage in "email_change/spent.html" {}
}

input! {
    Link { token: "The token of the link." }
}

async fn confirm_form(person: SignedIn, input: Link) -> Result<Reply, Refused> {
    let token = parse(&input.token).or_page(|| SpentPage {})?;
    let email = flow::peek(person.cx(), person.account(), &token).await.or_page(|| SpentPage {})?;
    let body = json!({ "csrf_token": person.csrf_token(), "email": email.as_str() });
    Ok(Reply::page(&body, ConfirmPage { address: email.to_string(), token: input.token.to_string() }))
}

async fn confirm(person: SignedIn, input: Link) -> Result<Reply, Refused> {
    let cx = person.cx();
    let token = parse(&input.token).or_page(|| SpentPage {})?;
    let (opened, device) = flow::confirm(cx, person.live(), &token, &person.visit()).await.or_page(|| SpentPage {})?;
    let done = json!({ "changed": true, "csrf_token": opened.csrf_token() });
    Ok(Reply::done(&done, format!("{}/account?done=email-changed", cx.site.base))
        .cookie(opened.cookie(cx))
        .cookie(device))
}

fn parse(text: &str) -> Result<Token<EmailChange>, Problem> {
    Token::parse(text).ok_or_else(|| ChangeDenied::LinkSpent.problem())
}
