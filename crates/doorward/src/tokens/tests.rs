//! Access tokens and the families that renew them.

use std::time::Duration;

use doorward_verify::{Algorithm, PublicKey};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};

use crate::{
    on_every_engine, operate,
    testing::{
        TestApp,
        programs::{self, Program, part},
    },
};

mod registered;
mod rows;

const ANN: &str = "ann@example.com";
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// Ann, who owns acme.
async fn ann(app: &TestApp) -> crate::testing::Actor {
    let ann = app.account(ANN).await;
    app.tenant("acme", ann).await;
    app.logged_in(ANN).await
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap_or_default()
}

const EVERYTHING: (&str, &str) = ("scope", "openid profile email offline_access tenant:read members:read");

on_every_engine! {
    /// Rows J-27 and B42.
    ///
    /// Promise: `tokens/short-lived`
    async fn a_token_says_what_is_needed_and_no_more(app: TestApp) {
        let mut ann = ann(&app).await;
        let who = ann.get("/auth/session").await.json();
        let web = Program::web(&app).await;
        let given = web.tokens(&app, &mut ann, &[EVERYTHING]).await;
        assert_eq!((text(&given, "token_type"), &given["expires_in"]), ("Bearer", &json!(300)));
        let (header, claims) = (part(text(&given, "access_token"), 0), part(text(&given, "access_token"), 1));
        assert_eq!((text(&header, "typ"), text(&header, "alg")), ("at+jwt", "EdDSA"));
        assert_eq!(header.as_object().unwrap().len(), 3, "{header}");
        let mut names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        let expected = [
            "aud", "auth_time", "client_id", "exp", "fam", "iat", "iss", "jti", "permissions", "scope", "sub", "tenant",
        ];
        assert_eq!(names, expected);
        assert_eq!(text(&claims, "iss"), format!("{}/auth", app.origin()));
        assert_eq!(text(&claims, "aud"), app.origin());
        assert_eq!(claims["sub"], who["account"]["id"]);
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300);
        assert_eq!(claims["permissions"], json!(["members:read", "tenant:read"]));
        assert!(!claims.to_string().contains("ann@"), "{claims}");
    }

    /// Row B42.
    ///
    /// Promise: `tokens/short-lived`
    async fn a_token_ends_after_five_minutes(app: TestApp) {
        let mut ann = ann(&app).await;
        let web = Program::web(&app).await;
        let given = web.tokens(&app, &mut ann, &[EVERYTHING]).await;
        let token = text(&given, "access_token");
        assert_eq!(web.introspect(&app, token).await["active"], true);
        app.wait(Duration::from_secs(299));
        assert_eq!(web.introspect(&app, token).await["active"], true);
        app.wait(Duration::from_secs(60));
        assert_eq!(web.introspect(&app, token).await, json!({ "active": false }));
    }

    /// Rows R-10 and J-19: a role that was taken away.
    ///
    /// Promise: `tokens/of-the-moment`
    async fn a_token_holds_what_its_person_may_do_when_it_is_made(app: TestApp) {
        let owner = app.account("owner@example.com").await;
        let acme = app.tenant("acme", owner).await;
        let bob = app.account("bob@example.com").await;
        app.member(acme, bob, "member").await;
        let mut bob_there = app.logged_in("bob@example.com").await;
        let web = Program::web(&app).await;
        let wants = [("scope", "offline_access members:read members:manage")];
        let given = web.tokens(&app, &mut bob_there, &wants).await;
        let permissions = |given: &Value| part(text(given, "access_token"), 1)["permissions"].clone();
        assert_eq!(permissions(&given), json!(["members:read"]), "a member manages nobody");
        assert_eq!(text(&given, "scope"), "members:read offline_access");
        operate::set_roles(&app.doorward, acme, bob, vec!["admin".parse().unwrap()]).await.unwrap();
        let given = web.refresh(&app, text(&given, "refresh_token")).await.json();
        assert_eq!(permissions(&given), json!(["members:manage", "members:read"]), "an admin does");
        operate::set_roles(&app.doorward, acme, bob, vec!["member".parse().unwrap()]).await.unwrap();
        // What was given before does not hold for who asks us.
        let before = web.introspect(&app, text(&given, "access_token")).await;
        assert_eq!(before["permissions"], json!(["members:read"]));
        let given = web.refresh(&app, text(&given, "refresh_token")).await.json();
        assert_eq!(permissions(&given), json!(["members:read"]));
    }

    /// Row R-08.
    ///
    /// Promise: `tokens/digest-at-rest`
    async fn nothing_at_rest_is_a_token(app: TestApp) {
        let mut ann = ann(&app).await;
        let web = Program::web(&app).await;
        let given = web.tokens(&app, &mut ann, &[EVERYTHING]).await;
        let next = web.renewed(&app, text(&given, "refresh_token")).await.unwrap();
        for token in [text(&given, "refresh_token"), &next] {
            let token = doorward_core::Handled::<doorward_core::Refresh>::parse(token).unwrap();
            let sql = "SELECT digest, parent, handle FROM refresh_families";
            let rows = app.db().list(sql, &[], |row| {
                Ok([row.get::<Vec<u8>>(0)?, row.get::<Option<Vec<u8>>>(1)?.unwrap_or_default(), row.get(2)?])
            });
            for value in rows.await.unwrap().concat() {
                assert!(!value.windows(8).any(|some| token.token().expose().windows(8).any(|own| own == some)));
            }
        }
    }

    /// Rows R-02, C-04 and B41.
    ///
    /// Promise: `tokens/rotated`
    async fn fifty_renewals_at_once_bring_one_next_token(app: TestApp) {
        let mut ann = ann(&app).await;
        let (web, other) = (Program::web(&app).await, app.another().await);
        let given = web.tokens(&app, &mut ann, &[EVERYTHING]).await;
        let first = text(&given, "refresh_token").to_owned();
        let mut tasks = tokio::task::JoinSet::new();
        let (app, other) = (std::sync::Arc::new(app), std::sync::Arc::new(other));
        for number in 0..50 {
            let (web, first) = (web.clone(), first.clone());
            let node = if number % 2 == 0 { app.clone() } else { other.clone() };
            tasks.spawn(async move { web.renewed(&node, &first).await });
        }
        let all: Vec<_> = tasks.join_all().await;
        let next = all[0].clone().unwrap();
        assert!(all.iter().all(|one| one.as_ref() == Ok(&next)), "{all:?}");
        let generation = app.db().list("SELECT generation FROM refresh_families", &[], |row| row.get::<i64>(0));
        assert_eq!(generation.await.unwrap(), [1]);
        assert!(web.renewed(&app, &next).await.is_ok());
        assert!(!app.audit_lines().iter().any(|line| line.contains("access.reused")));
    }

    /// Rows R-03 and B41.
    ///
    /// Promise: `tokens/lost-answer`
    async fn who_lost_the_answer_gets_the_same_token_again(app: TestApp) {
        let mut ann = ann(&app).await;
        let web = Program::web(&app).await;
        let given = web.tokens(&app, &mut ann, &[EVERYTHING]).await;
        let first = text(&given, "refresh_token");
        let next = web.renewed(&app, first).await.unwrap();
        app.wait(Duration::from_secs(9));
        assert_eq!(web.renewed(&app, first).await, Ok(next.clone()));
        let after = app.another().await;
        assert_eq!(web.renewed(&after, first).await, Ok(next.clone()), "after a restart as well");
        assert!(web.renewed(&app, &next).await.is_ok());
    }

    /// Rows R-01 and B41.
    ///
    /// Promise: `tokens/lost-answer`, `tokens/reuse-ends-all`
    async fn a_token_that_comes_again_too_late_ends_the_family(app: TestApp) {
        let mut ann = ann(&app).await;
        let web = Program::web(&app).await;
        let given = web.tokens(&app, &mut ann, &[EVERYTHING]).await;
        let first = text(&given, "refresh_token");
        let renewed = web.refresh(&app, first).await.json();
        let (next, access) = (text(&renewed, "refresh_token"), text(&renewed, "access_token"));
        app.audit_lines();
        app.wait(Duration::from_secs(10));
        assert_eq!(web.renewed(&app, first).await, Err("invalid_grant".to_owned()));
        assert_eq!(web.renewed(&app, next).await, Err("invalid_grant".to_owned()), "all of it is over");
        assert_eq!(web.introspect(&app, access).await, json!({ "active": false }));
        let family = part(access, 1)["fam"].clone();
        let revoked = app.visitor().get("/auth/oauth/revoked").await.json();
        assert!(revoked["revoked"].as_array().unwrap().contains(&family), "{revoked}");
        let told: Vec<_> = app.audit_lines().into_iter().filter(|line| line.contains("access.reused")).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("\"denied\""), "{told:?}");
        let subjects = app.subjects_to(ANN).await;
        assert_eq!(subjects.last().unwrap(), "An app was logged out of your account");
        // Whoever comes once more learns nothing, and writes nothing.
        assert_eq!(web.renewed(&app, first).await, Err("invalid_grant".to_owned()));
        assert!(app.audit_lines().is_empty());
    }

    /// Row R-03, of the grandparent.
    ///
    /// Promise: `tokens/reuse-ends-all`
    async fn the_token_before_the_one_before_ends_the_family_at_once(app: TestApp) {
        let mut ann = ann(&app).await;
        let web = Program::web(&app).await;
        let given = web.tokens(&app, &mut ann, &[EVERYTHING]).await;
        let first = text(&given, "refresh_token");
        let second = web.renewed(&app, first).await.unwrap();
        let third = web.renewed(&app, &second).await.unwrap();
        // Within the ten seconds, but its child was used already.
        assert_eq!(web.renewed(&app, first).await, Err("invalid_grant".to_owned()));
        assert_eq!(web.renewed(&app, &third).await, Err("invalid_grant".to_owned()));
    }

    /// Row R-04.
    ///
    /// Promise: `tokens/reuse-ends-all`
    async fn a_restart_forgets_no_token(app: TestApp) {
        let mut ann = ann(&app).await;
        let web = Program::web(&app).await;
        let given = web.tokens(&app, &mut ann, &[EVERYTHING]).await;
        let first = text(&given, "refresh_token");
        let next = web.renewed(&app, first).await.unwrap();
        app.wait(MINUTE);
        let after = app.another().await;
        assert_eq!(web.renewed(&after, first).await, Err("invalid_grant".to_owned()));
        assert_eq!(web.renewed(&after, &next).await, Err("invalid_grant".to_owned()));
    }

    /// Row R-05.
    ///
    /// Promise: `tokens/expires`
    async fn a_family_ends_without_use_and_in_the_end(app: TestApp) {
        let mut ann = ann(&app).await;
        let web = Program::web(&app).await;
        let idle = web.tokens(&app, &mut ann, &[EVERYTHING]).await;
        app.wait(14 * DAY - MINUTE);
        let mut token = web.renewed(&app, text(&idle, "refresh_token")).await.unwrap();
        app.wait(14 * DAY);
        assert_eq!(web.renewed(&app, &token).await, Err("invalid_grant".to_owned()), "14 days without a use");
        let mut ann = app.logged_in(ANN).await;
        let used = web.tokens(&app, &mut ann, &[EVERYTHING]).await;
        token = text(&used, "refresh_token").to_owned();
        for _ in 0..2 {
            app.wait(13 * DAY);
            token = web.renewed(&app, &token).await.unwrap();
        }
        app.wait(4 * DAY);
        assert_eq!(web.renewed(&app, &token).await, Err("invalid_grant".to_owned()), "30 days whatever its use");
    }

    /// Row R-05.
    ///
    /// Promise: `tokens/expires`
    async fn a_clock_that_was_set_back_makes_no_token_live_longer(app: TestApp) {
        let mut ann = ann(&app).await;
        let web = Program::web(&app).await;
        let given = web.tokens(&app, &mut ann, &[EVERYTHING]).await;
        app.clock.set_back(2 * DAY);
        assert_eq!(web.renewed(&app, text(&given, "refresh_token")).await, Err("invalid_grant".to_owned()));
        app.wait(2 * DAY);
        assert!(web.renewed(&app, text(&given, "refresh_token")).await.is_ok(), "it works again with the clock");
    }

    /// Row R-06, of the client.
    ///
    /// Promise: `tokens/bound`
    async fn a_token_is_worth_nothing_to_another_client(app: TestApp) {
        let mut ann = ann(&app).await;
        let (web, native) = (Program::web(&app).await, Program::native(&app).await);
        let given = web.tokens(&app, &mut ann, &[EVERYTHING]).await;
        let token = text(&given, "refresh_token");
        assert_eq!(native.renewed(&app, token).await, Err("invalid_grant".to_owned()));
        let answer = native.post(&app, "/auth/oauth/revoke", &[("token", token)]).await;
        assert_eq!((answer.status, text(&answer.json(), "error")), (400, "invalid_grant"));
        assert!(web.renewed(&app, token).await.is_ok(), "and its own client is none the worse");
    }

    /// Rows.
    ///
    /// Promise: `tokens/bound`
    async fn a_renewal_gives_no_more_than_was_given(app: TestApp) {
        let mut ann = ann(&app).await;
        let web = Program::web(&app).await;
        let given = web.tokens(&app, &mut ann, &[("scope", "offline_access tenant:read members:read")]).await;
        let token = text(&given, "refresh_token");
        let renew = |more: (&'static str, &'static str)| {
            let web = web.clone();
            let form = [("grant_type", "refresh_token"), ("refresh_token", token), more];
            let app = &app;
            async move { web.post(app, "/auth/oauth/token", &form).await }
        };
        assert_eq!(text(&renew(("scope", "members:manage")).await.json(), "error"), "invalid_scope");
        assert_eq!(text(&renew(("scope", "tenant:read email")).await.json(), "error"), "invalid_scope");
        assert_eq!(text(&renew(("resource", "https://else.example.com")).await.json(), "error"), "invalid_target");
        let narrow = renew(("scope", "tenant:read")).await.json();
        assert_eq!(text(&narrow, "scope"), "tenant:read");
        let wide = web.refresh(&app, text(&narrow, "refresh_token")).await.json();
        assert_eq!(text(&wide, "scope"), "members:read offline_access tenant:read", "it narrows one token alone");
    }

    /// Rows R-07, J-19 and B41.
    ///
    /// Promise: `tokens/ends-with`
    async fn what_ends_all_sessions_ends_all_families(app: TestApp) {
        let web = Program::web(&app).await;
        for (number, how) in ["everywhere", "others", "password", "disabled", "reset", "operator"].iter().enumerate() {
            let email = format!("person{number}@example.com");
            let account = app.account(&email).await;
            app.tenant(&format!("tenant-{number}"), account).await;
            let mut person = app.logged_in(&email).await;
            let given = web.tokens(&app, &mut person, &[EVERYTHING]).await;
            match *how {
                "everywhere" => assert_eq!(person.post("/auth/logout/everywhere", &[]).await.status, 200),
                "others" => assert_eq!(person.post("/auth/sessions/revoke-others", &[]).await.status, 200),
                "password" => {
                    let form = [("new_password", "a quite different passphrase")];
                    assert_eq!(person.post("/auth/password/change", &form).await.status, 200);
                }
                "disabled" => assert!(operate::disable(&app.doorward, account).await.unwrap()),
                "reset" => {
                    app.visitor().post("/auth/password/forgot", &[("email", &email)]).await;
                    let token = app.token_for(&email).await;
                    let form = [("token", token.as_str()), ("new_password", "a quite different passphrase")];
                    assert_eq!(app.visitor().post("/auth/password/reset", &form).await.status, 200);
                }
                _ => assert!(operate::revoke_all_of(&app.doorward, account).await.unwrap() > 0),
            }
            let (refresh, access) = (text(&given, "refresh_token"), text(&given, "access_token"));
            assert_eq!(web.introspect(&app, access).await, json!({ "active": false }), "{how}");
            assert_eq!(web.renewed(&app, refresh).await, Err("invalid_grant".to_owned()), "{how}");
            if *how == "disabled" {
                operate::enable(&app.doorward, account).await.unwrap();
                assert_eq!(web.renewed(&app, refresh).await, Err("invalid_grant".to_owned()), "for good");
            }
        }
    }

    /// Rows R-07 and J-19.
    ///
    /// Promise: `tokens/ends-with`
    async fn what_ends_a_membership_ends_its_families(app: TestApp) {
        let (web, native) = (Program::web(&app).await, Program::native(&app).await);
        let owner = app.account("owner@example.com").await;
        let (acme, other) = (app.tenant("acme", owner).await, app.tenant("other", owner).await);
        let bob = app.account("bob@example.com").await;
        app.member(acme, bob, "member").await;
        app.member(other, bob, "member").await;
        let mut bob_there = app.logged_in("bob@example.com").await;
        let of_acme = web.tokens(&app, &mut bob_there, &[EVERYTHING, ("tenant", "acme"), ("choice", "acme")]).await;
        let of_other = native.tokens(&app, &mut bob_there, &[EVERYTHING, ("tenant", "other"), ("choice", "other")]).await;
        operate::remove_member(&app.doorward, acme, bob).await.unwrap();
        assert_eq!(web.introspect(&app, text(&of_acme, "access_token")).await, json!({ "active": false }));
        // Coming back brings nothing back.
        app.member(acme, bob, "member").await;
        assert_eq!(web.renewed(&app, text(&of_acme, "refresh_token")).await, Err("invalid_grant".to_owned()));
        let kept = native.renewed(&app, text(&of_other, "refresh_token")).await.unwrap();
        operate::delete_tenant(&app.doorward, other).await.unwrap();
        assert_eq!(native.renewed(&app, &kept).await, Err("invalid_grant".to_owned()));
    }

    /// Promise: `tokens/ends-with`
    async fn a_suspended_tenant_gives_nothing_until_it_is_open_again(app: TestApp) {
        let mut ann = ann(&app).await;
        let web = Program::web(&app).await;
        let given = web.tokens(&app, &mut ann, &[EVERYTHING]).await;
        let (refresh, access) = (text(&given, "refresh_token"), text(&given, "access_token"));
        let acme = operate::tenant(&app.doorward, "acme").await.unwrap().unwrap().id;
        operate::suspend_tenant(&app.doorward, acme).await.unwrap();
        assert_eq!(web.introspect(&app, access).await, json!({ "active": false }));
        assert_eq!(web.renewed(&app, refresh).await, Err("invalid_grant".to_owned()));
        operate::resume_tenant(&app.doorward, acme).await.unwrap();
        assert!(web.renewed(&app, refresh).await.is_ok());
    }

    /// Row R-07.
    ///
    /// Promise: `tokens/ends-with`
    async fn without_offline_access_a_family_ends_with_its_session(app: TestApp) {
        let mut ann = ann(&app).await;
        let (web, native) = (Program::web(&app).await, Program::native(&app).await);
        let bound = web.tokens(&app, &mut ann, &[("scope", "openid tenant:read")]).await;
        let free = native.tokens(&app, &mut ann, &[("scope", "openid offline_access tenant:read")]).await;
        assert_eq!(ann.post("/auth/logout", &[]).await.status, 200);
        assert_eq!(web.renewed(&app, text(&bound, "refresh_token")).await, Err("invalid_grant".to_owned()));
        assert!(native.renewed(&app, text(&free, "refresh_token")).await.is_ok());
    }

    /// Promise: `tokens/ends-with`
    async fn a_client_that_is_kept_out_renews_nothing(app: TestApp) {
        let mut ann = ann(&app).await;
        let web = Program::web(&app).await;
        let given = web.tokens(&app, &mut ann, &[EVERYTHING]).await;
        let refresh = text(&given, "refresh_token");
        operate::disable_client(&app.doorward, &web.name()).await.unwrap();
        assert_eq!(web.renewed(&app, refresh).await, Err("invalid_client".to_owned()));
        operate::enable_client(&app.doorward, &web.name()).await.unwrap();
        assert!(web.renewed(&app, refresh).await.is_ok());
        assert_eq!(app.count("refresh_families").await, 1);
        operate::delete_client(&app.doorward, &web.name()).await.unwrap();
        assert_eq!(app.count("refresh_families").await, 0);
    }

    /// Row J-22: what is remembered is a name, and no text of a token.
    ///
    /// Promise: `tokens/taken-back`
    async fn what_was_taken_back_is_refused_at_once(app: TestApp) {
        let mut ann = ann(&app).await;
        let web = Program::web(&app).await;
        let given = web.tokens(&app, &mut ann, &[EVERYTHING]).await;
        let (refresh, access) = (text(&given, "refresh_token"), text(&given, "access_token"));
        assert_eq!(web.post(&app, "/auth/oauth/revoke", &[("token", access)]).await.status, 200);
        assert_eq!(web.introspect(&app, access).await, json!({ "active": false }));
        let revoked = app.visitor().get("/auth/oauth/revoked").await.json();
        assert_eq!(revoked["revoked"], json!([part(access, 1)["jti"]]));
        let renewed = web.refresh(&app, refresh).await.json();
        let (next, access) = (text(&renewed, "refresh_token"), text(&renewed, "access_token"));
        assert_eq!(web.introspect(&app, access).await["active"], true, "one token alone");
        assert_eq!(web.introspect(&app, next).await["active"], true);
        assert_eq!(web.post(&app, "/auth/oauth/revoke", &[("token", next)]).await.status, 200);
        for token in [access, next] {
            assert_eq!(web.introspect(&app, token).await, json!({ "active": false }));
        }
        assert_eq!(web.renewed(&app, next).await, Err("invalid_grant".to_owned()));
        // Taking back what is not there has succeeded already (RFC 7009 section 2.2).
        for token in [next, "dwr_", "something else"] {
            assert_eq!(web.post(&app, "/auth/oauth/revoke", &[("token", token)]).await.status, 200);
        }
        app.wait(20 * MINUTE);
        let revoked = app.visitor().get("/auth/oauth/revoked").await.json();
        assert_eq!(revoked["revoked"], json!([]), "what is over need not be named");
    }
}

/// A key whose possession is proved.
pub(crate) struct Key(SigningKey);

impl Key {
    pub(crate) fn new(seed: u8) -> Self {
        Self(SigningKey::from_bytes(&[seed; 32]))
    }

    fn jwk(&self) -> Value {
        PublicKey::ed25519(self.0.verifying_key().as_bytes()).unwrap().to_jwk()
    }

    fn thumbprint(&self) -> String {
        PublicKey::ed25519(self.0.verifying_key().as_bytes()).unwrap().thumbprint()
    }

    fn signed(&self, header: &Value, claims: &Value) -> String {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let message = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
        let signature = URL_SAFE_NO_PAD.encode(self.0.sign(message.as_bytes()).to_bytes());
        format!("{message}.{signature}")
    }

    /// A proof for the token endpoint.
    pub(crate) fn proof(&self, app: &TestApp, name: &str) -> String {
        self.proof_with(app, name, |_, _| {})
    }

    fn proof_with(&self, app: &TestApp, name: &str, change: impl FnOnce(&mut Value, &mut Value)) -> String {
        let mut header = json!({ "typ": "dpop+jwt", "alg": Algorithm::EdDsa.name(), "jwk": self.jwk() });
        let url = format!("{}/auth/oauth/token", app.origin());
        let mut claims = json!({ "htm": "POST", "htu": url, "iat": app.now().as_secs(), "jti": name });
        change(&mut header, &mut claims);
        self.signed(&header, &claims)
    }
}

on_every_engine! {
    /// Row R-06, of the device.
    ///
    /// Promise: `tokens/possession`
    async fn a_token_is_bound_to_the_key_that_was_proved(app: TestApp) {
        let mut ann = ann(&app).await;
        let mut native = Program::native(&app).await;
        let (key, other) = (Key::new(7), Key::new(8));
        let code = native.code(&mut ann, &[EVERYTHING]).await;
        native.dpop = Some(key.proof(&app, "proof-0001"));
        let given = native.exchange(&app, &code).await.json();
        assert_eq!(text(&given, "token_type"), "DPoP", "{given}");
        assert_eq!(part(text(&given, "access_token"), 1)["cnf"], json!({ "jkt": key.thumbprint() }));
        let refresh = text(&given, "refresh_token");
        native.dpop = None;
        assert_eq!(native.renewed(&app, refresh).await, Err("invalid_dpop_proof".to_owned()), "without a proof");
        native.dpop = Some(other.proof(&app, "proof-0002"));
        assert_eq!(native.renewed(&app, refresh).await, Err("invalid_dpop_proof".to_owned()), "with another key");
        native.dpop = Some(key.proof(&app, "proof-0001"));
        assert_eq!(native.renewed(&app, refresh).await, Err("invalid_dpop_proof".to_owned()), "with a used proof");
        native.dpop = Some(key.proof(&app, "proof-0003"));
        assert!(native.renewed(&app, refresh).await.is_ok());
    }

    /// Promise: `tokens/possession`
    async fn a_proof_is_for_one_request_of_about_now(app: TestApp) {
        let mut ann = ann(&app).await;
        let mut native = Program::native(&app).await;
        let key = Key::new(7);
        let given = native.tokens(&app, &mut ann, &[EVERYTHING]).await;
        let refresh = text(&given, "refresh_token");
        let now = app.now().as_secs();
        type Change = Box<dyn FnOnce(&mut Value, &mut Value)>;
        let changes: Vec<(&str, Change)> = vec![
            ("another method", Box::new(|_, claims| claims["htm"] = json!("GET"))),
            ("another address", Box::new(|_, claims| claims["htu"] = json!("https://else.example.com/auth/oauth/token"))),
            ("another path", Box::new(|_, claims| claims["htu"] = json!("http://localhost:3000/auth/oauth/revoke"))),
            ("too old", Box::new(move |_, claims| claims["iat"] = json!(now - 61))),
            ("from the future", Box::new(move |_, claims| claims["iat"] = json!(now + 62))),
            ("a moment as text", Box::new(move |_, claims| claims["iat"] = json!(now.to_string()))),
            ("no name", Box::new(|_, claims| drop(claims.as_object_mut().unwrap().remove("jti")))),
            ("for a token", Box::new(|_, claims| claims["ath"] = json!("A".repeat(43)))),
            ("another kind", Box::new(|header, _| header["typ"] = json!("JWT"))),
            ("no algorithm", Box::new(|header, _| header["alg"] = json!("none"))),
            ("another algorithm", Box::new(|header, _| header["alg"] = json!("ES256"))),
            ("another key", Box::new(|header, _| header["jwk"] = Key::new(9).jwk())),
            ("a private key", Box::new(|header, _| header["jwk"]["d"] = json!("A".repeat(43)))),
            ("a named key", Box::new(|header, _| header["kid"] = json!("one"))),
        ];
        for (number, (what, change)) in changes.into_iter().enumerate() {
            native.dpop = Some(key.proof_with(&app, &format!("proof-{number:04}"), change));
            assert_eq!(native.renewed(&app, refresh).await, Err("invalid_dpop_proof".to_owned()), "{what}");
        }
        native.dpop = Some("no proof".to_owned());
        assert_eq!(native.renewed(&app, refresh).await, Err("invalid_dpop_proof".to_owned()));
        native.dpop = Some(key.proof_with(&app, "proof-good", |header, claims| {
            // By the name of RFC 9864 section 2.2.
            header["alg"] = json!("Ed25519");
            claims["htu"] = json!(format!("{}?with=query", claims["htu"].as_str().unwrap()));
        }));
        assert!(native.renewed(&app, refresh).await.is_ok(), "query and fragment do not count");
    }

    /// Promise: `tokens/possession`
    async fn fifty_uses_of_one_proof_are_one(app: TestApp) {
        let mut ann = ann(&app).await;
        let mut native = Program::native(&app).await;
        let given = native.tokens(&app, &mut ann, &[EVERYTHING]).await;
        let refresh = text(&given, "refresh_token").to_owned();
        native.dpop = Some(Key::new(7).proof(&app, "proof-only"));
        let (app, mut tasks) = (std::sync::Arc::new(app), tokio::task::JoinSet::new());
        for _ in 0..50 {
            let (app, native, refresh) = (app.clone(), native.clone(), refresh.clone());
            tasks.spawn(async move { native.renewed(&app, &refresh).await });
        }
        let all = tasks.join_all().await;
        assert_eq!(all.iter().filter(|one| one.is_ok()).count(), 1, "{all:?}");
    }

    /// Promise: `tokens/possession`
    async fn a_client_may_be_registered_for_proofs_alone(app: TestApp) {
        let mut ann = ann(&app).await;
        let written = crate::operate::Registration { demands_dpop: true, ..programs::web() };
        let mut web = Program::registered(&app, written).await;
        let code = web.code(&mut ann, &[EVERYTHING]).await;
        assert_eq!(text(&web.exchange(&app, &code).await.json(), "error"), "invalid_dpop_proof");
        web.dpop = Some(Key::new(7).proof(&app, "proof-0001"));
        let given = web.exchange(&app, &code).await.json();
        assert_eq!(text(&given, "token_type"), "DPoP", "{given}");
        // A confidential client proves itself, so another key may follow (RFC 9449 section 5).
        web.dpop = Some(Key::new(8).proof(&app, "proof-0002"));
        let renewed = web.refresh(&app, text(&given, "refresh_token")).await.json();
        assert_eq!(part(text(&renewed, "access_token"), 1)["cnf"], json!({ "jkt": Key::new(8).thumbprint() }));
    }
}
