//! A server with data of its own, which can be started, killed and started again.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

use super::{Post, binary::binary, copy_files, postgres, succeeds, until};

/// A folder with data, and the server over it while it runs.
pub(crate) struct Site {
    home: TempDir,
    which: [String; 2],
    server: Option<Child>,
    post: Option<Post>,
    /// The URL of the database, when it is not a file.
    postgres: Option<String>,
    log: Arc<Mutex<Vec<String>>>,
    /// Variables for the server and for every command about it.
    pub(crate) environment: Vec<(String, String)>,
    /// Where the server listens.
    pub(crate) port: u16,
}

impl Site {
    /// An empty folder for `doorward dev`.
    pub(crate) fn embedded() -> Self {
        let home = TempDir::new().unwrap();
        let data = home.path().join("data").display().to_string();
        Self::new(home, ["--folder".to_owned(), data], None)
    }

    /// A copy of a site whose server does not run.
    pub(crate) fn copy_of(original: &Site) -> Self {
        assert!(original.server.is_none(), "the original's server runs");
        if let Some(url) = &original.postgres {
            let copy = Self::configured(&postgres::copy_of(url));
            fs::copy(original.data().join("keys"), copy.data().join("keys")).unwrap();
            return copy;
        }
        let copy = Self::embedded();
        copy_files(&original.data(), &copy.data());
        copy
    }

    /// Settings for `doorward serve` on a PostgreSQL database.
    pub(crate) fn on_postgres(url: &str) -> Self {
        let site = Self::configured(url);
        site.done(&["keys", "rotate"]);
        site
    }

    fn configured(url: &str) -> Self {
        let home = TempDir::new().unwrap();
        let data = home.path().join("data");
        fs::create_dir(&data).unwrap();
        let post = Post::start();
        let file = data.join("doorward.toml");
        let text = format!(
            "[site]\npublic_url = \"http://localhost:4400\"\n[danger]\nallow_http_public_url = true\n\
             [mail]\nsmtp_host = \"127.0.0.1\"\nsmtp_port = {}\nsmtp_security = \"none\"\nfrom = \"a@example.com\"\n\
             [database]\nurl = \"{url}\"\n[keys]\nfile = \"{}\"\n[server]\nlisten = \"127.0.0.1:0\"\n",
            post.smtp,
            data.join("keys").display(),
        );
        fs::write(&file, text).unwrap();
        let which = ["--config".to_owned(), file.display().to_string()];
        let mut site = Self::new(home, which, Some(post));
        site.postgres = Some(url.to_owned());
        site
    }

    fn new(home: TempDir, which: [String; 2], post: Option<Post>) -> Self {
        // Everybody in a test comes from one address, and asks for more letters than a person does.
        let raised = [
            ("DOORWARD_ATTEMPTS__FREE_PER_ADDRESS", "10000"),
            ("DOORWARD_ATTEMPTS__LETTERS_PER_ADDRESS", "10000"),
            ("DOORWARD_REAUTHENTICATION__VALID_SECS", "3600"),
        ];
        let environment = raised.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Self { home, which, server: None, post, postgres: None, log: Arc::default(), environment, port: 0 }
    }

    /// The folder of the database and the keys.
    pub(crate) fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// A path beside the data.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Whether the data is a file in the folder.
    pub(crate) fn is_embedded(&self) -> bool {
        self.post.is_none()
    }

    /// The program, about this site, in an environment that holds nothing else.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(args).args(&self.which).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts the server, which must begin to listen.
    pub(crate) fn start(&mut self) {
        assert!(self.try_start(), "the server did not start: {:?}", self.log());
    }

    /// Starts the server and waits until it listens; `false` when it refuses to.
    pub(crate) fn try_start(&mut self) -> bool {
        let args: &[&str] = if self.is_embedded() { &["dev", "--port", "0"] } else { &["serve"] };
        let mut command = self.command(args);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, receiver) = mpsc::channel();
        let stderr = child.stderr.take().unwrap();
        self.server = Some(child);
        let log = Arc::clone(&self.log);
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if let Some(port) = listening(&line) {
                    let _ = sender.send(port);
                }
                log.lock().unwrap().push(line);
            }
        });
        // When the process ends its log does, and with it the sender.
        let port = receiver.recv_timeout(Duration::from_secs(60));
        self.port = port.unwrap_or_default();
        port.is_ok()
    }

    /// Ends the process in the middle of whatever it does.
    pub(crate) fn kill(&mut self) {
        let mut server = self.server.take().expect("the server runs");
        server.kill().unwrap();
        server.wait().unwrap();
    }

    /// Ends the process as an operator does.
    pub(crate) fn stop(&mut self) {
        let mut server = self.server.take().expect("the server runs");
        assert!(succeeds("kill", &["-s", "TERM", &server.id().to_string()]));
        until("the server stops", || server.try_wait().unwrap().is_some());
    }

    /// What the server has logged since the site was made.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// Runs a command about this site to its end.
    pub(crate) fn run(&self, args: &[&str], stdin: &str) -> Output {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that does not read has closed its end.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Runs a command that must do its work, and gives what it wrote.
    pub(crate) fn done(&self, args: &[&str]) -> String {
        let output = self.run(args, "");
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Makes an account.
    pub(crate) fn make(&self, email: &str, password: &str) {
        let output = self.run(&["user", "create", email, "--password-stdin"], password);
        assert!(output.status.success(), "{output:?}");
    }

    /// Reads the audit log, newest first.
    pub(crate) fn audit(&self) -> Vec<Value> {
        let text = self.done(&["audit", "search", "--json", "--limit", "100000"]);
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The letters so far, oldest first: to whom, and the text.
    pub(crate) fn letters(&self) -> Vec<(String, String)> {
        match &self.post {
            Some(post) => post.letters(),
            None => mailbox(&self.data().join("mailbox")),
        }
    }

    /// Asks the database whether it is whole.
    pub(crate) fn check_integrity(&self) {
        if !self.is_embedded() {
            return;
        }
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        let database = rusqlite::Connection::open_with_flags(self.data().join("doorward.db"), flags).unwrap();
        let verdict: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(verdict, "ok");
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
        if thread::panicking() {
            let log = self.log();
            super::tell(&log[log.len().saturating_sub(40)..].join("\n"));
        }
    }
}

/// The port in the line that says where the server listens for people.
fn listening(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once("listening address=127.0.0.1:")?;
    rest.trim().parse().ok()
}

fn mailbox(folder: &Path) -> Vec<(String, String)> {
    if !folder.exists() {
        return Vec::new();
    }
    let read = |path: &PathBuf| {
        // A letter that is being written, under a name that it has until then, is read the next time.
        let text = fs::read_to_string(path).ok()?;
        let letter: Value = serde_json::from_str(&text).ok()?;
        Some((letter["to"].as_str()?.to_owned(), letter["text"].as_str()?.to_owned()))
    };
    super::files(folder).iter().filter_map(read).collect()
}
