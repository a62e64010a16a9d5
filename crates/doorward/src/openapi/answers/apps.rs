//! What is about apps: those that a person has let in, devices, and clients in the console.

use serde_json::{Value, json};

use super::{Schemas, about, count, done, flag, known, list, moment, named, next, object, seconds, text, texts};

pub(super) fn of(asked: (&str, &str)) -> Option<&'static str> {
    Some(match asked {
        ("GET", "/device" | "/admin/client-registration") => "FormToken",
        ("POST", "/device") => "DeviceQuestion",
        ("POST", "/device/decide") => "Allowed",
        ("GET", "/account/apps") => "Apps",
        ("POST", "/account/apps/{client}/withdraw") => "Withdrawn",
        ("GET", "/admin/clients") => "Clients",
        ("POST", "/admin/clients" | "/admin/clients/{client}/rotate") => "MadeClient",
        ("GET", "/admin/clients/{client}") => "Client",
        ("GET", "/admin/clients/{client}/disable" | "/admin/clients/{client}/delete") => "ClientConfirmation",
        ("POST", "/admin/clients/{client}/disable" | "/admin/clients/{client}/enable") => "ClientStanding",
        ("POST", "/admin/clients/{client}/delete") => "Deleted",
        _ => return None,
    })
}

pub(super) fn schemas() -> Schemas {
    let named_one = object(json!({ "id": text(), "name": text() }));
    let device = json!({ "client": named_one, "scopes": texts(), "tenants": list(named_one) });
    let mut made = client();
    made["properties"]["secret"] = about("Its secret, shown this once; public clients and those with keys have none.");
    vec![
        ("DeviceQuestion", object(device)),
        ("Apps", object(json!({ "apps": list(app()) }))),
        ("Withdrawn", done("withdrawn")),
        ("Deleted", done("deleted")),
        ("Client", client()),
        ("MadeClient", made),
        ("Clients", object(json!({ "clients": list(named("Client")), "next": next("of the next page") }))),
        ("ClientConfirmation", object(json!({ "client": named("Client"), "csrf_token": text() }))),
        ("ClientStanding", object(json!({ "disabled": flag(), "changed": flag() }))),
    ]
}

fn app() -> Value {
    object(json!({
        "client": about("The client's id."),
        "name": text(),
        "scopes": texts(),
        "tenants": { "type": "array", "items": text(), "description": "The names of the tenants that it was let in for." },
        "since": seconds(),
        "connections": count(),
    }))
}

fn client() -> Value {
    object(json!({
        "id": text(), "name": text(), "authentication": about("`none`, `secret` or `private_key_jwt`."),
        "keys": about("Its key set as it was written; empty when it has none."), "grants": texts(), "scopes": texts(),
        "resources": texts(), "redirect_uris": texts(), "post_logout_redirect_uris": texts(),
        "backchannel_logout_uri": known("Where it is told of logouts."), "tenant": known("The tenant that it belongs to."),
        "trusted": flag(), "demands_dpop": flag(), "algorithm": text(), "of_settings": flag(),
        "created_at": moment("When it was registered"), "disabled_at": moment("Since when it is kept out"),
        "secret_before_until": moment("Until when the secret before works too"),
    }))
}
