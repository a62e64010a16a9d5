//! A Doorward to be measured: its folder, its settings file, and the process that serves it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use doorward::{
    Doorward, KeyFile, Settings,
    core::{Clock, KeyRing, SystemClock, SystemEntropy},
};

use crate::{
    child::{Child, free_port},
    failure::{Failure, Outcome},
};

/// A folder with keys and, unless the database is elsewhere, the database.
pub(crate) struct Setup {
    pub(crate) folder: PathBuf,
    database: String,
    port: u16,
    /// Where letters go; without one they stay in the outbox.
    smtp_port: u16,
}

/// What serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// The `doorward` beside this program.
    Server,
    /// This program, with the library under plain `axum::serve`.
    Library,
}

impl Program {
    /// The real server when it is beside us, else what stands in for it.
    pub(crate) fn best() -> Self {
        if beside("doorward").is_some() { Self::Server } else { Self::Library }
    }

    /// For the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Server => "doorward serve",
            Self::Library => "library under axum::serve",
        }
    }
}

impl Setup {
    /// Sets up `folder` with an embedded database.
    pub(crate) fn embedded(folder: PathBuf, smtp_port: u16) -> Outcome<Self> {
        let database = format!("sqlite:{}", folder.join("doorward.db").display());
        Self::on(folder, database, smtp_port)
    }

    /// Sets up `folder` with the database at a URL.
    pub(crate) fn on(folder: PathBuf, database: String, smtp_port: u16) -> Outcome<Self> {
        fs::create_dir_all(&folder)?;
        let setup = Self { folder, database, port: free_port()?, smtp_port };
        KeyFile::new(setup.folder.join("keys")).ensure(SystemClock.now(), &SystemEntropy)?;
        setup.write_settings()?;
        Ok(setup)
    }

    /// The origin that requests must name.
    pub(crate) fn origin(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// The signing keys.
    pub(crate) fn keys(&self) -> Outcome<KeyRing> {
        Ok(KeyFile::new(self.folder.join("keys")).load()?)
    }

    /// Opens the Doorward in this process, for what has to be there before; its tables are made when they are missing.
    pub(crate) async fn open(&self) -> Outcome<Doorward> {
        let mut settings = read_settings(&self.settings_file())?;
        settings.passwords.threads = 1;
        Ok(Doorward::builder(settings).keys(self.keys()?).build().await?)
    }

    /// Serves it in a process of its own; `workers` is the number of threads that serve requests.
    pub(crate) fn serve(&self, program: Program, workers: Option<usize>) -> Outcome<Child> {
        // Another setup of the same folder may have written its own port meanwhile.
        self.write_settings()?;
        let mut command = match program {
            Program::Server => {
                let path =
                    beside("doorward").ok_or_else(|| Failure::new("there is no `doorward` beside this program"))?;
                let mut command = Command::new(path);
                command.args(["--log", "error", "serve", "--config"]).arg(self.settings_file());
                command
            }
            Program::Library => {
                let mut command = Command::new(std::env::current_exe()?);
                command.arg("serve-doorward").arg(self.settings_file()).arg(self.port.to_string());
                command
            }
        };
        if let Some(workers) = workers {
            command.env("TOKIO_WORKER_THREADS", workers.to_string());
        }
        Child::start(command, self.port, &self.folder)
    }

    fn settings_file(&self) -> PathBuf {
        self.folder.join("doorward.toml")
    }

    /// The defaults of production, apart from plain http on this machine and a proxy on it that is believed, so that
    /// one machine can ask from a thousand addresses.
    fn write_settings(&self) -> Outcome {
        let text = format!(
            r#"
[site]
public_url = "{origin}"
name = "Bench"
trusted_proxies = ["127.0.0.1"]
[server]
listen = "127.0.0.1:{port}"
[danger]
allow_http_public_url = true
[database]
url = "{database}"
[keys]
file = "{keys}"
[mail]
smtp_host = "127.0.0.1"
smtp_port = {smtp_port}
smtp_security = "none"
"#,
            origin = self.origin(),
            port = self.port,
            database = self.database,
            keys = self.folder.join("keys").display(),
            smtp_port = self.smtp_port,
        );
        fs::write(self.settings_file(), text)?;
        Ok(())
    }
}

/// Reads the library's part of a settings file.
pub(crate) fn read_settings(path: &Path) -> Outcome<Settings> {
    let table = fs::read_to_string(path)?.parse::<toml::Table>()?;
    let said = |errors: Vec<_>| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    Settings::read(&table, &["server", "danger"])
        .map_err(|errors: Vec<doorward::config::SettingsError>| Failure::new(said(errors)))
}

/// A fresh folder of this name under `target/bench`.
pub(crate) fn fresh_folder(name: &str) -> Outcome<PathBuf> {
    let folder = bench_folder()?.join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// `target/bench`, beside the folder of the binaries.
pub(crate) fn bench_folder() -> Outcome<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2).ok_or_else(|| Failure::new("this program lies nowhere"))?;
    Ok(target.join("bench"))
}

fn beside(name: &str) -> Option<PathBuf> {
    let path = std::env::current_exe().ok()?.with_file_name(name);
    path.is_file().then_some(path)
}
