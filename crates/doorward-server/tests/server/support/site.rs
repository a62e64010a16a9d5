//! A server in a folder of its own.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::Value;
use tempfile::TempDir;

use super::{Client, Said, doorward, finish, fresh_database, signal, until};

/// Lines that a process has written so far.
type Lines = Arc<Mutex<Vec<String>>>;

/// A folder with data, and the server over it while it runs.
pub(crate) struct Site {
    folder: Arc<TempDir>,
    server: Option<Child>,
    which: Vec<String>,
    pub(crate) port: u16,
    pub(crate) metrics_port: u16,
    stdout: Lines,
    stderr: Lines,
}

/// Settings of a server in production as far as one machine allows; `more` is added.
pub(crate) fn config(folder: &Path, more: &str) -> String {
    let at = |name: &str| folder.join(name).display().to_string();
    format!(
        "[site]\npublic_url = \"http://localhost:4400\"\n[danger]\nallow_http_public_url = true\n\
         [mail]\nsmtp_host = \"127.0.0.1\"\nsmtp_port = 9\nsmtp_security = \"none\"\n\
         [database]\nurl = \"sqlite:{}\"\n[keys]\nfile = \"{}\"\n[server]\nlisten = \"127.0.0.1:0\"\n{more}",
        at("doorward.db"),
        at("keys"),
    )
}

impl Site {
    /// Starts `doorward dev` on a free port.
    pub(crate) fn dev(args: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let data = folder.path().join("data");
        let which = vec!["--folder".to_owned(), data.display().to_string()];
        let mut site = Self::new(folder, which);
        site.start(&[&["dev", "--port", "0"], args].concat());
        site
    }

    /// Starts `doorward serve`.
    pub(crate) fn serve(args: &[&str], more: &str) -> Self {
        Self::served(args, |folder| config(folder, more))
    }

    /// Starts `doorward serve` on a PostgreSQL database of its own, at its public URL.
    pub(crate) fn serve_on_postgres(args: &[&str]) -> Self {
        let url = fresh_database();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self::served(args, |folder| {
            let embedded = format!("sqlite:{}", folder.join("doorward.db").display());
            let at = |text: String, from: &str, host: &str| text.replace(from, &format!("{host}:{free}"));
            let text = config(folder, "").replace(&embedded, &url);
            at(at(text, "localhost:4400", "localhost"), "127.0.0.1:0", "127.0.0.1")
        })
    }

    fn served(args: &[&str], settings: impl FnOnce(&Path) -> String) -> Self {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("doorward.toml");
        fs::write(&file, settings(folder.path())).unwrap();
        let which = vec!["--config".to_owned(), file.display().to_string()];
        let mut site = Self::new(folder, which);
        assert_eq!(site.run(&["keys", "rotate"]).code, Some(0));
        site.start(&[&["serve"], args].concat());
        site
    }

    /// Starts `doorward serve` once more with the same settings, on a port of its own: another process over the same
    /// database and keys.
    pub(crate) fn another(&self, args: &[&str]) -> Self {
        let settings = fs::read_to_string(self.beside("doorward.toml")).unwrap();
        let file = self.beside("another.toml");
        fs::write(
            &file,
            settings.replace(&format!("listen = \"127.0.0.1:{}\"", self.port), "listen = \"127.0.0.1:0\""),
        )
        .unwrap();
        let which = vec!["--config".to_owned(), file.display().to_string()];
        let mut site = Self::new(Arc::clone(&self.folder), which);
        site.start(&[&["serve"], args].concat());
        site
    }

    fn new(folder: impl Into<Arc<TempDir>>, which: Vec<String>) -> Self {
        Self {
            folder: folder.into(),
            server: None,
            which,
            port: 0,
            metrics_port: 0,
            stdout: Lines::default(),
            stderr: Lines::default(),
        }
    }

    /// Starts the server and waits until it listens.
    pub(crate) fn start(&mut self, args: &[&str]) {
        let which: Vec<&str> = self.which.iter().map(String::as_str).collect();
        self.begin(doorward(&[&which, args].concat()));
    }

    /// Starts `doorward dev` with so many open files at first, and so many when it asks for more.
    pub(crate) fn dev_with_files(soft: u32, hard: u32) -> Self {
        let folder = TempDir::new().unwrap();
        let data = folder.path().join("data").display().to_string();
        let binary = doorward(&[]);
        let mut command = Command::new("sh");
        let limited = format!("ulimit -S -n {soft} && ulimit -H -n {hard} && exec \"$0\" dev --port 0 --folder \"$1\"");
        command.args(["-c", &limited]).arg(binary.get_program()).arg(&data);
        let mut site = Self::new(folder, vec!["--folder".to_owned(), data]);
        site.begin(command);
        site
    }

    fn begin(&mut self, mut command: Command) {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        self.stdout = collect(child.stdout.take().unwrap());
        self.stderr = collect(child.stderr.take().unwrap());
        self.server = Some(child);
        until("the server listens", || self.listening("\"listening\"", "listening address").is_some());
        self.port = self.listening("\"listening\"", "listening address").unwrap();
        self.metrics_port = self.listening("\"listening for /metrics\"", "listening for /metrics address").unwrap_or(0);
    }

    /// Sends SIGTERM and gives the exit code.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        self.signal("TERM");
        let mut server = self.server.take().unwrap();
        let mut code = None;
        until("the server stops", || {
            code = server.try_wait().unwrap();
            code.is_some()
        });
        code.unwrap().code()
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(self.server.as_ref().unwrap().id(), name);
    }

    /// The most memory that the server has held at any moment, in bytes.
    #[cfg(target_os = "linux")]
    pub(crate) fn most_memory(&self) -> u64 {
        let pid = self.server.as_ref().unwrap().id();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }

    /// Runs a command about this site.
    pub(crate) fn run(&self, args: &[&str]) -> Said {
        self.run_with(args, "")
    }

    pub(crate) fn run_with(&self, args: &[&str], stdin: &str) -> Said {
        let which: Vec<&str> = self.which.iter().map(String::as_str).collect();
        finish(doorward(&[args, &which].concat()), stdin)
    }

    /// Runs a command that must do its work, and gives what it wrote.
    pub(crate) fn done(&self, args: &[&str]) -> String {
        let said = self.run(args);
        assert_eq!(said.code, Some(0), "{args:?}: {said:?}");
        said.stdout
    }

    /// Runs a command that writes JSON, one object on each line.
    pub(crate) fn objects(&self, args: &[&str]) -> Vec<Value> {
        self.done(args).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Makes an account.
    pub(crate) fn make(&self, email: &str, password: &str) {
        let said = self.run_with(&["user", "create", email, "--password-stdin"], &format!("{password}\n"));
        assert_eq!(said.code, Some(0), "{said:?}");
    }

    /// Makes an account and somebody who is logged in to it.
    pub(crate) fn logged_in(&self, email: &str) -> Client {
        self.make(email, PASSWORD);
        let mut client = self.visitor();
        let answer = client.log_in(email, PASSWORD);
        assert_eq!(answer.status, 200, "{answer:?}");
        client
    }

    pub(crate) fn visitor(&self) -> Client {
        Client::new(self.port)
    }

    /// The folder of the data.
    pub(crate) fn data(&self) -> PathBuf {
        let dev = self.folder.path().join("data");
        if dev.is_dir() { dev } else { self.folder.path().to_owned() }
    }

    /// A path beside the data.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn stdout(&self) -> Vec<String> {
        self.stdout.lock().unwrap().clone()
    }

    pub(crate) fn stderr(&self) -> Vec<String> {
        self.stderr.lock().unwrap().clone()
    }

    /// Waits until the log has a line with this text.
    pub(crate) fn logged(&self, text: &str) {
        until(text, || self.stderr().iter().any(|line| line.contains(text)));
    }

    /// The token in the newest letter to an address.
    pub(crate) fn token_for(&self, email: &str, path: &str) -> String {
        let mut token = None;
        until("a letter comes", || {
            token = self.letters().iter().rev().find_map(|letter| {
                let (_, rest) = letter["text"].as_str()?.split_once(&format!("{path}?token="))?;
                let to = letter["to"].as_str()? == email;
                to.then(|| rest.split_whitespace().next().unwrap_or_default().to_owned())
            });
            token.is_some()
        });
        token.unwrap()
    }

    fn letters(&self) -> Vec<Value> {
        let names = fs::read_dir(self.data().join("mailbox")).unwrap().map(|entry| entry.unwrap().path());
        let mut names: Vec<PathBuf> = names.filter(|path| path.extension().is_some_and(|is| is == "json")).collect();
        names.sort();
        names.iter().map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap()).collect()
    }

    fn listening(&self, json: &str, text: &str) -> Option<u16> {
        let lines = self.stderr();
        let failed = lines.iter().find(|line| line.starts_with("doorward: "));
        assert!(failed.is_none(), "{failed:?}");
        let line = lines.iter().find(|line| line.contains(json) || line.contains(text))?;
        let port = line.rsplit("127.0.0.1:").next()?;
        port.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

fn collect(from: impl Read + Send + 'static) -> Lines {
    let lines = Lines::default();
    let kept = Arc::clone(&lines);
    thread::spawn(move || {
        for line in BufReader::new(from).lines() {
            kept.lock().unwrap().push(line.unwrap_or_else(|_| "not UTF-8".to_owned()));
        }
    });
    lines
}

/// The password of everybody who does not need another.
pub(crate) const PASSWORD: &str = "seven brown kettles sing";
