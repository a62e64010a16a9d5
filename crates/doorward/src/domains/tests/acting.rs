//! Who may act, and when.

use super::*;
use crate::testing::crowd::{About, meeting, post_as};

on_every_engine! {
    /// Promise: `domains/who-may`
    async fn only_whoever_may_sees_and_changes_the_list(app: TestApp) {
        let mut two = Two::of(&app).await;
        let value = added(&mut two.ann, "acme", NAME).await;
        let _server = NameServer::with(&app, &[(AT, &value)]);
        for role in ["admin", "member", "billing"] {
            let email = format!("{role}@example.com");
            app.member(two.acme, app.account(&email).await, role).await;
        }
        let admin = app.logged_in("admin@example.com").await;
        let (member, billing) = (app.logged_in("member@example.com").await, app.logged_in("billing@example.com").await);
        let cases = [
            ("an admin", admin, no(403, "forbidden")),
            ("a member", member, no(403, "forbidden")),
            ("billing", billing, no(403, "forbidden")),
            ("another tenant's owner", two.bob.clone(), no(404, "no_such_tenant")),
            ("nobody", app.visitor(), no(401, "not_signed_in")),
        ];
        for (who, mut actor, refusal) in cases {
            assert_eq!(said(&actor.get(LIST).await), refusal, "{who}");
            assert_eq!(said(&add(&mut actor, "acme", "more.example").await), refusal, "{who}");
            assert_eq!(check(&mut actor, "acme").await, refusal, "{who}");
            assert_eq!(said(&actor.post(&format!("{LIST}/{NAME}/remove"), &[]).await), refusal, "{who}");
            assert_eq!(said(&actor.delete(&format!("{LIST}/{NAME}")).await), refusal, "{who}");
        }
        // Of another tenant's domain, of one that is not there and of what is none the same is said.
        added(&mut two.bob, "other", "others.example").await;
        for name in ["others.example", "nothing.example", "x", "ACME.example", "..", "acme.example."] {
            for answer in [
                two.ann.post(&format!("{LIST}/{name}/check"), &[]).await,
                two.ann.post(&format!("{LIST}/{name}/remove"), &[]).await,
                two.ann.delete(&format!("{LIST}/{name}")).await,
            ] {
                assert_eq!(said(&answer), no(404, "no_such_domain"), "{name}");
            }
        }
        // Whoever finds an open browser may look, and no more.
        app.wait(Duration::from_secs(1800));
        assert_eq!(two.ann.get(LIST).await.status, 200);
        let page = two.ann.clone().in_browser().get(LIST).await.text();
        assert!(page.contains("Prove it…") && !page.contains("Check now") && !page.contains("Remove<"), "{page}");
        assert_eq!(said(&add(&mut two.ann, "acme", "more.example").await), no(403, "reauthentication_required"));
        assert_eq!(check(&mut two.ann, "acme").await, no(403, "reauthentication_required"));
        assert_eq!(said(&two.ann.delete(&format!("{LIST}/{NAME}")).await), no(403, "reauthentication_required"));
        assert_eq!(app.count("tenant_domains").await, 2);
        assert_eq!(events(&app, two.acme).await.len(), 1, "a refusal by the guard changes nothing");
    }

    /// Promise: `domains/who-may`
    async fn whoever_is_demoted_during_the_lookup_proves_nothing(app: TestApp) {
        let mut two = Two::of(&app).await;
        let value = added(&mut two.ann, "acme", NAME).await;
        let _server = NameServer::with(&app, &[(AT, &value)]);
        let ann = app.doorward.account_of(&EmailAddress::parse(ANN).unwrap()).await.unwrap().unwrap();
        let eve = app.account("eve@example.com").await;
        app.member(two.acme, eve, "owner").await;
        let token = two.ann.csrf_token().await;
        let path: &'static str = format!("{LIST}/{NAME}/check").leak();
        let (check, doorward, acme) = (post_as(&two.ann, &token, path, &[]), app.doorward.clone(), two.acme);
        let demote = async move {
            doorward.context().meeting.joined_by(1).await;
            operate::set_roles(&doorward, acme, ann, vec!["member".parse().unwrap()]).await.unwrap();
            None
        };
        let both: [std::pin::Pin<Box<dyn Future<Output = Option<Answer>> + Send>>; 2] =
            [Box::pin(async move { Some(check.await) }), Box::pin(demote)];
        let (met, answers) = meeting(&app, About::Proving, both).await;
        assert_eq!(met, 1);
        let answers: Vec<_> = answers.into_iter().flatten().collect();
        assert_eq!(said(&answers[0]), no(403, "forbidden"));
        assert_eq!(holder(&app, "kim@acme.example").await, None);
    }

    /// Promise: `domains/recorded`
    async fn whatever_the_people_of_a_tenant_do_is_in_its_log(app: TestApp) {
        let mut two = Two::of(&app).await;
        two.proved(&app).await;
        assert_eq!(two.ann.delete(&format!("{LIST}/{NAME}")).await.status, 200);
        assert_eq!(two.ann.delete(&format!("{LIST}/{NAME}")).await.status, 404);
        let ann = app.doorward.account_of(&EmailAddress::parse(ANN).unwrap()).await.unwrap().unwrap();
        let expected = ["domain.added", "domain.verified", "domain.removed"].map(|action| {
            let detail = if action == "domain.verified" { "dns" } else { "-" };
            format!("account:{ann} {action} domain:{NAME} success {detail}")
        });
        assert_eq!(events(&app, two.acme).await, expected);
        let log = two.ann.get("/auth/tenants/acme/audit").await.text();
        assert!(log.contains("domain.verified") && log.contains("domain:acme.example"), "{log}");
        assert_eq!(events(&app, two.other).await, [""; 0]);
        assert_eq!(holder(&app, "kim@acme.example").await, None);
    }
}
