//! `doorward dev`: a server for development, without a single setting.
//!
//! - `server/dev-needs-nothing`: `doorward dev` starts without configuration, on this machine only, and says where to click.
//! - `server/dev-files-private`: What `doorward dev` writes is readable by its owner only.

use std::{
    fs, io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
};

use clap::Args;
use doorward::{
    Doorward,
    core::{Clock, SystemClock, SystemEntropy},
};
use tokio::net::TcpListener;

use super::serve_until_done;
use crate::{
    cli::Global,
    failure::Failure,
    output,
    serve::{self, Sockets, audit_lines},
    settings::{DevFolder, MAILBOX, Source},
};

/// `doorward dev`
#[derive(Args)]
#[command(after_help = "\
Examples:
  doorward dev                       on http://localhost:4400, data in .doorward
  doorward dev --port 5000           on another port
  doorward dev --folder ../mine      with other data

It listens on localhost only. Nothing is mailed: the mailbox page shows every letter. To begin again, delete the folder.
The environment may set what the folder does not decide, for example DOORWARD_SITE__NAME=Acme.")]
pub(crate) struct Dev {
    /// The port on localhost; 0 takes any that is free
    #[arg(long, default_value_t = PORT)]
    port: u16,
    /// Writes audit events to standard output, one line of JSON each
    #[arg(long)]
    audit_stream: bool,
}

/// Where `doorward dev` listens unless told otherwise.
pub(crate) const PORT: u16 = 4400;

impl Default for Dev {
    fn default() -> Self {
        Self { port: PORT, audit_stream: false }
    }
}

impl Dev {
    /// Serves until Ctrl-C.
    pub(crate) fn run(self, global: &Global) -> Result<(), Failure> {
        let folder = global.dev_folder(self.port)?;
        let mut lines = None;
        let result = serve_until_done(0, self.serve(folder, &mut lines));
        lines.into_iter().for_each(audit_lines::Writer::finish);
        result
    }

    async fn serve(self, folder: DevFolder, lines: &mut Option<audit_lines::Writer>) -> Result<(), Failure> {
        let public = local(folder.port).await?;
        let port = public[0].local_addr().map_or(folder.port, |address| address.port());
        let folder = DevFolder { port, ..folder };
        adopt(&folder.path)?;
        let loaded = Source::Folder(folder.clone()).load()?;
        let keys = loaded.keys();
        keys.ensure(SystemClock.now(), &SystemEntropy).map_err(|cause| unusable(&folder.path, &cause))?;
        let ring = keys.load().map_err(|cause| unusable(&folder.path, &cause))?;
        let mut builder = Doorward::builder(loaded.settings.clone()).keys(ring).development_mailbox(folder.mailbox());
        if self.audit_stream || loaded.settings.audit.stream {
            let (stream, writer) = audit_lines::start();
            *lines = Some(writer);
            builder = builder.audit_stream(stream);
        }
        let doorward = builder.build().await.map_err(|error| loaded.origins.failure(error))?;
        output::text(&welcome(&folder))?;
        serve::run(doorward, Sockets { public, metrics: None }, keys).await
    }
}

/// Listens on both loopback addresses, for a browser may take either for `localhost`.
async fn local(port: u16) -> Result<Vec<TcpListener>, Failure> {
    let taken = |cause: io::Error| {
        let what = match cause.kind() {
            io::ErrorKind::AddrInUse => format!("port {port} is taken, perhaps by another `doorward dev`"),
            _ => format!("cannot listen on port {port}: {cause}"),
        };
        Failure::could_not(
            what,
            format!("Choose another with `doorward dev --port {}`.", port.checked_add(1).unwrap_or(PORT)),
        )
    };
    let first = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(taken)?;
    let port = first.local_addr().map_err(taken)?.port();
    match TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, port))).await {
        Ok(second) => Ok(vec![first, second]),
        Err(cause) if cause.kind() == io::ErrorKind::AddrInUse => Err(taken(cause)),
        // A machine without IPv6 has no second address.
        Err(_) => Ok(vec![first]),
    }
}

/// Makes the folder, or takes one that is ours; anything else is not made private under somebody's feet.
fn adopt(folder: &Path) -> Result<(), Failure> {
    let failed = |cause: io::Error| unusable(folder, &cause);
    let is_ours = folder.join("keys").exists();
    let is_used = folder.exists() && fs::read_dir(folder).map_err(failed)?.next().is_some();
    if is_used && !is_ours {
        let what = format!("the folder {} has other things in it", folder.display());
        return Err(Failure::could_not(what, "Name a folder for Doorward alone with --folder."));
    }
    make_private(folder).and_then(|()| make_private(&folder.join(MAILBOX))).map_err(failed)
}

/// Lets only the owner enter a folder: it holds keys, hashes and working links.
fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    #[cfg(unix)]
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}

fn unusable(folder: &Path, cause: &dyn std::error::Error) -> Failure {
    let what = format!("cannot use the folder {}: {}", folder.display(), cause.to_string().trim_end_matches('.'));
    Failure::could_not(what, "Choose another with --folder, or delete it to begin again.")
}

fn welcome(folder: &DevFolder) -> String {
    let url = format!("http://localhost:{}", folder.port);
    format!(
        "Doorward is running, for development on this machine only.

  Sign up   {url}/auth/signup
  Account   {url}/auth/account
  Mailbox   {url}/auth/dev/mailbox  (every letter lands here, nothing is mailed)

  Data      {}  (delete the folder to begin again)
  Stop      Ctrl-C

",
        folder.path.display(),
    )
}
