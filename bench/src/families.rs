//! People who have let an application in, and the refresh tokens that it has from them.
//!
//! The families are written as the token endpoint writes them, because a login and a consent for each would take a hash each.

use std::time::Duration;

use doorward::{
    Doorward,
    core::{
        AccountId, Clock, Entropy, FamilyId, Handled, Refresh, RoleName, Slug, SystemClock, SystemEntropy, TenantId,
    },
    operate::{self, Bind, Durability, Registration},
};

use crate::{
    failure::{Failure, Outcome},
    people,
};

/// The application: one on people's own machines, which keeps no secret.
pub(crate) const CLIENT: &str = "bench";
/// How many families a person has: an application on several machines, or several of them.
pub(crate) const OF_A_PERSON: usize = 10;
const MEMBERS: usize = 100;
const SCOPES: &str = "members:read offline_access openid tenant:read";

/// Makes the client, people in tenants of a hundred, and their families; returns the newest token of each.
pub(crate) async fn prepare(doorward: &Doorward, people: usize, origin: &str) -> Outcome<Vec<String>> {
    let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect();
    let written = Registration {
        id: CLIENT.to_owned(),
        name: "The app".to_owned(),
        authentication: "none".to_owned(),
        grants: texts(&["authorization_code", "refresh_token"]),
        scopes: texts(&["openid", "offline_access", "tenant:read", "members:read"]),
        redirect_uris: texts(&["http://127.0.0.1/callback"]),
        ..Registration::default()
    };
    operate::register_client(doorward, &written).await?;
    let addresses: Vec<_> = (0..people).map(|number| format!("renews{number}@example.com")).collect();
    let accounts = people::accounts(doorward, &addresses).await?;
    let mut tokens = Vec::with_capacity(people * OF_A_PERSON);
    for (number, members) in accounts.chunks(MEMBERS).enumerate() {
        eprint!("\r  {} of {people} people ", (number + 1) * members.len());
        let tenant = tenant(doorward, number, members).await?;
        let mut tx = doorward.database().begin(Durability::Full).await?;
        for account in members {
            for _ in 0..OF_A_PERSON {
                tokens.push(family(&mut tx, *account, tenant, origin).await?);
            }
        }
        tx.commit().await?;
    }
    eprintln!();
    Ok(tokens)
}

async fn tenant(doorward: &Doorward, number: usize, members: &[AccountId]) -> Outcome<TenantId> {
    let slug = format!("renews-{number}").parse::<Slug>().map_err(|_| Failure::new("this is no slug"))?;
    let role = "member".parse::<RoleName>().map_err(|_| Failure::new("this is no role"))?;
    let tenant = operate::create_tenant(doorward, slug, "A tenant", members.first().copied()).await?;
    for account in members.iter().skip(1) {
        operate::add_member(doorward, tenant, *account, vec![role.clone()]).await?;
    }
    Ok(tenant)
}

/// Writes a family that was begun just now, and returns its token.
async fn family(tx: &mut operate::Transaction, account: AccountId, tenant: TenantId, origin: &str) -> Outcome<String> {
    let (now, entropy): (_, &dyn Entropy) = (SystemClock.now(), &SystemEntropy);
    let token = Handled::<Refresh>::mint(entropy);
    let sql = "INSERT INTO refresh_families (id, handle, digest, generation, client, account, tenant, scope, resource,
        authenticated_at, created_at, rotated_at, access_until, idle_until, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    let (id, handle, digest, days) = (FamilyId::new(now, entropy), token.handle(), token.token().digest(), 86_400);
    let (access, idle, absolute) = (
        now.after(Duration::from_secs(300)),
        now.after(Duration::from_secs(14 * days)),
        now.after(Duration::from_secs(30 * days)),
    );
    let what: [&(dyn Bind + Sync); 9] = [&id, &handle, &digest, &0_i64, &CLIENT, &account, &tenant, &SCOPES, &origin];
    let when: [&(dyn Bind + Sync); 6] = [&now, &now, &now, &access, &idle, &absolute];
    tx.execute(sql, &[&what[..], &when].concat()).await?;
    Ok(token.reveal())
}
