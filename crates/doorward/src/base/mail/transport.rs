//! The ways out: an SMTP server, or a folder on this machine that the mailbox page shows.

use std::{fs, io, path::PathBuf, time::Duration};

use doorward_core::EmailAddress;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, MultiPart},
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};
use serde::{Deserialize, Serialize};

use super::{Settings, letter::Letter};
use crate::{base::settings::SettingsError, error::Fault};

/// How letters leave.
#[allow(clippy::large_enum_variant, reason = "there is one")]
pub(crate) enum Transport {
    /// Through an SMTP server.
    Smtp { client: AsyncSmtpTransport<Tokio1Executor>, from: Mailbox },
    /// Into a folder: development only.
    Folder(PathBuf),
}

/// One letter in the folder, as the mailbox page reads it.
#[derive(Serialize, Deserialize)]
pub(crate) struct MailboxEntry {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

impl Transport {
    /// Prepares the connection that the settings describe; nothing is contacted yet.
    pub(crate) fn smtp(settings: &Settings) -> Result<Self, SettingsError> {
        let from = settings
            .from
            .parse()
            .map_err(|_| error("from", "it is no mail address", "Write `Name <name@example.com>`."))?;
        let host = &settings.smtp_host;
        let tls = match settings.smtp_security.as_str() {
            "tls" => Tls::Wrapper(tls(settings)?),
            "starttls" => Tls::Required(tls(settings)?),
            "none" if matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1") => Tls::None,
            "none" => {
                return Err(error(
                    "smtp_security",
                    "letters with links would travel in the clear",
                    "Use `tls` or `starttls`.",
                ));
            }
            _ => {
                return Err(error(
                    "smtp_security",
                    "it must be `tls`, `starttls` or `none`",
                    "Use `tls` for port 465, `starttls` for 587.",
                ));
            }
        };
        let port = u16::try_from(settings.smtp_port).unwrap_or(465);
        let mut client =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host).port(port).tls(tls).timeout(Some(PATIENCE));
        if let (Some(user), Some(password)) = (&settings.smtp_username, settings.smtp_password.get()) {
            let password = password.expose_text().unwrap_or_default().trim_end().to_owned();
            client = client.credentials(Credentials::new(user.clone(), password));
        }
        Ok(Self::Smtp { client: client.build(), from })
    }

    /// Sends one letter; a letter that was refused is a fault, to be tried again.
    pub(crate) async fn send(&self, to: &EmailAddress, letter: &Letter) -> Result<(), Fault> {
        match self {
            Self::Smtp { client, from } => {
                let to = to.as_str().parse::<Mailbox>().map_err(failed)?;
                let bodies = MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone());
                let message = Message::builder()
                    .from(from.clone())
                    .to(to)
                    .subject(&letter.subject)
                    .multipart(bodies)
                    .map_err(failed)?;
                client.send(message).await.map(drop).map_err(failed)
            }
            Self::Folder(folder) => put(folder, to, letter).map_err(failed),
        }
    }
}

/// Reads the newest letters of the mailbox folder, newest first, with the name of each.
pub(crate) fn read_mailbox(folder: &std::path::Path, most: usize) -> io::Result<Vec<(String, MailboxEntry)>> {
    let mut names: Vec<_> = match fs::read_dir(folder) {
        Ok(entries) => entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.ends_with(".json"))
            .collect(),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(cause) => return Err(cause),
    };
    names.sort_unstable_by(|a, b| b.cmp(a));
    names.truncate(most);
    let read = |name: String| -> io::Result<_> {
        let entry = serde_json::from_slice(&fs::read(folder.join(&name))?)?;
        Ok((name.trim_end_matches(".json").to_owned(), entry))
    };
    names.into_iter().map(read).collect()
}

/// Files are named by their number in the order of arrival, and readable by their owner only: they hold working links.
///
/// A letter is written under another name, which reserves its number, and then renamed: whoever reads the folder, also
/// after a kill, sees whole letters only.
fn put(folder: &std::path::Path, to: &EmailAddress, letter: &Letter) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let entry = MailboxEntry {
        to: to.to_string(),
        subject: letter.subject.clone(),
        text: letter.text.clone(),
        html: letter.html.clone(),
    };
    let json = serde_json::to_vec_pretty(&entry)?;
    let mut number = fs::read_dir(folder)?.count();
    loop {
        number += 1;
        let path = folder.join(format!("{number:06}.json"));
        let unfinished = path.with_extension("new");
        match crate::base::files::create_private(&unfinished) {
            // The number was given while we came for it.
            Ok(_) if path.exists() => fs::remove_file(&unfinished)?,
            Ok(mut file) => {
                io::Write::write_all(&mut file, &json)?;
                return fs::rename(&unfinished, &path);
            }
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
            Err(cause) => return Err(cause),
        }
    }
}

fn tls(settings: &Settings) -> Result<TlsParameters, SettingsError> {
    let mut parameters = TlsParameters::builder(settings.smtp_host.clone());
    if let Some(path) = &settings.smtp_ca {
        let pem = fs::read(path)
            .map_err(|cause| error("smtp_ca", &format!("cannot read {path}: {cause}"), "Correct the path."))?;
        let no_certificate = || error("smtp_ca", "it holds no PEM certificate", "Give a PEM file.");
        // A file without any certificate would be read as an empty list, and trust nobody without a word.
        let holds_one = String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----");
        let certificate = Certificate::from_pem(&pem).ok().filter(|_| holds_one).ok_or_else(no_certificate)?;
        parameters = parameters.add_root_certificate(certificate);
    }
    parameters
        .build()
        .map_err(|cause| error("smtp_host", &format!("it cannot be used with TLS: {cause}"), "Give a host name."))
}

fn error(key: &str, problem: &str, cure: &str) -> SettingsError {
    SettingsError { key: format!("mail.{key}"), problem: problem.to_owned(), cure: cure.to_owned() }
}

fn failed(cause: impl std::error::Error + Send + Sync + 'static) -> Fault {
    Fault::new("sending a letter", cause)
}

const PATIENCE: Duration = Duration::from_secs(20);
