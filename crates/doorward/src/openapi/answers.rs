//! What programs read: the answers with more in them than that something was done.

use axum::http::Method;
use serde_json::{Value, json};

/// The schema of an answer, by the route that gives it; the others say that something was done.
pub(crate) fn of(method: &Method, path: &str) -> &'static str {
    match (method.as_str(), path) {
        ("GET", "/session") => "Who",
        ("GET", "/sessions") => "Sessions",
        ("GET", "/sessions/{id}") => "Session",
        ("GET", "/csrf") => "FormToken",
        ("POST", "/check") => "Answer",
        ("GET", "/tenants/{tenant}/invitations") => "Invitations",
        ("GET", "/invitations/accept") => "Offer",
        ("GET", "/tenants") => "Tenants",
        ("GET", "/tenants/{tenant}") => "TenantOverview",
        ("GET", "/tenants/{tenant}/roles") => "Roles",
        ("GET", "/tenants/{tenant}/members") => "Members",
        ("GET", "/tenants/{tenant}/members/{account}") => "Member",
        ("GET", "/tenants/{tenant}/audit") => "Events",
        ("GET", path) if path.starts_with("/admin") => "Panel",
        _ => "Done",
    }
}

/// All of them.
pub(crate) fn schemas() -> Value {
    let text = json!({ "type": "string" });
    let seconds = json!({ "type": "integer", "description": "Seconds since the epoch." });
    let account = json!({ "id": text, "email": text, "name": text });
    let factor =
        json!({ "factor": { "type": "string", "description": "What was proved, such as `password`." }, "at": seconds });
    let session = json!({
        "id": text,
        "created_at": seconds,
        "expires_at": seconds,
        "idle_expires_at": seconds,
        "factors": list(object(factor)),
        "proved_at": seconds,
        "proof_expires_at": seconds,
    });
    let listed = json!({
        "id": text,
        "device": text,
        "address": { "type": "string", "description": "The address of the login." },
        "created_at": seconds,
        "seen_at": seconds,
        "expires_at": seconds,
        "current": { "type": "boolean", "description": "Whether it is the session that asks." },
    });
    let question = json!({
        "type": "object",
        "required": ["tenant", "permission"],
        "properties": {
            "tenant": { "type": "string", "description": "The tenant's slug or id." },
            "permission": { "type": "string", "description": "Such as `invoices:read`." },
            "fresh_within": { "type": "integer", "description": "How many seconds old the last proof may be." },
        },
    });
    let answer = json!({
        "type": "object",
        "required": ["allowed"],
        "properties": { "allowed": { "type": "boolean" }, "code": { "type": "string", "description": "Why not." } },
    });
    let texts = list(text.clone());
    let inviter =
        json!({ "type": ["string", "null"], "description": "The address of the member; `null` for an operator." });
    let invitation = json!({
        "id": text, "email": text, "roles": texts, "invited_by": inviter, "created_at": seconds, "expires_at": seconds,
        "expired": { "type": "boolean", "description": "Whether its link works no more; it can be sent again." },
    });
    let next = json!({ "type": ["string", "null"], "description": "The `cursor` of the next page." });
    let tenant = object(json!({ "id": text, "slug": text, "name": text }));
    let mut all = json!({
        "Invitations": object(json!({ "invitations": list(object(invitation)), "next": next })),
        "Offer": object(json!({ "tenant": tenant, "invited_by": inviter, "roles": texts, "csrf_token": text })),
        "Who": object(json!({ "account": object(account), "session": object(session), "csrf_token": text })),
        "Session": object(listed),
        "Sessions": object(json!({ "sessions": list(json!({ "$ref": "#/components/schemas/Session" })), "next": next })),
        "FormToken": object(json!({ "csrf_token": text })),
        "Question": {
            "description": "One question, or up to 100 of them under `questions`.",
            "oneOf": [question, object(json!({ "questions": list(question.clone()) }))],
        },
        "Answer": {
            "description": "To one question `allowed`, which is true: a no is a problem. To `questions` the `answers` in their order.",
            "oneOf": [object(json!({ "allowed": { "type": "boolean" } })), object(json!({ "answers": list(answer) }))],
        },
        "Panel": { "type": "object", "description": "What a panel of the console shows; a list has `next`, the cursor of its next page." },
        "Done": { "type": "object", "description": "What was done; a new session brings its `csrf_token`." },
    });
    let (all_of_them, of_tenants) = (all.as_object_mut().expect("it is an object"), tenants());
    all_of_them.extend(of_tenants.as_object().cloned().unwrap_or_default());
    all
}

/// Those about tenants.
fn tenants() -> Value {
    let text = json!({ "type": "string" });
    let texts = list(text.clone());
    let next = json!({ "type": ["string", "null"], "description": "The `cursor` of the next page." });
    let tenant = json!({
        "id": text, "slug": text, "name": text, "roles": texts,
        "state": { "type": "string", "enum": ["active", "suspended", "closing"] },
    });
    let role = json!({ "name": text, "about": text, "permissions": texts, "grants": texts });
    let member = json!({
        "account": text, "email": text, "name": text, "roles": texts,
        "joined_at": { "type": "integer", "description": "Seconds since the epoch." },
        "disabled": { "type": "boolean", "description": "Whether the account may not log in." },
    });
    let known = json!({ "type": ["string", "null"] });
    let event = json!({
        "id": text, "at": { "type": "string", "format": "date-time" }, "actor": text, "action": text, "result": text,
        "target": known, "tenant": known, "address": known, "factors": known, "detail": known,
    });
    let of = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    json!({
        "Tenant": object(tenant),
        "Tenants": object(json!({ "tenants": list(of("Tenant")), "next": next, "self_service": { "type": "boolean" } })),
        "TenantOverview": object(json!({ "tenant": of("Tenant"), "permissions": texts })),
        "Roles": object(json!({ "roles": list(object(role)) })),
        "Member": object(member),
        "Members": object(json!({ "members": list(of("Member")), "next": next })),
        "Event": object(event),
        "Events": object(json!({ "events": list(of("Event")), "next": next })),
    })
}

/// An object that has all of these.
fn object(properties: Value) -> Value {
    let required: Vec<_> = properties.as_object().into_iter().flat_map(|properties| properties.keys()).collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}
