//! What is about a person, their account and their sessions.

use serde_json::{Value, json};

use super::{Schemas, about, count, done, flag, known, list, named, object, page, seconds, text, texts};

pub(super) fn of(asked: (&str, &str)) -> Option<&'static str> {
    Some(match asked {
        ("GET", "/csrf" | "/signup" | "/login" | "/login/organisation" | "/logout" | "/reauthenticate") => "FormToken",
        ("GET", "/password/forgot" | "/password/reset" | "/password/change") => "FormToken",
        ("GET", "/email/verify" | "/email/confirm") => "AddressForm",
        ("GET", "/email/change") => "EmailForm",
        ("POST", "/signup" | "/password/forgot" | "/email/change") => "Sent",
        ("POST", "/email/verify" | "/login") => "Opened",
        ("POST", "/password/reset") => "PasswordReset",
        ("POST", "/password/change" | "/email/confirm") => "Changed",
        ("POST", "/reauthenticate") => "Proved",
        ("GET", "/session") => "Who",
        ("GET", "/sessions") => "Sessions",
        ("GET", "/sessions/{id}") => "Session",
        ("DELETE", "/sessions" | "/sessions/{id}") => "Ended",
        ("POST", "/sessions/revoke-others" | "/sessions/{id}/revoke" | "/logout/everywhere") => "Ended",
        ("POST", "/logout") => "LoggedOut",
        (
            "POST",
            "/login/organisation"
            | "/providers/{provider}"
            | "/providers/{provider}/reauthenticate"
            | "/account/identities/link"
            | "/recheck",
        ) => "SentOn",
        ("GET", "/recheck") => "Recheck",
        ("GET", "/providers/{provider}/failed") => "Failed",
        ("GET", "/account/identities" | "/account/identities/link" | "/account/identities/unlink") => "Identities",
        ("POST", "/account/identities/unlink") => "Unlinked",
        ("GET", "/account") => "Account",
        ("POST", "/account/profile") => "Profile",
        ("POST", "/check") => "Answer",
        ("GET", path) if path.starts_with("/verify") => "Allowed",
        ("GET", "/openapi.json") => "Interface",
        _ => return None,
    })
}

pub(super) fn schemas() -> Schemas {
    let account = object(json!({ "id": text(), "email": text(), "name": text() }));
    let token = about("The CSRF token of the session, which has a new id.");
    let pending = known("The address that waits for its link to be opened.");
    vec![
        ("FormToken", object(json!({ "csrf_token": text() }))),
        ("AddressForm", object(json!({ "csrf_token": text(), "email": about("The address that is confirmed.") }))),
        ("EmailForm", object(json!({ "csrf_token": text(), "email": text(), "pending": pending }))),
        ("Sent", done("sent")),
        ("Opened", object(json!({ "session": about("The session's public name."), "csrf_token": text() }))),
        ("PasswordReset", done("reset")),
        ("Changed", object(json!({ "changed": flag(), "csrf_token": token }))),
        ("Proved", object(json!({ "reauthenticated": flag(), "csrf_token": token }))),
        ("Who", object(json!({ "account": account, "session": own_session(), "csrf_token": text() }))),
        ("Session", session()),
        ("Sessions", page("sessions", named("Session"))),
        ("Ended", object(json!({ "ended": { "type": "integer", "description": "How many sessions were ended." } }))),
        ("LoggedOut", done("logged_out")),
        ("Account", object(json!({ "email": text(), "name": text(), "csrf_token": text() }))),
        ("Profile", object(json!({ "name": text() }))),
        ("SentOn", object(json!({ "redirect_to": about("Where the browser is to go: to the provider.") }))),
        ("Recheck", recheck()),
        ("Failed", object(json!({ "code": about("Why, in one word."), "detail": text() }))),
        ("Identities", identities()),
        ("Unlinked", done("unlinked")),
        ("Question", question()),
        ("Answer", answer()),
        ("Allowed", done("allowed")),
        ("Interface", interface()),
        ("Problem", problem()),
    ]
}

fn identities() -> Value {
    let identity = object(json!({
        "provider": about("The name of the provider in the settings."),
        "issuer": text(),
        "subject": text(),
        "address": known("The address that the provider vouches for."),
        "created_at": seconds(),
        "used_at": seconds(),
    }));
    object(json!({
        "identities": list(identity),
        "providers": texts(),
        "has_password": flag(),
        "csrf_token": text(),
    }))
}

fn recheck() -> Value {
    object(json!({
        "due": { "type": "boolean", "description": "Whether the session gives no access until its provider was asked." },
        "provider": known("The name of the provider that opened it, while it leads here."),
        "csrf_token": text(),
    }))
}

fn own_session() -> Value {
    let factor = object(json!({ "factor": about("What was proved, such as `password`."), "at": seconds() }));
    object(json!({
        "id": text(),
        "created_at": seconds(),
        "expires_at": seconds(),
        "idle_expires_at": seconds(),
        "factors": list(factor),
        "proved_at": seconds(),
        "proof_expires_at": seconds(),
    }))
}

fn session() -> Value {
    object(json!({
        "id": text(),
        "device": text(),
        "address": about("The address of the login."),
        "created_at": seconds(),
        "seen_at": seconds(),
        "expires_at": seconds(),
        "current": { "type": "boolean", "description": "Whether it is the session that asks." },
    }))
}

fn question() -> Value {
    let fresh = "How many seconds ago the person may have proved themselves last.";
    let question = json!({
        "type": "object",
        "required": ["tenant", "permission"],
        "properties": {
            "tenant": about("The tenant's slug or id."),
            "permission": about("Such as `invoices:read`."),
            "fresh_within": { "type": "integer", "minimum": 0, "description": fresh },
        },
    });
    let mut many = list(question.clone());
    (many["minItems"], many["maxItems"]) = (json!(1), json!(100));
    json!({
        "description": "One question, or up to 100 of them under `questions`.",
        "oneOf": [question, object(json!({ "questions": many }))],
    })
}

fn answer() -> Value {
    let answer = json!({
        "type": "object",
        "required": ["allowed"],
        "properties": { "allowed": flag(), "code": about("Why not.") },
    });
    let about =
        "To one question `allowed`, which is true: a no is a problem. To `questions` the `answers` in their order.";
    json!({ "description": about, "oneOf": [named("Allowed"), object(json!({ "answers": list(answer) }))] })
}

fn interface() -> Value {
    let part = json!({ "type": "object" });
    object(json!({ "openapi": about("The version of OpenAPI."), "info": part, "paths": part, "components": part }))
}

fn problem() -> Value {
    let complaint = object(json!({ "field": text(), "text": text() }));
    let mut problem = object(json!({
        "title": text(),
        "status": count(),
        "code": text(),
        "detail": text(),
        "errors": list(complaint),
        "retry_after_secs": { "type": ["integer", "null"], "description": "Seconds to wait, where waiting helps." },
        "reference": known("What to quote to the operator, where something is broken."),
    }));
    problem["description"] = json!("RFC 9457. `code` is stable; `detail` is for people.");
    problem
}
