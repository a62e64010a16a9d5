//! What is about tenants, as the people of each see it.

use serde_json::{Value, json};

use super::{Schemas, about, done, flag, known, list, moment, named, object, page, seconds, text, texts};

pub(super) fn of(asked: (&str, &str)) -> Option<&'static str> {
    match asked {
        ("GET", "/tenants") => Some("Tenants"),
        ("POST", "/tenants") => Some("TenantName"),
        ("GET", "/invitations/accept") => Some("Offer"),
        ("POST", "/invitations/accept") => Some("Joined"),
        (method, path) => of_one(method, path.strip_prefix("/tenants/{tenant}")?),
    }
}

fn of_one(method: &str, rest: &str) -> Option<&'static str> {
    Some(match (method, rest) {
        ("GET", "") => "TenantOverview",
        ("GET", "/roles") => "Roles",
        ("GET", "/join") => "JoinForm",
        ("POST", "/join") => "TenantName",
        ("POST", "/leave") => "Left",
        ("GET", "/settings") => "TenantSettings",
        ("POST", "/rename") => "Renamed",
        ("POST", "/open") => "OpenRole",
        ("GET", "/delete") => "TenantEnd",
        ("POST", "/delete") => "DeleteAt",
        ("POST", "/restore") => "Kept",
        ("GET", "/members") => "Members",
        ("GET", "/members/{account}") => "Member",
        ("POST", "/members/{account}/roles") => "GivenRoles",
        ("POST", "/members/{account}/remove") | ("DELETE", "/members/{account}") => "Removed",
        ("GET", "/audit") => "Events",
        ("GET", "/invitations") => "Invitations",
        ("POST", "/invitations") => "Invited",
        ("POST", "/invitations/{id}/resend") => "Resent",
        ("POST", "/invitations/{id}/revoke") | ("DELETE", "/invitations/{id}") => "Revoked",
        ("GET", "/api-keys") => "ApiKeys",
        ("POST", "/api-keys") => "NewApiKey",
        ("POST", "/api-keys/{id}/revoke") | ("DELETE", "/api-keys/{id}") => "Revoked",
        ("GET", "/domains") => "Domains",
        ("POST", "/domains") => "Domain",
        ("POST", "/domains/{domain}/check") => "DomainChecked",
        ("POST", "/domains/{domain}/remove") | ("DELETE", "/domains/{domain}") => "Removed",
        ("GET", "/connections") => "Connections",
        ("POST", "/connections") | ("POST", "/connections/{connection}") => "Connection",
        ("GET", "/connections/{connection}") => "ConnectionWithRules",
        ("POST", "/connections/{connection}/rules" | "/connections/{connection}/rules/remove") => "ConnectionRules",
        ("GET", "/enter") => "Door",
        ("POST", "/enter") => "Entered",
        ("POST", "/sign-in") => "SignInWays",
        ("POST", "/members/{account}/break-glass") => "BreakGlass",
        ("POST", "/connections/{connection}/try") => "ProviderTrial",
        ("POST", "/organisations" | "/connections/{connection}/joining") => "Connection",
        ("POST", "/connections/{connection}/remove") | ("DELETE", "/connections/{connection}") => "Removed",
        _ => return None,
    })
}

pub(super) fn schemas() -> Schemas {
    let inviter = known("The address of the member; `null` for an operator.");
    let names = object(json!({ "id": text(), "slug": text(), "name": text() }));
    let open_role = about("The role of whoever joins; empty when nobody can.");
    let delete_at = json!({ "type": ["string", "null"], "description": "RFC 3339; `null` when it stays." });
    let date = json!({ "type": "string", "format": "date-time" });
    let rules = list(object(json!({ "claim": text(), "value": text(), "role": text() })));
    let mut with_rules = connection();
    with_rules["properties"]["rules"] = rules.clone();
    with_rules["required"].as_array_mut().expect("an object says what it has").push(json!("rules"));
    let mut tenants = page("tenants", named("Tenant"));
    tenants["properties"]["self_service"] =
        json!({ "type": "boolean", "description": "Whether the person may make another." });
    tenants["required"] = json!(["next", "self_service", "tenants"]);
    vec![
        ("Tenant", tenant()),
        ("Tenants", tenants),
        ("TenantName", object(json!({ "id": text(), "slug": text() }))),
        ("TenantOverview", object(json!({ "tenant": named("Tenant"), "permissions": texts() }))),
        ("Roles", object(json!({ "roles": list(role()) }))),
        ("JoinForm", object(json!({ "slug": text(), "name": text(), "role": text() }))),
        ("Left", done("left")),
        ("TenantSettings", object(json!({ "tenant": named("Tenant"), "open_role": open_role, "roles": texts() }))),
        ("Renamed", object(json!({ "slug": text(), "name": text() }))),
        ("OpenRole", object(json!({ "open_role": open_role }))),
        ("TenantEnd", object(json!({ "tenant": named("Tenant"), "delete_at": delete_at }))),
        ("DeleteAt", object(json!({ "delete_at": date }))),
        ("Kept", done("kept")),
        ("Member", member()),
        ("Members", page("members", named("Member"))),
        ("GivenRoles", object(json!({ "roles": texts() }))),
        ("Removed", done("removed")),
        ("Event", event()),
        ("Events", page("events", named("Event"))),
        ("Invitations", page("invitations", invitation(&inviter))),
        ("Invited", object(json!({ "invited": flag(), "id": text() }))),
        ("Resent", done("resent")),
        ("Revoked", done("revoked")),
        ("ApiKeys", page("api_keys", api_key())),
        ("NewApiKey", new_api_key()),
        ("Domain", domain()),
        ("Domains", object(json!({ "domains": list(named("Domain")) }))),
        ("DomainChecked", done("verified")),
        ("Connection", connection()),
        ("ConnectionWithRules", with_rules),
        ("ConnectionRules", object(json!({ "rules": rules }))),
        ("Connections", connections()),
        ("Door", door()),
        ("Entered", done("entered")),
        ("SignInWays", object(json!({ "only_own": flag() }))),
        ("BreakGlass", object(json!({ "may": flag() }))),
        ("Offer", object(json!({ "tenant": names, "invited_by": inviter, "roles": texts(), "csrf_token": text() }))),
        ("Joined", object(json!({ "joined": flag(), "tenant": names }))),
    ]
}

fn tenant() -> Value {
    let state = json!({ "type": "string", "enum": ["active", "suspended", "closing"] });
    object(json!({ "id": text(), "slug": text(), "name": text(), "roles": texts(), "state": state }))
}

fn role() -> Value {
    object(json!({ "name": text(), "about": text(), "permissions": texts(), "grants": texts() }))
}

fn member() -> Value {
    object(json!({
        "account": text(),
        "email": text(),
        "name": text(),
        "roles": texts(),
        "joined_at": seconds(),
        "disabled": { "type": "boolean", "description": "Whether the account may not log in." },
    }))
}

fn event() -> Value {
    object(json!({
        "id": text(),
        "at": { "type": "string", "format": "date-time" },
        "actor": about("Such as `account:` with an id."),
        "action": text(),
        "result": { "type": "string", "enum": ["success", "denied"] },
        "target": known("To whom or what."),
        "tenant": known("The id of the tenant it happened in."),
        "address": known("From which machine."),
        "factors": known("What was proved, with commas between."),
        "detail": known("What was given or taken: roles with commas between, or a plan. Of a domain, how it was proved, or why not."),
    }))
}

fn domain() -> Value {
    object(json!({
        "domain": text(),
        "record_name": about("The name at which the TXT record is to stand."),
        "record_value": about("What the record is to say."),
        "added_at": seconds(),
        "verified_by": proof(),
        "verified_at": moment("Since when it is the tenant's"),
        "checked_at": moment("When its record was last looked for"),
        "missing_since": moment("Since when its record is gone"),
    }))
}

fn connections() -> Value {
    object(json!({
        "connections": list(named("Connection")),
        "allowed": flag(),
        "only_own": { "type": "boolean", "description": "Whether people are let in by a provider of the tenant only." },
        "break_glass": texts(),
    }))
}

fn door() -> Value {
    object(json!({
        "tenant": about("The tenant's slug."),
        "providers": texts(),
        "break_glass": { "type": "boolean", "description": "Whether the person may come in without the provider." },
        "entered": { "type": "boolean", "description": "Whether the session is let in." },
        "csrf_token": text(),
    }))
}

fn connection() -> Value {
    object(json!({
        "connection": about("The provider's name, which stays."),
        "kind": text(),
        "label": about("What stands on its button."),
        "redirect_uri": about("Where it sends people back to; it is registered there."),
        "client_id": text(),
        "issuer": text(),
        "organisation": about("The id of the directory, or the domain, where the kind needs it."),
        "ready": flag(),
        "provider": about("The provider of everybody's whose people it is about; empty for one of the tenant's own."),
        "join_role": known("The role of whoever joins by it; `null` when nobody does."),
        "created_at": seconds(),
    }))
}

/// What has proved a domain.
pub(super) fn proof() -> Value {
    json!({ "type": ["string", "null"], "enum": ["dns", "operator", null], "description": "What has proved it, if anything." })
}

fn api_key() -> Value {
    object(json!({
        "id": text(),
        "name": text(),
        "kind": kind_of_key(),
        "scopes": texts(),
        "resource": about("The audience of its tokens."),
        "made_by": known("The address of its maker; `null` when the account is gone."),
        "created_at": seconds(),
        "expires_at": seconds(),
        "last_used_at": moment("When it was exchanged last, to the minute"),
        "expired": flag(),
    }))
}

fn new_api_key() -> Value {
    object(json!({
        "id": text(),
        "key": about("The key, which is shown this once."),
        "kind": kind_of_key(),
        "scopes": texts(),
        "resource": text(),
        "expires_at": seconds(),
    }))
}

pub(super) fn kind_of_key() -> Value {
    json!({ "type": "string", "enum": ["personal", "service"], "description": "Whether it acts for its maker or the tenant." })
}

fn invitation(inviter: &Value) -> Value {
    object(json!({
        "id": text(),
        "email": text(),
        "roles": texts(),
        "invited_by": inviter,
        "created_at": seconds(),
        "expires_at": seconds(),
        "expired": { "type": "boolean", "description": "Whether its link works no more; it can be sent again." },
    }))
}
