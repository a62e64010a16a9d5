//! Roles by what the provider says.

use super::joining::{account_of, roles_of};
use super::*;

/// Kim with these groups, as the provider of acme knows them.
fn kim_of(groups: &Value) -> Value {
    let mut kim = kim();
    kim["groups"] = groups.clone();
    kim
}

/// Acme, whose provider says everything in the ID token, with a rule for each of these: group and role.
async fn ruled(engine: Engine, rules: &[(&str, &str)]) -> Acme {
    let mut acme = Acme::set_up(engine, &[kim()]).await;
    for (group, role) in rules {
        let answer = rule(&mut acme, "groups", group, role).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    acme
}

async fn rule(acme: &mut Acme, claim: &str, value: &str, role: &str) -> Answer {
    let path = format!("{LIST}/{}/rules", acme.name);
    acme.ola.post(&path, &[("claim", claim), ("value", value), ("role", role)]).await
}

/// Kim comes with these groups; the roles that they have then.
async fn comes_with(acme: &Acme, groups: Value) -> Option<String> {
    acme.world.provider.desk(Method::PUT, "/accounts", &json!([kim_of(&groups)])).await;
    let (_, answer) = acme.comes(KIM).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    roles_of(acme.app(), acme.tenant, KIM).await
}

on_every_engine! {
    /// Promise: `connections/roles-by-rule`
    async fn a_rule_gives_a_role_anew_at_each_login_and_nothing_else_does(app: TestApp) {
        let acme = ruled(app.engine(), &[("staff", "member"), ("heads", "admin")]).await;
        // No rule, no role: other spellings, parts, other shapes and other claims are no value of this one.
        let spellings = json!(["STAFF", "staf", "staff "]);
        for groups in [json!([]), spellings, json!("staff,heads"), json!({ "staff": true }), json!([["staff"]]), json!(null)] {
            assert_eq!(comes_with(&acme, groups.clone()).await, None, "{groups}");
        }
        assert_eq!(comes_with(&acme, json!(["staff", "others"])).await.as_deref(), Some("member"));
        assert_eq!(comes_with(&acme, json!(["heads", "staff"])).await.as_deref(), Some("admin,member"));
        assert_eq!(comes_with(&acme, json!("heads")).await.as_deref(), Some("admin"));
        // A role that no rule names is left alone, and one that a rule names is had by rules alone.
        let kim = account_of(acme.app(), KIM).await.unwrap();
        let roles = ["admin", "billing", "member"].map(|role| role.parse().unwrap()).to_vec();
        operate::set_roles(&acme.app().doorward, acme.tenant, kim, roles).await.unwrap();
        assert_eq!(comes_with(&acme, json!(["staff"])).await.as_deref(), Some("billing,member"));
        assert_eq!(comes_with(&acme, json!([])).await.as_deref(), Some("billing"));
        // Whoever would have none is no member, and comes back with the group.
        operate::set_roles(&acme.app().doorward, acme.tenant, kim, vec!["member".parse().unwrap()]).await.unwrap();
        assert_eq!(comes_with(&acme, json!([])).await, None);
        assert_eq!(comes_with(&acme, json!(["staff"])).await.as_deref(), Some("member"));
        // Unless they were removed by somebody.
        operate::remove_member(&acme.app().doorward, acme.tenant, kim).await.unwrap();
        assert_eq!(acme.comes(KIM).await.1.code(), "tenant_does_not_allow");
    }

    /// Promise: `connections/last-owner`
    async fn no_rule_touches_an_owner(app: TestApp) {
        let mut acme = ruled(app.engine(), &[("staff", "member")]).await;
        for role in ["owner", "nobody", "", "MEMBER"] {
            assert_eq!(said(&rule(&mut acme, "groups", "heads", role).await), no(422, "role_unfit"), "{role}");
        }
        // One that is in the database all the same gives nothing, and takes nothing.
        acme.app().db().change("UPDATE connection_rules SET role = 'owner'", &[]).await.unwrap();
        assert_eq!(comes_with(&acme, json!(["staff"])).await, None);
        let kim = account_of(acme.app(), KIM).await.unwrap();
        acme.app().member(acme.tenant, kim, "owner").await;
        let ola = account_of(acme.app(), OLA).await.unwrap();
        operate::remove_member(&acme.app().doorward, acme.tenant, ola).await.unwrap();
        assert_eq!(comes_with(&acme, json!([])).await.as_deref(), Some("owner"));
        acme.app().db().change("UPDATE connection_rules SET role = 'member'", &[]).await.unwrap();
        assert_eq!(comes_with(&acme, json!([])).await.as_deref(), Some("owner"), "the last one");
        assert_eq!(comes_with(&acme, json!(["staff"])).await.as_deref(), Some("member,owner"));
    }

    /// Promise: `connections/roles-by-rule`, `connections/recorded`
    async fn rules_are_written_within_what_their_writer_may_give(app: TestApp) {
        let mut acme = ruled(app.engine(), &[("staff", "member")]).await;
        let invalid = ["", "a\nb"].map(|text| [(text, "x", "claim_invalid"), ("x", text, "value_invalid")]);
        for (claim, value, code) in invalid.concat() {
            assert_eq!(said(&rule(&mut acme, claim, value, "member").await), no(422, code), "{claim} {value}");
        }
        assert_eq!(rule(&mut acme, "groups", "staff", "member").await.json()["rules"].as_array().unwrap().len(), 1, "once");
        let path = format!("{LIST}/{}", acme.name);
        let gone = acme.ola.post(&format!("{path}/rules/remove"), &[("claim", "groups"), ("value", "staff"), ("role", "member")]).await;
        assert_eq!(gone.json()["rules"], json!([]));
        assert_eq!(acme.ola.get(&path).await.json()["rules"], json!([]));
        for number in 0..50 {
            assert_eq!(rule(&mut acme, "groups", &number.to_string(), "member").await.status, 200);
        }
        assert_eq!(said(&rule(&mut acme, "groups", "more", "member").await), no(409, "too_many_rules"));
        let sql = "SELECT COUNT(*) FROM audit_events WHERE action = 'connection.changed' AND detail = 'member'";
        let count: Vec<i64> = acme.app().db().list(sql, &[], |row| row.get(0)).await.unwrap();
        assert_eq!(count, [53]);
        assert_eq!(acme.ola.delete(&path).await.status, 200);
        assert_eq!(acme.app().count("connection_rules").await, 0);
    }

    /// Promise: `connections/roles-by-rule`
    async fn what_a_rule_gave_goes_with_the_rule(app: TestApp) {
        let mut acme = ruled(app.engine(), &[("staff", "member"), ("heads", "admin")]).await;
        assert_eq!(comes_with(&acme, json!(["heads", "staff"])).await.as_deref(), Some("admin,member"));
        let kim = account_of(acme.app(), KIM).await.unwrap();
        let roles = ["admin", "billing", "member"].map(|role| role.parse().unwrap()).to_vec();
        operate::set_roles(&acme.app().doorward, acme.tenant, kim, roles).await.unwrap();
        let path = format!("{LIST}/{}", acme.name);
        let gone = [("claim", "groups"), ("value", "heads"), ("role", "admin")];
        assert_eq!(acme.ola.post(&format!("{path}/rules/remove"), &gone).await.status, 200);
        assert_eq!(comes_with(&acme, json!(["heads", "staff"])).await.as_deref(), Some("billing,member"));
        // One that somebody gives now is theirs.
        let roles = ["admin", "member"].map(|role| role.parse().unwrap()).to_vec();
        operate::set_roles(&acme.app().doorward, acme.tenant, kim, roles).await.unwrap();
        assert_eq!(comes_with(&acme, json!(["staff"])).await.as_deref(), Some("admin,member"));
        // With the provider goes what is left of it.
        let roles = ["billing", "member"].map(|role| role.parse().unwrap()).to_vec();
        operate::set_roles(&acme.app().doorward, acme.tenant, kim, roles).await.unwrap();
        assert_eq!(acme.ola.delete(&path).await.status, 200);
        assert_eq!(roles_of(acme.app(), acme.tenant, KIM).await.as_deref(), Some("billing"));
        assert_eq!(acme.app().count("ruled_roles").await, 0);
    }

    /// Promise: `connections/roles-by-rule`
    async fn who_had_nothing_but_roles_by_rules_is_no_member_without_the_provider(app: TestApp) {
        let mut acme = ruled(app.engine(), &[("staff", "member")]).await;
        assert_eq!(comes_with(&acme, json!(["staff"])).await.as_deref(), Some("member"));
        let (mut kim, _) = acme.comes(KIM).await;
        // By another provider of the tenant they have it as well, so it stays with the first one gone.
        let (other, redirect_uri) = added(&mut acme.ola, "acme").await;
        let own = acme.app().doorward.context().providers.redirect_uri(&acme.name.parse().unwrap());
        acme.allow(&[&own, &redirect_uri]).await;
        let issuer = acme.world.provider.text("issuer").to_owned();
        assert_eq!(write(&mut acme.ola, &format!("{LIST}/{other}"), &issuer).await.status, 200);
        let first = std::mem::replace(&mut acme.name, other.clone());
        assert_eq!(rule(&mut acme, "groups", "staff", "member").await.status, 200);
        acme.world.provider.desk(Method::PUT, "/accounts", &json!([kim_of(&json!(["staff"]))])).await;
        assert_eq!(acme.links(&mut kim, KIM).await.status, 200);
        assert_eq!(acme.comes(KIM).await.1.status, 200);
        assert_eq!(acme.ola.delete(&format!("{LIST}/{first}")).await.status, 200);
        assert_eq!(roles_of(acme.app(), acme.tenant, KIM).await.as_deref(), Some("member"));
        assert_eq!(acme.ola.delete(&format!("{LIST}/{other}")).await.status, 200);
        assert_eq!(roles_of(acme.app(), acme.tenant, KIM).await, None);
    }

    /// Promise: `connections/roles-by-rule`
    async fn a_claim_that_did_not_fit_changes_nothing(app: TestApp) {
        let acme = ruled(app.engine(), &[("staff", "member"), ("heads", "admin")]).await;
        assert_eq!(comes_with(&acme, json!(["staff"])).await.as_deref(), Some("member"));
        // Entra ID says so of somebody who is in more than two hundred groups.
        let mut kim = kim();
        kim["_claim_names"] = json!({ "groups": "src1" });
        kim["_claim_sources"] = json!({ "src1": { "endpoint": "https://graph.example/groups" } });
        acme.world.provider.desk(Method::PUT, "/accounts", &json!([kim])).await;
        assert_eq!(acme.comes(KIM).await.1.status, 200);
        assert_eq!(roles_of(acme.app(), acme.tenant, KIM).await.as_deref(), Some("member"));
        assert_eq!(comes_with(&acme, json!([])).await, None, "and it is still had by the rule");
    }

    /// Promise: `connections/roles-by-rule`
    async fn who_may_not_give_a_role_does_not_touch_its_rules(app: TestApp) {
        let settings = |settings: &mut crate::Settings| {
            let more = "[policy.roles.owner]\npermissions = [\"*\"]\ngrants = [\"*\"]\n[policy.roles.admin]\n\
                [policy.roles.member]\n[policy.roles.keeper]\npermissions = [\"connections:manage\"]\ngrants = [\"member\"]\n";
            settings.policy = crate::config::PolicySettings::parse(more).unwrap();
        };
        let mut acme = Acme::changed(app.engine(), &[kim()], settings).await;
        assert_eq!(acme.write().await.status, 200);
        for (group, role) in [("staff", "member"), ("heads", "admin")] {
            assert_eq!(rule(&mut acme, "groups", group, role).await.status, 200);
        }
        let keeper = acme.app().account("keeper@example.com").await;
        acme.app().member(acme.tenant, keeper, "keeper").await;
        let mut keeper = acme.app().logged_in("keeper@example.com").await;
        let path = format!("{LIST}/{}/rules/remove", acme.name);
        let of = |group: &'static str, role: &'static str| [("claim", "groups"), ("value", group), ("role", role)];
        assert_eq!(said(&keeper.post(&path, &of("heads", "admin")).await), no(422, "role_unfit"));
        assert_eq!(keeper.post(&path, &of("staff", "member")).await.status, 200);
    }
}
