//! Who joins, and who stays out.

use doorward_core::{AccountId, EmailAddress};

use super::*;
use crate::testing::{
    parts::Part,
    providers::{app_with, reasons},
};

/// The roles of somebody in acme, with commas between; `None` for a stranger.
pub(super) async fn roles_of(app: &TestApp, tenant: TenantId, email: &str) -> Option<String> {
    let account = account_of(app, email).await?;
    let sql = "SELECT roles FROM memberships WHERE tenant = $1 AND account = $2";
    app.db().find(sql, &[&tenant, &account], |row| row.get(0)).await.unwrap()
}

pub(super) async fn account_of(app: &TestApp, email: &str) -> Option<AccountId> {
    app.doorward.account_of(&EmailAddress::parse(email).unwrap()).await.unwrap()
}

impl Acme {
    /// Says in which role people join by acme's provider.
    async fn lets_join(&mut self, role: &str) -> Answer {
        let path = format!("{LIST}/{}/joining", self.name);
        self.ola.post(&path, &[("role", role)]).await
    }
}

/// Google, as far as it is a provider that says of which domain its people are; everybody may use it.
async fn google(engine: Engine, accounts: &[Value]) -> World {
    let client = json!({
        "client_id": "doorward", "client_secret": SECRET,
        "redirect_uris": ["http://localhost:4400/auth/providers/id/callback"],
    });
    let argument = json!({ "client": client, "accounts": accounts, "claims_in": "id_token" });
    let provider = Part::start("provider.mjs", &argument);
    let issuer = provider.text("issuer");
    let told = format!(
        "[providers.id]\nkind = \"google\"\nissuer = \"{issuer}\"\nclient_id = \"doorward\"\nclient_secret = \"{SECRET}\"\n\
         [providers.plain]\nkind = \"openid\"\nissuer = \"{issuer}\"\nclient_id = \"doorward\"\nclient_secret = \"{SECRET}\"\n"
    );
    World { app: app_with(engine, &told, |_| {}).await, provider }
}

/// Comes in by everybody's provider; the one in its place does not know how to let somebody choose an account.
async fn comes(world: &World, login: &str) -> (Actor, Answer) {
    let mut person = world.app.visitor();
    let url = begin(&mut person, "/auth/providers/id", &[]).await.replace("&prompt=select_account", "");
    let callback = world.walk(&url, login).await;
    let answer = come_back(&mut person, &callback).await;
    (person, answer)
}

fn person(name: &str, hd: Option<&str>) -> Value {
    let email = format!("{name}@acme.example");
    json!({ "sub": name, "login": name, "email": email, "email_verified": true, "hd": hd })
}

on_every_engine! {
    /// Promise: `connections/joining`
    async fn who_comes_by_the_provider_joins_in_the_role_that_was_set(app: TestApp) {
        let mut acme = Acme::set_up(app.engine(), &[kim()]).await;
        assert_eq!(acme.comes(KIM).await.1.status, 200);
        assert_eq!(roles_of(acme.app(), acme.tenant, KIM).await, None, "nobody joins until somebody says so");
        assert_eq!(acme.lets_join("member").await.status, 200);
        let (mut kim, answer) = acme.comes(KIM).await;
        assert_eq!((answer.status, kim.asks("acme", "tenant:read").await.0), (200, 200));
        assert_eq!(roles_of(acme.app(), acme.tenant, KIM).await.as_deref(), Some("member"));
        // Who is a member keeps what they have.
        let account = account_of(acme.app(), KIM).await.unwrap();
        operate::set_roles(&acme.app().doorward, acme.tenant, account, vec!["admin".parse().unwrap()]).await.unwrap();
        assert_eq!(acme.comes(KIM).await.1.status, 200);
        assert_eq!(roles_of(acme.app(), acme.tenant, KIM).await.as_deref(), Some("admin"));
        let sql = "SELECT actor || ' ' || detail FROM audit_events WHERE action = 'member.joined' AND tenant = $1";
        let joined: Vec<String> = acme.app().db().list(sql, &[&acme.tenant], |row| row.get(0)).await.unwrap();
        assert_eq!(joined, [format!("account:{account} member")]);
        assert_eq!(acme.lets_join("").await.json()["join_role"], Value::Null);
    }

    /// Promise: `connections/never-owner`
    async fn nobody_gets_more_than_a_plain_role_by_joining(app: TestApp) {
        let mut acme = Acme::set_up(app.engine(), &[kim()]).await;
        for role in ["owner", "admin", "nobody", "MEMBER", "member,owner", " "] {
            assert_eq!(said(&acme.lets_join(role).await), no(422, "role_unfit"), "{role}");
        }
        // Nor when it is in the database all the same, as when the policy has changed since.
        for role in ["owner", "admin", "unknown"] {
            acme.app().db().change("UPDATE connections SET join_role = $1", &[&role]).await.unwrap();
            assert_eq!(acme.comes(KIM).await.1.status, 200);
            assert_eq!(roles_of(acme.app(), acme.tenant, KIM).await, None, "{role}");
        }
    }

    /// Promise: `connections/stays-out`
    async fn whoever_was_removed_stays_out_however_they_come(app: TestApp) {
        let mut acme = Acme::set_up(app.engine(), &[kim()]).await;
        assert_eq!(acme.lets_join("member").await.status, 200);
        assert_eq!(acme.comes(KIM).await.1.status, 200);
        let account = account_of(acme.app(), KIM).await.unwrap();
        let removed = acme.ola.post(&format!("/auth/tenants/acme/members/{account}/remove"), &[]).await;
        assert_eq!(removed.status, 200, "{}", removed.text());
        let (mut kim, answer) = acme.comes(KIM).await;
        assert_eq!((said(&answer), address_of(&mut kim).await), (no(403, "tenant_does_not_allow"), None));
        // As a new account of the same person, also under another address, or known to the provider as somebody else.
        assert_eq!(operate::delete(&acme.app().doorward, account).await.unwrap(), operate::Deletion::Done);
        assert_eq!(acme.comes(KIM).await.1.code(), "tenant_does_not_allow");
        let others = [("kim-1", "kim.lee@acme.example"), ("kim-2", KIM)];
        for (subject, email) in others {
            let claims = json!([{ "sub": subject, "login": "x", "email": email, "email_verified": true }]);
            acme.world.provider.desk(Method::PUT, "/accounts", &claims).await;
            assert_eq!(acme.comes("x").await.1.code(), "tenant_does_not_allow", "{subject} {email}");
        }
        assert_eq!(acme.app().count("accounts").await, 1, "and nothing was made");
        let why = reasons(acme.app(), operate::Action::Login).await;
        assert!(why.iter().all(|why| *why == format!("{}: removed_from_tenant", acme.name)) && why.len() == 4, "{why:?}");
        // Somebody of the tenant may ask them back.
        acme.app().account(KIM).await;
        let account = account_of(acme.app(), KIM).await.unwrap();
        acme.app().member(acme.tenant, account, "member").await;
        let mut kim = acme.app().logged_in(KIM).await;
        acme.world.provider.desk(Method::PUT, "/accounts", &json!([super::kim()])).await;
        assert_eq!(acme.links(&mut kim, KIM).await.status, 200);
        assert_eq!(acme.comes(KIM).await.1.status, 200);
        // Who has left themselves stays out as well.
        assert_eq!(kim.post("/auth/tenants/acme/leave", &[]).await.status, 200);
        assert_eq!(acme.comes(KIM).await.1.code(), "tenant_does_not_allow");
    }

    /// Promise: `connections/joining`
    async fn where_there_is_no_room_nobody_joins(app: TestApp) {
        let mut acme = Acme::changed(app.engine(), &[kim()], |settings| settings.tenants.members = 1).await;
        assert_eq!((acme.write().await.status, acme.lets_join("member").await.status), (200, 200));
        assert_eq!(acme.comes(KIM).await.1.code(), "tenant_does_not_allow");
        assert_eq!(acme.app().count("accounts").await, 1);
        assert_eq!(reasons(acme.app(), operate::Action::Login).await, [format!("{}: tenant_full", acme.name)]);
    }

    /// O-15
    ///
    /// Promise: `connections/organisations`
    async fn people_of_a_domain_of_a_tenant_join_by_everybodys_provider(app: TestApp) {
        let people = [
            person("kim", Some("acme.example")), person("lee", None), person("eve", Some("xacme.example")),
            person("max", Some("sub.acme.example")), person("pat", Some("ACME.example")),
        ];
        let world = google(app.engine(), &people).await;
        let owner = world.app.account(OLA).await;
        let tenant = world.app.tenant("acme", owner).await;
        let mut ola = world.app.logged_in(OLA).await;
        let mut claim = async |provider: &str, domain: &str| {
            let form = [("provider", provider), ("organisation", domain)];
            ola.post("/auth/tenants/acme/organisations", &form).await
        };
        // Nobody has proved it, and no word of the tenant's is enough.
        assert_eq!(said(&claim("id", "acme.example").await), no(422, "domain_not_proved"));
        verify(&world.app, tenant, "acme.example").await;
        for domain in ["gmail.com", "sub.acme.example", "", "x"] {
            assert_eq!(said(&claim("id", domain).await), no(422, "domain_not_proved"), "{domain}");
        }
        assert_eq!(said(&claim("plain", "acme.example").await), no(422, "kind_unknown"), "it says nothing of domains");
        let made = claim("id", "acme.example").await.json();
        assert_eq!(said(&claim("id", "acme.example").await), no(409, "organisation_taken"));
        let path = format!("{LIST}/{}", made["connection"].as_str().unwrap());
        assert_eq!(said(&write(&mut ola, &path, "https://id.example.com").await), no(404, "no_such_connection"));
        assert_eq!(ola.post(&format!("{path}/joining"), &[("role", "member")]).await.status, 200);
        for (name, joins) in [("kim", true), ("lee", false), ("eve", false), ("max", false), ("pat", true)] {
            assert_eq!(comes(&world, name).await.1.status, 200, "{name}");
            let roles = roles_of(&world.app, tenant, &format!("{name}@acme.example")).await;
            assert_eq!(roles.is_some(), joins, "{name}: {roles:?}");
        }
        // Who was removed comes in, and is no member; and it counts while the domain is the tenant's.
        let kim = account_of(&world.app, "kim@acme.example").await.unwrap();
        operate::remove_member(&world.app.doorward, tenant, kim).await.unwrap();
        assert_eq!(comes(&world, "kim").await.1.status, 200);
        assert_eq!(roles_of(&world.app, tenant, "kim@acme.example").await, None);
        operate::withdraw_domain(&world.app.doorward, tenant, &name("acme.example")).await.unwrap();
        world.provider.desk(Method::PUT, "/accounts", &json!([person("new", Some("acme.example"))])).await;
        assert_eq!(comes(&world, "new").await.1.status, 200);
        assert_eq!(roles_of(&world.app, tenant, "new@acme.example").await, None);
    }

    /// Promise: `connections/organisations`
    async fn an_operator_says_it_without_a_proof(app: TestApp) {
        let world = google(app.engine(), &[person("kim", Some("acme.example"))]).await;
        let owner = world.app.account(OLA).await;
        let tenant = world.app.tenant("acme", owner).await;
        let doorward = &world.app.doorward;
        assert!(operate::map_organisation(doorward, tenant, "plain", "acme.example").await.is_err());
        assert!(operate::map_organisation(doorward, tenant, "id", "not a domain").await.is_err());
        let name = operate::map_organisation(doorward, tenant, "id", "acme.example").await.unwrap();
        let mut ola = world.app.logged_in(OLA).await;
        assert_eq!(ola.post(&format!("{LIST}/{name}/joining"), &[("role", "member")]).await.status, 200);
        assert_eq!(comes(&world, "kim").await.1.status, 200);
        assert_eq!(roles_of(&world.app, tenant, "kim@acme.example").await.as_deref(), Some("member"));
        assert_eq!(address_of(&mut comes(&world, "kim").await.0).await.as_deref(), Some("kim@acme.example"));
        assert_eq!(ola.delete(&format!("{LIST}/{name}")).await.status, 200);
        assert_eq!(world.app.count("identities").await, 1, "what everybody's provider leads to stays");
    }

    /// Promise: `connections/organisations`
    async fn what_the_former_tenant_of_a_domain_said_of_it_keeps_nobody_out(app: TestApp) {
        let world = google(app.engine(), &[person("kim", Some("acme.example"))]).await;
        let app = &world.app;
        let mut owners = Vec::new();
        for (slug, email) in [("old", "old@example.com"), ("new", "new@example.com")] {
            let owner = app.account(email).await;
            owners.push((app.tenant(slug, owner).await, app.logged_in(email).await));
        }
        let claim = [("provider", "id"), ("organisation", "acme.example")];
        let [(old, by_old), (new, by_new)] = &mut owners[..] else { unreachable!() };
        verify(app, *old, "acme.example").await;
        assert_eq!(by_old.post("/auth/tenants/old/organisations", &claim).await.status, 200);
        assert_eq!(said(&by_new.post("/auth/tenants/new/organisations", &claim).await), no(422, "domain_not_proved"));
        assert!(operate::withdraw_domain(&app.doorward, *old, &name("acme.example")).await.unwrap());
        verify(app, *new, "acme.example").await;
        assert_eq!(by_new.post("/auth/tenants/new/organisations", &claim).await.status, 200);
        assert_eq!(by_old.get("/auth/tenants/old/connections").await.json()["connections"], json!([]));
        // What an operator has said stays until an operator says otherwise.
        operate::map_organisation(&app.doorward, *old, "id", "others.example").await.unwrap();
        verify(app, *new, "others.example").await;
        let claim = [("provider", "id"), ("organisation", "others.example")];
        assert_eq!(said(&by_new.post("/auth/tenants/new/organisations", &claim).await), no(409, "organisation_taken"));
    }

    /// A directory of Entra ID's, whose people come by everybody's provider.
    ///
    /// Promise: `connections/organisations`
    async fn people_of_a_directory_join_on_an_operators_word(app: TestApp) {
        let client = json!({ "client_id": "doorward", "client_secret": SECRET });
        let part = Part::start("hostile.mjs", &json!({ "client": client }));
        let (origin, directory) = (part.text("origin"), part.text("tenant"));
        let another = "33333333-3333-4333-8333-333333333333";
        let told = format!(
            "[providers.entra]\nkind = \"entra\"\nissuer = \"{origin}/entra\"\ntenants = [\"{directory}\", \"{another}\"]\n\
             client_id = \"doorward\"\nclient_secret = \"{SECRET}\"\n"
        );
        let app = app_with(app.engine(), &told, |_| {}).await;
        let owner = app.account(OLA).await;
        let (tenant, other) = (app.tenant("acme", owner).await, app.tenant("other", owner).await);
        let mut ola = app.logged_in(OLA).await;
        let claim = [("provider", "entra"), ("organisation", &*directory)];
        assert_eq!(ola.post("/auth/tenants/acme/organisations", &claim).await.status, 422, "no tenant says that of itself");
        for (mapped, organisation) in [(tenant, &*directory), (other, another)] {
            let name = operate::map_organisation(&app.doorward, mapped, "entra", &organisation.to_uppercase()).await.unwrap();
            let slug = if mapped == tenant { "acme" } else { "other" };
            let joining = format!("/auth/tenants/{slug}/connections/{name}/joining");
            assert_eq!(ola.post(&joining, &[("role", "member")]).await.status, 200);
        }
        assert!(operate::map_organisation(&app.doorward, other, "entra", &directory).await.is_err(), "it is somebody's");
        let mut person = app.visitor();
        let url = begin(&mut person, "/auth/providers/entra", &[]).await;
        let asked = axum::http::Request::get(&url).body(Default::default()).unwrap();
        let callback = person.exchange(asked).await.header("location").to_owned();
        assert_eq!(come_back(&mut person, &callback).await.status, 200);
        let email = address_of(&mut person).await.unwrap();
        assert_eq!(roles_of(&app, tenant, &email).await.as_deref(), Some("member"));
        assert_eq!(roles_of(&app, other, &email).await, None, "nobody of another directory");
    }
}
