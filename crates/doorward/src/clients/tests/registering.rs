//! What may be registered, and by whose policy.

use super::*;

on_every_engine! {
    /// Promise: `clients/no-more-than-the-policy`
    async fn a_client_is_registered_for_what_there_is(app: TestApp) {
        let owner = app.account("owner@example.com").await;
        let tenant = Some(app.tenant("acme", owner).await);
        for scopes in [&["members:*"][..], &["*"], &["admin"], &["accounts:read"], &["Openid"], &["openid profile"], &["members:read\nx"]] {
            let written = Registration { scopes: texts(scopes), tenant, ..service("billing") };
            assert_eq!(refused(&app, &written).await.0, "client_invalid", "{scopes:?}");
        }
        let alone = Registration { scopes: texts(&["openid", "members:read"]), ..service("billing") };
        let (_, text) = refused(&app, &alone).await;
        assert!(text.contains("in its own tenant only"), "{text}");
        for written in [
            Registration { tenant, ..alone.clone() },
            Registration { id: "mail".to_owned(), scopes: texts(&["openid", "email"]), ..alone },
            Registration { scopes: texts(&["members:read", "offline_access"]), ..app_of_people("phone") },
        ] {
            registered(&app, &written).await;
        }
        let nowhere = Registration { tenant: Some("01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap()), ..service("lost") };
        assert_eq!(refused(&app, &nowhere).await.0, "no_such_tenant");
    }

    /// Promise: `clients/safe-redirect`
    async fn what_contradicts_itself_is_refused_with_the_cure(app: TestApp) {
        let key = TestKey::new("one");
        let (grants, redirect_uris) = (texts(&["authorization_code"]), texts(&["https://a.example/cb"]));
        let web = Registration { grants, redirect_uris, ..service("web") };
        let private = {
            let mut jwk = key.jwk();
            jwk["d"] = json!("x");
            json!({ "keys": [jwk] }).to_string()
        };
        let nameless = key.set().replace("\"kid\"", "\"no\"");
        let half = json!({ "keys": [key.jwk(), { "kty": "oct", "kid": "two", "k": "AAAA" }] }).to_string();
        let twice = json!({ "keys": [key.jwk(), key.jwk()] }).to_string();
        let long = key.set().replace('[', &format!("[{}", " ".repeat(17_000)));
        let signed = |keys: &str| Registration { authentication: "private_key_jwt".to_owned(), keys: keys.to_owned(), ..service("signer") };
        for (written, cure) in [
            (Registration { name: " ".to_owned(), ..service("a1") }, "1 to 100 characters"),
            (Registration { name: "x".repeat(101), ..service("a1") }, "1 to 100 characters"),
            (Registration { authentication: String::new(), ..service("a1") }, "proves itself"),
            (Registration { authentication: "client_secret_jwt".to_owned(), ..service("a1") }, "proves itself"),
            (Registration { grants: Vec::new(), ..service("a1") }, "needs a grant"),
            (Registration { grants: texts(&["password"]), ..service("a1") }, "`password` is no grant"),
            (Registration { grants: texts(&["implicit"]), ..service("a1") }, "`implicit` is no grant"),
            (Registration { grants: texts(&["refresh_token"]), ..service("a1") }, "Add one of them"),
            (Registration { grants: texts(&["client_credentials"]), redirect_uris: Vec::new(), ..app_of_people("a1") }, "public client"),
            (Registration { redirect_uris: Vec::new(), ..web.clone() }, "Say where to"),
            (Registration { redirect_uris: texts(&["https://a.example/cb"]), ..service("a1") }, "are for the grant"),
            (Registration { redirect_uris: (0..21).map(|n| format!("https://a.example/{n}")).collect(), ..web.clone() }, "at most 20"),
            (Registration { resources: texts(&["api"]), ..service("a1") }, "absolute URI"),
            (Registration { resources: texts(&["https://api.example/#x"]), ..service("a1") }, "fragment"),
            (Registration { algorithm: "RS256".to_owned(), ..service("a1") }, "`EdDSA` or `ES256`"),
            (Registration { algorithm: "none".to_owned(), ..service("a1") }, "`EdDSA` or `ES256`"),
            (Registration { algorithm: "HS256".to_owned(), ..service("a1") }, "`EdDSA` or `ES256`"),
            (Registration { keys: key.set(), ..service("a1") }, "for `private_key_jwt`"),
            (Registration { trusted: true, ..app_of_people("a1") }, "have to be asked"),
            (Registration { backchannel_logout_uri: "http://10.0.0.1/out".to_owned(), ..web.clone() }, "https"),
            (Registration { backchannel_logout_uri: "https://169.254.169.254/out".to_owned(), ..web.clone() }, "name of a host"),
            (Registration { backchannel_logout_uri: "gopher://a.example/out".to_owned(), ..web.clone() }, "https"),
            (signed(""), "JSON Web Key Set"), (signed("{}"), "JSON Web Key Set"), (signed("{\"keys\":[]}"), "JSON Web Key Set"),
            (signed("https://a.example/jwks"), "JSON Web Key Set"), (signed(&key.jwk().to_string()), "JSON Web Key Set"),
            (signed(&private), "private half"), (signed(&nameless), "`kid`"), (signed(&half), "JSON Web Key Set"),
            (signed(&twice), "JSON Web Key Set"), (signed(&long), "JSON Web Key Set"),
        ] {
            let (code, text) = refused(&app, &written).await;
            assert!(code == "client_invalid" && text.contains(cure), "{cure}: {code} {text}");
        }
        let hostile = Registration { grants: texts(&["<b>\u{202e}\n"]), ..service("a1") };
        assert!(!refused(&app, &hostile).await.1.contains('\n'));
        let all = Registration { name: String::new(), algorithm: "x".to_owned(), ..Registration::default() };
        let (_, text) = refused(&app, &all).await;
        for told in ["1 to 100", "proves itself", "needs a grant", "do not sign"] {
            assert!(text.contains(told), "all at once: {text}");
        }
    }

    /// Promise: `clients/operators-only`
    async fn what_was_registered_is_found_as_it_was_written(app: TestApp) {
        let owner = app.account("owner@example.com").await;
        let tenant = app.tenant("acme", owner).await;
        let key = TestKey::p256("one");
        let written = Registration {
            name: " Books & <b>Co</b> ".to_owned(),
            authentication: "private_key_jwt".to_owned(),
            keys: key.set(),
            grants: texts(&["device_code", "authorization_code", "refresh_token", "authorization_code"]),
            scopes: texts(&["openid", "members:read", "openid"]),
            resources: texts(&["https://api.example.com", "urn:example:api"]),
            redirect_uris: texts(&["https://a.example/cb"]),
            post_logout_redirect_uris: texts(&["https://a.example/bye"]),
            backchannel_logout_uri: "https://a.example/out".to_owned(),
            tenant: Some(tenant),
            trusted: true,
            demands_dpop: true,
            algorithm: "ES256".to_owned(),
            ..service("books")
        };
        let made = operate::register_client(&app.doorward, &written).await.unwrap();
        assert!(made.secret.is_none());
        let found = operate::client(&app.doorward, &id("books")).await.unwrap().unwrap();
        let shown = |client: &operate::Client| {
            format!(
                "{} {} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {} {} {:?} {}", client.id, client.name, client.authentication, client.grants,
                client.scopes, client.resources, client.redirect_uris, client.post_logout_redirect_uris, client.backchannel_logout_uri,
                client.tenant, client.trusted, client.demands_dpop, client.algorithm, client.keys
            )
        };
        assert_eq!(shown(&found), shown(&made.client));
        assert_eq!((found.name.as_str(), found.scopes.len(), found.grants.len()), ("Books & <b>Co</b>", 2, 3));
        assert!(found.allows(operate::Grant::DeviceCode) && !found.allows(operate::Grant::ClientCredentials));
        assert!(!found.is_public() && found.first_resource() == "https://api.example.com");
        registered(&app, &service("plain")).await;
        let plain = operate::client(&app.doorward, &id("plain")).await.unwrap().unwrap();
        assert_eq!(plain.first_resource(), app.origin(), "the site, when none is named");
        assert_eq!(refused(&app, &service("plain")).await.0, "client_id_taken");
        let names = |clients: &[operate::Client]| clients.iter().map(|one| one.id.to_string()).collect::<Vec<_>>();
        let first = operate::list_clients(&app.doorward, None, 1).await.unwrap();
        let second = operate::list_clients(&app.doorward, first.last(), 10).await.unwrap();
        assert_eq!((names(&first), names(&second)), (texts(&["plain"]), texts(&["books"])));
        let event = &events(&app, "client.registered").await[1];
        assert_eq!((event.actor.as_str(), event.target.as_deref()), ("operator", Some("client:books")));
        assert_eq!(event.tenant, Some(tenant.to_string()));
    }

    /// Promise: `clients/tenant-goes`
    async fn with_a_tenant_go_its_clients(app: TestApp) {
        let program = program(&app).await;
        let owner = app.account("owner@example.com").await;
        let tenant = app.tenant("acme", owner).await;
        let stays = registered(&app, &service("stays")).await;
        let goes = registered(&app, &Registration { tenant: Some(tenant), ..service("goes") }).await;
        assert_eq!(asked(&program, &basic("goes", &goes), &[]).await, "goes");
        operate::delete_tenant(&app.doorward, tenant).await.unwrap();
        assert_eq!(asked(&program, &basic("goes", &goes), &[]).await, UNPROVED);
        assert_eq!(asked(&program, &basic("stays", &stays), &[]).await, "stays");
        let late = Registration { tenant: Some(tenant), ..service("late") };
        assert_eq!(refused(&app, &late).await.0, "no_such_tenant");
    }
}
