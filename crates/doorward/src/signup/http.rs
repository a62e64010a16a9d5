//! `GET` and `POST /signup` and `/email/verify`.

use axum::http::StatusCode;
use doorward_core::{EmailAddress, Signup, Token, password::Guess};
use serde_json::json;

use super::{flow, rules::ConfirmDenied};
use crate::{
    base::render::{CheckMailPage, ProviderButton, Purpose, page, spoken},
    error::Refusal,
    guard::{Denial, NoInput, OrPage, Problem, Public, Refused, Reply, Routes, input},
};

pub(crate) fn routes(routes: &mut Routes) {
    routes.get("/signup", form, "Shows the sign-up form.");
    routes.post(
        "/signup",
        submit,
        "Sends a confirmation link; the answer does not tell whether the address has an account.",
    );
    routes.get("/email/verify", confirm_form, "Shows the form that confirms an address to somebody with a link.");
    routes.post(
        "/email/verify",
        confirm,
        "Confirms the address with link and password, makes the account and logs in.",
    );
}

page! {
    /// The sign-up form.
    #[derive(askama::Template)]
    SignupPage in "signup/signup.html" { email: String, providers: Vec<ProviderButton> }
}

page! {
    /// The form that confirms an address.
    #[derive(askama::Template)]
    ConfirmPage in "signup/confirm.html" { address: String, token: String }
}

page! {
    /// What is shown for a link that does not work any more.
    #[derive(askama::Template)]
    SpentPage in "signup/spent.html" {}
}

input! {
    Request {
        email: "The address, which becomes the account's once it is confirmed.",
        password: "The password, 12 to 128 code points unless the settings say otherwise.",
    }
}

input! {
    Link { token: "The token of the link." }
}

input! {
    Confirm {
        token: "The token of the link.",
        password: "The password that was chosen when signing up.",
    }
}

async fn form(visitor: Public, _: NoInput) -> Result<Reply, Refused> {
    let page = SignupPage { email: String::new(), providers: visitor.cx().providers.buttons() };
    Ok(Reply::page(&json!({ "csrf_token": visitor.form_token() }), page))
}

async fn submit(visitor: Public, input: Request) -> Result<Reply, Refused> {
    let cx = visitor.cx();
    let again = || SignupPage { email: input.email.to_string(), providers: cx.providers.buttons() };
    let email = EmailAddress::parse(&input.email).or_page(again)?;
    flow::request(cx, &email, &input.password, &visitor.visit()).await.or_page(again)?;
    let page = CheckMailPage {
        purpose: Purpose::Signup,
        address: email.to_string(),
        lifetime: spoken(cx.settings.signup.lifetime),
    };
    Ok(Reply::page(&json!({ "sent": true }), page).status(StatusCode::ACCEPTED))
}

async fn confirm_form(visitor: Public, input: Link) -> Result<Reply, Refused> {
    let token = parse(&input.token).or_page(|| SpentPage {})?;
    let waiting = flow::peek(visitor.cx(), &token).await.or_page(|| SpentPage {})?;
    let page = ConfirmPage { address: waiting.email.to_string(), token: input.token.to_string() };
    Ok(Reply::page(&json!({ "csrf_token": visitor.form_token(), "email": waiting.email.as_str() }), page))
}

async fn confirm(visitor: Public, input: Confirm) -> Result<Reply, Refused> {
    let cx = visitor.cx();
    let token = parse(&input.token).or_page(|| SpentPage {})?;
    let address = flow::waiting(cx, &token, &visitor.visit()).await.or_page(|| SpentPage {})?.email;
    let again = || ConfirmPage { address: address.to_string(), token: input.token.to_string() };
    let guess = Guess::new(&input.password).or_page(again)?;
    let entered = match flow::confirm(cx, &token, guess, &visitor.visit(), visitor.previous_session()).await {
        Ok(entered) => entered,
        Err(Refusal::Denied(ConfirmDenied::LinkSpent)) => {
            return Err(ConfirmDenied::LinkSpent.problem()).or_page(|| SpentPage {});
        }
        Err(refusal) => return Err(refusal).or_page(again),
    };
    let body = json!({ "session": entered.opened.id.to_string(), "csrf_token": entered.opened.csrf_token() });
    let reply = Reply::done(&body, format!("{}/account?done=confirmed", cx.site.base));
    Ok(entered.cookies(cx).into_iter().fold(reply, Reply::cookie))
}

fn parse(text: &str) -> Result<Token<Signup>, Problem> {
    Token::parse(text).ok_or_else(|| ConfirmDenied::LinkSpent.problem())
}
