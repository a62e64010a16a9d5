//! Secrets in the header and in the body, and clients that have none.

use super::*;

on_every_engine! {
    /// Promise: `clients/own-secret`, `clients/digest-at-rest`
    async fn a_client_is_believed_with_its_own_secret_and_with_nothing_else(app: TestApp) {
        let program = program(&app).await;
        let secret = registered(&app, &service("billing")).await;
        let other = registered(&app, &service("reports")).await;
        assert!(secret.starts_with("dws_") && secret.len() == 47 && secret != other);
        let cut = &secret[..46];
        let (long, unmarked, zeros) = (format!("{secret}A"), &secret[4..], format!("dws_{}", "A".repeat(43)));
        for wrong in [other.as_str(), cut, &long, unmarked, &zeros, "dws_", "x", " "] {
            assert_eq!(asked(&program, &basic("billing", wrong), &[]).await, UNPROVED, "{wrong}");
            let form = [("client_id", "billing"), ("client_secret", wrong)];
            assert_eq!(asked(&program, "", &form).await, UNPROVED, "{wrong}");
        }
        assert_eq!(asked(&program, "", &[("client_id", "billing")]).await, UNPROVED, "without any");
        assert_eq!(asked(&program, &basic("billing", ""), &[]).await, UNPROVED);
        assert_eq!(asked(&program, &basic("billing", &secret), &[]).await, "billing");
        assert_eq!(asked(&program, "", &[("client_id", "billing"), ("client_secret", &secret)]).await, "billing");
        let named = [("client_id", "billing")];
        assert_eq!(asked(&program, &basic("billing", &secret), &named).await, "billing", "it may say who it is as well");
    }

    /// RFC 6749 section 2.3.1: both halves are encoded like fields of a form before they are joined.
    ///
    /// Promise: `clients/own-secret`
    async fn both_halves_of_the_header_are_decoded(app: TestApp) {
        let program = program(&app).await;
        let secret = registered(&app, &service("billing")).await;
        let encoded: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
        assert_eq!(asked(&program, &basic("%62illing", &encoded), &[]).await, "billing");
        let spelt = basic("billing", &secret).replacen("Basic ", "bAsIc   ", 1);
        assert_eq!(asked(&program, &spelt, &[]).await, "billing");
        let encoded = STANDARD.encode(format!("billing:{secret}"));
        for broken in [
            basic("billing", &format!("{secret}&x=1")), basic("billing=", &secret), basic(&format!("billing:{secret}"), ""),
            basic("billing ", &secret), basic("billing+", &secret), format!("Basic {}", &encoded[1..]), format!("Basic {encoded}="),
            format!("Basic {}", STANDARD.encode("billing")), "Basic".to_owned(), format!("Bearer {secret}"),
            format!("Basic {encoded} {encoded}"), format!("Digest {encoded}"), format!("Basic {}", STANDARD.encode([0xff, b':', 0xff])),
        ] {
            assert_eq!(asked(&program, &broken, &[]).await, UNPROVED, "{broken}");
        }
    }

    /// Promise: `clients/one-method`
    async fn who_proves_itself_twice_proves_nothing(app: TestApp) {
        let program = program(&app).await;
        let secret = registered(&app, &service("billing")).await;
        let key = TestKey::new("one");
        let signer = Registration { authentication: "private_key_jwt".to_owned(), keys: key.set(), ..service("signer") };
        registered(&app, &signer).await;
        let good = basic("billing", &secret);
        let assertion = key.assertion(&app, "signer", |_| {});
        let twice: [(&str, &[(&str, &str)]); 6] = [
            (&good, &[("client_secret", &secret)]),
            (&good, &[("client_id", "billing"), ("client_secret", &secret)]),
            (&good, &[("client_assertion", &assertion), JWT_BEARER]),
            (&good, &[JWT_BEARER]),
            ("", &[("client_id", "billing"), ("client_secret", &secret), ("client_assertion", &assertion), JWT_BEARER]),
            (&good, &[("client_id", "signer")]),
        ];
        for (header, form) in twice {
            assert_eq!(asked(&program, header, form).await, AMBIGUOUS, "{form:?}");
        }
        // And by a way that it was not registered for, nobody is believed.
        assert_eq!(asked(&program, "", &[("client_id", "signer"), ("client_secret", &secret)]).await, UNPROVED);
        assert_eq!(asked(&program, "", &[("client_id", "signer")]).await, UNPROVED);
        let of_billing = key.assertion(&app, "billing", |_| {});
        assert_eq!(asked(&program, "", &[("client_assertion", &of_billing), JWT_BEARER]).await, UNPROVED);
        registered(&app, &app_of_people("phone")).await;
        assert_eq!(asked(&program, &basic("phone", ""), &[]).await, UNPROVED, "a header is a proof, and an app has none");
        assert_eq!(asked(&program, &basic("phone", &secret), &[]).await, UNPROVED);
        assert_eq!(asked(&program, "", &[("client_id", "phone"), ("client_secret", &secret)]).await, UNPROVED);
        assert_eq!(asked(&program, "", &[("client_id", "phone")]).await, "phone");
        assert_eq!(asked(&program, "", &[("client_id", "phone"), ("client_secret", "")]).await, "phone", "RFC 6749 section 3.1");
        assert_eq!(asked(&program, "", &[]).await, UNPROVED);
    }

    /// Promise: `clients/unknown`
    async fn a_client_that_is_not_there_answers_as_a_wrong_secret_and_leaves_no_trace(app: TestApp) {
        let program = program(&app).await;
        let secret = registered(&app, &service("billing")).await;
        let (events, throttles) = (app.count("audit_events").await, app.count("throttles").await);
        let shape = |answer: &Answer| {
            let mut headers: Vec<_> = answer.headers.iter().filter(|(name, _)| *name != "date").collect();
            headers.sort_by_key(|(name, _)| name.as_str());
            format!("{} {headers:?} {}", answer.status, answer.text())
        };
        let mut unknown = Vec::new();
        for nobody in ["nobody", "app-aaaaaaaaaaaa", "NOBODY", "no body", "'; --", "", &"x".repeat(300)] {
            unknown.push(shape(&ask(&program, &basic(nobody, &secret), &[]).await));
            let in_body = ask(&program, "", &[("client_id", nobody), ("client_secret", &secret)]).await;
            assert_eq!((in_body.status, in_body.header("www-authenticate")), (401, ""), "{nobody}");
        }
        assert_eq!((app.count("audit_events").await, app.count("throttles").await), (events, throttles));
        let wrong = ask(&program, &basic("billing", "dws_"), &[]).await;
        assert!(unknown.iter().all(|one| *one == shape(&wrong)), "{unknown:#?}");
        assert_eq!(wrong.header("www-authenticate"), "Basic realm=\"doorward\", charset=\"UTF-8\"");
        assert_eq!(wrong.header("cache-control"), "no-store");
        assert_eq!(events + 1, app.count("audit_events").await, "of the one that is there, it is written down");
    }

    /// Promise: `clients/rotated`
    async fn while_a_secret_is_rotated_two_work_and_then_one(app: TestApp) {
        let program = program(&app).await;
        let first = registered(&app, &service("billing")).await;
        let rotate = async |grace| {
            let secret = operate::rotate_client_secret(&app.doorward, &id("billing"), Duration::from_secs(grace)).await;
            secret.unwrap().reveal()
        };
        let works = async |secret: &str| asked(&program, &basic("billing", secret), &[]).await == "billing";
        let second = rotate(3600).await;
        assert!(works(&first).await && works(&second).await);
        app.wait(Duration::from_secs(3599));
        assert!(works(&first).await);
        app.wait(Duration::from_secs(1));
        assert!(!works(&first).await && works(&second).await);
        let third = rotate(3600).await;
        let fourth = rotate(3600).await;
        assert!(!works(&first).await && !works(&second).await, "two at a time");
        assert!(works(&third).await && works(&fourth).await);
        let fifth = rotate(0).await;
        assert!(works(&fifth).await && !works(&fourth).await && !works(&third).await, "after a theft at once");
        registered(&app, &app_of_people("phone")).await;
        let none = operate::rotate_client_secret(&app.doorward, &id("phone"), Duration::ZERO).await;
        assert!(none.is_err_and(|error| error.to_string().contains("without a secret")));
    }

    /// Promise: `clients/next-request`
    async fn what_is_done_to_a_client_holds_at_its_next_request_on_every_node(app: TestApp) {
        let other = app.another().await;
        let programs = [program(&app).await, program(&other).await];
        let secret = registered(&app, &service("billing")).await;
        let everywhere = async |expected: &str| {
            for program in &programs {
                assert_eq!(asked(program, &basic("billing", &secret), &[]).await, expected);
            }
        };
        everywhere("billing").await;
        assert!(operate::disable_client(&app.doorward, &id("billing")).await.unwrap());
        everywhere(UNPROVED).await;
        assert!(!operate::disable_client(&other.doorward, &id("billing")).await.unwrap(), "it is already");
        assert!(operate::enable_client(&other.doorward, &id("billing")).await.unwrap());
        everywhere("billing").await;
        operate::delete_client(&app.doorward, &id("billing")).await.unwrap();
        everywhere(UNPROVED).await;
        let again = registered(&app, &service("billing")).await;
        everywhere(UNPROVED).await;
        assert_eq!(asked(&programs[1], &basic("billing", &again), &[]).await, "billing");
    }

    /// Promise: `clients/quiet`
    async fn failures_are_recorded_once_a_minute_and_have_to_wait_in_the_end(app: TestApp) {
        let other = app.another().await;
        let (here, there) = (program(&app).await, program(&other).await);
        let secret = registered(&app, &service("billing")).await;
        let other_secret = registered(&app, &service("reports")).await;
        let (good, wrong) = (basic("billing", &secret), basic("billing", "dws_wrong"));
        for _ in 0..15 {
            assert_eq!(asked(&here, &wrong, &[]).await, UNPROVED);
            assert_eq!(asked(&there, &wrong, &[]).await, UNPROVED);
        }
        let denied = events(&app, "client.denied").await;
        assert_eq!(denied.len(), 1, "{denied:?}");
        let of = (denied[0].actor.as_str(), denied[0].target.as_deref(), denied[0].result.as_str());
        assert_eq!(of, ("anonymous", Some("client:billing"), "denied"));
        assert_eq!(denied[0].address.as_deref(), Some("127.0.0.1"));
        assert_eq!(asked(&here, &good, &[]).await, "billing", "thirty in a minute cost nothing");
        for _ in 0..15 {
            asked(&here, &wrong, &[]).await;
        }
        let waits = ask(&here, &good, &[]).await;
        assert_eq!((waits.status, waits.json()["error"].as_str()), (429, Some("slow_down")), "whatever it brings");
        assert_eq!(waits.header("retry-after"), "60");
        assert_eq!(asked(&here, &basic("reports", &other_secret), &[]).await, "reports", "and nobody else does");
        app.wait(Duration::from_secs(60));
        assert_eq!(asked(&here, &good, &[]).await, "billing");
        asked(&there, &wrong, &[]).await;
        assert_eq!(events(&app, "client.denied").await.len(), 2, "the next minute");
    }

    /// Row J-18: a name that is a client's is nobody's account, whoever chooses it.
    ///
    /// Promise: `clients/no-account`
    async fn no_client_has_the_name_of_an_account(app: TestApp) {
        let program = program(&app).await;
        let ann = app.account("ann@example.com").await.to_string();
        let ids = [ann.as_str(), &ann.to_uppercase(), &ann.replace('-', ""), &format!("a{}", "0".repeat(31))];
        for taken in ids {
            assert_eq!(refused(&app, &service(taken)).await.0, "client_invalid", "{taken}");
            assert_eq!(asked(&program, "", &[("client_id", taken)]).await, UNPROVED);
        }
        for letters in ["abcdef", "a-b-c", "app-abcdefghijkl", &format!("a{}", "0".repeat(30))] {
            registered(&app, &app_of_people(letters)).await;
            assert!(letters.parse::<doorward_core::AccountId>().is_err(), "{letters}");
        }
        for _ in 0..50 {
            let made = operate::register_client(&app.doorward, &app_of_people("")).await.unwrap().client.id;
            let letters = made.as_str().strip_prefix("app-").unwrap();
            assert!(letters.len() == 12 && letters.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b)));
            assert!(made.as_str().parse::<doorward_core::AccountId>().is_err());
        }
    }
}
