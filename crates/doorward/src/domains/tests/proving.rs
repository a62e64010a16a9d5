//! What proves a domain, and what does not.

use super::*;
use crate::testing::crowd::{About, meeting, post_as};

on_every_engine! {
    /// Promise: `domains/proved-by-dns`
    async fn whoever_sets_the_record_has_proved_the_domain(app: TestApp) {
        let mut two = Two::of(&app).await;
        let value = added(&mut two.ann, "acme", "ACME.example.").await;
        let one = only(&mut two.ann).await;
        assert_eq!((text(&one, "domain"), text(&one, "record_name")), (NAME, AT));
        assert!(value.starts_with("doorward-domain-verification=") && value.len() == 29 + 32, "{value}");
        assert!(one["verified_by"].is_null() && holder(&app, "kim@acme.example").await.is_none(), "a claim is no proof");
        let (first, second) = value.split_at(20);
        let two_strings = format!("{first},{second}");
        for (what, records) in [
            ("alone", vec![(AT, value.as_str())]),
            ("beside others", vec![(AT, "v=spf1 -all"), (AT, "doorward-domain-verification=old"), (AT, &value), (AT, "x")]),
            ("in two strings", vec![(AT, two_strings.as_str())]),
        ] {
            let _server = NameServer::with(&app, &records);
            assert_eq!(check(&mut two.ann, "acme").await, ok(), "{what}");
            let one = only(&mut two.ann).await;
            assert_eq!((text(&one, "verified_by"), one["missing_since"].is_null()), ("dns", true), "{what}");
            assert_eq!(one["verified_at"], app.now().as_secs(), "{what}");
            assert_eq!(holder(&app, "kim@acme.example").await.as_deref(), Some("acme"), "{what}");
            assert_eq!(two.ann.post(&format!("{LIST}/{NAME}/remove"), &[]).await.status, 200);
            assert_eq!(holder(&app, "kim@acme.example").await, None, "{what}");
            let again = added(&mut two.ann, "acme", NAME).await;
            assert_ne!(again, value, "the record of before is no proof of what comes after");
            assert_eq!(check(&mut two.ann, "acme").await.0, 409, "{what}");
            set_back(&app, &value).await;
        }
        // By way of an alias, and with more than fits into a datagram.
        let elsewhere = "txt.host.example";
        let mut options = vec![format!("--cname={AT},{elsewhere}"), format!("--host-record={elsewhere},192.0.2.1")];
        options.extend((0..60).map(|number| format!("--txt-record={elsewhere},filler {number} {}", "x".repeat(200))));
        options.push(format!("--txt-record={elsewhere},{value}"));
        let _server = NameServer::start(&app, &options);
        assert_eq!(check(&mut two.ann, "acme").await, ok());
        let page = two.ann.clone().in_browser().get(LIST).await.text();
        assert!(page.contains("Yours since") && !page.contains(&value), "{page}");
    }

    /// Promise: `domains/nothing-else`, `domains/recorded`
    async fn nothing_else_proves_it(app: TestApp) {
        let mut two = Two::of(&app).await;
        let value = added(&mut two.ann, "acme", NAME).await;
        let of_bob = added(&mut two.bob, "other", NAME).await;
        let of_another = added(&mut two.ann, "acme", "more.example").await;
        assert!(value != of_bob && value != of_another);
        let (upper, longer, shorter) = (value.to_uppercase(), format!("{value}0"), value[..value.len() - 1].to_owned());
        let (quoted, bare) = (format!("v={value}"), value.split_once('=').unwrap().1.to_owned());
        for (what, records, code) in [
            ("no name at all", vec![("www.acme.example", "x")], "record_missing"),
            ("another type", vec![], "record_missing"),
            ("the domain itself", vec![(NAME, value.as_str())], "record_missing"),
            ("a name below", vec![("x._doorward-challenge.acme.example", &value)], "record_missing"),
            ("another label", vec![("_acme-challenge.acme.example", &value)], "record_missing"),
            ("the domain above", vec![("_doorward-challenge.example", &value)], "record_missing"),
            ("another domain", vec![("_doorward-challenge.more.example", &value)], "record_missing"),
            ("a look-alike", vec![("_doorward-challenge.acme.example.evil.example", &value)], "record_missing"),
            ("another value", vec![(AT, "doorward-domain-verification=0")], "record_differs"),
            ("another tenant's", vec![(AT, &of_bob)], "record_differs"),
            ("another domain's", vec![(AT, &of_another)], "record_differs"),
            ("more behind", vec![(AT, &longer)], "record_differs"),
            ("cut", vec![(AT, &shorter)], "record_differs"),
            ("in capitals", vec![(AT, &upper)], "record_missing"),
            ("more before", vec![(AT, &quoted)], "record_missing"),
            ("the token alone", vec![(AT, &bare)], "record_missing"),
            ("two halves in two records", vec![(AT, &value[..30]), (AT, &value[30..])], "record_differs"),
        ] {
            let mut options: Vec<_> = records.iter().map(|(name, text)| format!("--txt-record={name},{text}")).collect();
            if options.is_empty() {
                options = vec![format!("--host-record={AT},192.0.2.1"), format!("--mx-host={AT},{AT},10")];
            }
            let server = NameServer::start(&app, &options);
            assert_eq!(check(&mut two.ann, "acme").await, no(409, code), "{what}");
            drop(server);
            assert_eq!(newest(&app, two.acme).await, format!("domain.verified domain:{NAME} denied {code}"), "{what}");
        }
        // A resolver that refuses, or that is not there, has said nothing.
        added(&mut two.ann, "acme", "acme.test").await;
        let server = NameServer::with(&app, &[]);
        assert_eq!(said(&two.ann.post(&format!("{LIST}/acme.test/check"), &[]).await), no(502, "no_answer"));
        drop(server);
        assert_eq!(check(&mut two.ann, "acme").await, no(502, "no_answer"));
        assert_eq!(newest(&app, two.acme).await, format!("domain.verified domain:{NAME} denied no_answer"));
        let proved = two.ann.get(LIST).await.text();
        assert!(!proved.contains("\"dns\"") && holder(&app, "kim@acme.example").await.is_none(), "{proved}");
        let page = two.ann.in_browser().post(&format!("{LIST}/{NAME}/check"), &[]).await;
        assert_eq!(page.status, 502);
        assert!(page.text().contains("gave no answer") && page.text().contains(&value), "{}", page.text());
    }

    /// Promise: `domains/first-has-it`
    async fn of_all_who_prove_it_at_once_one_has_it(app: TestApp) {
        let mut owners = Vec::new();
        let mut values = Vec::new();
        for number in 0..6 {
            let (slug, email) = (format!("tenant{number}"), format!("owner{number}@example.com"));
            let account = app.account(&email).await;
            app.tenant(&slug, account).await;
            let mut owner = app.logged_in(&email).await;
            values.push(added(&mut owner, &slug, NAME).await);
            owners.push(owner);
        }
        let records: Vec<_> = values.iter().map(|value| (AT, value.as_str())).collect();
        let _server = NameServer::with(&app, &records);
        let mut checks = Vec::new();
        for (number, owner) in owners.iter_mut().enumerate() {
            let token = owner.csrf_token().await;
            let path: &'static str = format!("/auth/tenants/tenant{number}/domains/{NAME}/check").leak();
            checks.push(post_as(owner, &token, path, &[]));
        }
        let (met, answers) = meeting(&app, About::Proving, checks).await;
        assert_eq!(met, 6);
        let mut all: Vec<_> = answers.iter().map(said).collect();
        all.sort();
        assert_eq!((&all[0], &all[1..]), (&ok(), &[(); 5].map(|()| no(409, "domain_taken"))[..]), "{all:?}");
        let has = holder(&app, "kim@acme.example").await.unwrap();
        for (number, owner) in owners.iter_mut().enumerate() {
            let slug = format!("tenant{number}");
            let expected = if slug == has { ok() } else { no(409, "domain_taken") };
            assert_eq!(check(owner, &slug).await, expected, "{slug}");
        }
        assert_eq!(count_proved(&app).await, 1);
        let denied = "SELECT COUNT(*) FROM audit_events WHERE action = 'domain.verified' AND result = 'denied' AND detail = 'taken'";
        assert_eq!(app.db().find(denied, &[], |row| row.get::<i64>(0)).await.unwrap(), Some(10));
        let other = usize::from(has == "tenant0");
        let mut browser = owners[other].clone().in_browser();
        let answer = browser.post(&format!("/auth/tenants/tenant{other}/domains/{NAME}/check"), &[]).await;
        assert!(answer.status == 409 && answer.text().contains("another organisation has proved this domain"), "{}", answer.text());
    }

    /// Promise: `domains/says-nothing`
    async fn adding_a_domain_does_not_say_whether_it_is_taken(app: TestApp) {
        let mut two = Two::of(&app).await;
        two.proved(&app).await;
        let (taken, free) = (add(&mut two.bob, "other", NAME).await, add(&mut two.bob, "other", "free.example").await);
        assert_eq!((taken.status, free.status), (200, 200));
        let shape = |answer: &Answer| {
            let told = answer.json();
            told.as_object().unwrap().iter().map(|(name, value)| (name.clone(), value.is_null())).collect::<Vec<_>>()
        };
        assert_eq!(shape(&taken), shape(&free));
        let _server = NameServer::with(&app, &[]);
        assert_eq!(check(&mut two.bob, "other").await, no(409, "record_missing"), "without the proof nobody learns it");
        assert_eq!(said(&two.bob.post("/auth/tenants/other/domains/free.example/check", &[]).await), no(409, "record_missing"));
        assert_eq!(said(&two.bob.get(LIST).await), no(404, "no_such_tenant"));
    }

    /// Promise: `domains/exact`
    async fn an_address_belongs_to_its_whole_domain(app: TestApp) {
        let mut two = Two::of(&app).await;
        two.proved(&app).await;
        for address in ["kim@acme.example", "KIM@ACME.EXAMPLE", "a+b@acme.example", "kim@Acme.Example"] {
            assert_eq!(holder(&app, address).await.as_deref(), Some("acme"), "{address}");
        }
        for address in [
            "kim@evilacme.example", "kim@sub.acme.example", "kim@acme.example.evil.example", "kim@acme.exampl", "kim@acme.examplee",
            "kim@cme.example", "acme.example@evil.example", "kim@example.com", "kim@xacme.example", "kim@acme-example.example",
            "kim@_doorward-challenge.acme.example",
        ] {
            let Ok(parsed) = EmailAddress::parse(address) else { continue };
            assert_eq!(holder(&app, parsed.as_str()).await, None, "{address}");
        }
    }

    /// Promise: `domains/of-the-living`
    async fn a_tenant_that_is_closed_takes_nobody_in(app: TestApp) {
        let mut two = Two::of(&app).await;
        two.proved(&app).await;
        operate::suspend_tenant(&app.doorward, two.acme).await.unwrap();
        assert_eq!(holder(&app, "kim@acme.example").await, None);
        operate::resume_tenant(&app.doorward, two.acme).await.unwrap();
        assert_eq!(holder(&app, "kim@acme.example").await.as_deref(), Some("acme"));
        operate::close_tenant(&app.doorward, two.acme).await.unwrap();
        assert_eq!(holder(&app, "kim@acme.example").await, None);
        // It is not free either, until the tenant is gone.
        let value = added(&mut two.bob, "other", NAME).await;
        let _server = NameServer::with(&app, &[(AT, &value)]);
        assert_eq!(check(&mut two.bob, "other").await, no(409, "domain_taken"));
    }

    /// Promise: `domains/gone-with-tenant`
    async fn the_domains_of_a_deleted_tenant_are_free(app: TestApp) {
        let mut two = Two::of(&app).await;
        two.proved(&app).await;
        operate::delete_tenant(&app.doorward, two.acme).await.unwrap();
        assert_eq!((holder(&app, "kim@acme.example").await, app.count("tenant_domains").await), (None, 0));
        let value = added(&mut two.bob, "other", NAME).await;
        let _server = NameServer::with(&app, &[(AT, &value)]);
        assert_eq!(check(&mut two.bob, "other").await, ok());
        assert_eq!(holder(&app, "kim@acme.example").await.as_deref(), Some("other"));
    }
}

async fn count_proved(app: &TestApp) -> i64 {
    let sql = "SELECT COUNT(*) FROM tenant_domains WHERE verified_at IS NOT NULL";
    app.db().find(sql, &[], |row| row.get(0)).await.unwrap().unwrap()
}

/// Gives the one domain the record that it had before, so that one value serves for several trials.
async fn set_back(app: &TestApp, value: &str) {
    let mut tx = app.db().begin(operate::Durability::Full).await.unwrap();
    let token = value.split_once('=').unwrap().1;
    assert_eq!(tx.execute("UPDATE tenant_domains SET token = $1", &[&token]).await.unwrap(), 1);
    tx.commit().await.unwrap();
}
