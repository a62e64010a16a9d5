//! Every route, tried as each of those whom it must refuse. A new route is tried without being mentioned; one that cannot be
//! would have to stand in a list that is empty.

use std::collections::BTreeSet;

use super::*;
use crate::{operate, testing::providers::make_due};

const UNTRIED: &str = include_str!("../../../untried-routes.txt");

/// As whom a route is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum As {
    /// Nobody that we know.
    Anonymous,
    /// The owner of another tenant, who is no operator.
    OfAnotherTenant,
    /// A member whose roles hold nothing, and an operator whose roles hold nothing.
    WithoutPermission,
    /// Somebody whose account was disabled while they were logged in.
    Disabled,
    /// Somebody who may do everything, with a session that is to be rechecked.
    Due,
}

const ALL: [As; 5] = [As::Anonymous, As::OfAnotherTenant, As::WithoutPermission, As::Disabled, As::Due];

/// What a route must say; `None` where it lets everybody in, or where the rule is another's (one's own account, for instance).
fn expected(route: &Route, who: As) -> Option<(u16, &'static str)> {
    let guard = route.guard.split('<').next().unwrap_or_default();
    Some(match (guard, who) {
        // A program says in what it sends who it is, and its endpoint answers to that.
        ("Public" | "Program" | "Arrived" | "Landing", _) => return None,
        (_, As::Anonymous | As::Disabled) => (401, "not_signed_in"),
        ("Holder", _) => return None,
        (_, As::Due) => (401, "provider_recheck_required"),
        ("Member" | "RecentMember", As::OfAnotherTenant) => (404, "no_such_tenant"),
        ("Member" | "RecentMember", As::WithoutPermission) => (403, "forbidden"),
        ("Operator", As::OfAnotherTenant) => (404, "not_found"),
        ("Operator", As::WithoutPermission) => (403, "forbidden"),
        ("Forwarded", As::OfAnotherTenant) => (403, "no_such_tenant"),
        ("Forwarded", As::WithoutPermission) => (403, "forbidden"),
        ("SignedIn", As::OfAnotherTenant) if route.path == "/check" => (404, "no_such_tenant"),
        ("SignedIn", As::WithoutPermission) if route.path == "/check" => (403, "forbidden"),
        // A tenant whose guard is no membership is one that anybody may join, which acme is not.
        (_, As::OfAnotherTenant) if route.path.contains("{tenant}") => (404, "no_such_tenant"),
        _ => return None,
    })
}

/// Whether a route is for whoever tries it: for anybody, or, about one's own account and one's own tenants, for whoever is
/// logged in. A guard that is not known here leaves its routes untried.
fn is_for(route: &Route, who: As) -> bool {
    match route.guard.as_str() {
        "Public" | "Program" | "Arrived" | "Landing" => true,
        "Holder" if who == As::Due => true,
        "Holder" | "SignedIn" | "Reauthenticated" => matches!(who, As::OfAnotherTenant | As::WithoutPermission),
        _ => false,
    }
}

/// Somebody new for each trial: a route that does not refuse them may log them out or change their password.
async fn somebody(app: &TestApp, who: As, number: usize) -> (Actor, String) {
    if who == As::Anonymous {
        let mut visitor = app.visitor();
        let token = visitor.form_token().await;
        return (visitor, token);
    }
    let email = format!("{who:?}{number}@example.com").to_lowercase();
    let account = app.account(&email).await;
    let acme = operate::tenant(&app.doorward, "acme").await.unwrap().unwrap().id;
    match who {
        As::OfAnotherTenant => _ = app.tenant(&format!("other-{number}"), account).await,
        As::WithoutPermission => {
            app.member(acme, account, "member").await;
            operate::grant_operator(&app.doorward, account, vec!["auditor".parse().unwrap()]).await.unwrap();
            forget_roles(app, account).await;
        }
        As::Anonymous | As::Disabled | As::Due => {
            app.member(acme, account, "owner").await;
            operate::grant_operator(&app.doorward, account, vec!["admin".parse().unwrap()]).await.unwrap();
        }
    }
    let mut person = app.logged_in(&email).await;
    let token = person.csrf_token().await;
    if who == As::Disabled {
        operate::disable(&app.doorward, account).await.unwrap();
    }
    if who == As::Due {
        make_due(app, account).await;
    }
    (person, token)
}

/// Gives them a role that the policy does not know, as if it had been taken out of the settings.
async fn forget_roles(app: &TestApp, account: doorward_core::AccountId) {
    let mut tx = app.db().begin(crate::operate::Durability::Full).await.unwrap();
    for table in ["memberships", "operators"] {
        let sql = format!("UPDATE {table} SET roles = 'forgotten' WHERE account = $1");
        assert_eq!(tx.execute(&sql, &[&account]).await.unwrap(), 1);
    }
    tx.commit().await.unwrap();
}

on_every_engine! {
    /// Promise: `guard/every-route-tried`, `access/tenant-first`, `guard/due-for-nothing`, `sessions/due`
    async fn every_route_is_tried_as_each_of_those_whom_it_must_refuse(app: TestApp) {
        let owner = app.account("owner@example.com").await;
        app.tenant("acme", owner).await;
        let mut tried = BTreeSet::new();
        let mut number = 0;
        for route in table() {
            for who in ALL {
                number += 1;
                let (person, token) = somebody(&app, who, number).await;
                let form = person.clone().form_token().await;
                let token = if route.guard == "Public" && who != As::Anonymous { &form } else { &token };
                let answer = knock_with(&person, token, &route).await;
                let name = name_of(&route);
                match expected(&route, who) {
                    Some((status, code)) => assert_eq!(verdict(&answer), refused(status, code), "{name} as {who:?}"),
                    None => {
                        assert!(answer.status < 500, "{name} as {who:?}: {}", answer.text());
                        if !is_for(&route, who) {
                            continue;
                        }
                    }
                }
                tried.insert((name, who));
            }
        }
        let everything = table().into_iter().flat_map(|route| ALL.map(|who| (name_of(&route), who)));
        let untried: Vec<_> = everything.filter(|trial| !tried.contains(trial)).map(|(name, _)| name).collect();
        let listed = UNTRIED.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect::<Vec<_>>();
        assert_eq!(untried, listed, "the list of untried routes is another one");
        assert!(listed.is_empty(), "and it is to be empty");
    }

    /// Promise: `access/tenant-first`
    async fn no_header_says_who_somebody_is(app: TestApp) {
        let owner = app.account("owner@example.com").await;
        let acme = app.tenant("acme", owner).await.to_string();
        let id = owner.to_string();
        let mut stranger = app.person("stranger@example.com").await;
        let mut visitor = app.visitor();
        for name in ["x-user-id", "x-forwarded-user", "x-remote-user", "x-auth-request-user", "x-tenant", "x-tenant-id", "x-original-url",
            "x-rewrite-url", "x-http-method-override", "x-middleware-subrequest", "forwarded", "authorization"] {
            for value in [id.as_str(), acme.as_str(), "acme", "owner@example.com", "Bearer owner"] {
                for (person, expected) in [(&mut visitor, refused(401, "not_signed_in")), (&mut stranger, refused(404, "no_such_tenant"))] {
                    person.set_header(name, value);
                    assert_eq!(person.asks("acme", "tenant:read").await, expected, "{name}: {value}");
                    person.remove_header(name);
                }
            }
        }
    }
}
