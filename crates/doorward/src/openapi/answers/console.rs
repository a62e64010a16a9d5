//! What operators see in the console: a schema for each panel.

use serde_json::{Value, json};

use super::{Schemas, about, count, done, flag, known, list, moment, named, next, object, page, seconds, text, texts};

pub(super) fn of((method, path): (&str, &str)) -> Option<&'static str> {
    let rest = path.strip_prefix("/admin")?;
    if let Some(rest) = rest.strip_prefix("/tenants/{tenant}") {
        return of_tenant(method, rest);
    }
    Some(match (method, rest) {
        ("GET", "") => "OverviewPanel",
        ("GET", "/accounts") => "AccountsPanel",
        ("GET", "/accounts/{account}") => "AccountPanel",
        ("GET", "/accounts/{account}/tenants") => "BelongingsPanel",
        ("GET", "/accounts/{account}/disable" | "/accounts/{account}/reset") => "AccountConfirmation",
        ("POST", "/accounts/{account}/disable") => "Disabled",
        ("POST", "/accounts/{account}/enable") => "Enabled",
        ("POST", "/accounts/{account}/end-sessions" | "/sessions/{id}/revoke") => "Ended",
        ("POST", "/accounts/{account}/reset") => "LinkSent",
        ("GET", "/tenants") => "TenantsPanel",
        ("POST", "/tenants") => "MadeTenant",
        ("GET", "/api-keys") => "ApiKeysPanel",
        ("POST", "/api-keys/{id}/revoke") => "Revoked",
        ("GET", "/providers") => "ProvidersPanel",
        ("POST", "/providers/{provider}/try") => "ProviderTrial",
        ("GET", "/sessions") => "SessionsPanel",
        ("GET", "/audit") => "Events",
        ("GET", "/system") => "SystemPanel",
        _ => return None,
    })
}

fn of_tenant(method: &str, rest: &str) -> Option<&'static str> {
    Some(match (method, rest) {
        ("GET", "") => "TenantPanel",
        ("GET", "/suspend" | "/delete") => "TenantConfirmation",
        ("POST", "/suspend" | "/resume") => "Suspension",
        ("POST", "/delete" | "/restore") => "Deletion",
        ("POST", "/entitle") => "Entitled",
        ("POST", "/members") => "MadeMember",
        ("GET", "/members/{account}") => "MemberPanel",
        ("POST", "/members/{account}/roles") => "GivenRoles",
        ("POST", "/members/{account}/remove") => "Removed",
        ("GET", "/invitations") => "InvitationsPanel",
        ("POST", "/invitations") => "MadeInvitation",
        ("POST", "/invitations/{id}/resend") => "Sent",
        ("POST", "/invitations/{id}/revoke") => "Revoked",
        ("GET", "/domains") => "DomainsPanel",
        ("POST", "/domains") => "VerifiedDomain",
        ("POST", "/domains/{domain}/withdraw") => "Withdrawal",
        ("POST", "/domains/{domain}/remove") => "Removed",
        ("GET", "/connections") => "ConnectionsPanel",
        ("POST", "/connections") => "MappedOrganisation",
        ("POST", "/connections/{connection}/remove") => "Removed",
        _ => return None,
    })
}

pub(super) fn schemas() -> Schemas {
    let changed = json!({ "type": "boolean", "description": "Whether it was otherwise before." });
    vec![
        ("OverviewPanel", overview()),
        ("AccountRow", object(account())),
        ("AccountsPanel", page("accounts", named("AccountRow"))),
        ("AccountPanel", account_panel()),
        ("BelongingsPanel", page("tenants", named("Tenant"))),
        ("AccountConfirmation", object(json!({ "account": named("AccountRow"), "csrf_token": text() }))),
        ("Disabled", done("disabled")),
        ("Enabled", done("enabled")),
        ("LinkSent", done("link_sent")),
        ("SessionRow", session()),
        ("SessionsPanel", page("sessions", named("SessionRow"))),
        ("ApiKeysPanel", page("api_keys", api_key())),
        ("ProvidersPanel", providers()),
        ("ProviderTrial", trial()),
        ("SystemPanel", system()),
        ("Entitlement", object(json!({ "plan": text(), "until": seconds() }))),
        ("TenantRow", object(tenant())),
        ("TenantsPanel", page("tenants", named("TenantRow"))),
        ("TenantPanel", tenant_panel()),
        ("MadeTenant", object(json!({ "slug": text() }))),
        ("TenantConfirmation", object(json!({ "tenant": named("TenantRow"), "csrf_token": text() }))),
        ("Suspension", object(json!({ "suspended": flag(), "changed": changed }))),
        ("Deletion", object(json!({ "closing": flag(), "changed": changed }))),
        ("Withdrawal", object(json!({ "withdrawn": flag(), "changed": changed }))),
        ("DomainsPanel", object(json!({ "domains": list(domain()) }))),
        ("MappedOrganisation", object(json!({ "connection": text() }))),
        ("ConnectionsPanel", object(json!({ "connections": list(connection()) }))),
        ("VerifiedDomain", object(json!({ "domain": text() }))),
        ("Entitled", object(json!({ "until": seconds() }))),
        ("MadeMember", object(json!({ "account": text() }))),
        ("MemberPanel", member()),
        ("InvitationsPanel", page("invitations", invitation())),
        ("MadeInvitation", object(json!({ "id": text() }))),
    ]
}

fn connection() -> Value {
    object(json!({
        "connection": about("The provider's name, which stays."),
        "kind": text(),
        "label": text(),
        "client_id": text(),
        "issuer": text(),
        "organisation": text(),
        "ready": flag(),
        "provider": text(),
        "join_role": known("The role of whoever joins by it; `null` when nobody does."),
        "created_at": seconds(),
    }))
}

fn overview() -> Value {
    let hour = object(json!({ "at": seconds(), "success": count(), "denied": count() }));
    let mut logins = object(json!({ "span": { "type": "string", "enum": ["day", "week"] }, "hours": list(hour) }));
    logins["type"] = json!(["object", "null"]);
    let mut denied = list(named("Event"));
    denied["type"] = json!(["array", "null"]);
    let counts = json!({
        "type": "object",
        "description": "What the operator may read; counting stops at 100,001.",
        "properties": { "accounts": count(), "sessions": count(), "tenants": count() },
    });
    object(json!({ "counts": counts, "logins": logins, "denied": denied }))
}

fn account() -> Value {
    json!({
        "id": text(),
        "email": text(),
        "name": text(),
        "created_at": seconds(),
        "last_login_at": moment("When somebody last logged in"),
        "disabled_at": moment("Since when it is kept out"),
    })
}

fn account_panel() -> Value {
    let mut panel = account();
    panel["operator_roles"] = texts();
    panel["password_changed_at"] = moment("When the password was set");
    panel["sessions"] = list(named("SessionRow"));
    panel["sessions_next"] = next("with which `/admin/sessions?account=` goes on, where there are more");
    panel["tenants"] = list(named("Tenant"));
    panel["tenants_next"] = next("with which `/admin/accounts/{account}/tenants` goes on, where there are more");
    for list in ["sessions", "tenants"] {
        panel[list]["maxItems"] = json!(50);
    }
    object(panel)
}

fn session() -> Value {
    object(json!({
        "id": text(),
        "account": text(),
        "device": text(),
        "address": about("The address of the login."),
        "created_at": seconds(),
        "seen_at": seconds(),
        "expires_at": seconds(),
    }))
}

fn api_key() -> Value {
    object(json!({
        "id": text(),
        "name": text(),
        "kind": super::tenants::kind_of_key(),
        "tenant": about("The id of the tenant that it is for."),
        "account": known("The id of the account that it acts for; `null` for one of a service."),
        "made_by": known("The id of its maker's account; `null` when that is gone."),
        "scopes": texts(),
        "resource": about("The audience of its tokens."),
        "created_at": seconds(),
        "expires_at": seconds(),
        "last_used_at": moment("When it was exchanged last, to the minute"),
        "expired": flag(),
    }))
}

fn tenant() -> Value {
    json!({
        "id": text(),
        "slug": text(),
        "name": text(),
        "state": { "type": "string", "enum": ["active", "suspended", "closing"] },
        "open_role": known("The role of whoever joins without an invitation."),
        "entitlements": list(named("Entitlement")),
        "created_at": seconds(),
        "suspended_at": moment("Since when its members are kept out"),
        "delete_at": moment("When it is going to be deleted"),
    })
}

fn tenant_panel() -> Value {
    let mut panel = tenant();
    panel["members"] = list(named("MemberPanel"));
    panel["members"]["maxItems"] = json!(100);
    panel["next"] = next("of the next page of members; `null` on the last one");
    object(panel)
}

fn member() -> Value {
    object(json!({
        "account": text(),
        "email": text(),
        "name": text(),
        "roles": texts(),
        "entitlements": list(named("Entitlement")),
        "joined_at": seconds(),
    }))
}

fn invitation() -> Value {
    object(json!({
        "id": text(),
        "email": text(),
        "roles": texts(),
        "invited_by": known("The id of the member's account; `null` for an operator."),
        "created_at": seconds(),
        "expires_at": seconds(),
    }))
}

fn domain() -> Value {
    object(json!({
        "domain": text(),
        "added_at": seconds(),
        "verified_by": super::tenants::proof(),
        "verified_at": moment("Since when it is the tenant's"),
        "checked_at": moment("When its record was last looked for"),
        "missing_since": moment("Since when its record is gone"),
    }))
}

fn system() -> Value {
    let database = json!({
        "engine": text(),
        "reachable": flag(),
        "schema": about("The newest migration."),
        "migrations": count(),
    });
    let letters = json!({ "waiting": count(), "oldest_at": moment("Since when the oldest waits") });
    let key = json!({ "id": count(), "signs_from": seconds(), "signs": flag() });
    let audit = json!({ "sealed_at": moment("When events were last sealed"), "unsealed": count() });
    object(json!({
        "database": object(database),
        "letters": object(letters),
        "hashing": object(json!({ "pending": count(), "threads": count(), "full": flag() })),
        "keys": list(object(key)),
        "audit": object(audit),
        "now": seconds(),
        "started_at": seconds(),
        "version": text(),
    }))
}

fn providers() -> Value {
    let one = json!({ "name": text(), "label": text(), "kind": text(), "redirect_uri": text() });
    object(json!({ "providers": list(object(one)), "csrf_token": text() }))
}

fn trial() -> Value {
    let found = json!({ "type": "string", "enum": ["good", "bad", "open"] });
    let check = object(json!({ "check": text(), "found": found, "says": about("What there is, or what to do.") }));
    let works = flag();
    object(json!({ "provider": text(), "works": works, "redirect_uri": text(), "checks": list(check) }))
}
