//! What a provider says of itself, part by part (OpenID Connect Discovery 1.0).

use axum::http::{Response, header};
use doorward_core::Timestamp;
use serde_json::Value;
use url::Url;

use super::{Check, Description, algorithms, bad, explained, good, open, quoted};
use crate::{
    base::{
        lifetime::LEEWAY,
        outgoing::{Place, may_be_called},
    },
    federation::{
        claims,
        metadata::{self, Metadata},
        provider::Provider,
    },
};

/// Reads it as a login does, and says of each part what is wrong with it.
pub(super) async fn read(
    provider: &Provider,
    (place, issuer): (&str, &str),
    now: Timestamp,
) -> (Vec<Check>, Option<Metadata>) {
    let uri = metadata::at(place);
    let answer = match metadata::ask(&uri, provider.place, None).await {
        Ok(answer) => answer,
        Err(failed) => return (vec![bad("description", format!("Not found at {uri}: {}", explained(&failed)))], None),
    };
    let Ok(description) = serde_json::from_slice::<Description>(answer.body()) else {
        let says = format!(
            "What is at {uri} is no object of JSON. Look whether `issuer` is the address of an OpenID provider."
        );
        return (vec![bad("description", says)], None);
    };
    let parts = [
        named(&description, issuer),
        endpoints(&description, provider.place),
        signing(&description),
        proof(&description),
    ];
    let understood = metadata::understood(&answer, issuer, provider.place);
    let is_explained = parts.iter().any(|check| check.found == super::Found::Bad);
    let whole = match &understood {
        Err(reason) if !is_explained => {
            let cure = "Whoever runs the provider can compare it with OpenID Connect Discovery 1.0.";
            bad("description", format!("What is at {uri} cannot be used ({}). {cure}", reason.word()))
        }
        _ => good("description", format!("It is at {uri}.")),
    };
    let mut checks = vec![whole];
    checks.extend(parts);
    checks.push(clock(&answer, now));
    (checks, understood.ok())
}

/// Whether it is the issuer that was written.
fn named(description: &Description, issuer: &str) -> Check {
    match description.get("issuer") {
        Some(Value::String(named)) if named == issuer => {
            good("issuer", format!("It calls itself {issuer}, as is written here."))
        }
        Some(Value::String(named)) => {
            let cure = "If that is who you mean, write exactly this as `issuer`; if not, somebody else answers there.";
            bad("issuer", format!("It calls itself {}, and is expected to be {issuer}. {cure}", quoted(named)))
        }
        _ => bad("issuer", "It does not say who it is. Look whether `issuer` is the address of an OpenID provider."),
    }
}

/// Whether everything that a login needs is there, and may be called.
fn endpoints(description: &Description, place: Place) -> Check {
    let wrong = |&(name, needed): &(&'static str, bool)| match description.get(name) {
        None if needed => Some(format!("`{name}` is missing")),
        None => None,
        Some(value) => {
            let url = value.as_str().and_then(|text| Url::parse(text).ok());
            let may = url.is_some_and(|url| may_be_called(&url, place));
            (!may).then(|| format!("`{name}` is no https address with the name of a host"))
        }
    };
    let wrong: Vec<String> = ENDPOINTS.iter().filter_map(wrong).collect();
    match wrong.is_empty() {
        true => good("endpoints", "All that a login needs are there, over https."),
        false => bad("endpoints", format!("{}. Whoever runs the provider can mend it.", wrong.join(", "))),
    }
}

/// Whether it signs in a way that is taken.
fn signing(description: &Description) -> Check {
    match names(description, "id_token_signing_alg_values_supported") {
        None => open("algorithms", "It does not say how it signs; whether we take it shows the first login."),
        Some(said) => match said.iter().find(|name| claims::ALGORITHMS.contains(name)) {
            Some(_) => good("algorithms", format!("It signs with {}.", quoted(&said.join(", ")))),
            None => {
                let cure = format!("Taken are {}: choose one for this client at the provider.", algorithms());
                bad("algorithms", format!("It signs with {} only. {cure}", quoted(&said.join(", "))))
            }
        },
    }
}

/// Whether it takes the proof that a code comes back to who asked for it (RFC 7636).
fn proof(description: &Description) -> Check {
    match names(description, "code_challenge_methods_supported") {
        None => open("proof", "It does not say whether it checks PKCE; the challenge is sent all the same."),
        Some(said) if said.contains(&"S256") => good("proof", "It checks PKCE with S256."),
        Some(said) => {
            let says = format!(
                "It takes PKCE with {} only, and never S256, which is all that is sent.",
                quoted(&said.join(", "))
            );
            bad("proof", format!("{says} Ask whoever runs it."))
        }
    }
}

/// Whether both clocks agree, by the date of the answer.
fn clock(answer: &Response<Vec<u8>>, now: Timestamp) -> Check {
    let said = answer.headers().get(header::DATE).and_then(|value| value.to_str().ok());
    let theirs = said.and_then(|text| jiff::fmt::rfc2822::parse(text).ok()).map(|at| at.timestamp().as_second());
    let Some(theirs) = theirs.map(Timestamp::from_secs) else {
        return open("clock", "Its answers have no date, so the clocks were not compared.");
    };
    let (ahead, behind) = (now.since(theirs), theirs.since(now));
    let most = LEEWAY.as_secs();
    if ahead > LEEWAY || behind > LEEWAY {
        let (secs, way) = if ahead > behind { (ahead.as_secs(), "ahead of") } else { (behind.as_secs(), "behind") };
        let cure = "Set the one that is wrong (NTP).";
        return bad(
            "clock",
            format!("Our clock is {secs} seconds {way} its own, and {most} are too many for its tokens. {cure}"),
        );
    }
    good("clock", format!("Its clock and ours agree within {most} seconds."))
}

/// A list of names, where there is one.
fn names<'d>(description: &'d Description, name: &str) -> Option<Vec<&'d str>> {
    description.get(name)?.as_array().map(|all| all.iter().filter_map(Value::as_str).collect())
}

/// The endpoints, and whether a login needs each.
const ENDPOINTS: [(&str, bool); 4] =
    [("authorization_endpoint", true), ("token_endpoint", true), ("jwks_uri", true), ("userinfo_endpoint", false)];
