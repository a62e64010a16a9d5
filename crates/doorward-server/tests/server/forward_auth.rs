//! The configurations in `examples/forward-auth`, each as it stands there, with a real proxy, the real binary and an
//! application that tells what reached it.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use doorward::{
    Doorward, KeyFile, Settings,
    core::{AccountId, TenantId},
    operate,
};
use tempfile::TempDir;

use crate::support::{Answer, Client, Site, exchange, until};

/// Promise: `access/forwarded`, `access/forwarded-changes`
#[test]
fn nginx_lets_through_whom_it_should() {
    lets_through_whom_it_should(Proxy::nginx);
}

/// Promise: `access/forwarded`
#[test]
fn nginx_passes_on_no_identity_from_outside() {
    passes_on_no_identity_from_outside(Proxy::nginx);
}

/// Promise: `access/forwarded-changes`
#[test]
fn nginx_lets_nothing_be_changed_without_the_token() {
    lets_nothing_be_changed_without_the_token(Proxy::nginx);
}

/// Promise: `access/forwarded`
#[test]
fn nginx_says_no_where_doorward_says_nothing() {
    says_no_where_doorward_says_nothing(Proxy::nginx);
}

/// Promise: `access/forwarded`, `access/names-its-tenant`
#[test]
fn nginx_takes_a_tenant_from_the_path_and_nothing_else() {
    let town = Town::new(Proxy::nginx);
    let ann = town.person("ann@example.com", Some("owner"));
    let (answer, reached) = town.get(&ann, "/t/acme/reports?tenant=other&permission=tenant:delete");
    assert_eq!((answer.status, reached.one("x-doorward-tenant-slug")), (200, "acme".to_owned()));
    assert_eq!(reached.line, "GET /t/acme/reports?tenant=other&permission=tenant:delete HTTP/1.1");
    for path in ["/t/other/", "/t/nothing-here/", "/t/acme-2/"] {
        assert_eq!(town.refused(&ann, path), 404, "{path}");
    }
    // What does not look like a tenant's name is the first location's: the tenant there is not the client's to choose.
    for path in
        ["/t/acme%26permission=x/", "/t/acme&tenant=other/", "/t/ACME%00/", "/t/%0d%0aa/", "/t/", "/t/../auth/verify"]
    {
        let answer = town.send(&ann, "GET", path, "");
        assert!(answer.status == 404 || answer.status == 400 || answer.status == 200, "{path}: {answer:?}");
        let reached = town.application.take();
        assert!(reached.iter().all(|one| one.one("x-doorward-tenant-slug") == "acme"), "{path}");
    }
}

/// Promise: `access/forwarded`, `access/forwarded-changes`
#[test]
fn caddy_lets_through_whom_it_should() {
    lets_through_whom_it_should(Proxy::caddy);
}

/// Promise: `access/forwarded`
#[test]
fn caddy_passes_on_no_identity_from_outside() {
    passes_on_no_identity_from_outside(Proxy::caddy);
}

/// Promise: `access/forwarded-changes`
#[test]
fn caddy_lets_nothing_be_changed_without_the_token() {
    lets_nothing_be_changed_without_the_token(Proxy::caddy);
}

/// Promise: `access/forwarded`
#[test]
fn caddy_says_no_where_doorward_says_nothing() {
    says_no_where_doorward_says_nothing(Proxy::caddy);
}

fn lets_through_whom_it_should(proxy: Start) {
    let town = Town::new(proxy);
    let ann = town.person("ann@example.com", Some("owner"));
    let bob = town.person("bob@example.com", Some("billing"));
    let eve = town.person("eve@example.com", None);

    let (answer, reached) = town.get(&ann, "/reports?page=2");
    assert_eq!((answer.status, reached.line.as_str()), (200, "GET /reports?page=2 HTTP/1.1"));
    assert_eq!(reached.one("x-doorward-email"), "ann@example.com");
    assert_eq!(reached.one("x-doorward-tenant"), town.acme.to_string());
    assert_eq!(reached.one("x-doorward-tenant-slug"), "acme");
    assert_eq!(reached.one("x-doorward-roles"), "owner");
    assert_eq!(reached.one("x-doorward-permission"), "members:read");
    assert!(!answer.head.to_ascii_lowercase().contains("x-doorward-"), "{}", answer.head);
    assert!(!answer.head.to_ascii_lowercase().contains("set-cookie"), "{}", answer.head);

    let nobody = town.site.visitor();
    assert_eq!(town.refused(&nobody, "/reports"), 401, "a program");
    let page = town.browser(&nobody, "/reports?page=2&by=name");
    assert_eq!(page.status, 302);
    let way = "/auth/login?return_to=%2Freports%3Fpage%3D2%26by%3Dname";
    assert!(page.head.lines().any(|line| line.eq_ignore_ascii_case(&format!("location: {way}"))), "{}", page.head);
    assert_eq!(town.send(&nobody, "GET", way, "").status, 200, "the login page stands there");
    assert_eq!(town.send(&nobody, "GET", "/auth/verify?tenant=acme&permission=members:read", "").status, 404);

    assert_eq!(town.refused(&bob, "/reports"), 403, "a member without the permission");
    assert_eq!(town.refused(&eve, "/reports"), 404, "a stranger");

    let roles = |name: &str| vec![name.parse().unwrap()];
    let bob_id = town.account("bob@example.com");
    town.act(async |doorward, acme| operate::set_roles(doorward, acme, bob_id, roles("admin")).await.unwrap());
    let (answer, reached) = town.get(&bob, "/reports");
    assert_eq!((answer.status, reached.one("x-doorward-roles")), (200, "admin".to_owned()), "at the next request");
    town.act(async |doorward, acme| operate::remove_member(doorward, acme, bob_id).await.unwrap());
    assert_eq!(town.refused(&bob, "/reports"), 404, "removed, at the next request");
    town.act(async |doorward, acme| assert!(operate::suspend_tenant(doorward, acme).await.unwrap()));
    assert_eq!(town.refused(&ann, "/reports"), 403, "suspended");
    town.act(async |doorward, acme| assert!(operate::resume_tenant(doorward, acme).await.unwrap()));
    assert_eq!(town.get(&ann, "/reports").0.status, 200);
    let ann_id = town.account("ann@example.com");
    town.act(async |doorward, _| assert!(operate::revoke_all_of(doorward, ann_id).await.unwrap() > 0));
    assert_eq!(town.refused(&ann, "/reports"), 401, "her sessions ended, at the next request");
}

fn passes_on_no_identity_from_outside(proxy: Start) {
    let town = Town::new(proxy);
    let ann = town.person("ann@example.com", Some("admin"));
    let (_, honest) = town.get(&ann, "/");
    let own = honest.identity();
    assert_eq!(own.len(), 7, "{own:?}");
    let names = [
        "X-Doorward-Account",
        "x-doorward-account",
        "X-Doorward-Email",
        "X-Doorward-Session",
        "X-Doorward-Tenant",
        "X-Doorward-Tenant-Slug",
        "X-Doorward-Roles",
        "X-Doorward-Permission",
        "X-Doorward-Code",
        "X-Doorward-Login",
        "X-Doorward-Anything",
        "X_Doorward_Account",
        "X_DOORWARD_ROLES",
        "X-Doorward_Roles",
        "X_Doorward-Tenant",
        "X.Doorward.Account",
        "X-Doorward.Roles",
    ];
    for name in names {
        for headers in
            [format!("{name}: forged\r\n"), format!("{name}: forged\r\n{name}: forged\r\n"), format!("{name}:\r\n")]
        {
            let answer = town.send(&ann, "GET", "/", &headers);
            let reached = town.application.take();
            match answer.status {
                // Refused by Doorward, or by a proxy that takes no such name.
                400 | 403 => assert!(reached.is_empty(), "{headers:?}"),
                // Dropped by the proxy before anybody saw it.
                200 => assert_eq!(reached[0].identity(), own, "{headers:?}"),
                _ => panic!("{headers:?}: {answer:?}"),
            }
            assert!(reached.iter().all(|one| !one.headers.iter().any(|(_, value)| value == "forged")), "{headers:?}");
        }
    }
}

fn lets_nothing_be_changed_without_the_token(proxy: Start) {
    let town = Town::new(proxy);
    let mut ann = town.person("ann@example.com", Some("admin"));
    let mut bob = town.person("bob@example.com", Some("member"));
    for person in [&mut ann, &mut bob] {
        person.csrf = person.get("/auth/session").json()["csrf_token"].as_str().unwrap().to_owned();
    }
    let body = "{\"amount\": 7}";
    let reached = |town: &Town, client: &Client, method: &str, headers: &str| {
        let request = town.request(client, method, "/reports", headers, body);
        let answer = Answer::parse(&exchange(town.proxy.port, request.as_bytes()));
        (answer.status, town.application.take())
    };
    let (status, one) = reached(&town, &ann, "POST", "");
    assert_eq!((status, one.len()), (200, 1));
    assert_eq!((one[0].one("x-doorward-permission"), one[0].body.as_str()), ("members:manage".to_owned(), body));
    assert_eq!(reached(&town, &bob, "POST", "").0, 403, "without the permission to write");
    let mut without = ann.clone();
    for token in ["", "null", bob.csrf.as_str()] {
        without.csrf = token.to_owned();
        // Whatever else somebody says about the method.
        for more in [
            "",
            "X-Forwarded-Method: GET\r\n",
            "X-Original-Method: GET\r\n",
            "X_Original_Method: GET\r\n",
            "X-Original-Method: GET\r\nX-Forwarded-Method: GET\r\n",
            "X-Forwarded-Method: POST\r\nX-Forwarded-Method: GET\r\n",
        ] {
            for method in ["POST", "PUT", "PATCH", "DELETE"] {
                let (status, reached) = reached(&town, &without, method, more);
                assert_eq!((status, reached.len()), (403, 0), "{method} with {token:?} and {more:?}");
            }
        }
    }
    let foreign = "Origin: https://evil.example\r\n";
    let (status, reached_it) = reached(&town, &ann, "POST", foreign);
    assert_eq!((status, reached_it.len()), (403, 0), "from another site's page");
    let mut nobody = town.site.visitor();
    nobody.csrf.clone_from(&ann.csrf);
    let (status, reached_it) = reached(&town, &nobody, "POST", "Accept: text/html\r\n");
    assert_eq!((status, reached_it.len()), (401, 0), "nobody is logged in, and nothing is sent again");
}

fn says_no_where_doorward_says_nothing(proxy: Start) {
    let mut town = Town::new(proxy);
    let ann = town.person("ann@example.com", Some("owner"));
    assert_eq!(town.get(&ann, "/").0.status, 200);
    assert_eq!(town.site.stop(), Some(0));
    for method in ["GET", "HEAD", "POST", "OPTIONS"] {
        let answer = town.send(&ann, method, "/", "");
        assert!(answer.status >= 500, "{method}: {answer:?}");
        assert!(town.application.take().is_empty(), "{method}");
    }
}

type Start = fn(&Path, [u16; 3]) -> Proxy;

/// Doorward, an application that it guards, and the proxy before both.
struct Town {
    proxy: Proxy,
    application: Application,
    site: Site,
    acme: TenantId,
    runtime: tokio::runtime::Runtime,
    doorward: Doorward,
    _folder: TempDir,
}

impl Town {
    /// Ann's and bob's tenant is `acme`; there is another one, with nobody in it.
    fn new(start: Start) -> Self {
        let site = Site::dev(&[]);
        let application = Application::start();
        let folder = TempDir::new().unwrap();
        let proxy = start(folder.path(), [free_port(), site.port, application.port]);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut settings = Settings::default();
        settings.database.url = format!("sqlite:{}", site.data().join("doorward.db").display());
        let keys = KeyFile::new(site.data().join("keys")).load().unwrap();
        let builder = Doorward::builder(settings).keys(keys).development_mailbox(site.data().join("mailbox"));
        let doorward = runtime.block_on(builder.open()).unwrap();
        let acme = runtime.block_on(async {
            operate::create_tenant(&doorward, "other".parse().unwrap(), "Other", None).await.unwrap();
            operate::create_tenant(&doorward, "acme".parse().unwrap(), "Acme", None).await.unwrap()
        });
        Self { proxy, application, site, acme, runtime, doorward, _folder: folder }
    }

    /// Somebody who is logged in, with a role in the tenant or as a stranger to it.
    fn person(&self, email: &str, role: Option<&str>) -> Client {
        let client = self.site.logged_in(email);
        let account = self.account(email);
        if let Some(role) = role {
            let roles = vec![role.parse().unwrap()];
            self.act(async |doorward, acme| operate::add_member(doorward, acme, account, roles).await.unwrap());
        }
        client
    }

    fn account(&self, email: &str) -> AccountId {
        let email = doorward::core::EmailAddress::parse(email).unwrap();
        self.runtime.block_on(self.doorward.account_of(&email)).unwrap().unwrap()
    }

    /// Does what an operator does, in a process beside the server's.
    fn act(&self, act: impl AsyncFnOnce(&Doorward, TenantId)) {
        self.runtime.block_on(act(&self.doorward, self.acme));
    }

    /// Asks for something that reaches the application, once.
    fn get(&self, client: &Client, path: &str) -> (Answer, Reached) {
        let answer = self.send(client, "GET", path, "");
        let mut reached = self.application.take();
        assert_eq!(reached.len(), 1, "{path}: {answer:?}");
        (answer, reached.remove(0))
    }

    /// Asks for something that must not reach the application.
    fn refused(&self, client: &Client, path: &str) -> u16 {
        let answer = self.send(client, "GET", path, "");
        assert!(self.application.take().is_empty(), "{path} reached the application");
        answer.status
    }

    fn browser(&self, client: &Client, path: &str) -> Answer {
        let request =
            self.request(client, "GET", path, "", "").replace("Accept: application/json", "Accept: text/html,*/*");
        Answer::parse(&exchange(self.proxy.port, request.as_bytes()))
    }

    fn send(&self, client: &Client, method: &str, path: &str, headers: &str) -> Answer {
        Answer::parse(&exchange(self.proxy.port, self.request(client, method, path, headers, "").as_bytes()))
    }

    /// A request with more headers, at the end.
    fn request(&self, client: &Client, method: &str, path: &str, headers: &str, body: &str) -> String {
        client.request(method, path, body).replacen(
            "Connection: close\r\n",
            &format!("Connection: close\r\n{headers}"),
            1,
        )
    }
}

/// A proxy in a folder of its own.
struct Proxy {
    port: u16,
    process: Child,
}

impl Proxy {
    fn nginx(folder: &Path, ports: [u16; 3]) -> Self {
        let port = ports[0];
        configure("nginx.conf", folder, ports, |text| {
            // Debian's are for root only.
            let scratch = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
            let scratch = scratch.map(|what| format!("    {what}_temp_path scratch-{what};\n")).concat();
            text.replacen("http {\n", &format!("http {{\n{scratch}"), 1)
        });
        configure("application.conf", folder, ports, |text| text);
        let mut command = Command::new("nginx");
        // Its workers would otherwise be somebody else, whom the folder is closed to.
        let id = Command::new("id").arg("-u").output().unwrap();
        let user = if id.stdout == b"0\n" { "user root;" } else { "" };
        command.arg("-p").arg(folder).args(["-e", "stderr", "-c"]).arg(folder.join("nginx.conf"));
        command.args(["-g", &format!("daemon off; {user}")]);
        Self::begin(command, port, "nginx", folder)
    }

    fn caddy(folder: &Path, ports: [u16; 3]) -> Self {
        configure("Caddyfile", folder, ports, |text| text);
        let mut command = Command::new("caddy");
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(folder.join("Caddyfile"));
        command.env("HOME", folder).env("XDG_DATA_HOME", folder).env("XDG_CONFIG_HOME", folder);
        Self::begin(command, ports[0], "caddy", folder)
    }

    /// Starts it and waits until it listens.
    fn begin(mut command: Command, port: u16, name: &str, folder: &Path) -> Self {
        let log = folder.join("log");
        let file = fs::File::create(&log).unwrap();
        command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        let process = command.spawn().unwrap_or_else(|cause| {
            panic!("{name} does not start ({cause}): install it, or run `cargo xtask test --only provision`")
        });
        let mut proxy = Self { port, process };
        until(&format!("{name} listens"), || {
            let ended = proxy.process.try_wait().unwrap();
            assert!(ended.is_none(), "{name} ended: {}", fs::read_to_string(&log).unwrap());
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        proxy
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // nginx has children, which it ends itself when it is asked to.
        let _ = Command::new("kill").args(["-s", "TERM", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }
}

/// Copies a configuration, with the ports of this test and permissions that every policy has.
fn configure(name: &str, folder: &Path, [own, doorward, application]: [u16; 3], more: impl FnOnce(String) -> String) {
    let example = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/forward-auth").join(name);
    let text = fs::read_to_string(example).unwrap();
    let text = [
        (":8080", format!(":{own}")),
        ("127.0.0.1:4400", format!("127.0.0.1:{doorward}")),
        ("127.0.0.1:5000", format!("127.0.0.1:{application}")),
        ("projects:read", "members:read".to_owned()),
        ("projects:write", "members:manage".to_owned()),
    ]
    .iter()
    .fold(text, |text, (from, to)| text.replace(from, to));
    fs::write(folder.join(name), more(text)).unwrap();
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// An application that keeps what reaches it.
struct Application {
    port: u16,
    reached: Arc<Mutex<Vec<Reached>>>,
}

/// One request as the application got it.
#[derive(Debug)]
struct Reached {
    line: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Application {
    fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let reached = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&reached);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let kept = Arc::clone(&kept);
                thread::spawn(move || Reached::answer(stream.unwrap(), &kept));
            }
        });
        Self { port, reached }
    }

    fn take(&self) -> Vec<Reached> {
        std::mem::take(&mut *self.reached.lock().unwrap())
    }
}

impl Reached {
    fn answer(mut stream: TcpStream, kept: &Mutex<Vec<Self>>) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let pair = |line: &String| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        };
        let headers: Vec<_> = lines[1..].iter().map(pair).collect();
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap())];
        reader.read_exact(&mut body).unwrap();
        let body = String::from_utf8(body).unwrap();
        kept.lock().unwrap().push(Self { line: lines[0].clone(), headers, body });
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nyes");
    }

    /// The value of a header that is there exactly once.
    fn one(&self, name: &str) -> String {
        let values: Vec<_> = self.headers.iter().filter(|(known, _)| known == name).collect();
        assert_eq!(values.len(), 1, "{name} in {self:?}");
        values[0].1.clone()
    }

    /// Everything that some application server reads as an X-Doorward- header.
    fn identity(&self) -> Vec<(String, String)> {
        let plain = |name: &str| name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let mut all: Vec<_> =
            self.headers.iter().filter(|(name, _)| plain(name).starts_with("x-doorward")).cloned().collect();
        all.sort();
        all
    }
}
