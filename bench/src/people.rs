//! Accounts and browsers for what is measured.

use doorward::{
    Doorward,
    core::{
        AccountId, EmailAddress, SystemEntropy,
        password::{Hasher, Parameters, Peppers},
    },
    operate,
};

use crate::{
    child::Child,
    failure::{Failure, Outcome},
    setup::Setup,
    wire::{self, Answer, Connection},
};

/// Everybody's password.
pub(crate) const PASSWORD: &str = "seven wet herons on a fence";

/// Makes accounts; all have one hash of [`PASSWORD`], because a thousand hashes would say no more than one.
pub(crate) async fn accounts(doorward: &Doorward, addresses: &[String]) -> Outcome<Vec<AccountId>> {
    let mut hasher = Hasher::new(Parameters::STANDARD, std::sync::Arc::new(Peppers::default()))
        .map_err(|cause| Failure::new(format!("no hash: {}", cause.code())))?;
    let example = EmailAddress::parse("somebody@example.com")?;
    let password = operate::new_password(doorward, &example, PASSWORD).map_err(|denied| Failure::new(denied.code()))?;
    let hash = hasher.hash(&password, &SystemEntropy);
    let mut ids = Vec::with_capacity(addresses.len());
    for address in addresses {
        let id = operate::import_hash(doorward, &EmailAddress::parse(address)?, &hash).await?;
        ids.push(id.ok_or_else(|| Failure::new(format!("{address} has an account already")))?);
    }
    Ok(ids)
}

/// The form cookie and token of a browser that is not logged in.
pub(crate) struct Browser {
    origin: String,
    form_cookie: String,
    token: String,
}

impl Browser {
    /// Opens a form.
    pub(crate) fn open(setup: &Setup, server: &Child) -> Outcome<Self> {
        let answer = Connection::open(server.address)?.ask(&wire::request("GET", "/auth/csrf", &[], None))?;
        let missing = || Failure::new(format!("no form token came: {}", answer.status));
        let form_cookie = answer.cookie("dev-form").ok_or_else(missing)?;
        let token = answer.text("csrf_token").ok_or_else(missing)?;
        Ok(Self { origin: setup.origin(), form_cookie, token })
    }

    /// Sends a JSON form from the address `from`, with further cookies.
    pub(crate) fn post(&self, path: &str, from: &str, cookies: &str, form: &[(&str, &str)]) -> Vec<u8> {
        let cookies = format!("dev-form={}{cookies}", self.form_cookie);
        let headers = [
            ("accept", "application/json"),
            ("origin", self.origin.as_str()),
            ("sec-fetch-site", "same-origin"),
            ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"),
            ("x-csrf-token", self.token.as_str()),
            ("x-forwarded-for", from),
            ("cookie", cookies.as_str()),
        ];
        let fields = form.iter().map(|(name, value)| ((*name).to_owned(), serde_json::Value::from(*value)));
        let body = serde_json::Value::Object(fields.collect()).to_string();
        wire::request("POST", path, &headers, Some(("application/json", &body)))
    }

    /// Sends an address and a password to the login.
    pub(crate) fn login(&self, from: &str, cookies: &str, email: &str, password: &str) -> Vec<u8> {
        self.post("/auth/login", from, cookies, &[("email", email), ("password", password)])
    }
}

/// Asks who is there, as a program does.
pub(crate) fn who(cookie: &str) -> Vec<u8> {
    wire::request("GET", "/auth/session", &[("accept", "application/json"), ("cookie", cookie)], None)
}

/// Insists on a status.
pub(crate) fn expect(status: u16, answer: &Answer) -> Outcome {
    if answer.status == status {
        return Ok(());
    }
    let body = String::from_utf8_lossy(&answer.body);
    Err(Failure::new(format!("{} came instead of {status}: {body}", answer.status)))
}

/// An address of the network for examples (RFC 2544), so that a thousand people come from a thousand places.
pub(crate) fn address(number: usize) -> String {
    format!("198.{}.{}.{}", 18 + number / 65_536 % 2, number / 256 % 256, number % 256)
}
