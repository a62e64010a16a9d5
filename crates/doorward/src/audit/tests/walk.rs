//! A walk through everything that is recorded.

use std::collections::BTreeSet;

use axum::http::Method;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use doorward_core::{EmailAddress, password::PasswordHash};

use super::{Action, events};
use crate::{
    clients::tests::{JWT_BEARER, TestKey, ask, program},
    config::ProvidersSettings,
    on_every_engine,
    operate::{self, Act},
    testing::{
        Actor, TestApp,
        dns::NameServer,
        programs::{Program, bare, web as web_client},
        providers::{begin, come_back},
        relying::{RelyingParty, text_of},
    },
};

/// What was secret on the way: none of it may be found anywhere afterwards.
#[derive(Default)]
pub(super) struct Secrets {
    /// Passwords, right and wrong ones.
    pub(super) passwords: Vec<String>,
    /// Tokens of links, as they stand in letters.
    pub(super) tokens: Vec<String>,
    /// Cookies, as browsers keep them.
    pub(super) cookies: Vec<String>,
    /// CSRF tokens.
    pub(super) csrf: Vec<String>,
}

impl Secrets {
    fn password(&mut self, name: &str) -> String {
        let password = format!("canary-{name}-Zq7Xw9Kp2Lm4");
        self.passwords.push(password.clone());
        password
    }

    async fn of(&mut self, actor: &mut Actor) {
        self.csrf.push(actor.csrf_token().await);
        self.csrf.push(actor.clone().form_token().await);
        self.cookies.extend(actor.cookies.values().cloned());
    }

    /// A secret with its prefix, and without: what is behind that is what opens something.
    fn client(&mut self, secret: String) {
        self.tokens.push(secret.trim_start_matches("dws_").to_owned());
        self.passwords.push(secret);
    }

    /// What a program was given: refresh tokens without their prefix, and of signed ones the signature.
    fn tokens_of(&mut self, given: &serde_json::Value) {
        for name in ["access_token", "refresh_token", "id_token"] {
            let Some(text) = given[name].as_str() else { continue };
            let opens = text.rsplit('.').next().unwrap_or_default();
            self.tokens.push(if name == "refresh_token" { text["dwr_".len()..].to_owned() } else { opens.to_owned() });
        }
    }

    fn token(&mut self, token: String) -> String {
        self.tokens.push(token.clone());
        token
    }
}

/// The same application once more, with a provider that is asked nothing before somebody comes back from it.
pub(super) async fn with_a_provider(mut app: TestApp) -> TestApp {
    let at = "https://forge.example";
    let told = format!(
        "[providers.forge]\nkind = \"oauth2\"\nissuer = \"{at}\"\nauthorization_endpoint = \"{at}/authorize\"\n\
         token_endpoint = \"{at}/token\"\nuserinfo_endpoint = \"{at}/me\"\nclient_id = \"doorward\"\nclient_secret = \"a secret\"\n"
    );
    app.settings.providers = ProvidersSettings::parse(&told).unwrap();
    app.another().await
}

/// Goes every way there is, so that each action is recorded at least once, and returns the secrets it carried.
pub(super) async fn every_way(app: &TestApp) -> Secrets {
    let mut secrets = Secrets::default();
    let mut ann = signs_up(app, &mut secrets).await;
    changes_everything(app, &mut secrets, &mut ann).await;
    forgets(app, &mut secrets).await;
    is_imported(app, &mut secrets).await;
    meets_an_operator(app).await;
    is_invited(app, &mut secrets).await;
    uses_keys(app, &mut secrets).await;
    proves_domains(app).await;
    brings_a_provider(app, &mut secrets).await;
    works_with_others(app, &mut secrets).await;
    asks_as_a_program(app, &mut secrets).await;
    is_known_elsewhere(app, &mut secrets).await;
    comes_by_others(app, &mut secrets).await;
    signs_tokens(app).await;
    lets_programs_in(app, &mut secrets).await;
    // Last, since nobody logs in from there afterwards.
    is_attacked(app, &mut secrets).await;
    secrets
}

async fn signs_up(app: &TestApp, secrets: &mut Secrets) -> Actor {
    let (password, wrong) = (secrets.password("signup"), secrets.password("wrong"));
    let mut ann = app.visitor();
    ann.post("/auth/signup", &[("email", "ann@example.com"), ("password", &password)]).await;
    secrets.of(&mut ann).await;
    let token = secrets.token(app.token_for("ann@example.com").await);
    assert_eq!(ann.post("/auth/email/verify", &[("token", &token), ("password", &wrong)]).await.status, 403);
    assert_eq!(ann.post("/auth/email/verify", &[("token", &token), ("password", &password)]).await.status, 200);
    secrets.of(&mut ann).await;
    ann.post("/auth/logout", &[]).await;
    ann.post("/auth/login", &[("email", "ann@example.com"), ("password", &wrong)]).await;
    ann.post("/auth/login", &[("email", &wrong), ("password", &wrong)]).await;
    assert_eq!(ann.post("/auth/login", &[("email", "ann@example.com"), ("password", &password)]).await.status, 200);
    assert_eq!(ann.post("/auth/reauthenticate", &[("password", &wrong)]).await.status, 403);
    assert_eq!(ann.post("/auth/reauthenticate", &[("password", &password)]).await.status, 200);
    secrets.of(&mut ann).await;
    ann
}

async fn changes_everything(app: &TestApp, secrets: &mut Secrets, ann: &mut Actor) {
    let (signup, changed) = (secrets.passwords[0].clone(), secrets.password("changed"));
    assert_eq!(ann.post("/auth/account/profile", &[("display_name", "Ann")]).await.status, 200);
    let mut phone = app.visitor();
    phone.post("/auth/login", &[("email", "ann@example.com"), ("password", &signup)]).await;
    secrets.of(&mut phone).await;
    let id = phone.get("/auth/session").await.json()["session"]["id"].as_str().unwrap().to_owned();
    assert_eq!(ann.delete(&format!("/auth/sessions/{id}")).await.status, 200);
    assert_eq!(ann.delete("/auth/sessions").await.status, 200);
    assert_eq!(ann.post("/auth/password/change", &[("new_password", &changed)]).await.status, 200);
    secrets.of(ann).await;
    assert_eq!(ann.post("/auth/email/change", &[("email", "ann@new.example")]).await.status, 202);
    let token = secrets.token(app.token_for("ann@new.example").await);
    assert_eq!(ann.get(&format!("/auth/email/confirm?token={token}")).await.status, 200);
    assert_eq!(ann.post("/auth/email/confirm", &[("token", &token)]).await.status, 200);
    secrets.of(ann).await;
}

async fn forgets(app: &TestApp, secrets: &mut Secrets) {
    let reset = secrets.password("reset");
    let mut visitor = app.visitor();
    visitor.post("/auth/password/forgot", &[("email", "ann@new.example")]).await;
    let token = secrets.token(app.token_for("ann@new.example").await);
    assert_eq!(visitor.get(&format!("/auth/password/reset?token={token}")).await.status, 200);
    let page = visitor.clone().in_browser().get(&format!("/auth/password/reset?token={token}")).await;
    assert_eq!(page.status, 200);
    assert_eq!(visitor.post("/auth/password/reset", &[("token", &token), ("new_password", &reset)]).await.status, 200);
    assert_eq!(visitor.post("/auth/login", &[("email", "ann@new.example"), ("password", &reset)]).await.status, 200);
    secrets.of(&mut visitor).await;
    // Links that nobody used are in the database while their tokens are in a letter.
    visitor.post("/auth/email/change", &[("email", "ann@third.example")]).await;
    secrets.token(app.token_for("ann@third.example").await);
    let mut stranger = app.visitor();
    stranger.post("/auth/password/forgot", &[("email", "ann@new.example")]).await;
    secrets.token(app.token_for("ann@new.example").await);
    let waiting = secrets.password("waiting");
    stranger.post("/auth/signup", &[("email", "waiting@example.com"), ("password", &waiting)]).await;
    secrets.token(app.token_for("waiting@example.com").await);
    let smuggled = format!("/auth/login?password={waiting}&token={}", secrets.tokens[0]);
    stranger.get(&smuggled).await;
    stranger.clone().in_browser().get(&smuggled).await;
}

/// Somebody whose hash another system made, with bcrypt.
async fn is_imported(app: &TestApp, secrets: &mut Secrets) {
    let hash = PasswordHash::stored("$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm");
    let email = EmailAddress::parse("imported@example.com").unwrap();
    operate::import_hash(&app.doorward, &email, &hash).await.unwrap().unwrap();
    let mut imported = app.visitor();
    let form = [("email", "imported@example.com"), ("password", "Kk4DQuMMfZL9o")];
    assert_eq!(imported.post("/auth/login", &form).await.status, 200);
    secrets.passwords.push("Kk4DQuMMfZL9o".to_owned());
    secrets.of(&mut imported).await;
}

/// Somebody is invited, again, and accepts; another invitation is taken back, and a third waits.
async fn is_invited(app: &TestApp, secrets: &mut Secrets) {
    let sue = app.account("sue@example.com").await;
    app.tenant("acme", sue).await;
    let mut sue = app.logged_in("sue@example.com").await;
    let at = "/auth/tenants/acme/invitations";
    let mut ids = Vec::new();
    for email in ["tom@example.com", "una@example.com", "vic@example.com"] {
        let answer = sue.post(at, &[("email", email), ("roles", "member")]).await;
        ids.push(answer.json()["id"].as_str().unwrap().to_owned());
        secrets.token(app.token_for(email).await);
    }
    assert_eq!(sue.post(&format!("{at}/{}/resend", ids[0]), &[]).await.status, 200);
    assert_eq!(sue.delete(&format!("{at}/{}", ids[1])).await.status, 200);
    let mut tom = app.person("tom@example.com").await;
    let token = secrets.token(app.token_for("tom@example.com").await);
    assert_eq!(tom.clone().in_browser().get(&format!("/auth/invitations/accept?token={token}")).await.status, 200);
    assert_eq!(tom.post("/auth/invitations/accept", &[("token", &token)]).await.status, 200);
    secrets.of(&mut sue).await;
    secrets.of(&mut tom).await;
}

/// Two keys are made; one is exchanged, refused and taken back, the other one stays.
async fn uses_keys(app: &TestApp, secrets: &mut Secrets) {
    let mut sue = app.logged_in("sue@example.com").await;
    let at = "/auth/tenants/acme/api-keys";
    for stays in [true, false] {
        let made = sue.post(at, &[("name", "The builder"), ("scopes", "tenant:read")]).await.json();
        let key = made["key"].as_str().unwrap();
        // All that follows the prefix, and what of it is secret.
        secrets.token(key[4..].to_owned());
        secrets.token(URL_SAFE_NO_PAD.encode(&URL_SAFE_NO_PAD.decode(&key[4..]).unwrap()[16..48]));
        for (resource, status) in [("", 200), ("https://else.example.com", 400)] {
            let form = format!(
                "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token={key}&resource={resource}&\
                    subject_token_type=urn:doorward:params:oauth:token-type:api-key"
            );
            let form_type = Some("application/x-www-form-urlencoded");
            assert_eq!(bare(app).send(Method::POST, "/auth/oauth/token", &form, form_type).await.status, status);
        }
        if !stays {
            assert_eq!(sue.delete(&format!("{at}/{}", made["id"].as_str().unwrap())).await.status, 200);
        }
    }
}

async fn meets_an_operator(app: &TestApp) {
    let id = app.account("bob@example.com").await;
    app.logged_in("bob@example.com").await;
    let session = operate::sessions(&app.doorward, Some(id), 10).await.unwrap()[0].id;
    assert!(operate::revoke(&app.doorward, session).await.unwrap());
    operate::revoke_all_of(&app.doorward, id).await.unwrap();
    operate::reset(&app.doorward, id).await.unwrap().unwrap();
    assert!(operate::disable(&app.doorward, id).await.unwrap());
    assert!(operate::enable(&app.doorward, id).await.unwrap());
    assert_eq!(operate::delete(&app.doorward, id).await.unwrap(), operate::Deletion::Done);
    for act in [Act::KeysRotated, Act::KeysReplaced, Act::BackupMade, Act::AuditExported] {
        operate::note(&app.doorward, act).await.unwrap();
    }
}

/// A domain is proved, missed, moved, withdrawn and removed; its record is no secret.
async fn proves_domains(app: &TestApp) {
    let mut sue = app.logged_in("sue@example.com").await;
    let at = "/auth/tenants/acme/domains";
    let added = sue.post(at, &[("domain", "acme.example")]).await.json();
    let (name, value) = (added["record_name"].as_str().unwrap(), added["record_value"].as_str().unwrap());
    for (records, status) in [(&[(name, value)][..], 200), (&[], 409)] {
        let _server = NameServer::with(app, records);
        assert_eq!(sue.post(&format!("{at}/acme.example/check"), &[]).await.status, status);
    }
    let tom = app.doorward.account_of(&EmailAddress::parse("tom@example.com").unwrap()).await.unwrap().unwrap();
    let (other, domain) = (app.tenant("moved", tom).await, "acme.example".parse().unwrap());
    operate::move_domain(&app.doorward, other, &domain).await.unwrap();
    assert!(operate::withdraw_domain(&app.doorward, other, &domain).await.unwrap());
    operate::remove_domain(&app.doorward, other, &domain).await.unwrap();
}

/// Two providers are brought; one is set up and stays, and one goes.
async fn brings_a_provider(app: &TestApp, secrets: &mut Secrets) {
    let mut sue = app.logged_in("sue@example.com").await;
    let acme = operate::tenant(&app.doorward, "acme").await.unwrap().unwrap().id;
    operate::verify_domain(&app.doorward, acme, &"acme.example".parse().unwrap()).await.unwrap();
    let at = "/auth/tenants/acme/connections";
    for stays in [true, false] {
        let made = sue.post(at, &[("kind", "openid"), ("label", "Acme ID")]).await.json();
        let one = format!("{at}/{}", made["connection"].as_str().unwrap());
        if stays {
            let secret = secrets.password("connection");
            let form = [("client_id", "x"), ("client_secret", &*secret), ("issuer", "https://id.acme.example")];
            assert_eq!(sue.post(&one, &form).await.status, 200);
            let rule = [("claim", "groups"), ("value", "staff"), ("role", "member")];
            assert_eq!(sue.post(&format!("{one}/rules"), &rule).await.status, 200);
            let own = app.doorward.account_of(&EmailAddress::parse("sue@example.com").unwrap()).await.unwrap().unwrap();
            let glass = format!("/auth/tenants/acme/members/{own}/break-glass");
            assert_eq!(sue.post(&glass, &[("may", "on")]).await.status, 200);
            let name = made["connection"].as_str().unwrap();
            super::run(app, &format!("INSERT INTO ruled_roles VALUES ('{name}', '{own}', 'member')")).await;
            assert_eq!(sue.post("/auth/tenants/acme/sign-in", &[("only_own", "on")]).await.status, 200);
            assert_eq!(sue.post("/auth/tenants/acme/enter", &[]).await.status, 200);
            assert_eq!(sue.post("/auth/tenants/acme/sign-in", &[]).await.status, 200);
            assert_eq!(sue.post(&glass, &[]).await.status, 200);
        } else {
            assert_eq!(sue.delete(&one).await.status, 200);
        }
    }
}

/// A tenant from its beginning to its end, with a plan, and an operator.
async fn works_with_others(app: &TestApp, secrets: &mut Secrets) {
    let (olga, pete) = (app.account("olga@example.com").await, app.account("pete@example.com").await);
    let (mut owner, mut member) = (app.logged_in("olga@example.com").await, app.logged_in("pete@example.com").await);
    secrets.of(&mut owner).await;
    secrets.of(&mut member).await;
    for slug in ["kept", "ended"] {
        assert_eq!(owner.post("/auth/tenants", &[("name", "Works"), ("slug", slug)]).await.status, 200);
    }
    let ended = operate::tenant(&app.doorward, "ended").await.unwrap().unwrap().id;
    let kept = operate::tenant(&app.doorward, "kept").await.unwrap().unwrap().id;
    app.member(kept, pete, "member").await;
    let (ann, roles) = (format!("/auth/tenants/kept/members/{pete}"), [("roles", "billing")]);
    assert_eq!(owner.post(&format!("{ann}/roles"), &roles).await.status, 200);
    assert_eq!(owner.post("/auth/tenants/kept/rename", &[("name", "Works"), ("slug", "kept")]).await.status, 200);
    assert_eq!(owner.post("/auth/tenants/kept/open", &[("role", "member")]).await.status, 200);
    assert_eq!(member.post("/auth/tenants/kept/leave", &[]).await.status, 200);
    assert_eq!(member.post("/auth/tenants/kept/join", &[]).await.status, 200);
    assert_eq!(owner.delete(&ann).await.status, 200);
    app.member(kept, pete, "member").await;
    operate::suspend_tenant(&app.doorward, kept).await.unwrap();
    operate::resume_tenant(&app.doorward, kept).await.unwrap();
    assert_eq!(owner.post("/auth/tenants/kept/delete", &[]).await.status, 200);
    assert_eq!(owner.post("/auth/tenants/kept/restore", &[]).await.status, 200);
    operate::delete_tenant(&app.doorward, ended).await.unwrap();
    let (hour, role) = (std::time::Duration::from_secs(3600), || vec!["admin".parse().unwrap()]);
    for until in [app.now().after(hour), app.now()] {
        operate::entitle(&app.doorward, kept, Some(pete), "pro".parse().unwrap(), until).await.unwrap();
    }
    assert!(operate::grant_operator(&app.doorward, olga, role()).await.unwrap());
    assert!(operate::revoke_operator(&app.doorward, olga).await.unwrap());
    assert!(operate::grant_operator(&app.doorward, olga, role()).await.unwrap());
    crate::audit::seal(app.doorward.context()).await.unwrap();
}

/// Keys that sign tokens come and go.
async fn signs_tokens(app: &TestApp) {
    assert_eq!(app.visitor().get("/auth/oauth/jwks").await.status, 200);
    operate::rotate_signing_keys(&app.doorward).await.unwrap();
    operate::replace_signing_keys(&app.doorward).await.unwrap();
}

/// Programs are registered, prove themselves, and do not; one of them stays.
async fn asks_as_a_program(app: &TestApp, secrets: &mut Secrets) {
    let written = |id: &str, authentication: &str, keys: &str| operate::Registration {
        id: id.to_owned(),
        name: "A program".to_owned(),
        authentication: authentication.to_owned(),
        keys: keys.to_owned(),
        grants: vec!["client_credentials".to_owned()],
        ..operate::Registration::default()
    };
    let register = async |written| operate::register_client(&app.doorward, &written).await.unwrap().secret;
    let hour = std::time::Duration::from_secs(3600);
    let first = register(written("walker", "secret", "")).await.unwrap().reveal();
    let id = "walker".parse().unwrap();
    let second = operate::rotate_client_secret(&app.doorward, &id, hour).await.unwrap().reveal();
    let program = program(app).await;
    for secret in [first, second] {
        let form = [("client_id", "walker"), ("client_secret", secret.as_str())];
        assert_eq!(ask(&program, "", &form).await.status, 200);
        secrets.client(secret);
    }
    let wrong = register(written("runner", "secret", "")).await.unwrap().reveal();
    assert_eq!(ask(&program, "", &[("client_id", "walker"), ("client_secret", &wrong)]).await.status, 401);
    secrets.client(wrong);
    let key = TestKey::new("first");
    register(written("signer", "private_key_jwt", &key.set())).await;
    let assertion = key.assertion(app, "signer", |_| {});
    assert_eq!(ask(&program, "", &[("client_assertion", &assertion), JWT_BEARER]).await.status, 200);
    secrets.tokens.push(assertion.rsplit('.').next().unwrap().to_owned());
    assert!(operate::disable_client(&app.doorward, &id).await.unwrap());
    assert!(operate::enable_client(&app.doorward, &id).await.unwrap());
    operate::delete_client(&app.doorward, &"runner".parse().unwrap()).await.unwrap();
}

/// Programs are let in, renew their access, lose it and are caught with a copy; something of each kind is left over.
async fn lets_programs_in(app: &TestApp, secrets: &mut Secrets) {
    let owner = app.account("lou@example.com").await;
    app.tenant("programs", owner).await;
    let mut lou = app.logged_in("lou@example.com").await;
    secrets.of(&mut lou).await;
    let (web, mut native) = (Program::web(app).await, Program::native(app).await);
    secrets.client(web.secret.clone().unwrap());
    let wants = [("scope", "openid email offline_access tenant:read")];
    // Caught with a copy, and given back.
    let first = given(app, &web, &mut lou, secrets, &wants).await;
    let renewed = web.refresh(app, &first).await.json();
    secrets.tokens_of(&renewed);
    app.wait(std::time::Duration::from_secs(11));
    assert_eq!(web.refresh(app, &first).await.status, 400);
    let second = given(app, &web, &mut lou, secrets, &wants).await;
    assert_eq!(web.post(app, "/auth/oauth/revoke", &[("token", &second)]).await.status, 200);
    assert_eq!(lou.post("/auth/account/apps/web/withdraw", &[]).await.status, 200);
    // Left over: a family, a consent, a spent code, a proof of possession, a pushed request and a device that waits.
    native.dpop = Some(crate::tokens::tests::Key::new(7).proof(app, "walker-proof"));
    given(app, &native, &mut lou, secrets, &wants).await;
    native.dpop = None;
    let device = native.post(app, "/auth/oauth/device", &wants).await.json();
    secrets.token(device["device_code"].as_str().unwrap().to_owned());
    secrets.token(device["user_code"].as_str().unwrap().replace('-', ""));
    let request = web.request(&wants);
    let form: Vec<_> = request.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let pushed = web.post(app, "/auth/oauth/par", &form).await.json();
    secrets.token(pushed["request_uri"].as_str().unwrap().rsplit(':').next().unwrap().to_owned());
    let hears = operate::Registration {
        id: "hears".to_owned(),
        backchannel_logout_uri: "https://hears.example.com/logout".to_owned(),
        ..web_client()
    };
    let hears = Program::registered(app, hears).await;
    secrets.client(hears.secret.clone().unwrap());
    given(app, &hears, &mut lou, secrets, &wants).await;
}

/// What a person's yes brings a program; the refresh token.
async fn given(
    app: &TestApp,
    program: &Program,
    person: &mut Actor,
    secrets: &mut Secrets,
    wants: &[(&str, &str)],
) -> String {
    let code = program.code(person, wants).await;
    let answer = program.exchange(app, &code).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    secrets.token(code);
    secrets.tokens_of(&answer.json());
    answer.json()["refresh_token"].as_str().unwrap().to_owned()
}

/// Somebody is logged in to a client that wants to be told when that is over.
async fn is_known_elsewhere(app: &TestApp, secrets: &mut Secrets) {
    let told = |written: &mut operate::Registration| written.backchannel_logout_uri = "http://127.0.0.1:9/".to_owned();
    let (rp, mut rita) = (RelyingParty::registered(app, "elsewhere", told).await, app.person("rita@example.com").await);
    let answer = rp.tokens(&mut rita, "openid email").await;
    for name in ["id_token", "access_token", "refresh_token"] {
        // As texts: they are no base64url as a whole.
        secrets.passwords.push(text_of(&answer, name));
    }
    secrets.passwords.push(rp.secret.clone());
    secrets.of(&mut rita).await;
}

/// Somebody is refused by a provider when they would link it, and unlinks another one.
async fn comes_by_others(app: &TestApp, secrets: &mut Secrets) {
    let mut lea = app.person("lea@example.com").await;
    let mut states = Vec::new();
    // The first way stays unfinished.
    for _ in 0..2 {
        states.push(goes_there(&mut lea, ("/auth/account/identities/link", &[("provider", "forge")]), secrets).await);
    }
    assert_eq!(come_back(&mut lea, &refused_there(&states[1])).await.status, 403);
    let account = lea.get("/auth/session").await.json()["account"]["id"].as_str().unwrap().to_owned();
    for subject in ["lea", "her other self"] {
        let values = format!("('https://forge.example', '{subject}', '{account}', 'forge', NULL, 0, 0)");
        super::run(app, &format!("INSERT INTO identities VALUES {values}")).await;
    }
    let form = [("issuer", "https://forge.example"), ("subject", "lea")];
    assert_eq!(lea.post("/auth/account/identities/unlink", &form).await.status, 200);
    secrets.of(&mut lea).await;
    // Nobody answers there, and an operator who looks is written down all the same.
    assert!(!operate::try_provider(&app.doorward, "forge").await.unwrap().unwrap().works());
    is_known_there(app, &account, lea.get("/auth/session").await.json()["session"]["id"].as_str().unwrap()).await;
    let state = goes_there(&mut lea, ("/auth/recheck", &[]), secrets).await;
    assert_eq!(come_back(&mut lea, &refused_there(&state)).await.status, 403);
}

/// Goes to the provider by a form; the state that came along.
async fn goes_there(lea: &mut Actor, (path, form): (&str, &[(&str, &str)]), secrets: &mut Secrets) -> String {
    let url = url::Url::parse(&begin(lea, path, form).await).unwrap();
    let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    secrets.token(lea.cookies["dev-provider"].clone());
    secrets.token(state)
}

fn refused_there(state: &str) -> String {
    format!("http://localhost:4400/auth/providers/forge/callback?error=access_denied&state={state}")
}

/// What a provider that answers would have left: by whom a session was opened, what was handed out, and who has logged out.
async fn is_known_there(app: &TestApp, account: &str, session: &str) {
    let session = session.parse::<doorward_core::SessionId>().unwrap().as_i64();
    let of_other = format!("'https://forge.example', 'her other self', '{account}'");
    let who = format!("{session}, '{account}', 'https://forge.example', 'her other self'");
    let values = format!("({who}, 'a session there', 0, 'forge')");
    super::run(app, &format!("INSERT INTO provider_sessions VALUES {values}")).await;
    super::run(app, "INSERT INTO provider_logouts VALUES ('https://forge.example', 'a name', 0)").await;
    let sealed = if app.settings.database.url.starts_with("sqlite:") { "x'00'" } else { "'\\x00'::bytea" };
    super::run(app, &format!("INSERT INTO provider_tokens VALUES ({of_other}, 'forge', {sealed}, 0, 0)")).await;
}

/// Somebody guesses until nothing is answered any more. The counters are set to their ends, which is quicker.
async fn is_attacked(app: &TestApp, secrets: &mut Secrets) {
    app.account("ted@example.com").await;
    let wrong = secrets.password("guessed");
    let form = [("email", "ted@example.com"), ("password", wrong.as_str())];
    for _ in 0..6 {
        assert_eq!(app.visitor().post("/auth/login", &form).await.status, 401);
    }
    super::run(app, "UPDATE throttles SET failures = 10000, blocked_until = 0").await;
    assert_eq!(app.visitor().post("/auth/login", &form).await.status, 401);
    assert_eq!(app.visitor().post("/auth/login", &form).await.status, 429);
}

on_every_engine! {
    /// Promise: `audit/with-the-change`
    async fn every_action_that_there_is_is_recorded_by_somebody(app: TestApp) {
        let app = with_a_provider(app).await;
        every_way(&app).await;
        let recorded: BTreeSet<_> = events(&app).await.into_iter().map(|event| event.action).collect();
        let known: BTreeSet<_> = Action::ALL.iter().map(|action| action.name().to_owned()).collect();
        assert_eq!(recorded, known);
    }

    /// Promise: `audit/one-line`
    async fn the_stream_tells_what_the_database_keeps_line_by_line(app: TestApp) {
        let app = with_a_provider(app).await;
        every_way(&app).await;
        // Between the events the stream tells of their seals.
        let (seals, lines): (Vec<_>, Vec<_>) =
            app.audit_lines().into_iter().partition(|line| line.starts_with("{\"checkpoint\":"));
        assert_eq!(seals.len(), 1);
        let kept: Vec<_> = events(&app).await.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
        assert_eq!(lines, kept);
        let first: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
        let keys: Vec<_> = first.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["action", "actor", "address", "at", "detail", "factors", "id", "result", "target", "tenant"]);
        assert!(first["id"].as_str().is_some_and(|id| id.len() == 16), "a number would be rounded by JavaScript");
    }

    async fn an_act_on_nobody_is_no_event(app: TestApp) {
        let nobody = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        assert!(!operate::disable(&app.doorward, nobody).await.unwrap());
        assert!(!operate::enable(&app.doorward, nobody).await.unwrap());
        assert_eq!(operate::delete(&app.doorward, nobody).await.unwrap(), operate::Deletion::NoSuchAccount);
        assert!(!operate::revoke(&app.doorward, doorward_core::SessionId::from_i64(7)).await.unwrap());
        assert!(events(&app).await.is_empty(), "{:?}", events(&app).await);
    }
}
