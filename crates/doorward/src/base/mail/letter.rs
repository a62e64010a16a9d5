//! A letter in two forms, written from one text.
//!
//! The source is a template of plain text: the first line is the subject, paragraphs are separated by empty lines, and
//! a paragraph that is nothing but a link becomes a button in the HTML form. No picture, no tracking, no remote content.

use askama::Template;

/// A letter ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

impl Letter {
    /// Reads the filled-in template; `service` signs the letter.
    pub(crate) fn written(source: &str, service: &str) -> Self {
        let (subject, body) = source.trim().split_once('\n').unwrap_or((source, ""));
        let (subject, body) = (one_line(subject), body.trim());
        let parts = body.split("\n\n").map(Part::of).collect();
        let html = Html { subject: &subject, service, parts }.render().expect("writing into a string cannot fail");
        Self { text: format!("{body}\n\n-- \n{service}\n"), html, subject }
    }
}

/// The template escapes everything: text from a person can be part of a letter, and stays text.
#[derive(Template)]
#[template(path = "base/mail/letter.html")]
struct Html<'l> {
    subject: &'l str,
    service: &'l str,
    parts: Vec<Part<'l>>,
}

enum Part<'l> {
    Link(&'l str),
    Text(Vec<&'l str>),
}

impl<'l> Part<'l> {
    fn of(paragraph: &'l str) -> Self {
        let text = paragraph.trim();
        let link = text.starts_with("https://") || text.starts_with("http://");
        match link && !text.contains(char::is_whitespace) {
            true => Self::Link(text),
            false => Self::Text(text.lines().collect()),
        }
    }
}

/// A subject with a line break in it would start another header.
fn one_line(subject: &str) -> String {
    subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}
