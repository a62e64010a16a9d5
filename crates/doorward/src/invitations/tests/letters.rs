//! The letter: our words and our host, and no link at rest.

use super::*;

#[test]
fn a_name_in_a_letter_holds_nothing_that_becomes_a_link() {
    for (name, shown) in [
        ("Acme Inc.", "Acme Inc."),
        ("Müller & Sons (Ltd), St. Gallen", "Müller & Sons (Ltd), St. Gallen"),
        ("株式会社ドア", "株式会社ドア"),
        ("हिन्दी संस्था", "हिन्दी संस्था"),
        ("Click http://evil.example/x?y=1", "Click http evil example x y 1"),
        ("www.evil.example", "www evil example"),
        ("evil.example.", "evil example."),
        ("evil\u{3002}example evil\u{ff0e}example evil\u{2024}example", "evil example evil example evil example"),
        ("http:\u{2044}\u{2044}evil\u{ff0f}x", "http evil x"),
        ("ev\u{200b}il.example", "ev il example"),
        ("mail me@evil.example", "mail me evil example"),
        ("a\r\nBcc: evil\n\nhttps://evil.example\n\nb", "a Bcc evil https evil example b"),
        ("<b>You</b> \u{201d} won “it”", "b You b won it"),
        ("://", ""),
    ] {
        assert_eq!(in_a_letter(name), shown, "{name:?}");
    }
    assert_eq!(in_a_letter(&"long ".repeat(20)).chars().count(), 59);
}

on_every_engine! {
    /// Promise: `invitations/plain-letter`
    async fn a_name_that_is_bait_is_no_link_in_a_letter_from_us(app: TestApp) {
        let ann = app.account(ANN).await;
        let slug = "acme".parse().unwrap();
        let name = "You won! Claim it at https://evil.example/prize or www.evil.example";
        operate::create_tenant(&app.doorward, slug, name, Some(ann)).await.unwrap();
        let mut ann = app.logged_in(ANN).await;
        ann.post("/auth/account/profile", &[("display_name", "Visit https://evil.example")]).await;
        ann.set_header("x-forwarded-host", "evil.example");
        ann.set_header("forwarded", "host=evil.example");
        invited(&mut ann, BOB, "member").await;
        let letter = app.letters_to(BOB).await.pop().unwrap();
        assert_eq!(letter.subject, "You are invited to join an organisation");
        for form in [&letter.text, &letter.html] {
            assert!(!form.contains("evil.example") && form.contains("evil example"), "{form}");
            assert!(form.contains(ANN) && form.contains(BOB), "{form}");
            let ours = form.matches("http://localhost:4400/auth/").count();
            assert_eq!(form.matches("http").count(), ours + 1, "the name has one that leads nowhere: {form}");
        }
        assert!(letter.text.contains("http://localhost:4400/auth/invitations/accept?token="), "{}", letter.text);
        assert!(letter.text.contains("for 3 days"), "{}", letter.text);
        assert!(!letter.text.contains("\n\n\n"), "{}", letter.text);
    }

    /// Promise: `invitations/plain-letter`
    async fn the_letter_names_no_way_to_sign_up_where_there_is_none(app: TestApp) {
        let app = TestApp::with(app.engine(), |settings| settings.signup.open = false).await;
        let (_, mut ann) = acme(&app).await;
        invited(&mut ann, BOB, "member").await;
        let letter = app.letters_to(BOB).await.pop().unwrap();
        assert!(!letter.text.contains("sign up") && !letter.text.contains("/signup") && !letter.text.contains("\n\n\n"), "{}", letter.text);
    }

    /// Promise: `invitations/digest-at-rest`
    async fn the_database_does_not_know_the_link(app: TestApp) {
        let (_, mut ann) = acme(&app).await;
        let id = invited(&mut ann, BOB, "member").await;
        let orders = "SELECT reference FROM outbox WHERE kind = 'invitation'";
        let orders = app.db().list(orders, &[], |row| row.get::<String>(0)).await.unwrap();
        assert_eq!(orders, [id], "the order knows no token");
        let digests = "SELECT digest FROM invitations WHERE digest IS NOT NULL";
        let digests = async || app.db().list(digests, &[], |row| row.get::<Vec<u8>>(0)).await.unwrap();
        assert!(digests().await.is_empty(), "nor is there a link before the letter");
        let token = app.token_for(BOB).await;
        let raw = Token::<doorward_core::Invitation>::parse(&token).unwrap();
        assert_eq!(digests().await, [raw.digest().as_bytes().to_vec()]);
        assert_ne!(digests().await[0], raw.expose());
        // What rests is no link itself.
        let rests = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, raw.digest().as_bytes());
        assert_eq!(accept(&mut app.person(BOB).await, &rests).await, spent());
    }
}
