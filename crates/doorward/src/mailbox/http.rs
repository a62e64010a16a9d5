//! `GET /dev/mailbox` and `/dev/mailbox/{id}`.

use axum::http::StatusCode;
use serde_json::json;

use crate::{
    base::{
        mail::{MailboxEntry, Transport, read_mailbox},
        render::page,
    },
    error::Fault,
    guard::{NoInput, Problem, Public, Refused, Reply, Routes, input},
};

pub(crate) fn routes(routes: &mut Routes) {
    routes.get("/dev/mailbox", list, "Shows the letters that would have been sent; in development only.");
    routes.get("/dev/mailbox/{id}", show, "Shows one letter; in development only.");
}

page! {
    /// All letters.
    #[derive(askama::Template)]
    MailboxPage in "mailbox/mailbox.html" { letters: Vec<Line> }
}

page! {
    /// One letter.
    #[derive(askama::Template)]
    LetterPage in "mailbox/letter.html" { subject: String, to: String, lines: Vec<Text> }
}

/// A letter in the list.
pub(crate) struct Line {
    id: String,
    to: String,
    subject: String,
}

/// A line of a letter.
pub(crate) struct Text {
    text: String,
    link: bool,
}

input! {
    Named { id: "The letter's number." }
}

async fn list(visitor: Public, _: NoInput) -> Result<Reply, Refused> {
    let letters = letters(&visitor)?;
    let body: Vec<_> = letters.iter().map(|(id, letter)| json!({ "id": id, "letter": letter })).collect();
    let lines = letters.into_iter().map(|(id, letter)| Line { id, to: letter.to, subject: letter.subject });
    Ok(Reply::page(&json!({ "letters": body }), MailboxPage { letters: lines.collect() }))
}

async fn show(visitor: Public, input: Named) -> Result<Reply, Refused> {
    let found = letters(&visitor)?.into_iter().find(|(id, _)| *id == *input.id);
    let (_, letter) =
        found.ok_or_else(|| Problem::plain(StatusCode::NOT_FOUND, "not_found", "There is no such letter."))?;
    // Only what we wrote ourselves is made clickable: a line that is nothing but a link into this site.
    let ours = &visitor.cx().site.public_url;
    let is_ours = |text: &str| url::Url::parse(text).is_ok_and(|url| url.origin().ascii_serialization() == *ours);
    let line = |text: &str| Text { text: text.to_owned(), link: is_ours(text) };
    let lines = letter.text.lines().map(line).collect();
    Ok(Reply::page(
        &json!({ "letter": letter }),
        LetterPage { subject: letter.subject.clone(), to: letter.to.clone(), lines },
    ))
}

fn letters(visitor: &Public) -> Result<Vec<(String, MailboxEntry)>, Refused> {
    if !visitor.names_our_host() {
        let text = "Open the mailbox under the address that this service was started with.";
        return Err(Problem::plain(StatusCode::MISDIRECTED_REQUEST, "foreign_host", text).into());
    }
    match &visitor.cx().post.transport {
        Transport::Folder(folder) => {
            read_mailbox(folder, 100).map_err(|cause| Fault::new("reading the mailbox", cause).into())
        }
        Transport::Smtp { .. } => {
            Err(Problem::plain(StatusCode::NOT_FOUND, "not_found", "There is nothing at this address.").into())
        }
    }
}
