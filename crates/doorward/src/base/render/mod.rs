//! Pages: one frame, one small stylesheet, no script. Each feature keeps its own templates and fills them with `page!`.
//!
//! - `render/sound-pages`: Every page has one heading, a language, no script, no inline style and nothing from elsewhere,
//!   and each of its forms carries its token and goes to a route of ours.
//! - `render/themed`: Name, logo and colours come from the settings, and cannot be more than that.
//! - `render/whole-way`: A person signs up, confirms, logs in, resets, looks after devices and changes name, password and
//!   address on the pages alone.
//! - `render/no-javascript`: All of that works without JavaScript.
//! - `render/keyboard`: A keyboard is enough, and it is always visible where one is.
//! - `render/cookies-only`: A browser keeps nothing but cookies that no script and no other site can use.
//! - `render/stay-here`: The way back after a login never leads to another site.
//! - `render/foreign-forms`: A form sent by another site, even one on the same host, does nothing.
//! - `render/no-frames`: No page is shown in another site's frame.
//! - `render/foreign-scripts`: Another site's script reads no answer.
//! - `render/stale-proof`: A form left open too long asks who is there before it does anything.
//! - `render/axe-clean`: axe finds nothing on any page, light or dark.
//! - `render/fits-phone`: No page scrolls sideways at 360 or 320 px.
//! - `render/no-scripts`: No page has a script, or leaves anything where one could find it.
//! - `render/quiet`: No page logs an error, breaks its own policy or asks another site for anything.
//! - `render/public-url`: Links and cookies follow from a public address that is https, or this very machine.

use std::time::Duration;

use doorward_core::Timestamp;
use sha2::{Digest, Sha256};

use crate::base::problem::Problem;

/// The stylesheet of every page.
pub(crate) const STYLE: &str = include_str!("style.css");

/// What the frame around every page shows.
pub(crate) struct Frame {
    pub(crate) service: String,
    pub(crate) logo: Option<String>,
    pub(crate) icon: String,
    pub(crate) base: &'static str,
    pub(crate) style: String,
    pub(crate) theme: String,
    pub(crate) csrf: String,
    pub(crate) signed_in: bool,
    pub(crate) dev: bool,
    pub(crate) notice: Option<Notice>,
    pub(crate) return_to: String,
    pub(crate) password_least: u32,
}

impl Frame {
    /// What to say above the field of a new password.
    pub(crate) fn password_hint(&self) -> String {
        format!("{} characters or more. A few unrelated words work well.", self.password_least)
    }
}

/// One sentence above a page about what has just happened.
pub(crate) struct Notice {
    pub(crate) kind: &'static str,
    pub(crate) text: &'static str,
}

impl Notice {
    /// The sentence for the code that a redirect carries in `?done=`; an unknown code says nothing, so a link made by
    /// somebody else cannot put words into our mouth.
    pub(crate) fn of(code: &str) -> Option<Self> {
        let text = match code {
            "logged-out" => "You are logged out.",
            "logged-out-everywhere" => "You are logged out on all devices.",
            "others-logged-out" => "All other devices are logged out.",
            "device-logged-out" => "That device is logged out.",
            "password-reset" => "Your new password is set and all devices are logged out. Log in with it.",
            "password-changed" => "Your password is changed and all other devices are logged out.",
            "email-changed" => "Your address is changed.",
            "profile-saved" => "Saved.",
            "saved" => "Saved.",
            "tenant-made" => "Your organisation is ready.",
            "tenant-closing" => "The organisation is closed. It will be deleted when its waiting period is over.",
            "tenant-kept" => "The organisation is kept, and open again.",
            "tenant-joined" => "Welcome. You are a member now.",
            "tenant-left" => "You are not a member any more.",
            "roles-changed" => "The roles are changed. They hold from now on.",
            "member-removed" => "The member is removed.",
            "confirmed" => "Your address is confirmed. Welcome.",
            "invitation-sent" => "The invitation is on its way.",
            "invitation-resent" => {
                "The invitation is on its way once more. The link in the new email replaces the one before."
            }
            "invitation-revoked" => "The invitation is taken back. Its link does not work any more.",
            "api-key-revoked" => "The API key is taken back. It does not work any more.",
            "app-withdrawn" => "The app is disconnected. It cannot use your account any more.",
            "provider-linked" => "It is linked. You can log in by it from now on.",
            "provider-unlinked" => "It is unlinked. One cannot log in to your account by it any more.",
            "domain-added" => "The domain is on the list. Set its record, then check it.",
            "domain-verified" => "The domain is proved. It counts as yours from now on.",
            "connection-written" => "It is set up. Your people can log in through it from now on.",
            "connection-joining" => "Saved who joins.",
            "connection-rule-added" => "The rule is added. It counts from everybody's next login on.",
            "connection-rule-removed" => "The rule is removed. It counts until everybody's next login.",
            "connection-ways" => "Saved who is let in.",
            "connection-removed" => "The provider is removed. Nobody logs in through it any more.",
            "domain-removed" => "The domain is removed.",
            "joined" => "Welcome. You are a member now.",
            other => return Self::of_console(other),
        };
        Some(Self { kind: "good", text })
    }

    /// The sentences of the operator's console.
    fn of_console(code: &str) -> Option<Self> {
        let text = match code {
            "console-account-disabled" => "The account is disabled and all its sessions have ended.",
            "console-account-enabled" => "The account may log in again.",
            "console-sessions-ended" => "All sessions of the account have ended.",
            "console-password-voided" => "The password is void, and a link to set a new one is on its way.",
            "console-session-ended" => "The session has ended.",
            "console-api-key-revoked" => "The API key is taken back.",
            "console-tenant-created" => "The organisation is made.",
            "console-tenant-suspended" => "The organisation is suspended.",
            "console-tenant-resumed" => "The organisation is open again.",
            "console-tenant-closing" => "The organisation is closed and waits to be deleted.",
            "console-tenant-restored" => "The organisation is kept.",
            "console-invited" => "The invitation is on its way.",
            "console-invitation-resent" => "The invitation is on its way once more; the link before it is void.",
            "console-invitation-revoked" => "The invitation is taken back.",
            "console-entitled" => "The entitlement is set.",
            "console-entitlement-ended" => "The entitlement has ended.",
            "console-member-added" => "The account is a member now.",
            "console-roles-changed" => "The member has these roles now.",
            "console-member-removed" => "The account is no member any more.",
            "console-domain-verified" => "The domain counts as the organisation's from now on.",
            "console-domain-withdrawn" => "The domain does not count as the organisation's any more.",
            "console-connection-mapped" => "Its people belong to the organisation from now on.",
            "console-connection-removed" => "The provider is removed. Nobody logs in through it any more.",
            "console-domain-removed" => "The domain is removed.",
            "console-client-disabled" => "The client is kept out from its next request on.",
            "console-client-enabled" => "The client may ask again.",
            "console-client-deleted" => "The client is gone, with everything that it was given.",
            _ => return None,
        };
        Some(Self { kind: "good", text })
    }
}

/// A provider on a page where one comes in by it.
#[derive(Clone)]
pub(crate) struct ProviderButton {
    /// Its name in paths.
    pub(crate) name: String,
    /// What people call it.
    pub(crate) label: String,
    /// Its mark: an SVG of ours.
    pub(crate) mark: &'static str,
}

/// Something that can be shown in the frame.
pub(crate) trait Page: Send {
    /// Writes the page, with what was wrong with the form, if anything was.
    fn render(&self, frame: &Frame, problems: &Problem) -> Result<String, askama::Error>;
}

/// Defines a page: its template, and the fields that the template finds under `page`.
///
/// The derive is written where the page is: askama names the template's file relative to the file that the derive stands in,
/// and the compiler looks for it beside the file that calls this macro.
macro_rules! page {
    (
        $(#[doc = $doc:literal])* #[derive($template:path)]
        $name:ident in $path:literal { $($field:ident: $type:ty),* $(,)? }
    ) => {
        $(#[doc = $doc])*
        pub(crate) struct $name {
            $(pub(crate) $field: $type,)*
        }

        const _: () = {
            #[derive($template)]
            #[template(path = $path)]
            struct View<'v> {
                frame: &'v $crate::base::render::Frame,
                problems: &'v $crate::base::problem::Problem,
                page: &'v $name,
            }

            impl $crate::base::render::Page for $name {
                fn render(
                    &self,
                    frame: &$crate::base::render::Frame,
                    problems: &$crate::base::problem::Problem,
                ) -> Result<String, askama::Error> {
                    let view = View { frame, problems, page: self };
                    // A template need not mention everything that it is given.
                    let _ = (&view.problems, &view.page);
                    askama::Template::render(&view)
                }
            }
        };
    };
}
pub(crate) use page;

page! {
    /// A page that only tells: something done, or something that went wrong.
    #[derive(askama::Template)]
    NoticePage in "base/render/notice.html" {
        kind: &'static str,
        heading: &'static str,
        text: String,
        reference: Option<String>,
        next: Option<(String, &'static str)>,
    }
}

/// What a letter that is on its way is for.
pub(crate) enum Purpose {
    Signup,
    Reset,
    EmailChange,
}

page! {
    /// "Check your mail": the same page whether or not there is anybody to write to.
    #[derive(askama::Template)]
    CheckMailPage in "base/render/check_mail.html" { purpose: Purpose, address: String, lifetime: String }
}

/// A span of time in words, such as "30 minutes".
pub(crate) fn spoken(span: Duration) -> String {
    let secs = span.as_secs();
    let (count, unit) = match secs {
        0..120 => (secs, "second"),
        120..7200 => (secs / 60, "minute"),
        7200..172_800 => (secs / 3600, "hour"),
        _ => (secs / 86_400, "day"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

/// How long ago a moment was, in words.
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> String {
    let span = now.since(at);
    if span < Duration::from_secs(120) { "just now".to_owned() } else { format!("{} ago", spoken(span)) }
}

/// A moment as a day in UTC, such as "31 January 2026".
pub(crate) fn day(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_microsecond(at.as_micros());
    at.map_or_else(|_| "?".to_owned(), |at| at.strftime("%-d %B %Y").to_string())
}

/// Sixteen hexadecimal digits that change when `content` does, for the address of a file that may be cached for long.
pub(crate) fn version_of(content: impl AsRef<[u8]>) -> String {
    Sha256::digest(content).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
