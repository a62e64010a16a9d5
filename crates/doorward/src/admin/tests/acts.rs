//! What is done in the console, and that the log says who did it.

use doorward_core::EmailAddress;
use serde_json::json;

use super::*;

/// An act: where it is sent, with what, its action in the log, and what it was done to.
type Done = (String, Vec<(&'static str, String)>, &'static str, String);

on_every_engine! {
    /// Promise: `admin/audited`
    async fn every_act_is_in_the_log_with_its_operator(app: TestApp) {
        let (ann, session, tenant, _) = victim(&app).await;
        let bob = app.account(BOB).await;
        let (mut admin, root) = operator(&app, ROOT, "admin").await;
        let (account, at) = (format!("/auth/admin/accounts/{ann}"), "/auth/admin/tenants/acme");
        let plan = |until: &str| vec![("plan", "pro".to_owned()), ("until", until.to_owned())];
        let field = |name, value: &str| vec![(name, value.to_owned())];
        let joining = vec![("email", BOB.to_owned()), ("roles", "member, billing".to_owned())];
        let (of_ann, of_bob, of_acme) = (format!("account:{ann}"), format!("account:{bob}"), format!("tenant:{tenant}"));
        let acts: Vec<Done> = vec![
            (format!("/auth/admin/sessions/{session}/revoke"), vec![], "session.revoked", format!("session:{session}")),
            (format!("{account}/disable"), vec![], "account.disabled", of_ann.clone()),
            (format!("{account}/enable"), vec![], "account.enabled", of_ann.clone()),
            (format!("{account}/end-sessions"), vec![], "session.all_ended", of_ann.clone()),
            (format!("{account}/reset"), vec![], "password.voided", of_ann),
            (format!("{at}/members"), joining, "member.joined", of_bob.clone()),
            (format!("{at}/members/{bob}/roles"), field("roles", "admin"), "member.roles_changed", of_bob.clone()),
            (format!("{at}/members/{bob}/remove"), vec![], "member.removed", of_bob),
            (format!("{at}/entitle"), plan("2099-01-01"), "entitlement.set", of_acme.clone()),
            (format!("{at}/entitle"), plan("2001-01-01"), "entitlement.ended", of_acme.clone()),
            (format!("{at}/suspend"), vec![], "tenant.suspended", of_acme.clone()),
            (format!("{at}/resume"), vec![], "tenant.resumed", of_acme.clone()),
            (format!("{at}/delete"), field("slug", "acme"), "tenant.deletion_requested", of_acme.clone()),
            (format!("{at}/restore"), vec![], "tenant.restored", of_acme),
        ];
        for (path, form, action, target) in acts {
            let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let answer = admin.post(&path, &form).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            let event = newest(&app, action).await;
            assert_eq!(event["actor"], format!("operator:{root}"), "{path}: {event}");
            assert_eq!((event["target"].as_str(), event["result"].as_str()), (Some(target.as_str()), Some("success")), "{path}");
            assert_eq!(event["address"], "127.0.0.1", "{path}");
            let within = path.contains("/tenants/").then(|| tenant.to_string());
            assert_eq!(event["tenant"].as_str(), within.as_deref(), "{path}");
        }
        let made = admin.post("/auth/admin/tenants", &[("slug", "globex"), ("name", "Globex"), ("email", BOB)]).await;
        assert_eq!(made.json()["slug"], "globex", "{}", made.text());
        assert_eq!(newest(&app, "tenant.created").await["actor"], format!("operator:{root}"));
        assert_eq!(app.logged_in(BOB).await.asks("globex", "tenant:delete").await.0, 200, "its owner");
    }

    /// Promise: `admin/own-account`
    async fn a_session_of_an_operator_who_may_do_more_is_not_ended(app: TestApp) {
        let (mut admin, _) = operator(&app, ROOT, "admin").await;
        let (mut support, _) = operator(&app, "support@example.com", "support").await;
        let session = |who: &Value| who["session"]["id"].as_str().unwrap().to_owned();
        let of_admin = session(&admin.get("/auth/session").await.json());
        let of_support = session(&support.get("/auth/session").await.json());
        let revoke = |id: &str| format!("/auth/admin/sessions/{id}/revoke");
        assert_eq!(verdict(&support.post(&revoke(&of_admin), &[]).await), (403, "may_do_more".to_owned()));
        assert!(admin.is_signed_in().await);
        assert_eq!(admin.post(&revoke(&of_support), &[]).await.status, 200);
    }

    /// Promise: `tenants/paid-until`
    async fn what_was_paid_for_is_set_by_the_interface_and_ends_by_itself(app: TestApp) {
        let (ann, _, tenant, _) = victim(&app).await;
        app.account(BOB).await;
        let bob = app.doorward.account_of(&EmailAddress::parse(BOB).unwrap()).await.unwrap().unwrap();
        app.member(tenant, bob, "member").await;
        let (mut admin, _) = operator(&app, ROOT, "admin").await;
        let hour = std::time::Duration::from_secs(3600);
        let (until, account) = (app.now().after(hour).as_secs().to_string(), bob.to_string());
        let body = json!({ "plan": "pro", "until": until, "account": account });
        let answer = admin.post_json("/auth/admin/tenants/acme/entitle", &body).await;
        assert_eq!((answer.status, answer.json()["until"].to_string()), (200, until), "{}", answer.text());
        let roles = async |app: &TestApp| {
            let page = app.logged_in(BOB).await.get("/auth/tenants").await.json();
            page["tenants"][0]["roles"].to_string()
        };
        assert_eq!(roles(&app).await, r#"["billing","member"]"#);
        app.wait(hour);
        assert_eq!(roles(&app).await, r#"["member"]"#, "by itself");
        let mut owner = app.logged_in(ANN).await;
        let smuggled = owner.post_json("/auth/admin/tenants/acme/entitle", &body).await;
        assert_eq!(smuggled.status, 404, "an owner of {ann} entitles nobody");
    }

    /// Promise: `admin/audited`
    async fn an_act_that_changes_nothing_writes_nothing(app: TestApp) {
        let (ann, _, _, _) = victim(&app).await;
        let (mut admin, _) = operator(&app, ROOT, "admin").await;
        let events = app.count("audit_events").await;
        let at = "/auth/admin/tenants/acme";
        for path in [format!("{at}/resume"), format!("{at}/restore")] {
            assert_eq!(admin.post(&path, &[]).await.json()["changed"], false, "{path}");
        }
        for (path, form, code) in [
            (format!("{at}/members/{ann}/roles"), vec![("roles", "member")], "last_owner"),
            (format!("{at}/members/{ann}/roles"), vec![("roles", "root")], "unknown_role"),
            (format!("{at}/members/{ann}/roles"), vec![("roles", "Owner; DROP")], "unknown_role"),
            (format!("{at}/members/{ann}/roles"), vec![("roles", " , ")], "role_missing"),
            (format!("{at}/members/{ann}/remove"), vec![], "last_owner"),
            (format!("{at}/members"), vec![("email", ANN), ("roles", "member")], "already_member"),
            (format!("{at}/members"), vec![("email", "nobody@example.com"), ("roles", "member")], "no_such_account"),
            (format!("{at}/members"), vec![("email", "nobody"), ("roles", "member")], "email_invalid"),
            (format!("{at}/delete"), vec![], "not_confirmed"),
            (format!("{at}/delete"), vec![("slug", "globex")], "not_confirmed"),
            (format!("{at}/entitle"), vec![("plan", "gold"), ("until", "2099-01-01")], "unknown_plan"),
            (format!("{at}/entitle"), vec![("plan", "gold"), ("until", "")], "moment_invalid"),
            (format!("{at}/entitle"), vec![("plan", "gold"), ("until", "tomorrow")], "moment_invalid"),
            ("/auth/admin/tenants".to_owned(), vec![("slug", "acme"), ("name", "Again")], "slug_taken"),
            ("/auth/admin/tenants".to_owned(), vec![("slug", "Ac me"), ("name", "Again")], "slug_invalid"),
            ("/auth/admin/tenants".to_owned(), vec![("slug", "new"), ("name", " ")], "name_invalid"),
            ("/auth/admin/tenants".to_owned(), vec![("slug", "new"), ("name", "x"), ("email", "no@example.com")], "no_such_account"),
            ("/auth/admin/tenants/globex/suspend".to_owned(), vec![], "no_such_tenant"),
            ("/auth/admin/tenants/%2e%2e/suspend".to_owned(), vec![], "no_such_tenant"),
            ("/auth/admin/sessions/0000000000000001/revoke".to_owned(), vec![], "no_such_session"),
            ("/auth/admin/sessions/x/revoke".to_owned(), vec![], "no_such_session"),
            ("/auth/admin/accounts/x/disable".to_owned(), vec![], "no_such_account"),
            ("/auth/admin/accounts/018f3f0a-0000-7000-8000-000000000000/disable".to_owned(), vec![], "no_such_account"),
        ] {
            let answer = admin.post(&path, &form).await;
            assert_eq!(answer.code(), code, "{path} {form:?}: {}", answer.text());
            let page = admin.clone().in_browser().post(&path, &form).await;
            assert_eq!(page.status, answer.status, "{path} {form:?}");
            assert!(page.header("content-type").starts_with("text/html"), "{path}");
        }
        assert_eq!(app.count("audit_events").await, events);
    }

    async fn each_act_does_what_it_says(app: TestApp) {
        let (ann, session, _, mut owner) = victim(&app).await;
        let (mut admin, _) = operator(&app, ROOT, "admin").await;
        let account = format!("/auth/admin/accounts/{ann}");
        assert_eq!(admin.post(&format!("/auth/admin/sessions/{session}/revoke"), &[]).await.status, 200);
        assert!(!owner.is_signed_in().await);
        let mut owner = app.logged_in(ANN).await;
        assert_eq!(admin.post(&format!("{account}/end-sessions"), &[]).await.json()["ended"], 1);
        assert!(!owner.is_signed_in().await);
        let mut owner = app.logged_in(ANN).await;
        assert_eq!(admin.post("/auth/admin/tenants/acme/suspend", &[]).await.json()["changed"], true);
        assert_eq!(owner.asks("acme", "tenant:read").await.0, 403);
        admin.post("/auth/admin/tenants/acme/resume", &[]).await;
        assert_eq!(owner.asks("acme", "tenant:read").await.0, 200);
        admin.post(&format!("{account}/disable"), &[]).await;
        assert!(!owner.is_signed_in().await);
        assert_eq!(admin.get(&account).await.json()["disabled_at"], app.now().as_secs());
        admin.post(&format!("{account}/enable"), &[]).await;
        assert!(app.logged_in(ANN).await.is_signed_in().await);
        assert_eq!(admin.post(&format!("{account}/reset"), &[]).await.json()["link_sent"], true);
        let token = app.token_for(ANN).await;
        let form = [("token", token.as_str()), ("new_password", "a quite different passphrase")];
        assert_eq!(app.visitor().post("/auth/password/reset", &form).await.status, 200);
    }

    /// Promise: `admin/own-account`
    async fn an_operator_does_not_lock_themselves_out(app: TestApp) {
        let (mut admin, root) = operator(&app, ROOT, "admin").await;
        for act in ["disable", "reset"] {
            let path = format!("/auth/admin/accounts/{root}/{act}");
            for answer in [admin.get(&path).await, admin.post(&path, &[]).await] {
                assert_eq!(verdict(&answer), (409, "own_account".to_owned()), "{act}");
            }
        }
        assert!(admin.is_signed_in().await);
        let page = admin.clone().in_browser().get(&format!("/auth/admin/accounts/{root}")).await.text();
        assert!(page.contains("your own account") && !page.contains("/disable"));
    }

    /// Promise: `admin/own-account`
    async fn nobody_touches_an_operator_who_may_do_more(app: TestApp) {
        let (mut admin, root) = operator(&app, ROOT, "admin").await;
        let (mut support, helper) = operator(&app, "support@example.com", "support").await;
        for act in ["disable", "enable", "end-sessions", "reset"] {
            let answer = support.post(&format!("/auth/admin/accounts/{root}/{act}"), &[]).await;
            assert_eq!(verdict(&answer), (403, "may_do_more".to_owned()), "{act}");
        }
        assert!(admin.is_signed_in().await);
        assert_eq!(admin.post(&format!("/auth/admin/accounts/{helper}/disable"), &[]).await.status, 200);
        assert!(!support.is_signed_in().await);
    }

    /// Promise: `admin/confirmed`
    async fn what_is_hard_to_undo_is_asked_about_first(app: TestApp) {
        let (ann, _, _, mut owner) = victim(&app).await;
        let (admin, _) = operator(&app, ROOT, "admin").await;
        let mut admin = admin.in_browser();
        let account = format!("/auth/admin/accounts/{ann}");
        for (path, says) in [
            (format!("{account}/disable"), "All its sessions end at once"),
            (format!("{account}/reset"), "A link to set a new password goes to ann@example.com"),
            ("/auth/admin/tenants/acme/suspend".to_owned(), "its members are kept out"),
            ("/auth/admin/tenants/acme/delete".to_owned(), "After 14 days it is deleted"),
        ] {
            let page = admin.get(&path).await;
            assert!(page.status == 200 && page.text().contains(says), "{path}: {}", page.text());
            assert!(page.text().contains(&format!("action=\"{path}\"")), "{path}");
        }
        assert!(owner.is_signed_in().await, "asking does nothing");
        let page = admin.post("/auth/admin/tenants/acme/delete", &[("slug", "other")]).await;
        assert!(page.status == 422 && page.text().contains("slug-error"), "{}", page.text());
        let sent = admin.post("/auth/admin/tenants/acme/delete", &[("slug", "acme")]).await;
        assert_eq!((sent.status, sent.header("location")), (303, "/auth/admin/tenants/acme?done=console-tenant-closing"));
        assert!(admin.get(sent.header("location")).await.text().contains("waits to be deleted"));
        app.wait(Duration::from_secs(86_400));
        assert_eq!(app.count("tenants").await, 1, "it waits");
    }

    async fn a_member_is_added_by_their_address_whatever_its_spelling(app: TestApp) {
        victim(&app).await;
        let bob = app.account(BOB).await;
        let (mut admin, _) = operator(&app, ROOT, "admin").await;
        let form = [("email", " Bob@Example.com"), ("roles", "billing member")];
        let answer = admin.post("/auth/admin/tenants/acme/members", &form).await;
        assert_eq!(EmailAddress::parse(" Bob@Example.com").is_ok(), answer.status == 200, "{}", answer.text());
        let form = [("email", "Bob@Example.com"), ("roles", "billing member")];
        admin.post("/auth/admin/tenants/acme/members", &form).await;
        let member = admin.get(&format!("/auth/admin/tenants/acme/members/{bob}")).await.json();
        assert_eq!(member["roles"], serde_json::json!(["billing", "member"]));
    }

    /// Promise: `admin/audited`, `admin/powers`
    async fn operators_invite_resend_and_take_back(app: TestApp) {
        let (ann, _, tenant, _) = victim(&app).await;
        let (mut admin, root) = operator(&app, ROOT, "admin").await;
        let list = "/auth/admin/tenants/acme/invitations";
        for (email, roles, code) in [
            (ANN, "member", "already_member"), ("nobody", "member", "email_invalid"), (BOB, "root", "unknown_role"),
            (BOB, "", "role_missing"),
        ] {
            let form = [("email", email), ("roles", roles)];
            assert_eq!(admin.post(list, &form).await.code(), code, "{email} {roles}");
            let page = admin.clone().in_browser().post(list, &form).await.text();
            assert!(page.contains("Send the invitation"), "the form comes back: {page}");
        }
        for email in [BOB, "eve@example.com"] {
            let made = admin.post(list, &[("email", email), ("roles", "member")]).await;
            assert_eq!(made.status, 200, "{}", made.text());
            app.wait(Duration::from_millis(5));
        }
        assert_eq!(app.letters_to(BOB).await.len(), 1);
        let first = admin.get(&format!("{list}?limit=1")).await.json();
        assert_eq!(first["invitations"][0]["email"], "eve@example.com");
        let cursor = first["next"].as_str().unwrap();
        let second = admin.get(&format!("{list}?limit=1&cursor={cursor}")).await.json();
        assert_eq!((second["invitations"][0]["email"].as_str(), second["next"].as_str()), (Some(BOB), None));
        app.tenant("globex", ann).await;
        let elsewhere = admin.get(&format!("/auth/admin/tenants/globex/invitations?limit=1&cursor={cursor}")).await;
        assert_eq!(elsewhere.code(), "cursor_invalid");
        let id = second["invitations"][0]["id"].as_str().unwrap().to_owned();
        for (act, action) in [("resend", "invitation.resent"), ("revoke", "invitation.revoked")] {
            let foreign = format!("/auth/admin/tenants/globex/invitations/{id}/{act}");
            assert_eq!(admin.post(&foreign, &[]).await.code(), "no_such_invitation", "{act}");
            assert_eq!(admin.post(&format!("{list}/{id}/{act}"), &[]).await.status, 200, "{act}");
            let event = newest(&app, action).await;
            assert_eq!(event["actor"], format!("operator:{root}"), "{event}");
            assert_eq!(event["target"], format!("invitation:{id}"), "{act}");
            assert_eq!(event["tenant"], tenant.to_string(), "{act}");
            let lines = app.letters_to(BOB).await;
            assert!(lines.len() <= 2, "{act}");
        }
        assert_eq!(admin.post(&format!("{list}/{id}/resend"), &[]).await.code(), "no_such_invitation");
        let (mut auditor, _) = operator(&app, "auditor@example.com", "auditor").await;
        assert_eq!(auditor.get(list).await.json()["invitations"].as_array().unwrap().len(), 1);
        assert_eq!(auditor.post(list, &[("email", BOB), ("roles", "member")]).await.code(), "forbidden");
    }

    /// Promise: `admin/powers`
    async fn a_refused_form_shows_no_page_to_those_who_may_not_see_it(fresh: TestApp) {
        let policy = "[policy.operators.blind]\npermissions = [\"tenants:manage\", \"entitlements:manage\"]\n
            [policy.operators.seeing]\npermissions = [\"tenants:*\", \"entitlements:manage\"]\n
            [policy.plans.pro]\ngives = \"billing\"\n";
        let policy = crate::config::PolicySettings::parse(policy).unwrap();
        let app = TestApp::with(fresh.engine(), |settings| settings.policy = policy).await;
        let (ann, _, _, _) = victim(&app).await;
        let account = ann.to_string();
        let (blind, _) = operator(&app, ROOT, "blind").await;
        let (seeing, _) = operator(&app, BOB, "seeing").await;
        let (mut blind, mut seeing) = (blind.in_browser(), seeing.in_browser());
        assert_eq!(blind.get("/auth/admin/tenants/acme").await.status, 403, "or there were nothing to hide");
        let (plan, until) = (("plan", "gold-typed"), ("until", "typed-day"));
        for (path, form, status) in [
            ("", vec![("slug", "Not a slug"), ("name", "typed-name")], 422), ("", vec![("slug", "acme"), ("name", "typed-name")], 422),
            ("/acme/members", vec![("email", "typed@example.com"), ("roles", "member")], 422),
            ("/acme/invitations", vec![("email", "typed@example.com"), ("roles", "nothing")], 422),
            (&format!("/acme/members/{account}/roles"), vec![("roles", "typed-role")], 422),
            (&format!("/acme/members/{account}/roles"), vec![("roles", "member")], 409),
            ("/acme/entitle", vec![plan, until], 422), ("/acme/entitle", vec![("plan", "gold-typed"), ("until", "2999-01-01")], 422),
            ("/acme/entitle", vec![plan, until, ("account", account.as_str())], 422),
        ] {
            let path = format!("/auth/admin/tenants{path}");
            let (page, bare) = (seeing.post(&path, &form).await, blind.post(&path, &form).await);
            assert_eq!((page.status, bare.status), (status, status), "{path} {form:?}: {}", bare.text());
            for (name, value) in form.iter().filter(|(name, _)| *name != "account") {
                assert!(page.text().contains(&format!("value=\"{value}\"")), "{path} lost {name}: {}", page.text());
            }
            for told in [ANN, "A tenant", account.as_str()] {
                assert!(!bare.text().contains(told), "{path} tells {told}: {}", bare.text());
            }
        }
        assert_eq!(app.count("tenants").await, 1);
        assert_eq!(verdict(&blind.clone().post("/auth/admin/tenants/acme/suspend", &[]).await).0, 303, "what goes well goes on");
    }
}
