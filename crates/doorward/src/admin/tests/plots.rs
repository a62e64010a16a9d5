//! The plot of logins.

use super::*;
use crate::testing::PASSWORD;

async fn logs_in(app: &TestApp, password: &str) {
    app.visitor().post("/auth/login", &[("email", ANN), ("password", password)]).await;
}

async fn hours(actor: &mut Actor, span: &str) -> Vec<(i64, i64, i64)> {
    let json = actor.get(&format!("/auth/admin?span={span}")).await.json();
    let number = |hour: &Value, name: &str| hour[name].as_i64().unwrap();
    let hours = json["logins"]["hours"].as_array().unwrap().iter();
    hours.map(|hour| (number(hour, "at"), number(hour, "success"), number(hour, "denied"))).collect()
}

on_every_engine! {
    /// Promise: `admin/plot`
    async fn each_login_is_counted_once_in_its_hour(app: TestApp) {
        app.account(ANN).await;
        let start = app.now().as_secs().div_euclid(3600) * 3600;
        logs_in(&app, PASSWORD).await;
        app.wait(Duration::from_secs(3600));
        for password in [PASSWORD, "not the password", "not it either"] {
            logs_in(&app, password).await;
        }
        app.wait(Duration::from_secs(3 * 86_400));
        logs_in(&app, PASSWORD).await;
        let (mut admin, _) = operator(&app, ROOT, "admin").await;
        let day = hours(&mut admin, "day").await;
        let end = start + 3600 + 3 * 86_400;
        assert_eq!((day.len(), day.last().unwrap()), (24, &(end, 2, 0)));
        assert_eq!(day[0].0, end - 23 * 3600);
        let week = hours(&mut admin, "week").await;
        assert_eq!(week.len(), 168);
        let busy: Vec<_> = week.into_iter().filter(|(_, done, denied)| done + denied > 0).collect();
        assert_eq!(busy, [(start, 1, 0), (start + 3600, 1, 2), (end, 2, 0)]);
        assert_eq!(hours(&mut admin, "").await, hours(&mut admin, "day").await);
        assert_eq!(admin.get("/auth/admin?span=century").await.code(), "span_invalid");
    }

    /// Promise: `admin/plot`
    async fn the_drawing_says_what_the_numbers_say(app: TestApp) {
        app.account(ANN).await;
        logs_in(&app, "not the password").await;
        let (mut admin, _) = operator(&app, ROOT, "admin").await;
        let page = admin.clone().in_browser().get("/auth/admin").await.text();
        assert!(page.contains("1 logins done and 1 denied") && page.contains("<td data-label=\"Denied\">1</td>"), "{page}");
        assert_eq!((page.matches("<rect class=\"ok\"").count(), page.matches("<rect class=\"no\"").count()), (1, 1));
        let events = app.count("audit_events").await;
        hours(&mut admin, "week").await;
        assert_eq!(app.count("audit_events").await, events);
    }
}

/// Promise: `admin/plot`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_index_of_logins_has_all_that_the_plot_asks() {
    let app = TestApp::new(crate::testing::Engine::Sqlite).await;
    let sql = "EXPLAIN QUERY PLAN SELECT at / 3600000000, result, COUNT(*) FROM audit_events
        WHERE action = 'login' AND at >= $1 AND at < $2 GROUP BY at / 3600000000, result";
    let plan = app.db().list(sql, &[&0_i64, &1_i64], |row| row.get::<String>(3)).await.unwrap().join("\n");
    assert!(plan.contains("COVERING INDEX audit_events_logins"), "{plan}");
    assert_eq!(operate::Action::Login.name(), "login", "the statement and the index name it");
}
