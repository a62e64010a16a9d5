//! A domain whose record goes away.

use super::*;

on_every_engine! {
    /// Promise: `domains/rechecked`, `domains/told`, `domains/recorded`
    async fn a_domain_whose_record_is_gone_for_the_grace_is_lost(app: TestApp) {
        let mut two = Two::of(&app).await;
        let value = two.proved(&app).await;
        // Nothing is due, then everything is as it was.
        recheck(&app).await;
        app.wait(DAY);
        let server = NameServer::with(&app, &[(AT, &value)]);
        recheck(&app).await;
        drop(server);
        let mut ann = app.logged_in(ANN).await;
        assert_eq!(only(&mut ann).await["checked_at"], app.now().as_secs());
        assert_eq!(events(&app, two.acme).await.len(), 2, "what is as it was is no event");
        // Nobody says anything, for much longer than the grace.
        for _ in 0..5 {
            app.wait(4 * DAY);
            recheck(&app).await;
        }
        assert_eq!(holder(&app, "kim@acme.example").await.as_deref(), Some("acme"), "no answer is no absence");
        assert_eq!((events(&app, two.acme).await.len(), told(&app).await), (2, 0));
        // The record is gone, comes back, and is gone for good.
        let gone = NameServer::with(&app, &[]);
        recheck(&app).await;
        assert!(events(&app, two.acme).await.len() == 2, "not due before an hour after the failure");
        app.wait(Duration::from_secs(3600));
        recheck(&app).await;
        assert_eq!(newest(&app, two.acme).await, format!("domain.missing domain:{NAME} success -"));
        let mut ann = app.logged_in(ANN).await;
        assert_eq!(only(&mut ann).await["missing_since"], app.now().as_secs());
        assert!(ann.clone().in_browser().get(LIST).await.text().contains("Record gone"));
        let letters = app.letters_to(ANN).await;
        assert_eq!(told(&app).await, 1, "{:?}", app.subjects_to(ANN).await);
        let letter = letters.iter().find(|letter| letter.subject.contains("is gone")).unwrap();
        for part in [AT, "7 days", "/auth/tenants/acme/domains"] {
            assert!(letter.text.contains(part), "{part}: {}", letter.text);
        }
        drop(gone);
        let back = NameServer::with(&app, &[(AT, &value)]);
        app.wait(6 * DAY);
        recheck(&app).await;
        drop(back);
        assert_eq!(newest(&app, two.acme).await, format!("domain.verified domain:{NAME} success dns"));
        let mut ann = app.logged_in(ANN).await;
        assert!(only(&mut ann).await["missing_since"].is_null());
        let _gone = NameServer::with(&app, &[(AT, "doorward-domain-verification=another")]);
        app.wait(DAY);
        recheck(&app).await;
        for _ in 0..6 {
            app.wait(DAY);
            recheck(&app).await;
            assert_eq!(holder(&app, "kim@acme.example").await.as_deref(), Some("acme"), "within the grace");
        }
        app.wait(DAY - Duration::from_secs(1));
        recheck(&app).await;
        assert_eq!(holder(&app, "kim@acme.example").await.as_deref(), Some("acme"), "a second before its end");
        app.wait(Duration::from_secs(1));
        recheck(&app).await;
        assert_eq!(holder(&app, "kim@acme.example").await, None);
        let all = events(&app, two.acme).await;
        assert_eq!(all.last().unwrap(), &format!("doorward domain.lost domain:{NAME} success record_missing"));
        let subjects = app.subjects_to(ANN).await;
        assert_eq!(subjects.iter().filter(|subject| subject.contains("acme.example is not yours")).count(), 1, "{subjects:?}");
        app.wait(3 * DAY);
        recheck(&app).await;
        assert_eq!(events(&app, two.acme).await.len(), all.len(), "what is lost is not looked for");
        assert!(app.letters_to(BOB).await.iter().all(|letter| !letter.text.contains(NAME)), "other people's are not told");
        // Another tenant may prove it now, and so may this one.
        let mut bob = app.logged_in(BOB).await;
        let of_bob = added(&mut bob, "other", NAME).await;
        drop(_gone);
        let _server = NameServer::with(&app, &[(AT, &of_bob)]);
        assert_eq!(check(&mut bob, "other").await, ok());
    }

    /// Promise: `domains/rechecked`
    async fn a_check_by_hand_counts_as_one_by_the_clock(app: TestApp) {
        let mut two = Two::of(&app).await;
        let value = two.proved(&app).await;
        let gone = NameServer::with(&app, &[]);
        let answer = two.ann.post(&format!("{LIST}/{NAME}/check"), &[]).await;
        assert_eq!(said(&answer), no(409, "record_missing"));
        assert!(answer.text().contains("still counts as yours for 7 days"), "{}", answer.text());
        assert_eq!(holder(&app, "kim@acme.example").await.as_deref(), Some("acme"));
        app.wait(7 * DAY);
        let mut ann = app.logged_in(ANN).await;
        assert_eq!(check(&mut ann, "acme").await, no(409, "record_missing"));
        assert_eq!(holder(&app, "kim@acme.example").await, None);
        drop(gone);
        let _server = NameServer::with(&app, &[(AT, &value)]);
        assert_eq!(check(&mut ann, "acme").await, ok(), "the record of before still proves it");
        assert_eq!(holder(&app, "kim@acme.example").await.as_deref(), Some("acme"));
    }

    /// Promise: `domains/rechecked`
    async fn two_nodes_that_look_at_once_do_it_once(app: TestApp) {
        let mut two = Two::of(&app).await;
        two.proved(&app).await;
        let other = app.another().await;
        let _gone = NameServer::with(&app, &[]);
        app.wait(DAY);
        tokio::join!(recheck(&app), recheck(&other));
        let missing = events(&app, two.acme).await.into_iter().filter(|event| event.contains("domain.missing")).count();
        assert_eq!(missing, 1);
        let subjects = app.subjects_to(ANN).await;
        assert_eq!(subjects.iter().filter(|subject| subject.contains("is gone")).count(), 1, "{subjects:?}");
    }
}

/// How many letters ann has got about the domain.
async fn told(app: &TestApp) -> usize {
    app.subjects_to(ANN).await.iter().filter(|subject| subject.contains(NAME)).count()
}
