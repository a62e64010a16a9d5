//! The guards for programs that show an access token, in an application's own routes.

use std::{net::SocketAddr, time::Duration};

use axum::{Router, routing::get};
use doorward_core::TenantId;
use ed25519_dalek::SigningKey;
use tokio::net::TcpListener;

use super::*;
use crate::{
    Bearer, LiveBearer, SignedIn, operate,
    testing::relying::{RelyingParty, proof, text_of},
};

crate::permissions! {
    Read = "members:read";
    Manage = "members:manage";
}

async fn signed(bearer: Bearer<Read>) -> String {
    let account = bearer.account().map(|account| account.to_string()).unwrap_or_default();
    assert!(bearer.subject() == account || bearer.subject() == bearer.client());
    format!("{account} {} {} {}", bearer.client(), bearer.tenant_id(), bearer.holds::<Manage>())
}

async fn live(bearer: LiveBearer<Read>) -> String {
    assert_eq!(bearer.tenant().id(), bearer.tenant_id());
    bearer.tenant().id().to_string()
}

async fn manages(_: LiveBearer<Manage>) -> &'static str {
    "managed"
}

async fn person(_: SignedIn) -> &'static str {
    "a person"
}

/// Somebody's application, and a client whose tokens it takes.
struct Host {
    app: TestApp,
    there: SocketAddr,
    rp: RelyingParty,
    acme: TenantId,
}

impl Host {
    async fn of(app: TestApp) -> Self {
        let routes = Router::new()
            .route("/{tenant}/signed", get(signed).post(signed))
            .route("/{tenant}/live", get(live).post(live))
            .route("/{tenant}/manages", get(manages))
            .route("/signed", get(signed))
            .route("/live", get(live))
            .route("/person", get(person).post(person));
        let routes = Router::new().nest("/api", app.doorward.protect(routes));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let there = listener.local_addr().unwrap();
        let service = routes.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        let owner = app.account("owner@example.com").await;
        let acme = app.tenant("acme", owner).await;
        let scopes = ["openid", "tenant:read", "members:read", "members:manage"].map(str::to_owned).to_vec();
        let rp = RelyingParty::registered(&app, "rp", |written| written.scopes = scopes).await;
        Self { app, there, rp, acme }
    }

    /// Somebody who belongs to acme in this role, logged in.
    async fn member(&self, role: &str) -> (doorward_core::AccountId, Actor) {
        let email = format!("{role}@acme.example");
        let account = self.app.account(&email).await;
        self.app.member(self.acme, account, role).await;
        (account, self.app.logged_in(&email).await)
    }

    async fn token(&self, person: &mut Actor, scope: &str) -> String {
        let tokens = self.rp.tokens_for(person, &[("scope", scope), ("tenant", "acme")]).await;
        text_of(&tokens, "access_token")
    }

    fn program(&self, scheme: &str, token: &str) -> Actor {
        let mut program = Actor::new(self.there, self.app.origin());
        if !token.is_empty() {
            program.set_header("authorization", &format!("{scheme} {token}"));
        }
        program
    }

    /// Shows a token at a route of the application.
    async fn asks(&self, path: &str, token: &str) -> Answer {
        self.program("Bearer", token).get(&format!("/api{path}")).await
    }
}

on_every_engine! {
    /// Row J-14.
    ///
    /// Promise: `guard/bearer`
    async fn a_token_opens_nothing_that_it_is_not_for(app: TestApp) {
        let host = Host::of(app).await;
        let (_, mut ann) = host.member("owner").await;
        let token = host.token(&mut ann, "members:read").await;
        for garbage in ["", "x", "a.b.c", &token[1..], &format!("{token}=")] {
            let answer = host.asks("/acme/signed", garbage).await;
            assert_eq!(verdict(&answer), refused(401, "invalid_token"), "{garbage}");
            assert!(answer.header("www-authenticate").starts_with("Bearer"), "{garbage}");
        }
        for scheme in ["Basic", "DPoP", "Token"] {
            assert_eq!(host.program(scheme, &token).get("/api/acme/signed").await.status, 401, "{scheme}");
        }
        assert_eq!(host.asks(&format!("/acme/signed?access_token={token}"), "").await.status, 401);
        let elsewhere = RelyingParty::registered(&host.app, "elsewhere", |written| {
            written.resources = vec!["https://api.example".to_owned()];
        }).await;
        let parts = [("scope", "members:read"), ("tenant", "acme")];
        let foreign = text_of(&elsewhere.tokens_for(&mut ann, &parts).await, "access_token");
        assert_eq!(verdict(&host.asks("/acme/signed", &foreign).await), refused(401, "invalid_token"), "another audience");
        let narrow = host.token(&mut ann, "openid tenant:read").await;
        let answer = host.asks("/acme/signed", &narrow).await;
        assert_eq!(verdict(&answer), refused(403, "insufficient_scope"));
        assert_eq!(answer.header("www-authenticate"), "Bearer error=\"insufficient_scope\", scope=\"members:read\"");
        let no_tenant = host.token(&mut ann, "openid").await;
        assert_eq!(verdict(&host.asks("/signed", &no_tenant).await), refused(403, "insufficient_scope"));
        assert_eq!(verdict(&host.asks("/acme/signed", &no_tenant).await), refused(404, "no_such_tenant"));
        host.app.wait(Duration::from_secs(306));
        assert_eq!(verdict(&host.asks("/acme/signed", &token).await), refused(401, "invalid_token"), "it is over");
    }

    /// Promise: `guard/bearer`
    async fn a_token_of_one_tenant_is_a_strangers_in_another(app: TestApp) {
        let host = Host::of(app).await;
        let (account, mut ann) = host.member("owner").await;
        let other = host.app.tenant("other", account).await;
        let token = host.token(&mut ann, "members:read").await;
        for name in ["other", &other.to_string(), "nobody", "01890a5d-ac96-774b-bcce-b302099a8057", "No Name", "%00"] {
            for guard in ["signed", "live"] {
                let answer = host.asks(&format!("/{}/{guard}", name.replace(' ', "%20")), &token).await;
                assert_eq!(verdict(&answer), refused(404, "no_such_tenant"), "{name} {guard}");
            }
        }
        let said = format!("{account} rp {} false", host.acme);
        for name in ["acme", &host.acme.to_string()] {
            assert_eq!(host.asks(&format!("/{name}/signed"), &token).await.text(), said);
            assert_eq!(host.asks(&format!("/{name}/live"), &token).await.text(), host.acme.to_string());
        }
        assert_eq!(host.asks("/signed", &token).await.text(), said, "a path without a tenant means the token's");
    }

    /// Promise: `guard/no-cookie-for-programs`
    async fn a_cookie_is_no_token_and_a_token_no_cookie(app: TestApp) {
        let host = Host::of(app).await;
        let (_, mut ann) = host.member("owner").await;
        let token = host.token(&mut ann, "members:read").await;
        let csrf = ann.csrf_token().await;
        let mut browser = host.program("Bearer", "");
        browser.cookies = ann.cookies.clone();
        assert_eq!(browser.get("/api/person").await.text(), "a person");
        for guard in ["signed", "live"] {
            let path = format!("/api/acme/{guard}");
            assert_eq!(verdict(&browser.get(&path).await), refused(401, "invalid_token"), "{guard}: a session is no token");
            let answer = browser.clone().in_browser().get(&path).await;
            assert_eq!(verdict(&answer), refused(401, "invalid_token"), "{guard}: nobody is led to the login");
            let mut with_cookie = host.program("Bearer", browser.session_cookie().unwrap());
            assert_eq!(verdict(&with_cookie.get(&path).await), refused(401, "invalid_token"));
            // Who knows the token is no page of another site; so nothing else is asked.
            let mut program = host.program("Bearer", &token);
            program.headers.retain(|(name, _)| !["origin", "sec-fetch-site"].contains(name));
            assert_eq!(program.post_with("", &path, &[]).await.status, 200);
            assert_eq!(verdict(&browser.post_with(&csrf, &path, &[]).await), refused(401, "invalid_token"));
        }
        let mut thief = host.program("Bearer", &token);
        assert_eq!(verdict(&thief.get("/api/person").await), refused(401, "not_signed_in"), "a token is no session");
        thief.cookies.insert("dev-session".to_owned(), token);
        assert_eq!(verdict(&thief.get("/api/person").await), refused(401, "not_signed_in"));
    }

    /// Row J-19 at a route that asks: a role, a tenant, a client, a session, a membership, an account.
    ///
    /// Promise: `guard/bearer-live`
    async fn a_guard_that_asks_sees_what_has_changed(app: TestApp) {
        let host = Host::of(app).await;
        let (account, mut ann) = host.member("admin").await;
        let doorward = &host.app.doorward;
        let roles = |role: &str| vec![role.parse().unwrap()];
        let both = async |token: &str| {
            (host.asks("/acme/signed", token).await.status, verdict(&host.asks("/acme/live", token).await))
        };
        let yes = refused(200, "");
        let invalid = refused(401, "invalid_token");
        let token = host.token(&mut ann, "members:read members:manage").await;
        assert_eq!(both(&token).await, (200, yes.clone()));
        assert_eq!(host.asks("/acme/manages", &token).await.text(), "managed");
        operate::set_roles(doorward, host.acme, account, roles("member")).await.unwrap();
        assert_eq!(verdict(&host.asks("/acme/manages", &token).await), refused(403, "insufficient_scope"), "the role is gone");
        assert_eq!(both(&token).await, (200, yes.clone()));
        operate::suspend_tenant(doorward, host.acme).await.unwrap();
        assert_eq!(both(&token).await, (200, invalid.clone()), "the signature says nothing of it");
        operate::resume_tenant(doorward, host.acme).await.unwrap();
        assert_eq!(both(&token).await, (200, yes.clone()));
        operate::disable_client(doorward, &"rp".parse().unwrap()).await.unwrap();
        assert_eq!(both(&token).await, (200, invalid.clone()));
        operate::enable_client(doorward, &"rp".parse().unwrap()).await.unwrap();
        assert_eq!(both(&token).await, (200, yes.clone()));
        host.rp.asks("/auth/oauth/revoke", &[("token", &token)]).await;
        assert_eq!(both(&token).await, (200, invalid.clone()));
        let token = host.token(&mut ann, "members:read").await;
        assert_eq!(both(&token).await, (200, yes.clone()));
        assert_eq!(ann.post("/auth/logout", &[]).await.status, 200);
        assert_eq!(both(&token).await, (200, invalid.clone()), "the session in which it was given");
        let mut ann = host.app.logged_in("admin@acme.example").await;
        let token = host.token(&mut ann, "members:read").await;
        operate::remove_member(doorward, host.acme, account).await.unwrap();
        assert_eq!(both(&token).await, (200, invalid.clone()));
        host.app.member(host.acme, account, "member").await;
        let token = host.token(&mut ann, "members:read").await;
        assert_eq!(both(&token).await, (200, yes));
        operate::disable(doorward, account).await.unwrap();
        assert_eq!(both(&token).await, (200, invalid));
    }

    /// Promise: `guard/bearer`
    async fn a_service_acts_for_itself_in_its_own_tenant(app: TestApp) {
        let host = Host::of(app).await;
        let acme = host.acme;
        let service = RelyingParty::registered(&host.app, "service", |written| {
            written.grants = vec!["client_credentials".to_owned()];
            written.scopes = vec!["members:read".to_owned()];
            (written.redirect_uris, written.post_logout_redirect_uris) = Default::default();
            written.tenant = Some(acme);
        }).await;
        let answer = service.asks("/auth/oauth/token", &[("grant_type", "client_credentials")]).await;
        let token = text_of(&answer.json(), "access_token");
        assert_eq!(host.asks("/acme/signed", &token).await.text(), format!(" service {acme} false"));
        assert_eq!(host.asks("/acme/live", &token).await.text(), acme.to_string());
        operate::close_tenant(&host.app.doorward, acme).await.unwrap();
        assert_eq!(verdict(&host.asks("/acme/live", &token).await), refused(401, "invalid_token"));
    }

    /// Promise: `guard/bearer`
    async fn a_bound_token_opens_a_route_with_its_key_only(app: TestApp) {
        let host = Host::of(app).await;
        let (_, mut ann) = host.member("owner").await;
        let (key, now) = (SigningKey::from_bytes(&[5; 32]), host.app.now().as_secs());
        let url = |path: &str| format!("{}{path}", host.app.origin());
        let code = host.rp.code(&mut ann, &[("scope", "members:read"), ("tenant", "acme")]).await;
        let bound = proof(&key, ("POST", &url("/auth/oauth/token"), "proof number 1"), None, now);
        let token = text_of(&host.rp.exchanges_with(&code, &bound).await.json(), "access_token");
        for (number, guard) in ["signed", "live"].into_iter().enumerate() {
            // The prefix of a nested router is part of the address.
            let path = format!("/api/acme/{guard}");
            let good = proof(&key, ("GET", &url(&path), &format!("good proof {number}")), Some(&token), now);
            let short = proof(&key, ("GET", &url(&format!("/acme/{guard}")), &format!("short proof {number}")), Some(&token), now);
            assert_eq!(host.program("Bearer", &token).get(&path).await.status, 401);
            let mut program = host.program("DPoP", &token);
            let answer = program.get(&path).await;
            assert_eq!(verdict(&answer), refused(401, "invalid_dpop_proof"));
            assert_eq!(answer.header("www-authenticate"), "DPoP error=\"invalid_dpop_proof\", algs=\"EdDSA Ed25519 ES256 ES384\"");
            program.set_header("dpop", &short);
            assert_eq!(program.get(&path).await.status, 401);
            program.set_header("dpop", &good);
            let answer = program.get(&path).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_eq!(program.get(&path).await.status, 401, "once");
        }
    }

    /// Promise: `guard/bearer`
    async fn without_the_layer_everything_is_refused(app: TestApp) {
        let host = Host::of(app).await;
        let (_, mut ann) = host.member("owner").await;
        let token = host.token(&mut ann, "members:read").await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let there = listener.local_addr().unwrap();
        let service = Router::new().route("/signed", get(signed)).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        let mut program = Actor::new(there, host.app.origin());
        program.set_header("authorization", &format!("Bearer {token}"));
        assert_eq!(program.get("/signed").await.status, 503);
    }
}
