//! Another `policy.owner` on a system in use.

use super::*;
use crate::{Doorward, StartError, config::PolicySettings};

/// Two roles that hold everything, the name of one within that of the other.
const ROLES: &str = "
    [policy.roles.owner]
    permissions = [\"*\"]
    grants = [\"*\"]
    [policy.roles.own]
    permissions = [\"*\"]
    grants = [\"*\"]
    [policy.roles.o_n]
    permissions = [\"*\"]
    grants = [\"*\"]
";

fn policy(owner: &str) -> PolicySettings {
    PolicySettings::parse(&format!("[policy]\nowner = \"{owner}\"\n{ROLES}")).unwrap()
}

/// The same system, started with another owner's role.
async fn started(app: &TestApp, owner: &str) -> Result<Doorward, StartError> {
    let mut settings = app.settings.clone();
    settings.policy = policy(owner);
    let builder = Doorward::builder(settings).keys(app.key_file().load().unwrap());
    builder.development_mailbox(app.folder().join("mailbox")).build().await
}

/// Slug and address of everybody who counts as an owner.
async fn owners(app: &TestApp) -> Vec<String> {
    let sql = "SELECT slug || ' ' || email FROM memberships, tenants, accounts
        WHERE tenants.id = tenant AND accounts.id = account AND is_owner = 1 ORDER BY slug, email";
    app.db().list(sql, &[], |row| row.get(0)).await.unwrap()
}

on_every_engine! {
    /// Promise: `tenants/owner-by-settings`, `tenants/last-owner`
    async fn another_owners_role_makes_other_owners_at_the_start(fresh: TestApp) {
        let app = TestApp::with(fresh.engine(), |settings| settings.policy = policy("owner")).await;
        let (ann, bob) = (app.account(ANN).await, app.account(BOB).await);
        let acme = app.tenant("acme", ann).await;
        let other = app.tenant("other", ann).await;
        let names = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect::<Vec<_>>();
        operate::add_member(&app.doorward, acme, bob, names(&["own"])).await.unwrap();
        operate::add_member(&app.doorward, other, bob, names(&["o_n"])).await.unwrap();
        operate::set_roles(&app.doorward, other, ann, names(&["o_n", "own", "owner"])).await.unwrap();
        // One that never had an owner keeps nobody from starting.
        operate::create_tenant(&app.doorward, "empty".parse().unwrap(), "Nobody's", None).await.unwrap();
        let of_owner = ["acme ann@example.com", "other ann@example.com"];
        started(&app, "owner").await.unwrap();
        assert_eq!(owners(&app).await, of_owner, "the same role changes nothing");
        // A database from before this was kept is looked at once.
        let mut tx = app.db().begin(operate::Durability::Full).await.unwrap();
        tx.batch("DELETE FROM owner_role; UPDATE memberships SET is_owner = 0 WHERE roles = 'owner'").await.unwrap();
        tx.commit().await.unwrap();
        started(&app, "owner").await.unwrap();
        assert_eq!(owners(&app).await, of_owner);

        let refused = started(&app, "o_n").await.err().expect("acme would be nobody's").to_string();
        for told in ["policy.owner", "nobody in 1 tenant has the role `o_n`", "doorward member roles"] {
            assert!(refused.contains(told), "{refused}");
        }
        assert_eq!(owners(&app).await, of_owner, "nothing is changed by a start that is refused, nor in other tenants");

        let doorward = started(&app, "own").await.unwrap();
        assert_eq!(owners(&app).await, ["acme bob@example.com", "other ann@example.com"]);
        assert!(operate::remove_member(&doorward, acme, bob).await.is_err(), "bob is the last owner now");
        assert_eq!(operate::delete(&doorward, bob).await.unwrap(), Deletion::OwnsTenants(vec![acme]));
        operate::remove_member(&doorward, acme, ann).await.unwrap();
        let refused = started(&app, "owner").await.err().expect("acme would be nobody's").to_string();
        assert!(refused.contains("nobody in 1 tenant has the role `owner`"), "{refused}");
        operate::set_roles(&doorward, acme, bob, names(&["owner", "own"])).await.unwrap();
        started(&app, "owner").await.unwrap();
        assert_eq!(owners(&app).await, ["acme bob@example.com", "other ann@example.com"]);
    }
}
