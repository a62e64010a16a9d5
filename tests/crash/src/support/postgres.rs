//! PostgreSQL: a database on the tests' server, or a server of one's own that may be stopped.

use std::{
    env, fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

use tempfile::TempDir;

use super::succeeds;

/// Makes an empty database on the server that `DOORWARD_TEST_POSTGRES` names; returns its URL.
pub(crate) fn fresh_database() -> String {
    database_like("template1")
}

/// Makes a copy of a database of that server that nobody uses; returns its URL.
pub(super) fn copy_of(url: &str) -> String {
    database_like(url.rsplit('/').next().unwrap())
}

fn database_like(template: &str) -> String {
    let server = env::var("DOORWARD_TEST_POSTGRES").expect(
        "DOORWARD_TEST_POSTGRES names a PostgreSQL server that tests may make databases on; `cargo xtask test` starts one and sets it",
    );
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("doorward_crash_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let connected = tokio_postgres::connect(&server, tokio_postgres::NoTls).await;
        let (client, connection) = connected.expect("the test server answers");
        tokio::spawn(connection);
        client
            .batch_execute(&format!("DROP DATABASE IF EXISTS {name}"))
            .await
            .expect("the test server drops databases");
        // A server that has just ended may still be leaving the database that is copied.
        let sql = format!("CREATE DATABASE {name} TEMPLATE {template}");
        let mut made = client.batch_execute(&sql).await;
        for _ in 0..100 {
            if made.is_ok() {
                break;
            }
            thread::sleep(Duration::from_millis(50));
            made = client.batch_execute(&sql).await;
        }
        made.expect("the test server makes databases");
    });
    let (host, _) = server.rsplit_once('/').expect("the URL names a database");
    format!("{host}/{name}")
}

/// A PostgreSQL server of one's own.
pub(crate) struct Cluster {
    home: TempDir,
    programs: PathBuf,
    port: u16,
    user: Option<&'static str>,
}

impl Cluster {
    /// Makes and starts one; `None` where the server's programs are not installed.
    pub(crate) fn start() -> Option<Self> {
        let home = TempDir::new().unwrap();
        // PostgreSQL refuses to run as root; then it runs as its own user, who must get into the folder.
        let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
        let user = is_root.then_some("postgres");
        if let Some(user) = user {
            assert!(succeeds("chown", &[user, home.path().to_str().unwrap()]), "there is no user {user}");
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let cluster = Self { programs: programs()?, port, user, home };
        let data = cluster.data();
        let made =
            ["--username=doorward", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "-D", &data];
        cluster.run("initdb", &made);
        cluster.resume();
        Some(cluster)
    }

    /// The URL of its database.
    pub(crate) fn url(&self) -> String {
        format!("postgres://doorward@127.0.0.1:{}/postgres", self.port)
    }

    /// Stops it at once, as a crash would.
    pub(crate) fn stop(&self) {
        self.run("pg_ctl", &["stop", "-m", "immediate", "-w", "-D", &self.data()]);
    }

    /// Starts it again.
    pub(crate) fn resume(&self) {
        let options = format!("-p {} -k {} -c listen_addresses=127.0.0.1", self.port, self.home.path().display());
        let log = self.home.path().join("log").display().to_string();
        self.run("pg_ctl", &["start", "-w", "-s", "-l", &log, "-o", &options, "-D", &self.data()]);
    }

    /// Lets all its processes hang (`STOP`), or go on (`CONT`).
    pub(crate) fn signal(&self, name: &str) {
        let pids = fs::read_to_string(Path::new(&self.data()).join("postmaster.pid")).unwrap();
        let main = pids.lines().next().unwrap().to_owned();
        let children = Command::new("pgrep").args(["-P", &main]).output().unwrap();
        let children = String::from_utf8(children.stdout).unwrap();
        for pid in children.lines().chain([main.as_str()]) {
            // A child may have ended by itself.
            let _ = succeeds("kill", &["-s", name, pid]);
        }
    }

    fn data(&self) -> String {
        self.home.path().join("data").display().to_string()
    }

    fn run(&self, program: &str, args: &[&str]) {
        let path = self.programs.join(program);
        let mut command = Command::new(if self.user.is_some() { Path::new("setpriv") } else { &path });
        if let Some(user) = self.user {
            let ids = [format!("--reuid={user}"), format!("--regid={user}"), "--clear-groups".to_owned()];
            command.args(ids).arg("--").arg(&path);
        }
        let output = command.args(args).current_dir("/").output().unwrap();
        assert!(output.status.success(), "{program}: {output:?}");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if Path::new(&self.data()).join("postmaster.pid").exists() {
            self.signal("CONT");
            let _ = std::panic::catch_unwind(|| self.stop());
        }
    }
}

/// The folder of the newest installed server.
fn programs() -> Option<PathBuf> {
    let installed = fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(|entry| Some(entry.ok()?.path().join("bin")));
    let complete = installed.filter(|programs| programs.join("initdb").exists());
    complete.max_by_key(|programs| version(programs))
}

fn version(programs: &Path) -> u32 {
    let name = programs.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    name.and_then(|name| name.parse().ok()).unwrap_or_default()
}
