//! `GET` and `POST /login`, and the CSRF token for programs that have no page.

use axum::http::StatusCode;
use doorward_core::{EmailAddress, password::Guess};
use serde_json::json;

use super::{flow, rules::Entered};
use crate::{
    base::render::{ProviderButton, page},
    context::Context,
    error::Fault,
    features,
    guard::{NoInput, Public, Refused, Reply, Routes, input},
};

pub(crate) fn routes(routes: &mut Routes) {
    routes.get("/login", form, "Shows the login form.");
    routes.post("/login", submit, "Checks address and password and opens a session.");
    routes.data("/csrf", csrf, "Gives a program the CSRF token for what needs no session: sign-up, login, reset.");
}

page! {
    /// The login form.
    #[derive(askama::Template)]
    LoginPage in "login/login.html" {
        email: String,
        providers: Vec<ProviderButton>,
        finds: bool,
    }
}

input! {
    Login {
        email: "The account's address.",
        password: "Its password.",
    }
}

async fn form(visitor: Public, _: NoInput) -> Result<Reply, Refused> {
    let page = page(visitor.cx(), "").await?;
    Ok(Reply::page(&json!({ "csrf_token": visitor.form_token() }), page))
}

async fn csrf(visitor: Public, _: NoInput) -> Result<Reply, Refused> {
    Ok(Reply::json(&json!({ "csrf_token": visitor.form_token() })))
}

async fn submit(visitor: Public, input: Login) -> Result<Reply, Refused> {
    let cx = visitor.cx();
    let entered = match entered(&visitor, &input).await {
        Ok(entered) => entered,
        Err(refused) => return Err(refused.page(page(cx, &input.email).await?)),
    };
    let body = json!({ "session": entered.opened.id.to_string(), "csrf_token": entered.opened.csrf_token() });
    let reply = Reply::done(&body, visitor.destination()).status(StatusCode::OK);
    Ok(entered.cookies(cx).into_iter().fold(reply, Reply::cookie))
}

async fn entered(visitor: &Public, input: &Login) -> Result<Entered, Refused> {
    let email = EmailAddress::parse(&input.email)?;
    let guess = Guess::new(&input.password)?;
    Ok(flow::log_in(visitor.cx(), &email, guess, &visitor.visit(), visitor.previous_session()).await?)
}

async fn page(cx: &Context, email: &str) -> Result<LoginPage, Fault> {
    let finds = features::any_provider_brought(cx).await?;
    Ok(LoginPage { email: email.to_owned(), providers: cx.providers.buttons(), finds })
}
