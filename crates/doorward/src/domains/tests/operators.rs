//! What operators do.

use super::*;

const PANEL: &str = "/auth/admin/tenants/acme/domains";

async fn operator(app: &TestApp, role: &str) -> Actor {
    let email = format!("{role}@staff.example");
    let account = app.account(&email).await;
    assert!(operate::grant_operator(&app.doorward, account, vec![role.parse().unwrap()]).await.unwrap());
    app.logged_in(&email).await
}

on_every_engine! {
    /// Promise: `domains/operators`, `domains/moved-by-operator`, `domains/told`
    async fn an_operator_proves_moves_and_withdraws_in_the_console(app: TestApp) {
        let mut two = Two::of(&app).await;
        let mut root = operator(&app, "admin").await;
        assert_eq!(said(&root.post(PANEL, &[("domain", "Acme.EXAMPLE")]).await), ok());
        assert_eq!(holder(&app, "kim@acme.example").await.as_deref(), Some("acme"));
        assert!(newest(&app, two.acme).await == format!("domain.verified domain:{NAME} success operator"));
        assert_eq!(text(&only(&mut two.ann).await, "verified_by"), "operator");
        let page = two.ann.clone().in_browser().get(LIST).await.text();
        assert!(page.contains("by the word of whoever runs this service") && !page.contains("Check now"), "{page}");
        // It needs no record, and asks for none.
        assert_eq!(check(&mut two.ann, "acme").await, ok());
        app.wait(30 * DAY);
        let _gone = NameServer::with(&app, &[]);
        recheck(&app).await;
        assert_eq!(holder(&app, "kim@acme.example").await.as_deref(), Some("acme"));
        // Another tenant gets it only when the operator says so.
        let mut root = app.logged_in("admin@staff.example").await;
        let of_other = "/auth/admin/tenants/other/domains";
        assert_eq!(said(&root.post(of_other, &[("domain", NAME)]).await), no(409, "domain_taken"));
        assert_eq!(app.count("tenant_domains").await, 1, "what is refused leaves nothing");
        assert_eq!(said(&root.post(of_other, &[("domain", NAME), ("take_over", "yes")]).await), no(422, "take_over_invalid"));
        assert_eq!(said(&root.post(of_other, &[("domain", NAME), ("take_over", "on")]).await), ok());
        assert_eq!(holder(&app, "kim@acme.example").await.as_deref(), Some("other"));
        assert_eq!(newest(&app, two.acme).await, format!("domain.lost domain:{NAME} success moved"));
        assert_eq!(newest(&app, two.other).await, format!("domain.verified domain:{NAME} success operator"));
        let letters = app.letters_to(ANN).await;
        let letter = letters.iter().find(|letter| letter.subject.contains("is not yours any more")).unwrap();
        assert!(letter.text.contains("has decided") && letter.text.contains("acme"), "{}", letter.text);
        // And takes it back.
        for (changed, holds) in [(true, 1), (false, 1)] {
            let answer = root.post(&format!("{of_other}/{NAME}/withdraw"), &[]).await;
            assert_eq!((answer.status, &answer.json()["changed"]), (200, &changed.into()), "{}", answer.text());
            let withdrawn = events(&app, two.other).await.into_iter().filter(|event| event.contains("domain.withdrawn")).count();
            assert_eq!(withdrawn, holds);
        }
        assert_eq!(holder(&app, "kim@acme.example").await, None);
        assert_eq!(said(&root.post(&format!("{of_other}/{NAME}/remove"), &[]).await), ok());
        assert_eq!(said(&root.post(&format!("{of_other}/{NAME}/remove"), &[]).await), no(404, "no_such_domain"));
        assert_eq!(newest(&app, two.other).await, format!("domain.removed domain:{NAME} success -"));
        assert!(events(&app, two.other).await.iter().all(|event| event.starts_with("operator:")), "with their name");
        for refused in ["gmail.com", "co.uk", "x", "127.0.0.1"] {
            let page = root.clone().in_browser().post(PANEL, &[("domain", refused)]).await;
            assert!(page.status == 422 && page.text().contains(&format!("value=\"{refused}\"")), "{refused}: {}", page.text());
        }
    }

    /// Promise: `domains/operators`
    async fn an_operator_may_no_more_than_their_role_says(app: TestApp) {
        let mut two = Two::of(&app).await;
        two.proved(&app).await;
        for (role, reads) in [("support", 200), ("auditor", 200)] {
            let mut staff = operator(&app, role).await;
            assert_eq!(staff.get(PANEL).await.status, reads, "{role}");
            let page = staff.clone().in_browser().get(PANEL).await.text();
            assert!(page.contains(NAME) && !page.contains("Withdraw<") && !page.contains("Prove the domain"), "{page}");
            let new = vec![("domain", "new.example")];
            for (path, form) in [("", new), ("/acme.example/withdraw", vec![]), ("/acme.example/remove", vec![])] {
                assert_eq!(said(&staff.post(&format!("{PANEL}{path}"), &form).await), no(403, "forbidden"), "{role} {path}");
            }
        }
        assert_eq!(said(&two.ann.get(PANEL).await), no(404, "not_found"), "an owner is no operator");
        assert_eq!(said(&two.ann.post(PANEL, &[("domain", "x.example")]).await), no(404, "not_found"));
        assert_eq!(holder(&app, "kim@acme.example").await.as_deref(), Some("acme"));
    }

    /// Promise: `domains/operators`, `domains/moved-by-operator`
    async fn the_command_line_does_the_same(app: TestApp) {
        let two = Two::of(&app).await;
        let (doorward, name) = (&app.doorward, operate::domain_named(&app.doorward, " ACME.example").unwrap());
        assert!(operate::domain_named(doorward, "gmail.com").is_err());
        let one = operate::add_domain(doorward, two.acme, &name).await.unwrap();
        assert_eq!((one.record_name().as_str(), one.verified), (AT, None));
        assert!(operate::add_domain(doorward, two.acme, &name).await.is_err());
        operate::verify_domain(doorward, two.acme, &name).await.unwrap();
        assert!(operate::verify_domain(doorward, two.other, &name).await.is_err());
        assert_eq!(holder(&app, "kim@acme.example").await.as_deref(), Some("acme"));
        operate::move_domain(doorward, two.other, &name).await.unwrap();
        assert_eq!(holder(&app, "kim@acme.example").await.as_deref(), Some("other"));
        let other = operate::tenant(doorward, "other").await.unwrap().unwrap();
        let listed = operate::list_domains(doorward, &other).await.unwrap();
        assert_eq!(listed.iter().map(|one| one.verified.unwrap().by).collect::<Vec<_>>(), [operate::Proof::Operator]);
        assert!(operate::withdraw_domain(doorward, two.other, &name).await.unwrap());
        assert!(!operate::withdraw_domain(doorward, two.other, &name).await.unwrap());
        operate::remove_domain(doorward, two.other, &name).await.unwrap();
        assert!(operate::remove_domain(doorward, two.other, &name).await.is_err());
        let expected = ["domain.added", "domain.verified", "domain.lost"];
        let told: Vec<_> = events(&app, two.acme).await.iter().map(|event| event.split(' ').nth(1).unwrap().to_owned()).collect();
        assert_eq!(told, expected);
        assert!(events(&app, two.acme).await.iter().all(|event| event.starts_with("operator ")), "at the server");
    }
}
