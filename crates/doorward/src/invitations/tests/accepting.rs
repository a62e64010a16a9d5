//! Accepting: once, in time, by the invited address, and only what still stands.

use super::*;

/// Admins invite admins; hosts invite members only.
const HOSTS: &str = r#"
    [policy.roles.owner]
    permissions = ["*"]
    grants = ["*"]
    [policy.roles.admin]
    permissions = ["members:*"]
    grants = ["admin", "host", "member"]
    [policy.roles.host]
    permissions = ["members:invite"]
    grants = ["member"]
    [policy.roles.member]
    permissions = []
"#;

on_every_engine! {
    /// Promise: `invitations/works-once`
    async fn an_invitation_makes_one_member_once(app: TestApp) {
        let (acme, mut ann) = acme(&app).await;
        let bob_id = app.account(BOB).await;
        invited(&mut ann, "Bob@Example.com", "admin").await;
        let token = app.token_for(BOB).await;
        let mut bob = app.logged_in(BOB).await;
        assert_eq!(bob.asks("acme", "members:manage").await, no(404, "no_such_tenant"), "not before it is accepted");
        let offer = bob.get(&format!("{ACCEPT}?token={token}")).await.json();
        assert_eq!((&offer["tenant"]["slug"], &offer["invited_by"], &offer["roles"]), (&json!("acme"), &json!(ANN), &json!(["admin"])));
        assert_eq!(bob.asks("acme", "members:manage").await, no(404, "no_such_tenant"), "nor by looking at it");
        let joined = bob.post(ACCEPT, &[("token", &token)]).await;
        assert_eq!(joined.json()["tenant"], json!({ "id": acme.to_string(), "slug": "acme", "name": "A tenant" }));
        assert_eq!(bob.asks("acme", "members:manage").await, ok());
        assert_eq!(bob.asks("acme", "tenant:delete").await, no(403, "forbidden"), "no more than was given");
        assert_eq!(accept(&mut bob, &token).await, spent());
        assert_eq!(bob.get(&format!("{ACCEPT}?token={token}")).await.status, 410);
        assert_eq!(app.count("invitations").await, 0);
        operate::remove_member(&app.doorward, acme, bob_id).await.unwrap();
        assert_eq!(accept(&mut bob, &token).await, spent(), "nor does it bring back who was removed");
        let (tenant, admin) = (Some(acme.to_string()), Some("admin".to_owned()));
        let told = |actor: &str, action: &str| (actor.to_owned(), action.to_owned(), "success".to_owned(), tenant.clone(), admin.clone());
        let ann_id = app.doorward.account_of(&address(ANN)).await.unwrap().unwrap();
        let (ann_acts, bob_acts) = (format!("account:{ann_id}"), format!("account:{bob_id}"));
        let expected = [told(&ann_acts, "invitation.sent"), told(&bob_acts, "invitation.accepted"), told(&bob_acts, "member.joined")];
        assert_eq!(events(&app).await, expected);
    }

    /// Promise: `invitations/works-once`
    async fn of_fifty_at_once_one_joins(app: TestApp) {
        let (_, mut ann) = acme(&app).await;
        app.account(BOB).await;
        invited(&mut ann, BOB, "member").await;
        let token = app.token_for(BOB).await;
        let mut bob = app.logged_in(BOB).await;
        let csrf = bob.csrf_token().await;
        let racers = (0..50).map(|_| post_as(&bob, &csrf, ACCEPT, &[("token", &token)]));
        let (met, answers) = meeting(&app, About::SpendingALink, racers).await;
        assert_eq!(met, 50, "all of them saw a link that works");
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        assert_eq!(answers.iter().filter(|answer| verdict(answer) == spent()).count(), 49);
        assert_eq!((app.count("memberships").await, app.count("invitations").await), (2, 0), "ann, bob and no orphan");
        let successes = |action: &str| format!("SELECT COUNT(*) FROM audit_events WHERE action = '{action}' AND result = 'success'");
        for (action, count) in [("invitation.accepted", 1), ("member.joined", 1)] {
            let found = app.db().list(&successes(action), &[], |row| row.get::<i64>(0)).await.unwrap();
            assert_eq!(found, [count], "{action}");
        }
    }

    /// Promise: `invitations/works-once`
    async fn an_invitation_that_is_being_spent_is_nobody_elses(app: TestApp) {
        let (_, mut ann) = acme(&app).await;
        invited(&mut ann, BOB, "member").await;
        let digest = Token::parse(&app.token_for(BOB).await).unwrap().digest();
        let spent = overlapping(&app, async |tx: &mut Transaction| store::spend(tx, &digest, working(app.doorward.context())).await).await;
        assert_eq!(spent, [true, false]);
    }

    /// Promise: `invitations/expires`
    async fn an_invitation_works_for_seventy_two_hours(app: TestApp) {
        let (_, mut ann) = acme(&app).await;
        app.account(BOB).await;
        let id = invited(&mut ann, BOB, "member").await;
        let token = app.token_for(BOB).await;
        app.wait(LIFETIME);
        let (mut bob, mut ann) = (app.logged_in(BOB).await, app.logged_in(ANN).await);
        assert_eq!(bob.get(&format!("{ACCEPT}?token={token}")).await.status, 410);
        assert_eq!(accept(&mut bob, &token).await, spent());
        assert_eq!(ann.get(LIST).await.json()["invitations"][0]["expired"], true, "whoever has sent it sees that");
        assert_eq!(resend(&mut ann, &id).await, ok(), "and sends it again");
        let token = app.token_for(BOB).await;
        app.wait(LIFETIME - TICK);
        assert_eq!(accept(&mut app.logged_in(BOB).await, &token).await, ok(), "to the last moment");
    }

    /// Promise: `invitations/expires`
    async fn what_is_too_old_stands_in_nobodys_way_and_goes(app: TestApp) {
        let (_, mut ann) = acme(&app).await;
        let first = invited(&mut ann, BOB, "member").await;
        assert_eq!(verdict(&invite(&mut ann, BOB, "admin").await), no(409, "already_invited"));
        app.wait(LIFETIME);
        let mut ann = app.logged_in(ANN).await;
        assert_ne!(invited(&mut ann, BOB, "admin").await, first);
        assert_eq!(app.count("invitations").await, 1);
        app.wait(2 * LIFETIME - TICK);
        crate::features::purge(app.doorward.context()).await.unwrap();
        assert_eq!(app.count("invitations").await, 1, "it can still be sent again");
        app.wait(TICK);
        crate::features::purge(app.doorward.context()).await.unwrap();
        assert_eq!(app.count("invitations").await, 0);
    }

    /// Promise: `invitations/expires`
    async fn a_clock_that_is_set_back_makes_no_invitation_live_longer(app: TestApp) {
        let (_, mut ann) = acme(&app).await;
        app.account(BOB).await;
        invited(&mut ann, BOB, "member").await;
        let token = app.token_for(BOB).await;
        app.clock.set_back(Duration::from_secs(60) + TICK);
        assert_eq!(accept(&mut app.logged_in(BOB).await, &token).await, spent());
        app.clock.advance(TICK);
        assert_eq!(accept(&mut app.logged_in(BOB).await, &token).await, spent(), "who came with it once has used it up");
    }

    /// Promise: `invitations/newest-only`
    async fn only_the_newest_link_works_and_none_that_was_taken_back(app: TestApp) {
        let (_, mut ann) = acme(&app).await;
        app.account(BOB).await;
        let mut bob = app.logged_in(BOB).await;
        let id = invited(&mut ann, BOB, "member").await;
        let older = app.token_for(BOB).await;
        assert_eq!(resend(&mut ann, &id).await, ok());
        let newer = app.token_for(BOB).await;
        assert_ne!(older, newer);
        assert_eq!(accept(&mut bob, &older).await, spent());
        assert_eq!(ann.delete(&format!("{LIST}/{id}")).await.status, 200);
        assert_eq!(accept(&mut bob, &newer).await, spent());
        assert_eq!(resend(&mut ann, &id).await, no(404, "no_such_invitation"));
        assert_eq!(verdict(&ann.delete(&format!("{LIST}/{id}")).await), no(404, "no_such_invitation"));
        // A letter that waits while its invitation is taken back, and another takes its place, brings the new one only.
        invited(&mut ann, BOB, "member").await;
        let id = ann.get(LIST).await.json()["invitations"][0]["id"].as_str().unwrap().to_owned();
        let letters = app.letters_to(BOB).await.len();
        assert_eq!(resend(&mut ann, &id).await, ok());
        assert_eq!(ann.post(&format!("{LIST}/{id}/revoke"), &[]).await.status, 200);
        assert_eq!(app.letters_to(BOB).await.len(), letters, "nothing is sent for what was taken back");
    }

    /// Promise: `invitations/own-address`
    async fn another_account_does_not_accept_and_is_told_no_address(app: TestApp) {
        let (_, mut ann) = acme(&app).await;
        app.account(BOB).await;
        app.account(KIM).await;
        invited(&mut ann, BOB, "member").await;
        let token = app.token_for(BOB).await;
        let mut kim = app.logged_in(KIM).await;
        for mut person in [kim.clone(), kim.clone().in_browser()] {
            for answer in [
                person.get(&format!("{ACCEPT}?token={token}")).await,
                person.post(ACCEPT, &[("token", &token)]).await,
                person.post(ACCEPT, &[("token", &token)]).await,
            ] {
                assert_eq!(answer.status, 403);
                let text = answer.text();
                assert!(!text.contains("bob") && !text.contains("acme") && !text.contains("A tenant") && !text.contains(ANN), "{text}");
            }
        }
        assert_eq!(accept(&mut kim, &token).await, no(403, "invitation_not_yours"));
        assert_eq!(kim.asks("acme", "tenant:read").await, no(404, "no_such_tenant"));
        let denied = events(&app).await.into_iter().filter(|event| event.2 == "denied").count();
        assert_eq!(denied, 1, "recorded once, however often");
        assert_eq!(accept(&mut app.logged_in(BOB).await, &token).await, ok(), "it still works for whom it is for");
        let mut nobody = app.visitor();
        assert_eq!(verdict(&nobody.get(&format!("{ACCEPT}?token={token}")).await), no(401, "not_signed_in"));
    }

    /// Promise: `invitations/own-address`
    async fn an_invitation_stays_with_its_address_when_an_account_changes_it(app: TestApp) {
        let (_, mut ann) = acme(&app).await;
        app.account(BOB).await;
        let mut bob = app.logged_in(BOB).await;
        invited(&mut ann, BOB, "member").await;
        let token = app.token_for(BOB).await;
        assert_eq!(bob.post("/auth/email/change", &[("email", "bob@new.example")]).await.status, 202);
        let change = app.token_for("bob@new.example").await;
        assert_eq!(bob.post("/auth/email/confirm", &[("token", &change)]).await.status, 200);
        assert_eq!(accept(&mut bob, &token).await, no(403, "invitation_not_yours"), "the address was his");
        let mut kim = app.person(KIM).await;
        assert_eq!(kim.post("/auth/email/change", &[("email", BOB)]).await.status, 202);
        let change = app.token_for(BOB).await;
        assert_eq!(accept(&mut kim, &token).await, no(403, "invitation_not_yours"), "the address is not hers yet");
        assert_eq!(kim.post("/auth/email/confirm", &[("token", &change)]).await.status, 200);
        assert_eq!(accept(&mut kim, &token).await, ok(), "whose address it is now");
    }

    /// Promise: `invitations/needs-the-token`
    async fn the_address_alone_gets_nobody_in(app: TestApp) {
        let (_, mut ann) = acme(&app).await;
        let id = invited(&mut ann, BOB, "member").await;
        let token = app.token_for(BOB).await;
        // The address is confirmed by signing up, with the invitation waiting.
        let mut bob = app.visitor();
        bob.post("/auth/signup", &[("email", BOB), ("password", PASSWORD)]).await;
        let signup = app.token_for(BOB).await;
        assert_eq!(bob.post("/auth/email/verify", &[("token", &signup), ("password", PASSWORD)]).await.status, 200);
        assert_eq!(bob.asks("acme", "tenant:read").await, no(404, "no_such_tenant"));
        assert_eq!(bob.get(LIST).await.status, 404);
        let (hex, more) = (id.replace('-', ""), format!("{token}A"));
        for claim in ["", "x", &id, &hex, &"A".repeat(43), &"A".repeat(10_000), &signup, &more, &token[1..]] {
            assert_eq!(accept(&mut bob, claim).await, spent(), "{claim}");
        }
        for smuggled in [
            json!({ "token": "x", "email": BOB }), json!({ "token": "x", "id": id }), json!({ "email": BOB }),
            json!({ "token": token, "roles": "owner" }),
        ] {
            assert!([410, 422].contains(&bob.post_json(ACCEPT, &smuggled).await.status), "{smuggled}");
        }
        assert_eq!(bob.asks("acme", "tenant:read").await, no(404, "no_such_tenant"));
        assert_eq!(accept(&mut bob, &token).await, ok());
    }

    /// Promise: `invitations/needs-the-token`
    async fn a_token_of_another_kind_is_no_invitation_and_the_other_way_round(app: TestApp) {
        let (_, mut ann) = acme(&app).await;
        app.account(BOB).await;
        let mut bob = app.logged_in(BOB).await;
        invited(&mut ann, BOB, "member").await;
        let invitation = app.token_for(BOB).await;
        app.visitor().post("/auth/password/forgot", &[("email", BOB)]).await;
        let reset = app.token_for(BOB).await;
        app.visitor().post("/auth/signup", &[("email", KIM), ("password", PASSWORD)]).await;
        let signup = app.token_for(KIM).await;
        bob.post("/auth/email/change", &[("email", "bob@new.example")]).await;
        let change = app.token_for("bob@new.example").await;
        for token in [&reset, &signup, &change] {
            assert_eq!(accept(&mut bob, token).await, spent());
        }
        let mut visitor = app.visitor();
        for (person, path, form) in [
            (&mut visitor, "/auth/password/reset", vec![("token", invitation.as_str()), ("new_password", "a quite different passphrase")]),
            (&mut app.visitor(), "/auth/email/verify", vec![("token", invitation.as_str()), ("password", PASSWORD)]),
            (&mut bob, "/auth/email/confirm", vec![("token", invitation.as_str())]),
        ] {
            assert_eq!(person.post(path, &form).await.status, 410, "{path}");
        }
        assert_eq!(accept(&mut bob, &invitation).await, ok(), "none of that has spent it");
    }

    /// Promise: `invitations/inviter-still-may`
    async fn an_invitation_is_void_once_whoever_sent_it_may_not_invite(app: TestApp) {
        let app = TestApp::with(app.engine(), |settings| settings.policy = crate::config::PolicySettings::parse(HOSTS).unwrap()).await;
        let (acme, _) = acme(&app).await;
        app.account(BOB).await;
        for (number, what) in ["demoted", "with less to give", "removed", "disabled", "deleted"].into_iter().enumerate() {
            let email = format!("inviter{number}@example.com");
            let inviter = app.account(&email).await;
            app.member(acme, inviter, "admin").await;
            let mut member = app.logged_in(&email).await;
            invited(&mut member, BOB, "admin").await;
            let token = app.token_for(BOB).await;
            match what {
                "demoted" => operate::set_roles(&app.doorward, acme, inviter, roles(&["member"])).await.unwrap(),
                "with less to give" => operate::set_roles(&app.doorward, acme, inviter, roles(&["host"])).await.unwrap(),
                "removed" => operate::remove_member(&app.doorward, acme, inviter).await.unwrap(),
                "disabled" => assert!(operate::disable(&app.doorward, inviter).await.unwrap()),
                _ => assert_eq!(operate::delete(&app.doorward, inviter).await.unwrap(), operate::Deletion::Done),
            }
            let mut bob = app.logged_in(BOB).await;
            assert_eq!(bob.get(&format!("{ACCEPT}?token={token}")).await.status, 410, "{what}");
            assert_eq!(accept(&mut bob, &token).await, spent(), "{what}");
            assert_eq!(bob.asks("acme", "tenant:read").await, no(404, "no_such_tenant"), "{what}");
            assert_eq!(app.count("invitations").await, 0, "{what}: it is over, also when the role comes back");
            app.wait(HOUR);
        }
    }

    /// Promise: `invitations/inviter-still-may`
    async fn whoever_sends_it_again_vouches_for_it(app: TestApp) {
        let (acme, mut ann) = acme(&app).await;
        app.account(BOB).await;
        let kim = app.account(KIM).await;
        app.member(acme, kim, "admin").await;
        let id = invited(&mut app.logged_in(KIM).await, BOB, "member").await;
        operate::remove_member(&app.doorward, acme, kim).await.unwrap();
        assert!(app.letters_to(BOB).await.is_empty(), "nothing is sent in the name of who was removed");
        assert_eq!(resend(&mut ann, &id).await, ok());
        let token = app.token_for(BOB).await;
        assert_eq!(ann.get(LIST).await.json()["invitations"][0]["invited_by"], ANN);
        assert_eq!(accept(&mut app.logged_in(BOB).await, &token).await, ok());
    }

    /// Promise: `invitations/open-tenant`
    async fn nobody_joins_a_tenant_that_is_suspended_closed_or_gone(app: TestApp) {
        let (acme, mut ann) = acme(&app).await;
        app.account(BOB).await;
        let mut bob = app.logged_in(BOB).await;
        let id = invited(&mut ann, BOB, "member").await;
        let token = app.token_for(BOB).await;
        assert!(operate::suspend_tenant(&app.doorward, acme).await.unwrap());
        let look = async |bob: &mut Actor| verdict(&bob.get(&format!("{ACCEPT}?token={token}")).await);
        assert_eq!(look(&mut bob).await, no(403, "tenant_closed"));
        assert_eq!(accept(&mut bob, &token).await, no(403, "tenant_closed"));
        assert_eq!(verdict(&invite(&mut ann, KIM, "member").await), no(403, "tenant_suspended"));
        assert_eq!(resend(&mut ann, &id).await, no(403, "tenant_suspended"));
        assert!(operate::resume_tenant(&app.doorward, acme).await.unwrap());
        invited(&mut ann, KIM, "member").await;
        assert!(operate::close_tenant(&app.doorward, acme).await.unwrap());
        assert!(app.letters_to(KIM).await.is_empty(), "a letter that was ordered before is not sent");
        assert_eq!(look(&mut bob).await, no(403, "tenant_closed"));
        assert_eq!(accept(&mut bob, &token).await, no(403, "tenant_closed"));
        assert!(operate::restore_tenant(&app.doorward, acme).await.unwrap());
        assert_eq!(look(&mut bob).await, ok(), "nothing of that has spent it");
        operate::delete_tenant(&app.doorward, acme).await.unwrap();
        assert_eq!(look(&mut bob).await, spent());
        assert_eq!(accept(&mut bob, &token).await, spent());
        assert_eq!(app.count("invitations").await, 0);
    }

    async fn a_member_learns_that_they_are_one_and_keeps_their_roles(app: TestApp) {
        let (acme, mut ann) = acme(&app).await;
        let bob_id = app.account(BOB).await;
        invited(&mut ann, BOB, "member").await;
        let token = app.token_for(BOB).await;
        app.member(acme, bob_id, "billing").await;
        let mut bob = app.logged_in(BOB).await;
        assert_eq!(accept(&mut bob, &token).await, no(409, "already_member"));
        assert_eq!(accept(&mut bob, &token).await, spent());
        assert_eq!(bob.asks("acme", "members:read").await, no(403, "forbidden"), "still billing, and nothing else");
    }

    /// Promise: `invitations/limits`
    async fn who_belongs_to_as_many_as_they_may_keeps_the_invitation(app: TestApp) {
        let app = TestApp::with(app.engine(), |settings| settings.tenants.joined = 1).await;
        let (_, mut ann) = acme(&app).await;
        let bob_id = app.account(BOB).await;
        let other = app.tenant("other", bob_id).await;
        invited(&mut ann, BOB, "member").await;
        let token = app.token_for(BOB).await;
        let mut bob = app.logged_in(BOB).await;
        assert_eq!(accept(&mut bob, &token).await, no(409, "too_many_tenants"));
        operate::delete_tenant(&app.doorward, other).await.unwrap();
        assert_eq!(accept(&mut bob, &token).await, ok());
    }

    /// Promise: `invitations/needs-the-token`
    async fn somebody_without_an_account_finds_the_whole_way(app: TestApp) {
        let (_, mut ann) = acme(&app).await;
        invited(&mut ann, BOB, "member").await;
        let letter = app.letters_to(BOB).await.pop().unwrap();
        let link = format!("{ACCEPT}?token={}", letter.token().unwrap());
        assert!(letter.text.contains("http://localhost:4400/auth/signup"), "{}", letter.text);
        let mut bob = app.visitor().in_browser();
        let sent = bob.get(&link).await;
        let escaped: String = url::form_urlencoded::byte_serialize(link.as_bytes()).collect();
        assert_eq!((sent.status, sent.header("location")), (303, format!("/auth/login?return_to={escaped}").as_str()));
        let login = bob.get(sent.header("location")).await.text();
        assert!(login.contains("/auth/signup?return_to="), "the way on is there: {login}");
        assert_eq!(bob.post("/auth/signup", &[("email", BOB), ("password", PASSWORD)]).await.status, 202);
        let confirm = app.token_for(BOB).await;
        assert_eq!(bob.post("/auth/email/verify", &[("token", &confirm), ("password", PASSWORD)]).await.status, 303);
        let page = bob.get(&link).await;
        assert!(page.status == 200 && page.text().contains("Join A tenant?") && page.text().contains(ANN), "{}", page.text());
        let done = bob.post(ACCEPT, &[("token", &letter.token().unwrap())]).await;
        assert_eq!(done.status, 303, "{}", done.text());
        assert_eq!(bob.asks("acme", "tenant:read").await, ok());
        assert!(bob.get(done.header("location")).await.text().contains("You are a member now"));
    }
}
