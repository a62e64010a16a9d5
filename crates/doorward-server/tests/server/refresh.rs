//! One refresh token in two processes of the real server, over one PostgreSQL.

use std::{
    net::TcpStream,
    sync::{Arc, Barrier},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::support::{Answer, Site, exchange, exchange_over, form, texts};

const ANN: &str = "ann@example.com";
const BACK: &str = "https://web.example.com/callback";
/// Those of RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// For how long a parent is answered with its child, unless the settings say otherwise.
const GRACE: Duration = Duration::from_secs(10);

/// A client of both processes.
struct Web {
    one: Site,
    other: Site,
    secret: String,
}

impl Web {
    fn registered() -> Self {
        let one = Site::serve_on_postgres(&["--audit-stream"]);
        let other = one.another(&["--audit-stream"]);
        one.make(ANN, "seven brown kettles sing");
        one.done(&["tenant", "create", "Acme", "--slug", "acme", "--owner", ANN]);
        let register = [
            "client",
            "register",
            "web",
            "--id",
            "web",
            "--json",
            "--authentication",
            "secret",
            "--grant",
            "authorization_code,refresh_token",
            "--scope",
            "offline_access,tenant:read",
            "--redirect-uri",
            BACK,
        ];
        let secret = one.objects(&register)[0]["secret"].as_str().unwrap().to_owned();
        Self { one, other, secret }
    }

    fn request(&self, path: &str, fields: &[(&str, &str)]) -> String {
        form(path, &[&[("client_id", "web"), ("client_secret", self.secret.as_str())], fields].concat())
    }

    fn ask(&self, at: &Site, path: &str, fields: &[(&str, &str)]) -> Answer {
        Answer::parse(&exchange(at.port, self.request(path, fields).as_bytes()))
    }

    /// Everything that Ann's yes brings.
    fn tokens(&self) -> Value {
        let mut ann = self.one.visitor();
        assert_eq!(ann.log_in(ANN, "seven brown kettles sing").status, 200);
        ann.csrf = ann.get("/auth/session").json()["csrf_token"].as_str().unwrap().to_owned();
        let agreed = json!({
            "response_type": "code", "client_id": "web", "redirect_uri": BACK, "code_challenge": CHALLENGE,
            "code_challenge_method": "S256", "scope": "offline_access tenant:read", "decision": "allow",
        });
        let answer = ann.post("/auth/oauth/authorize", &agreed);
        assert_eq!(answer.status, 200, "{answer:?}");
        let way = answer.json()["redirect_to"].as_str().unwrap().to_owned();
        let code = way.split(['?', '&']).find_map(|part| part.strip_prefix("code=")).unwrap().to_owned();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
        ];
        self.ask(&self.other, "/auth/oauth/token", &form).json()
    }

    fn renew(&self, at: &Site, token: &str) -> Answer {
        self.ask(at, "/auth/oauth/token", &[("grant_type", "refresh_token"), ("refresh_token", token)])
    }

    /// Sends the same token fifty times, to each process half of them, over connections that wait for one another.
    fn renew_at_once(&self, token: &str) -> Vec<Answer> {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
        let (request, all) = (self.request("/auth/oauth/token", &fields), Arc::new(Barrier::new(50)));
        let ports = (0..50).map(|number| [&self.one, &self.other][number % 2].port);
        let threads: Vec<_> = ports
            .map(|port| {
                let (request, all) = (request.clone(), Arc::clone(&all));
                let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
                thread::spawn(move || {
                    all.wait();
                    Answer::parse(&exchange_over(stream, request.as_bytes()))
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    }

    fn is_active(&self, at: &Site, token: &str) -> bool {
        self.ask(at, "/auth/oauth/introspect", &[("token", token)]).json()["active"] == true
    }

    fn rests(&self, sql: &str) -> Vec<String> {
        let settings = std::fs::read_to_string(self.one.beside("doorward.toml")).unwrap();
        let url = settings.lines().find_map(|line| line.strip_prefix("url = ")).unwrap();
        texts(url.trim_matches('"'), sql)
    }

    /// How often the reuse of a token was written down, streamed by either process, and told by a letter.
    fn alarms(&self) -> [usize; 3] {
        let is_one = |line: &String| line.contains("access.reused");
        let streamed = [&self.one, &self.other].map(|site| site.stdout().iter().filter(|line| is_one(line)).count());
        let written = self.rests("SELECT id FROM audit_events WHERE action = 'access.reused'").len();
        // There is no mail server here, so every letter waits.
        let letters = self.rests("SELECT id FROM outbox WHERE kind = 'refresh_reused'").len();
        [written, streamed.iter().sum(), letters]
    }
}

fn text(of: &Answer, name: &str) -> String {
    of.json()[name].as_str().unwrap_or_default().to_owned()
}

/// Rows R-02 and C-04, and R-01 over two processes: what one of them has replaced is replaced for the other.
///
/// Promise: `tokens/rotated`, `tokens/reuse-ends-all`
#[test]
fn fifty_renewals_over_two_processes_bring_one_child_and_a_late_one_ends_it() {
    let web = Web::registered();
    let first = web.tokens()["refresh_token"].as_str().unwrap().to_owned();
    let all = web.renew_at_once(&first);
    let child = text(&all[0], "refresh_token");
    assert!(child.starts_with("dwr_") && child != first, "{:?}", all[0]);
    for answer in &all {
        assert_eq!((answer.status, text(answer, "refresh_token")), (200, child.clone()), "{answer:?}");
    }
    let family = "SELECT generation FROM refresh_families";
    assert_eq!(web.rests(family), ["1"], "one rotation");
    assert_eq!(web.alarms(), [0, 0, 0], "and nobody is told of a theft");
    for (at, answer) in [(&web.other, &all[0]), (&web.one, &all[1])] {
        assert!(web.is_active(at, &text(answer, "access_token")), "each is taken by the other process too");
    }
    let grandchild = text(&web.renew(&web.other, &child), "refresh_token");
    let newest = web.renew(&web.one, &grandchild);
    let access = text(&newest, "access_token");
    assert_eq!(web.rests(family), ["3"], "the family lives: {newest:?}");
    thread::sleep(GRACE + Duration::from_millis(500));
    // A copy of the parent, as often as a thief may try: one end, one event, one letter.
    for answer in web.renew_at_once(&grandchild) {
        assert_eq!((answer.status, text(&answer, "error")), (400, "invalid_grant".to_owned()), "{answer:?}");
    }
    for site in [&web.one, &web.other] {
        let answer = web.renew(site, &text(&newest, "refresh_token"));
        assert_eq!((answer.status, text(&answer, "error")), (400, "invalid_grant".to_owned()), "{answer:?}");
        assert!(!web.is_active(site, &access), "at either of them");
    }
    assert!(web.rests(family).is_empty());
    assert_eq!(web.alarms(), [1, 1, 1]);
}
