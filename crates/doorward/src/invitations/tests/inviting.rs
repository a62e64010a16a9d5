//! Inviting: what one may give, in one's own tenant, within the limits, and without learning who has an account.

use super::*;

on_every_engine! {
    /// Promise: `invitations/no-more-than-one-may`
    async fn nobody_invites_to_more_than_they_may_give(app: TestApp) {
        let (acme, mut ann) = acme(&app).await;
        for (email, role) in [(BOB, "admin"), (KIM, "member")] {
            let account = app.account(email).await;
            app.member(acme, account, role).await;
        }
        let (mut admin, mut member) = (app.logged_in(BOB).await, app.logged_in(KIM).await);
        for (roles, expected) in [
            ("owner", no(403, "role_not_yours")), ("admin,owner", no(403, "role_not_yours")), ("", no(422, "role_missing")),
            (",", no(422, "role_missing")), ("nothing", no(422, "unknown_role")), ("member,nothing", no(422, "unknown_role")),
            ("Member", no(422, "unknown_role")), ("*", no(422, "unknown_role")), ("member\0", no(422, "unknown_role")),
        ] {
            assert_eq!(verdict(&invite(&mut admin, "new@example.com", roles).await), expected, "{roles:?}");
        }
        assert_eq!(verdict(&invite(&mut member, "new@example.com", "member").await), no(403, "forbidden"));
        assert_eq!(verdict(&invite(&mut app.visitor(), "new@example.com", "member").await), no(401, "not_signed_in"));
        let as_json = |more: Value| {
            let mut body = json!({ "email": "new@example.com", "roles": "member" });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let before = events(&app).await;
        for (more, expected) in [
            (json!({ "invited_by": "x" }), no(422, "unknown_field")), (json!({ "expires_at": "9" }), no(422, "unknown_field")),
            (json!({ "tenant_id": "other" }), no(422, "unknown_field")), (json!({ "user_id": ANN }), no(422, "unknown_field")),
            (json!({ "token": "A" }), no(422, "unknown_field")), (json!({ "is_owner": "1" }), no(422, "unknown_field")),
            (json!({ "email_verified": "true" }), no(422, "unknown_field")), (json!({ "id": "1" }), no(422, "unknown_field")),
            // What the path names is named once.
            (json!({ "tenant": "other" }), no(400, "repeated_field")), (json!({ "roles": ["owner"] }), no(400, "malformed_json")),
            (json!({ "roles": { "owner": true } }), no(400, "malformed_json")), (json!({ "roles": null }), no(400, "malformed_json")),
        ] {
            assert_eq!(verdict(&admin.post_json(LIST, &as_json(more.clone())).await), expected, "{more}");
            assert_eq!(ann.get(LIST).await.json()["invitations"], json!([]), "{more}");
        }
        assert_eq!(events(&app).await, before);
        assert_eq!((app.count("invitations").await, app.letters_to("new@example.com").await.len()), (0, 0));
        // What an owner has sent, an admin neither renews nor makes their own.
        let id = invited(&mut ann, "new@example.com", "owner").await;
        assert_eq!(resend(&mut admin, &id).await, no(403, "role_not_yours"));
        assert_eq!(resend(&mut member, &id).await, no(403, "forbidden"));
        assert_eq!(verdict(&member.delete(&format!("{LIST}/{id}")).await), no(403, "forbidden"));
        assert_eq!(ann.get(LIST).await.json()["invitations"][0]["invited_by"], ANN);
        let page = admin.clone().in_browser().get(LIST).await.text();
        assert!(page.contains("<option value=\"admin\"") && !page.contains("<option value=\"owner\""), "{page}");
    }

    /// Promise: `tenant_page/owner-proved`
    async fn who_makes_an_owner_by_an_invitation_proves_themselves_first(app: TestApp) {
        let (_, mut ann) = acme(&app).await;
        let id = invited(&mut ann, "first@example.com", "owner").await;
        app.wait(app.settings.reauthentication.valid);
        let old = no(403, "reauthentication_required");
        assert_eq!(verdict(&invite(&mut ann, "evil@example.com", "owner").await), old);
        assert_eq!(verdict(&invite(&mut ann, "evil@example.com", "member,owner").await), old);
        assert_eq!(resend(&mut ann, &id).await, old);
        let page = ann.clone().in_browser().post(LIST, &[("email", "evil@example.com"), ("roles", "owner")]).await;
        assert!(page.status == 303 && page.header("location").starts_with("/auth/reauthenticate?return_to="), "{}", page.status);
        assert_eq!(app.count("invitations").await, 1);
        assert_eq!(verdict(&invite(&mut ann, "new@example.com", "member").await), ok());
    }

    /// Promise: `invitations/own-tenant`
    async fn an_invitation_of_another_tenant_is_not_there(app: TestApp) {
        let (acme, mut ann) = acme(&app).await;
        let bob = app.account(BOB).await;
        app.tenant("other", bob).await;
        let mut bob = app.logged_in(BOB).await;
        let id = invited(&mut ann, KIM, "member").await;
        let token = app.token_for(KIM).await;
        for tenant in ["other", "acme", &acme.to_string(), "nothing"] {
            let at = format!("/auth/tenants/{tenant}/invitations/{id}");
            let expected = if tenant == "other" { no(404, "no_such_invitation") } else { no(404, "no_such_tenant") };
            assert_eq!(verdict(&bob.post(&format!("{at}/resend"), &[]).await), expected, "{tenant}");
            assert_eq!(verdict(&bob.post(&format!("{at}/revoke"), &[]).await), expected, "{tenant}");
            assert_eq!(verdict(&bob.delete(&at).await), expected, "{tenant}");
        }
        for odd in ["", "x", "0", &id.to_uppercase()[..8], &"9".repeat(400)] {
            assert_eq!(ann.post(&format!("{LIST}/{odd}/resend"), &[]).await.status, 404, "{odd}");
        }
        assert_eq!(bob.get(LIST).await.status, 404);
        assert_eq!(bob.get("/auth/tenants/other/invitations").await.json()["invitations"], json!([]));
        assert_eq!(accept(&mut app.person(KIM).await, &token).await, ok(), "nothing of that has touched it");
    }

    /// Promise: `invitations/own-tenant`
    async fn the_list_comes_in_pages_that_are_its_own(app: TestApp) {
        let (_, mut ann) = acme(&app).await;
        let bob = app.account(BOB).await;
        app.tenant("other", bob).await;
        for number in 0..5 {
            invited(&mut ann, &format!("new{number}@example.com"), "member").await;
            app.wait(Duration::from_millis(1));
        }
        let email = |one: &Value| one["email"].as_str().unwrap().to_owned();
        let emails = |page: &Value| page["invitations"].as_array().unwrap().iter().map(email).collect::<Vec<_>>();
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = ann.get(&format!("{LIST}?limit=2&cursor={cursor}")).await.json();
            seen.push(emails(&page));
            let Some(next) = page["next"].as_str() else { break };
            cursor = next.to_owned();
        }
        let names = |numbers: &[u32]| numbers.iter().map(|number| format!("new{number}@example.com")).collect::<Vec<_>>();
        assert_eq!(seen, [names(&[4, 3]), names(&[2, 1]), names(&[0])]);
        let first = ann.get(&format!("{LIST}?limit=1")).await.json();
        let one = &first["invitations"][0];
        assert_eq!((&one["roles"], &one["invited_by"], &one["expired"]), (&json!(["member"]), &json!(ANN), &json!(false)));
        assert_eq!(one["expires_at"].as_i64().unwrap() - one["created_at"].as_i64().unwrap(), 72 * 3600);
        let mut bob = app.logged_in(BOB).await;
        for (person, at) in [(&mut bob, "/auth/tenants/other/invitations"), (&mut ann, LIST)] {
            for cursor in [if at == LIST { "x" } else { cursor.as_str() }, "AAAA"] {
                let answer = person.get(&format!("{at}?cursor={cursor}")).await;
                assert_eq!(verdict(&answer), no(422, "cursor_invalid"), "{at}");
            }
        }
        for limit in ["0", "101", "-1", "x", "1e1"] {
            assert_eq!(verdict(&ann.get(&format!("{LIST}?limit={limit}")).await), no(422, "limit_invalid"), "{limit}");
        }
    }

    /// Promise: `invitations/says-nothing`
    async fn the_answer_does_not_tell_who_has_an_account(app: TestApp) {
        everybody(&app).await;
        acme(&app).await;
        for in_browser in [false, true] {
            let ann = app.logged_in(ANN).await;
            let mut ann = if in_browser { ann.in_browser() } else { ann };
            let mut answers = Vec::new();
            for email in EVERYBODY {
                let before = app.letters_to(email).await.len();
                let mut answer = invite(&mut ann, email, "member").await;
                let id = answer.json()["id"].as_str().unwrap_or_default().to_owned();
                answer.body = answer.text().replace(&id, "").into_bytes();
                answers.push((email, answer));
                let mut letters = app.letters_to(email).await.split_off(before);
                assert_eq!(letters.len(), 1, "{email}");
                assert_eq!(letters.remove(0).subject, "You are invited to join an organisation");
            }
            assert!([200, 303].contains(&answers[0].1.status));
            same_to_the_byte(&answers);
            run(&app, "DELETE FROM invitations").await;
            app.wait(HOUR);
        }
    }

    /// Promise: `invitations/says-nothing`
    async fn who_is_a_member_is_told_to_those_alone_who_see_members(app: TestApp) {
        const POLICY: &str = r#"
            [policy.roles.owner]
            permissions = ["*"]
            grants = ["*"]
            [policy.roles.host]
            permissions = ["members:invite"]
            grants = ["guest"]
            [policy.roles.guest]
            permissions = []
        "#;
        let app = TestApp::with(app.engine(), |settings| settings.policy = crate::config::PolicySettings::parse(POLICY).unwrap()).await;
        let (acme, mut ann) = acme(&app).await;
        for (email, role) in [(BOB, "host"), (KIM, "guest")] {
            let account = app.account(email).await;
            app.member(acme, account, role).await;
        }
        assert_eq!(verdict(&invite(&mut ann, KIM, "guest").await), no(409, "already_member"));
        let mut host = app.logged_in(BOB).await;
        let answers = [invite(&mut host, KIM, "guest").await, invite(&mut host, "new@example.com", "guest").await];
        let [member, nobody] = answers.map(|mut answer| {
            let id = answer.json()["id"].as_str().unwrap().to_owned();
            answer.body = answer.text().replace(&id, "").into_bytes();
            seen(&answer, "")
        });
        assert_eq!(member, nobody);
    }

    /// Promise: `invitations/limits`
    async fn invitations_that_wait_and_letters_are_limited(app: TestApp) {
        let app = TestApp::with(app.engine(), |settings| {
            settings.invitations.waiting = 3;
            settings.invitations.letters_per_member = 5;
            settings.invitations.letters_per_tenant = 7;
        }).await;
        let (acme, mut ann) = acme(&app).await;
        let bob = app.account(BOB).await;
        app.member(acme, bob, "admin").await;
        let mut bob = app.logged_in(BOB).await;
        let mut ids = Vec::new();
        for number in 0..3 {
            ids.push(invited(&mut ann, &format!("new{number}@example.com"), "member").await);
        }
        assert_eq!(verdict(&invite(&mut ann, "new3@example.com", "member").await), no(409, "too_many_invitations"));
        assert_eq!(ann.delete(&format!("{LIST}/{}", ids.remove(0))).await.status, 200);
        ids.push(invited(&mut ann, "new3@example.com", "member").await);
        assert_eq!(resend(&mut ann, &ids[0]).await, ok());
        let answer = ann.post(&format!("{LIST}/{}/resend", ids[0]), &[]).await;
        assert_eq!((answer.status, answer.code().as_str(), answer.header("retry-after")), (429, "too_many_attempts", "3600"));
        assert_eq!(ann.delete(&format!("{LIST}/{}", ids[0])).await.status, 200);
        assert_eq!(invite(&mut ann, "new4@example.com", "member").await.status, 429, "a member's letters");
        invited(&mut bob, "new4@example.com", "member").await;
        assert_eq!(resend(&mut bob, &ids[1]).await, ok());
        assert_eq!(resend(&mut bob, &ids[1]).await.0, 429, "the tenant's letters");
        app.wait(HOUR);
        assert_eq!(resend(&mut app.logged_in(BOB).await, &ids[1]).await, ok());
    }

    /// Promise: `invitations/limits`
    async fn an_address_is_sent_three_letters_an_hour_whoever_invites_it(app: TestApp) {
        let ann = app.account(ANN).await;
        for tenant in ["acme", "second", "third", "fourth"] {
            app.tenant(tenant, ann).await;
        }
        app.account(BOB).await;
        let mut ann = app.logged_in(ANN).await;
        let mut last = String::new();
        for tenant in ["acme", "second", "third", "fourth"] {
            let answer = ann.post(&format!("/auth/tenants/{tenant}/invitations"), &[("email", BOB), ("roles", "member")]).await;
            assert_eq!(answer.status, 200, "whoever invites does not learn what others have sent");
            last = answer.json()["id"].as_str().unwrap().to_owned();
        }
        assert_eq!(app.letters_to(BOB).await.len(), 3);
        let third = app.token_for(BOB).await;
        // A letter that is not sent voids no link.
        let id = ann.get("/auth/tenants/third/invitations").await.json()["invitations"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(ann.post(&format!("/auth/tenants/third/invitations/{id}/resend"), &[]).await.status, 200);
        assert_eq!(app.letters_to(BOB).await.len(), 3);
        assert_eq!(accept(&mut app.logged_in(BOB).await, &third).await, ok());
        app.wait(HOUR);
        let mut ann = app.logged_in(ANN).await;
        assert_eq!(ann.post(&format!("/auth/tenants/fourth/invitations/{last}/resend"), &[]).await.status, 200);
        let token = app.token_for(BOB).await;
        assert_eq!(accept(&mut app.logged_in(BOB).await, &token).await, ok());
    }

    async fn a_form_that_was_refused_comes_back_with_what_was_typed(app: TestApp) {
        let (_, ann) = acme(&app).await;
        let mut ann = ann.in_browser();
        invite(&mut ann, BOB, "member").await;
        for (email, roles, says) in [("nobody", "billing", "email-error"), (BOB, "billing", "They are invited already")] {
            let page = invite(&mut ann, email, roles).await.text();
            assert!(page.contains(&format!("value=\"{email}\"")) && page.contains("<option value=\"billing\" selected"), "{page}");
            assert!(page.contains(says) && page.contains(BOB), "{page}");
        }
        assert_eq!(ann.send(Method::PUT, LIST, "", None).await.status, 405);
    }
}
