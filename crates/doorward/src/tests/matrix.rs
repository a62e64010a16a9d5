//! Who may do what where, asked of a running Doorward and written down: a change of a policy is a change of this table, which
//! somebody reads.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    time::Duration,
};

use doorward_core::{AccountId, TenantId};
use serde_json::{Value, json};

use super::golden::hold;
use crate::{
    config::{POLICY_EXAMPLES, PolicySettings},
    on_every_engine, operate,
    testing::{Actor, Engine, TestApp},
};

const HEAD: &str = "\
# Permissions

What each role of the ready-made policies may do, asked of a running Doorward over HTTP; a test writes this file. In a tenant of
their own, which is open, members may do what the column `own` says. The other columns say what is answered instead: in a tenant
that they do not belong to (`other`), in one that is suspended or waits to be deleted, and after the membership was revoked. The
last two columns say what is answered once the session has expired or was revoked; they are asked about each of the five tenants,
and a cell would name every answer if there were more than one.

`no` is 403 `forbidden`, `stranger` 404 `no_such_tenant`, `suspended` 403 `tenant_suspended`, `closing` 403 `tenant_closing`, `out` 401
`not_signed_in`.
";

const PLANS: &str = "\
What a plan adds to a member of the role that holds least, while it is paid for, after its time, and after it was ended before
its time:
";

/// One person of each role, with a browser, and the tenants that they are asked about.
struct Cast {
    role: String,
    account: AccountId,
    browser: Actor,
}

/// The word for an answer about one permission.
fn word(answer: &Value) -> &'static str {
    match answer["code"].as_str() {
        None if answer["allowed"] == true => "yes",
        Some("forbidden") => "no",
        Some("no_such_tenant") => "stranger",
        Some("tenant_suspended") => "suspended",
        Some("tenant_closing") => "closing",
        _ => panic!("no word for {answer}"),
    }
}

/// Asks about all permissions in one tenant.
async fn ask(browser: &mut Actor, tenant: TenantId, permissions: &[String]) -> Vec<&'static str> {
    let ask = |permission: &String| json!({ "tenant": tenant.to_string(), "permission": permission });
    let questions: Vec<_> = permissions.iter().map(ask).collect();
    let answer = browser.question(&json!({ "questions": questions })).await;
    if (answer.status, answer.code().as_str()) == (401, "not_signed_in") {
        return vec!["out"; permissions.len()];
    }
    answer.json()["answers"].as_array().unwrap().iter().map(word).collect()
}

async fn with_policy(engine: Engine, text: &str) -> TestApp {
    TestApp::with(engine, |settings| settings.policy = PolicySettings::parse(text).unwrap()).await
}

/// Makes a person of each role, who belongs to all of `tenants`.
async fn cast(app: &TestApp, tenants: &[TenantId]) -> Vec<Cast> {
    let mut cast = Vec::new();
    for role in operate::policy(&app.doorward).roles() {
        let role = role.name.to_string();
        let email = format!("{role}@example.com");
        let account = app.account(&email).await;
        for tenant in tenants {
            app.member(*tenant, account, &role).await;
        }
        cast.push(Cast { role, account, browser: app.visitor() });
    }
    cast
}

/// The table of one policy.
async fn of_policy(app: &TestApp) -> String {
    let founder = app.account("founder@example.com").await;
    let mut tenants = Vec::new();
    for slug in ["own", "suspended", "closing", "revoked", "other"] {
        tenants.push(app.tenant(slug, founder).await);
    }
    let [own, suspended, closing, revoked, other] = tenants[..] else { unreachable!("five were made") };
    let mut cast = cast(app, &[own, suspended, closing, revoked]).await;
    operate::suspend_tenant(&app.doorward, suspended).await.unwrap();
    operate::close_tenant(&app.doorward, closing).await.unwrap();
    for one in &cast {
        operate::remove_member(&app.doorward, revoked, one.account).await.unwrap();
    }
    let permissions: Vec<String> =
        operate::policy(&app.doorward).permissions().map(|(name, _)| name.to_owned()).collect();
    let mut answers: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for one in &mut cast {
        // Time has passed while others were asked.
        let email = format!("{}@example.com", one.role);
        one.browser = app.logged_in(&email).await;
        for tenant in [own, other, suspended, closing, revoked] {
            let live = ask(&mut one.browser, tenant, &permissions).await.into_iter().map(str::to_owned);
            answers.entry(one.role.clone()).or_default().push(live.collect());
        }
        let mut ended = one.browser.clone();
        assert_eq!(ended.post("/auth/logout", &[]).await.status, 200);
        let mut expiring = app.logged_in(&email).await;
        app.wait(app.settings.sessions.absolute);
        for gone in [&mut expiring, &mut one.browser] {
            let mut of_each = Vec::new();
            for tenant in [own, other, suspended, closing, revoked] {
                of_each.push(ask(gone, tenant, &permissions).await);
            }
            let together = |at| of_each.iter().map(|answers| answers[at]).collect::<BTreeSet<_>>();
            let cells = (0..permissions.len()).map(|at| together(at).into_iter().collect::<Vec<_>>().join(", "));
            answers.get_mut(&one.role).unwrap().push(cells.collect());
        }
    }
    let mut text = "| role | permission | own | other | suspended | closing | membership revoked | session expired | session revoked |\n\
        |---|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    for role in cast.iter().map(|one| &one.role) {
        for (at, permission) in permissions.iter().enumerate() {
            let cells: Vec<_> = answers[role].iter().map(|answers| answers[at].as_str()).collect();
            writeln!(text, "| {role} | `{permission}` | {} |", cells.join(" | ")).unwrap();
        }
    }
    text
}

/// What the plans of a policy add, and until when.
async fn of_plans(app: &TestApp) -> String {
    let policy = operate::policy(&app.doorward);
    let plans: Vec<_> = policy.plans().map(|(plan, _)| plan.clone()).collect();
    if plans.is_empty() {
        return String::new();
    }
    let least = policy.roles().into_iter().min_by_key(|role| role.permissions.len()).unwrap().name.to_string();
    let permissions: Vec<String> = policy.permissions().map(|(name, _)| name.to_owned()).collect();
    let own = operate::tenant(&app.doorward, "own").await.unwrap().unwrap().id;
    let account = app.account("payer@example.com").await;
    app.member(own, account, &least).await;
    let mut text = format!(
        "\n{PLANS}\n| plan | permission | {least} alone | paid | run out | ended |\n|---|---|---|---|---|---|\n"
    );
    let hour = Duration::from_secs(3600);
    for plan in plans {
        let entitle =
            async |until| operate::entitle(&app.doorward, own, Some(account), plan.clone(), until).await.unwrap();
        let mut payer = app.logged_in("payer@example.com").await;
        let mut columns = vec![ask(&mut payer, own, &permissions).await];
        entitle(app.now().after(hour)).await;
        columns.push(ask(&mut payer, own, &permissions).await);
        app.wait(hour);
        let mut payer = app.logged_in("payer@example.com").await;
        columns.push(ask(&mut payer, own, &permissions).await);
        entitle(app.now().after(hour)).await;
        entitle(app.now()).await;
        columns.push(ask(&mut payer, own, &permissions).await);
        for (at, permission) in permissions.iter().enumerate() {
            let cells: Vec<_> = columns.iter().map(|answers| answers[at]).collect();
            writeln!(text, "| {plan} | `{permission}` | {} |", cells.join(" | ")).unwrap();
        }
    }
    text
}

on_every_engine! {
    /// Promise: `access/matrix`
    async fn golden_table_of_permissions(app: TestApp) {
        let mut text = HEAD.to_owned();
        for (name, about, policy) in POLICY_EXAMPLES {
            let app = with_policy(app.engine(), policy).await;
            let table = of_policy(&app).await;
            write!(text, "\n## `{name}`: {about}\n\n{table}{}", of_plans(&app).await).unwrap();
        }
        hold("permissions.md", &text);
    }
}
