//! Which domains a tenant may have, and how many.

use super::*;
use crate::{Settings, domains::claimable, guard::Denial};

fn refusal(text: &str) -> &'static str {
    let settings = super::super::Settings { refused: vec!["Partner.example".to_owned()], ..Default::default() };
    claimable(text, &settings).err().map(|denied| denied.problem().code).unwrap_or_default()
}

/// Promise: `domains/one-spelling`
#[test]
fn what_is_everybodys_is_nobodys() {
    for fine in [
        "example.com",
        "acme.co.uk",
        "mail.acme.co.uk",
        "corp.internal",
        "bücher.example",
        "x.公司.cn",
        "a.gmail.com",
        "me.com.au",
    ] {
        assert_eq!(refusal(fine), "", "{fine}");
    }
    for public in [
        "co.uk",
        "CO.UK",
        "com.au",
        "公司.cn",
        "xn--55qx5d.cn",
        "github.io",
        "any.kobe.jp",
        "any.ck",
        "gmail.com",
        "GMail.com.",
        "googlemail.com",
        "outlook.com",
        "yahoo.co.uk",
        "ｇｍａｉｌ．ｃｏｍ",
        "proton.me",
        "partner.example",
        "PARTNER.example.",
    ] {
        assert_eq!(refusal(public), "domain_public", "{public}");
    }
    let too_long = format!("{}.example", vec!["a".repeat(56); 4].join("."));
    assert!(too_long.len() > 230);
    for none in [
        "com",
        "uk",
        "",
        "localhost",
        "127.0.0.1",
        "[::1]",
        "::1",
        "example.com:53",
        "https://example.com/",
        "ann@example.com",
        "*.example.com",
        "_dmarc.example.com",
        "exa mple.com",
        "example..com",
        "-a.example",
        "example.com\nx.example",
        &too_long,
    ] {
        assert_eq!(refusal(none), "domain_invalid", "{none}");
    }
}

/// Promise: `domains/one-spelling`
#[test]
fn the_list_of_public_mail_is_written_as_domains_are() {
    let lines = include_str!("../public-mail.txt").lines().filter(|line| !line.starts_with('#'));
    let all: Vec<_> = lines.collect();
    assert!(all.is_sorted() && all.len() > 50);
    for line in all {
        assert_eq!(doorward_core::DomainName::parse(line).unwrap().as_str(), line);
    }
}

/// Promise: `domains/limits`
#[test]
fn settings_that_name_no_resolver_or_no_domain_are_refused() {
    let read = |text: &str| Settings::read(&toml::from_str(text).unwrap(), &[]).map_err(|errors| errors.len());
    for fine in ["[]", "['192.0.2.53']", "['2001:db8::53', '[2001:db8::53]:5353', '192.0.2.53:53']"] {
        assert!(read(&format!("[domains]\nresolvers = {fine}")).is_ok(), "{fine}");
    }
    for wrong in ["['dns.example']", "['192.0.2.53:']", "['']", "['1.1.1.1', '1.1.1.1', '1.1.1.1', '1.1.1.1']"] {
        assert_eq!(read(&format!("[domains]\nresolvers = {wrong}")).err(), Some(1), "{wrong}");
    }
    assert_eq!(read("[domains]\nrefused = ['a b']\nresolvers = ['x']").err(), Some(2));
}

on_every_engine! {
    /// Promise: `domains/one-spelling`
    async fn a_domain_is_on_the_list_once_in_one_spelling(app: TestApp) {
        let mut two = Two::of(&app).await;
        added(&mut two.ann, "acme", " Bücher.EXAMPLE. ").await;
        assert_eq!(text(&only(&mut two.ann).await, "domain"), "xn--bcher-kva.example");
        for again in ["bücher.example", "xn--bcher-kva.example", "XN--BCHER-KVA.EXAMPLE"] {
            assert_eq!(said(&add(&mut two.ann, "acme", again).await), no(409, "domain_there"), "{again}");
        }
        for refused in ["co.uk", "gmail.com", "127.0.0.1", "example.com:443"] {
            assert_eq!(add(&mut two.ann, "acme", refused).await.status, 422, "{refused}");
        }
        let page = two.ann.in_browser().post(LIST, &[("domain", "<b>gmail.com")]).await;
        assert!(page.status == 422 && page.text().contains("&#60;b&#62;gmail.com"), "{}", page.text());
        assert_eq!(app.count("tenant_domains").await, 1);
    }

    /// Promise: `domains/limits`
    async fn a_tenant_has_no_more_domains_and_checks_than_the_settings_say(app: TestApp) {
        let app = TestApp::with(app.engine(), |settings| {
            settings.domains.per_tenant = 2;
            settings.domains.checks_per_hour = 3;
        })
        .await;
        let mut two = Two::of(&app).await;
        added(&mut two.ann, "acme", NAME).await;
        added(&mut two.ann, "acme", "more.example").await;
        assert_eq!(said(&add(&mut two.ann, "acme", "third.example").await), no(409, "too_many_domains"));
        let token = two.ann.csrf_token().await;
        let many = (0..4).map(|number| {
            let path: &'static str = LIST;
            let domain: &'static str = format!("at-once-{number}.example").leak();
            crate::testing::crowd::post_as(&two.ann, &token, path, &[("domain", domain)])
        });
        assert_eq!(two.ann.clone().delete(&format!("{LIST}/more.example")).await.status, 200);
        let mut answers: Vec<_> = crate::testing::crowd::at_once(many).await.iter().map(|answer| answer.status).collect();
        answers.sort_unstable();
        assert_eq!(answers, [200, 409, 409, 409], "however many ask at once");
        for _ in 0..3 {
            assert_eq!(check(&mut two.ann, "acme").await, no(502, "no_answer"));
        }
        let answer = two.ann.post(&format!("{LIST}/{NAME}/check"), &[]).await;
        assert_eq!(said(&answer), no(429, "too_many_attempts"));
        assert!(!answer.header("retry-after").is_empty());
        added(&mut two.bob, "other", NAME).await;
        assert_eq!(check(&mut two.bob, "other").await, no(502, "no_answer"), "another tenant has its own");
        app.wait(Duration::from_secs(3601));
        let mut ann = app.logged_in(ANN).await;
        assert_eq!(check(&mut ann, "acme").await, no(502, "no_answer"));
    }
}
