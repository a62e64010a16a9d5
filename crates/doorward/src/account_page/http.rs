//! `GET /account` with its forms, and `GET` and `POST /password/change` and `/email/change`, each of which has a page of its
//! own too: it is what a refused form comes back on, and what somebody comes back to who had to prove themselves first.

use axum::http::StatusCode;
use doorward_core::EmailAddress;
use serde_json::json;

use crate::{
    accounts,
    base::render::{CheckMailPage, Purpose, ago, page, spoken},
    email_change,
    guard::{NoInput, OrPage, Problem, Reauthenticated, Refused, Reply, Routes, SignedIn, input},
    operators, passwords, reauthentication, sessions,
};

pub(crate) fn routes(routes: &mut Routes) {
    routes.get("/account", show, "Shows the account to its person: profile, address, password, devices.");
    routes.post("/account/profile", rename, "Changes how the person is addressed.");
    routes.get("/password/change", password_form, "Shows the form for another password.");
    routes.post(
        "/password/change",
        change_password,
        "Sets a new password; all other sessions end and this one gets a new id.",
    );
    routes.get("/email/change", email_form, "Shows the form for another address.");
    routes.post("/email/change", change_email, "Sends a link to the new address and a notice to the old one.");
}

page! {
    /// The account page.
    #[derive(askama::Template)]
    AccountPage in "account_page/account.html" {
        name: String,
        typed_name: String,
        address: EmailAddress,
        pending: Option<String>,
        proven: bool,
        password_age: Option<String>,
        devices: Vec<sessions::Device>,
        more_devices: bool,
        is_operator: bool,
    }
}

page! {
    /// The form for another password.
    #[derive(askama::Template)]
    PasswordPage in "account_page/password.html" { address: EmailAddress, has_password: bool }
}

page! {
    /// The form for another address.
    #[derive(askama::Template)]
    EmailPage in "account_page/email.html" { address: EmailAddress, pending: Option<String>, typed: String }
}

input! {
    Profile { display_name [optional]: "How the person wants to be addressed, up to 100 characters; may be empty." }
}

input! {
    PasswordChange { new_password: "The new password, 12 to 128 code points unless the settings say otherwise." }
}

input! {
    EmailChange { email: "The new address." }
}

async fn show(person: SignedIn, _: NoInput) -> Result<Reply, Refused> {
    let page = read(&person).await?;
    let body = json!({ "email": page.address.as_str(), "name": page.name, "csrf_token": person.csrf_token() });
    Ok(Reply::page(&body, page))
}

async fn rename(person: SignedIn, input: Profile) -> Result<Reply, Refused> {
    let cx = person.cx();
    let Some(name) = accounts::display_name(&input.display_name) else {
        let page = AccountPage { typed_name: input.display_name.to_string(), ..read(&person).await? };
        return Err(Problem::field("display_name", "name_too_long", "A name has at most 100 characters."))
            .or_page(|| page);
    };
    accounts::rename(cx, person.account(), &name, person.visit().address).await?;
    Ok(Reply::done(&json!({ "name": name }), format!("{}/account?done=profile-saved", cx.site.base)))
}

async fn password_form(person: Reauthenticated, _: NoInput) -> Result<Reply, Refused> {
    let page = PasswordPage {
        address: account(&person).await?.email,
        has_password: passwords::is_set(&person.cx().db, person.account()).await?,
    };
    Ok(Reply::page(&json!({ "csrf_token": person.csrf_token() }), page))
}

async fn change_password(person: Reauthenticated, input: PasswordChange) -> Result<Reply, Refused> {
    let cx = person.cx();
    let (address, has_password) = (account(&person).await?.email, passwords::is_set(&cx.db, person.account()).await?);
    let again = || PasswordPage { address: address.clone(), has_password };
    let password = match passwords::policy(&cx.settings.passwords, &cx.site.name, &address, &input.new_password) {
        Ok(password) => password,
        Err(denied) => return Err(passwords::refused("new_password", &denied)).or_page(again),
    };
    let (opened, device) =
        passwords::change(cx, person.live(), &address, password, &person.visit()).await.or_page(again)?;
    let done = json!({ "changed": true, "csrf_token": opened.csrf_token() });
    let reply = Reply::done(&done, format!("{}/account?done=password-changed", cx.site.base));
    Ok(reply.cookie(opened.cookie(cx)).cookie(device))
}

async fn email_form(person: Reauthenticated, _: NoInput) -> Result<Reply, Refused> {
    let page = email_page(&person, "").await?;
    let body = json!({ "csrf_token": person.csrf_token(), "email": page.address.as_str(), "pending": page.pending });
    Ok(Reply::page(&body, page))
}

async fn change_email(person: Reauthenticated, input: EmailChange) -> Result<Reply, Refused> {
    let cx = person.cx();
    let email = match EmailAddress::parse(&input.email) {
        Ok(email) => email,
        Err(denied) => {
            let page = email_page(&person, &input.email).await?;
            return Err(denied).or_page(|| page);
        }
    };
    if let Err(refusal) = email_change::request(cx, person.account(), &email, &person.visit()).await {
        let page = email_page(&person, &input.email).await?;
        return Err(refusal).or_page(|| page);
    }
    let lifetime = spoken(cx.settings.email_change.lifetime);
    let page = CheckMailPage { purpose: Purpose::EmailChange, address: email.to_string(), lifetime };
    Ok(Reply::page(&json!({ "sent": true }), page).status(StatusCode::ACCEPTED))
}

/// Reads what stands in the form for another address.
async fn email_page(person: &SignedIn, typed: &str) -> Result<EmailPage, Refused> {
    let account = account(person).await?;
    let pending = pending(person, &account).await?;
    Ok(EmailPage { address: account.email, pending, typed: typed.to_owned() })
}

/// Reads everything that the page of this person shows.
async fn read(person: &SignedIn) -> Result<AccountPage, Refused> {
    let cx = person.cx();
    let account = account(person).await?;
    let now = cx.clock.now();
    let pending = pending(person, &account).await?;
    let changed_at = passwords::changed_at(&cx.db, account.id).await?;
    let mut devices = sessions::list(cx, account.id, None, MOST_DEVICES + 1).await?;
    let more_devices = devices.len() > MOST_DEVICES as usize;
    devices.truncate(MOST_DEVICES as usize);
    Ok(AccountPage {
        typed_name: account.name.clone(),
        name: account.name.clone(),
        address: account.email,
        pending,
        proven: reauthentication::is_recent(cx, person.proved_at()),
        password_age: changed_at.map(|at| ago(at, now)),
        devices: sessions::Device::all(devices, person.session(), now),
        more_devices,
        is_operator: operators::find(&cx.db, account.id).await?.is_some(),
    })
}

/// The person's own account.
async fn account(person: &SignedIn) -> Result<accounts::Account, Refused> {
    Ok(accounts::by_id(&person.cx().db, person.account()).await?.ok_or_else(gone)?)
}

/// The address that waits for its link to be opened.
async fn pending(person: &SignedIn, account: &accounts::Account) -> Result<Option<String>, Refused> {
    let email = email_change::pending(person.cx(), account.standing()).await?;
    Ok(email.map(|email| email.to_string()))
}

/// How many sessions stand on the page; their list has all of them.
const MOST_DEVICES: u32 = 20;

/// What is said when the account was deleted after its session had been checked.
fn gone() -> Problem {
    let text = "You have been logged out meanwhile. Log in again.";
    Problem::plain(StatusCode::UNAUTHORIZED, "not_signed_in", text)
}
