//! The list of devices: one's own, all of it, and nobody else's.

use super::*;
use crate::sessions::DeviceLabel;

async fn listed(person: &mut Actor) -> Vec<serde_json::Value> {
    person.get("/auth/sessions").await.json()["sessions"].as_array().unwrap().clone()
}

on_every_engine! {
    /// Promise: `sessions/everywhere`
    async fn a_person_sees_their_sessions_by_device_newest_first(app: TestApp) {
        let mut laptop = app.person(ANN).await;
        app.wait(5 * MINUTE);
        let mut phone = app.visitor();
        phone.set_header("user-agent", "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1");
        log_in(&mut phone, ANN).await;
        let sessions = listed(&mut laptop).await;
        let now = app.now().as_secs();
        let shown: Vec<_> = sessions.iter().map(|s| (s["device"].as_str().unwrap(), s["current"].as_bool().unwrap())).collect();
        assert_eq!(shown, [("Safari on iPhone", false), ("Firefox on Linux", true)]);
        let moments = |at: usize| ["created_at", "seen_at", "expires_at"].map(|moment| sessions[at][moment].as_i64().unwrap() - now);
        assert_eq!((moments(0), moments(1)), ([0, 0, 28_800], [-300, 0, 28_500]));
        assert_eq!(sessions[0]["address"], "127.0.0.1");
        assert_eq!(sessions[1]["id"], name_of(&mut laptop).await.as_str());
        let page = laptop.clone().in_browser().get("/auth/account").await.text();
        assert!(page.contains("Safari on iPhone") && page.contains("Firefox on Linux"));
    }

    /// Promise: `sessions/pages`
    async fn the_list_of_sessions_comes_in_pages(app: TestApp) {
        let mut ann = app.person(ANN).await;
        for _ in 0..2 {
            app.wait(MINUTE);
            app.logged_in(ANN).await;
        }
        let mut bob = app.person(BOB).await;
        app.logged_in(BOB).await;
        let whole = ann.get("/auth/sessions").await.json();
        assert_eq!((whole["sessions"].as_array().unwrap().len(), &whole["next"]), (3, &serde_json::Value::Null));
        let (mut seen, mut next) = (Vec::new(), String::new());
        for left in [2, 1, 0] {
            let page = ann.get(&format!("/auth/sessions?limit=1&cursor={next}")).await.json();
            assert_eq!(page["sessions"].as_array().unwrap().len(), 1);
            seen.push(page["sessions"][0].clone());
            assert_eq!(page["next"].is_string(), left > 0);
            if left == 2 {
                let answer = bob.get(&format!("/auth/sessions?cursor={}", page["next"].as_str().unwrap())).await;
                assert_eq!((answer.status, answer.code().as_str()), (422, "cursor_invalid"), "it is Ann's");
            }
            next = page["next"].as_str().unwrap_or_default().to_owned();
        }
        assert_eq!(seen, *whole["sessions"].as_array().unwrap());
        for limit in ["0", "101", "-1", "x"] {
            assert_eq!(ann.get(&format!("/auth/sessions?limit={limit}")).await.code(), "limit_invalid", "{limit}");
        }
        let mut ann = ann.in_browser();
        let page = ann.get("/auth/sessions?limit=2").await.text();
        let (_, link) = page.split_once("/auth/sessions?cursor=").expect("the page leads to the next one");
        let older = ann.get(&format!("/auth/sessions?cursor={}", link.split('"').next().unwrap())).await.text();
        assert!(older.contains("This device") && !older.contains("?cursor="), "{older}");
    }

    /// Promise: `sessions/everywhere`
    async fn a_person_ends_another_session(app: TestApp) {
        let mut laptop = app.person(ANN).await;
        let (mut phone, mut tablet) = (app.logged_in(ANN).await, app.logged_in(ANN).await);
        let name = name_of(&mut phone).await;
        assert_eq!(laptop.delete(&format!("/auth/sessions/{name}")).await.json()["ended"], 1);
        assert!(!phone.is_signed_in().await);
        assert!(laptop.is_signed_in().await && tablet.is_signed_in().await);
        assert_eq!(laptop.delete(&format!("/auth/sessions/{name}")).await.status, 404, "once");
        let name = name_of(&mut tablet).await;
        let mut page = laptop.clone().in_browser();
        let answer = page.post(&format!("/auth/sessions/{name}/revoke"), &[]).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/auth/account?done=device-logged-out"));
        assert!(!tablet.is_signed_in().await);
        assert_eq!(listed(&mut laptop).await.len(), 1);
    }

    /// Promise: `sessions/everywhere`
    async fn a_person_ends_all_others_and_then_their_own(app: TestApp) {
        let mut laptop = app.person(ANN).await;
        let (mut phone, mut tablet) = (app.logged_in(ANN).await, app.logged_in(ANN).await);
        let mut bob = app.person(BOB).await;
        assert_eq!(laptop.delete("/auth/sessions").await.json()["ended"], 2);
        assert!(!phone.is_signed_in().await && !tablet.is_signed_in().await);
        assert!(laptop.is_signed_in().await && bob.is_signed_in().await);
        let own = name_of(&mut laptop).await;
        assert_eq!(laptop.delete(&format!("/auth/sessions/{own}")).await.status, 200);
        assert!(!laptop.is_signed_in().await);
        assert!(bob.is_signed_in().await);
    }

    /// Promise: `sessions/everywhere`
    async fn a_form_ends_all_others_and_keeps_this_one(app: TestApp) {
        let mut laptop = app.person(ANN).await.in_browser();
        let (mut phone, mut bob) = (app.logged_in(ANN).await, app.person(BOB).await);
        let answer = laptop.post("/auth/sessions/revoke-others", &[]).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/auth/account?done=others-logged-out"));
        assert!(!phone.is_signed_in().await);
        assert!(laptop.is_signed_in().await && bob.is_signed_in().await);
        assert!(laptop.get("/auth/account?done=others-logged-out").await.text().contains("All other devices are logged out."));
    }

    /// Promise: `sessions/everywhere`
    async fn a_person_logs_out_everywhere_and_here(app: TestApp) {
        let mut laptop = app.person(ANN).await.in_browser();
        let (mut phone, mut bob) = (app.logged_in(ANN).await, app.person(BOB).await);
        let before = laptop.session_cookie().unwrap().to_owned();
        app.audit_lines();
        let answer = laptop.post("/auth/logout/everywhere", &[]).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/auth/login?done=logged-out-everywhere"));
        assert_eq!(laptop.session_cookie(), None, "the cookie is cleared");
        let lines = app.audit_lines();
        assert!(lines.len() == 1 && lines[0].contains("session.all_ended"), "{lines:?}");
        laptop.cookies.insert("dev-session".to_owned(), before);
        assert!(!laptop.is_signed_in().await && !phone.is_signed_in().await);
        assert!(bob.is_signed_in().await);
        let login = laptop.get("/auth/login?done=logged-out-everywhere").await.text();
        assert!(login.contains("You are logged out on all devices."));
        assert_eq!(app.logged_in(ANN).await.post("/auth/logout/everywhere", &[]).await.json()["ended"], 1);
    }

    /// Promise: `sessions/ends-at-once`
    async fn a_login_under_way_does_not_survive_logging_out_everywhere(app: TestApp) {
        let account = app.account(ANN).await;
        let mut ann = app.logged_in(ANN).await;
        let before = crate::accounts::by_id(app.db(), account).await.unwrap().unwrap().standing();
        ann.post("/auth/logout/everywhere", &[]).await;
        let cx = app.doorward.context();
        let mut tx = cx.db.begin(crate::base::db::Durability::Full).await.unwrap();
        assert!(crate::accounts::admit(cx, &mut tx, before).await.unwrap().is_none());
    }

    /// Promise: `sessions/everywhere`
    async fn what_is_over_is_not_listed(app: TestApp) {
        app.account(ANN).await;
        app.logged_in(ANN).await;
        app.wait(HOUR);
        let mut ann = app.logged_in(ANN).await;
        assert_eq!(listed(&mut ann).await.len(), 1);
        assert_eq!(operate::sessions(&app.doorward, None, 10).await.unwrap().len(), 1);
    }

    /// Promise: `sessions/everywhere`
    async fn an_operator_sees_as_many_as_they_ask_for(app: TestApp) {
        let account = app.account(ANN).await;
        for _ in 0..3 {
            app.logged_in(ANN).await;
        }
        app.person(BOB).await;
        let count = async |account, limit| operate::sessions(&app.doorward, account, limit).await.unwrap().len();
        assert_eq!((count(None, 1000).await, count(None, 2).await, count(None, 0).await), (4, 2, 1));
        assert_eq!((count(Some(account), 1000).await, count(Some(account), 2).await), (3, 2));
    }

    /// Promise: `sessions/everywhere`
    async fn a_person_looks_at_one_session_as_it_stands_in_the_list(app: TestApp) {
        let mut laptop = app.person(ANN).await;
        app.wait(5 * MINUTE);
        let mut phone = app.logged_in(ANN).await;
        let sessions = listed(&mut laptop).await;
        assert_eq!(sessions.len(), 2);
        for session in &sessions {
            let path = format!("/auth/sessions/{}", session["id"].as_str().unwrap());
            assert_eq!((laptop.get(&path).await.status, laptop.get(&path).await.json()), (200, session.clone()));
            assert_eq!(laptop.clone().in_browser().get(&path).await.json(), *session, "it is for programs");
        }
        let path = format!("/auth/sessions/{}", name_of(&mut phone).await);
        assert_eq!(laptop.delete(&path).await.status, 200);
        assert_eq!(laptop.get(&path).await.code(), "no_such_session", "it is over");
    }

    /// Promise: `sessions/everywhere`
    async fn the_list_has_a_page_to_which_its_buttons_lead_back(app: TestApp) {
        let mut laptop = app.person(ANN).await.in_browser();
        let (mut phone, mut tablet) = (app.logged_in(ANN).await, app.logged_in(ANN).await);
        let name = name_of(&mut phone).await;
        let page = laptop.get("/auth/sessions?return_to=/shop").await.text();
        assert_eq!((page.matches("<li class=\"row\">").count(), page.matches("This device").count()), (3, 1));
        let revoke = page.split("<form").find(|form| form.contains(&format!("action=\"/auth/sessions/{name}/revoke\""))).unwrap();
        assert!(revoke.contains("name=\"return_to\" value=\"/auth/sessions\"") && !revoke.contains("/shop"), "{revoke}");
        let back = [("return_to", "/auth/sessions")];
        let done = laptop.post(&format!("/auth/sessions/{name}/revoke"), &back).await;
        assert_eq!((done.status, done.header("location")), (303, "/auth/sessions?done=device-logged-out"));
        assert!(!phone.is_signed_in().await && tablet.is_signed_in().await);
        assert!(laptop.get(done.header("location")).await.text().contains("That device is logged out."));
        let done = laptop.post("/auth/sessions/revoke-others", &back).await;
        assert_eq!(done.header("location"), "/auth/sessions?done=others-logged-out");
        assert!(!tablet.is_signed_in().await && laptop.is_signed_in().await);
        for elsewhere in ["/shop", "//evil.example/auth/sessions", "/auth/sessions?done=x", ""] {
            let done = laptop.post("/auth/sessions/revoke-others", &[("return_to", elsewhere)]).await;
            assert_eq!(done.header("location"), "/auth/account?done=others-logged-out", "{elsewhere}");
        }
    }

    /// Promise: `guard/methods`
    async fn looking_at_the_way_out_logs_nobody_out(app: TestApp) {
        let mut ann = app.person(ANN).await.in_browser();
        for method in [axum::http::Method::GET, axum::http::Method::HEAD] {
            let looked = ann.send(method, "/auth/logout?done=logged-out", "", None).await;
            assert_eq!((looked.status, looked.set_cookies()), (200, Vec::new()));
        }
        let page = ann.get("/auth/logout").await.text();
        assert!(page.contains("<form class=\"stack\" method=\"post\" action=\"/auth/logout\">") && page.contains(ANN), "{page}");
        assert!(ann.is_signed_in().await && app.count("sessions").await == 1);
        assert_eq!(ann.post("/auth/logout", &[]).await.header("location"), "/auth/login?done=logged-out");
        assert!(!ann.is_signed_in().await);
        let login = ann.get("/auth/logout").await;
        assert_eq!((login.status, login.header("location")), (303, "/auth/login"), "there is nothing to come back to");
    }

    /// Promise: `sessions/own-only`
    async fn a_session_that_is_not_ones_own_looks_like_none(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let mut bob = app.person(BOB).await;
        let name = name_of(&mut ann).await;
        app.account("carl@example.com").await;
        let over = name_of(&mut app.logged_in("carl@example.com").await).await;
        let idle = name_of(&mut app.logged_in(BOB).await).await;
        for _ in 0..3 {
            app.wait(30 * MINUTE);
            assert!(ann.is_signed_in().await && bob.is_signed_in().await);
        }
        let before = app.count("audit_events").await;
        let unknown = bob.get("/auth/sessions/0000000000000001").await;
        assert_eq!((unknown.status, unknown.code().as_str()), (404, "no_such_session"));
        let (upper, signed) = (name.to_uppercase(), format!("+{}", &name[1..]));
        let others = [&name, &over, &idle, &upper, &signed, "0", "nonsense", "%00", "..%2faccount", "-1", "ffffffffffffffff"];
        for id in others {
            for person in [&bob, &bob.clone().in_browser()] {
                let answer = person.clone().get(&format!("/auth/sessions/{id}")).await;
                assert_eq!((answer.status, answer.text()), (404, unknown.text()), "{id}");
            }
        }
        assert_eq!(app.count("audit_events").await, before, "looking changes nothing");
        assert_eq!(app.visitor().get(&format!("/auth/sessions/{name}")).await.code(), "not_signed_in");
    }

    /// Promise: `sessions/own-only`
    async fn nobody_ends_or_sees_the_session_of_somebody_else(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let mut bob = app.person(BOB).await;
        let name = name_of(&mut ann).await;
        assert!(listed(&mut bob).await.iter().all(|session| session["id"] != name.as_str()));
        let unknown = bob.delete("/auth/sessions/0000000000000001").await;
        for answer in [bob.delete(&format!("/auth/sessions/{name}")).await, bob.post(&format!("/auth/sessions/{name}/revoke"), &[]).await] {
            assert_eq!((answer.status, answer.text()), (404, unknown.text()), "the same answer as for one that does not exist");
        }
        assert_eq!(bob.delete("/auth/sessions").await.json()["ended"], 0);
        assert!(ann.is_signed_in().await);
        let page = bob.in_browser().get("/auth/account").await.text();
        assert!(!page.contains(ANN) && !page.contains(&name));
    }

    /// Promise: `sessions/own-only`
    async fn a_name_that_is_none_is_not_found(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let name = name_of(&mut ann).await;
        let (upper, short, long) = (name.to_uppercase(), name[1..].to_owned(), format!("0{name}"));
        let signed = format!("+{}", &name[1..]);
        let fixed = ["0", "x", "-1", "ffffffffffffffff", "%00", "0000000000000001'--", "%2e%2e", "1%20OR%201=1"];
        for odd in fixed.into_iter().chain([&*short, &*long, &*signed]) {
            assert_eq!(ann.delete(&format!("/auth/sessions/{odd}")).await.status, 404, "{odd}");
        }
        if upper != name {
            assert_eq!(ann.delete(&format!("/auth/sessions/{upper}")).await.status, 404);
        }
        assert!(ann.is_signed_in().await);
    }

    /// Promise: `sessions/bounded`
    async fn one_more_than_the_limit_ends_the_oldest(app: TestApp) {
        let mut app = app;
        app.settings.sessions.per_account = 3;
        let app = app.another().await;
        app.account(ANN).await;
        let mut bob = app.person(BOB).await;
        let mut sessions = Vec::new();
        for _ in 0..5 {
            app.wait(Duration::from_secs(1));
            sessions.push(app.logged_in(ANN).await);
        }
        let mut live = Vec::new();
        for session in &mut sessions {
            live.push(session.is_signed_in().await);
        }
        assert_eq!(live, [false, false, true, true, true]);
        assert!(bob.is_signed_in().await);
    }

    /// Promise: `sessions/bounded`
    async fn fifty_logins_at_once_stay_within_the_limit(app: TestApp) {
        let mut app = app;
        app.settings.sessions.per_account = 3;
        let app = app.another().await;
        app.account(ANN).await;
        let mut visitor = app.visitor();
        let token = visitor.form_token().await;
        let logins: Vec<_> = (0..50).map(|_| {
            let (mut person, token) = (visitor.clone(), token.clone());
            tokio::spawn(async move { person.post_with(&token, "/auth/login", &[("email", ANN), ("password", PASSWORD)]).await.status })
        }).collect();
        let mut entered = 0;
        for login in logins {
            // Some find the counter of guesses full for a moment: a guess is paid for before it is forgiven.
            entered += u32::from(login.await.unwrap() == 200);
        }
        assert!(entered > 0);
        assert!(app.count("sessions").await <= 3);
    }
}

#[test]
fn a_device_is_named_in_our_words() {
    let label = |agent: &str| DeviceLabel::of(agent).as_str().to_owned();
    let chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
    assert_eq!(label(chrome), "Chrome on Windows");
    assert_eq!(label(&format!("{chrome} Edg/140.0")), "Edge on Windows");
    assert_eq!(label("Mozilla/5.0 (X11; CrOS x86_64) Chrome/140.0 Safari/537.36"), "Chrome on ChromeOS");
    assert_eq!(label("Mozilla/5.0 (Linux; Android 16) Chrome/140.0 Mobile Safari/537.36"), "Chrome on Android");
    assert_eq!(label("curl/8.5.0"), "curl");
    for stranger in ["", "<script>alert(1)</script>", "\u{1b}[31mred", "x\ny"] {
        assert_eq!(label(stranger), "Unknown browser", "no text of a stranger is shown or stored");
    }
}
