//! `GET` and `POST /password/forgot` and `/password/reset`.

use axum::http::StatusCode;
use doorward_core::{EmailAddress, Reset, Token};
use serde_json::json;

use super::{flow, rules::ResetDenied};
use crate::{
    base::render::{CheckMailPage, Purpose, page, spoken},
    guard::{Denial, NoInput, OrPage, Problem, Public, Refused, Reply, Routes, input},
};

pub(crate) fn routes(routes: &mut Routes) {
    routes.get("/password/forgot", forgot, "Shows the form that asks for a reset link.");
    routes.post(
        "/password/forgot",
        request,
        "Sends a reset link if the address has an account; the answer does not tell.",
    );
    routes.get("/password/reset", form, "Shows the form for a new password to somebody with a link.");
    routes.post("/password/reset", redeem, "Spends the link, sets the password and ends all sessions.");
}

page! {
    /// The form that asks for a link.
    #[derive(askama::Template)]
    ForgotPage in "password_reset/forgot.html" { email: String }
}

page! {
    /// The form for a new password.
    #[derive(askama::Template)]
    ResetPage in "password_reset/reset.html" { token: String }
}

page! {
    /// What is shown for a link that does not work any more.
    #[derive(askama::Template)]
    SpentPage in "password_reset/spent.html" {}
}

input! {
    Forgot { email: "The account's address." }
}

input! {
    Link { token: "The token of the link." }
}

input! {
    Redeem {
        token: "The token of the link.",
        new_password: "The new password, 12 to 128 code points unless the settings say otherwise.",
    }
}

async fn forgot(visitor: Public, _: NoInput) -> Result<Reply, Refused> {
    Ok(Reply::page(&json!({ "csrf_token": visitor.form_token() }), ForgotPage { email: String::new() }))
}

async fn request(visitor: Public, input: Forgot) -> Result<Reply, Refused> {
    let cx = visitor.cx();
    let again = || ForgotPage { email: input.email.to_string() };
    let email = EmailAddress::parse(&input.email).or_page(again)?;
    flow::request(cx, &email, &visitor.visit()).await.or_page(again)?;
    let page = CheckMailPage {
        purpose: Purpose::Reset,
        address: email.to_string(),
        lifetime: spoken(cx.settings.password_reset.lifetime),
    };
    Ok(Reply::page(&json!({ "sent": true }), page).status(StatusCode::ACCEPTED))
}

async fn form(visitor: Public, input: Link) -> Result<Reply, Refused> {
    let token = parse(&input.token).or_page(|| SpentPage {})?;
    flow::peek(visitor.cx(), &token).await.or_page(|| SpentPage {})?;
    Ok(Reply::page(&json!({ "csrf_token": visitor.form_token() }), ResetPage { token: input.token.to_string() }))
}

async fn redeem(visitor: Public, input: Redeem) -> Result<Reply, Refused> {
    let token = parse(&input.token).or_page(|| SpentPage {})?;
    match flow::redeem(visitor.cx(), &token, &input.new_password, &visitor.visit()).await {
        Ok(device) => {
            let on = format!("{}/login?done=password-reset", visitor.cx().site.base);
            Ok(Reply::done(&json!({ "reset": true }), on).cookie(device))
        }
        Err(crate::error::Refusal::Denied(ResetDenied::LinkSpent)) => {
            Err(ResetDenied::LinkSpent.problem()).or_page(|| SpentPage {})
        }
        Err(refusal) => Err(refusal).or_page(|| ResetPage { token: input.token.to_string() }),
    }
}

fn parse(text: &str) -> Result<Token<Reset>, Problem> {
    Token::parse(text).ok_or_else(|| ResetDenied::LinkSpent.problem())
}
