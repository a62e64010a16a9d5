//! Acts that meet in one tenant.

use super::*;
use crate::operate::Deletion;
use crate::testing::crowd::{About, meeting};

/// A form sent from a browser of its own, so that many can be sent at once.
async fn sent(mut browser: Actor, token: String, path: String, form: Vec<(&'static str, &'static str)>) -> Answer {
    browser.post_with(&token, &path, &form).await
}

async fn owners(app: &TestApp) -> i64 {
    let sql =
        "SELECT COUNT(*) FROM memberships WHERE is_owner = 1 AND tenant = (SELECT id FROM tenants WHERE slug = 'acme')";
    app.db().list(sql, &[], |row| row.get(0)).await.unwrap()[0]
}

/// Ann and bob own acme, and each does `act` ten times, all at the same moment.
async fn two_owners(
    app: &TestApp,
    act: impl Fn(&Acme, usize) -> (String, Vec<(&'static str, &'static str)>),
) -> Vec<(u16, String)> {
    let mut all = Acme::of(app).await;
    operate::set_roles(&app.doorward, all.acme, all.ids[1], vec!["owner".parse().unwrap()]).await.unwrap();
    let tokens = [all.ann.csrf_token().await, all.bob.csrf_token().await];
    let mut many = Vec::new();
    for round in 0..20 {
        let who = round % 2;
        let (path, form) = act(&all, who);
        let browser = if who == 0 { &all.ann } else { &all.bob };
        many.push(sent(browser.clone(), tokens[who].clone(), path, form));
    }
    let (met, answers) = meeting(app, About::Acting, many).await;
    assert_eq!(met, 20, "all of them met before any of them acted");
    assert_eq!(owners(app).await, 1, "one owner is left");
    answers.iter().map(said).collect()
}

on_every_engine! {
    /// Promise: `tenant_page/acts-once`, `tenants/last-owner`
    async fn of_two_owners_who_leave_at_once_one_stays(app: TestApp) {
        let answers = two_owners(&app, |_, _| ("/auth/tenants/acme/leave".to_owned(), vec![])).await;
        assert_eq!(answers.iter().filter(|answer| **answer == yes()).count(), 1, "{answers:?}");
        let refusals = [no(409, "last_owner"), no(404, "no_such_tenant"), yes()];
        assert!(answers.iter().all(|answer| refusals.contains(answer)), "{answers:?}");
    }

    /// Promise: `tenant_page/acts-once`, `tenants/last-owner`
    async fn of_two_owners_who_remove_each_other_one_stays(app: TestApp) {
        let answers = two_owners(&app, |all, who| (all.path(1 - who, "/remove"), vec![])).await;
        assert_eq!(answers.iter().filter(|answer| **answer == yes()).count(), 1, "{answers:?}");
    }

    /// Promise: `tenant_page/acts-once`, `tenants/last-owner`
    async fn of_two_owners_who_demote_each_other_one_stays(app: TestApp) {
        let answers = two_owners(&app, |all, who| (all.path(1 - who, "/roles"), vec![("roles", "member")])).await;
        // Who comes again with the same roles changes nothing and is told so; the demoted one may do nothing any more.
        let refusals = [no(403, "forbidden"), yes()];
        assert!(answers.iter().all(|answer| refusals.contains(answer)), "{answers:?}");
        let filter = operate::Filter { action: Some(operate::Action::RolesChanged), ..Default::default() };
        let changes = operate::search(app.db(), &filter, None, 100).await.unwrap();
        let by_people = changes.into_iter().filter(|event| event.actor.starts_with("account:"));
        assert_eq!(by_people.count(), 1);
    }

    /// Promise: `tenants/last-owner`
    async fn a_tenant_keeps_an_owner_while_it_is_handed_over_and_an_account_deleted(app: TestApp) {
        // Ann and bob own acme: she leaves it to him, or makes herself less, while his account is deleted.
        for (round, act) in ["leave", "demote", "remove"].into_iter().cycle().take(24).enumerate() {
            let slug = format!("handed-{round}");
            let mut owners = Vec::new();
            for who in ["ann", "bob"] {
                owners.push(app.account(&format!("{who}{round}@example.com")).await);
            }
            let tenant = app.tenant(&slug, owners[0]).await;
            app.member(tenant, owners[1], "owner").await;
            let mut ann = app.logged_in(&format!("ann{round}@example.com")).await;
            let (path, form) = match act {
                "leave" => (format!("/auth/tenants/{slug}/leave"), vec![]),
                "demote" => (format!("/auth/tenants/{slug}/members/{}/roles", owners[0]), vec![("roles", "member")]),
                _ => (format!("/auth/tenants/{slug}/members/{}/remove", owners[1]), vec![]),
            };
            let token = ann.csrf_token().await;
            let (doorward, bob) = (app.doorward.clone(), owners[1]);
            // The one or the other a moment earlier, in turn.
            let pause = Duration::from_micros(300 * (round as u64 % 8));
            let deleted = tokio::spawn(async move {
                tokio::time::sleep(pause).await;
                operate::delete(&doorward, bob).await.unwrap()
            });
            let answer = sent(ann, token, path, form).await;
            let deleted = deleted.await.unwrap();
            let sql = "SELECT COUNT(*) FROM memberships WHERE is_owner = 1 AND tenant = $1";
            let left: i64 = app.db().list(sql, &[&tenant], |row| row.get(0)).await.unwrap()[0];
            assert_eq!(left, 1, "{act}: {} and {deleted:?}", answer.text());
            match deleted {
                Deletion::Done if act == "remove" => assert!([yes(), no(404, "no_such_member")].contains(&said(&answer))),
                Deletion::Done => assert_eq!(said(&answer), no(409, "last_owner"), "{act}"),
                Deletion::OwnsTenants(alone) => assert_eq!((said(&answer), alone), (yes(), vec![tenant]), "{act}"),
                Deletion::NoSuchAccount => panic!("it was there"),
            }
        }
    }

    /// Promise: `tenant_page/acts-once`, `access/act-again`
    async fn a_demoted_admin_removes_nobody_after_the_demotion(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let (of_ann, of_bob) = (all.ann.csrf_token().await, all.bob.csrf_token().await);
        let mut many = Vec::new();
        for count in 0..24 {
            let account = app.account(&format!("member{count}@example.com")).await;
            app.member(all.acme, account, "member").await;
            let path = format!("/auth/tenants/acme/members/{account}/remove");
            many.push(sent(all.bob.clone(), of_bob.clone(), path, vec![]));
            if count == 12 {
                many.push(sent(all.ann.clone(), of_ann.clone(), all.path(1, "/roles"), vec![("roles", "member")]));
            }
        }
        let before = app.count("memberships").await;
        let (met, answers) = meeting(&app, About::Acting, many).await;
        assert_eq!(met, 25);
        let done = answers.iter().filter(|answer| said(answer) == yes()).count() as i64 - 1;
        assert!(answers.iter().all(|answer| [yes(), no(403, "forbidden")].contains(&said(answer))));
        assert_eq!(app.count("memberships").await, before - done, "what was refused was not done");
        let filter = operate::Filter { tenant: Some(all.acme), ..Default::default() };
        let events = operate::search(app.db(), &filter, None, 1000).await.unwrap();
        let demoted = events.iter().find(|event| event.action == "member.roles_changed").unwrap().id;
        let removed: Vec<_> = events.iter().filter(|event| event.action == "member.removed").map(|event| event.id).collect();
        assert_eq!(removed.len() as i64, done);
        assert!(removed.iter().all(|id| *id < demoted), "{removed:?} {demoted}");
        assert_eq!(all.bob.asks("acme", "members:manage").await, no(403, "forbidden"));
    }
}
