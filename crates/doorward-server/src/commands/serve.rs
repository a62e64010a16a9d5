//! `doorward serve`: a server for production.

use clap::Args;
use doorward::Doorward;

use super::{serve_until_done, wait};
use crate::{
    cli::Global,
    failure::Failure,
    serve::{self, Sockets, audit_lines},
    settings::{Loaded, production},
};

/// `doorward serve`
#[derive(Args)]
#[command(after_help = "\
Examples:
  doorward serve                                 settings from doorward.toml and the environment
  doorward serve --config /etc/doorward.toml
  DOORWARD_SERVER__LISTEN=0.0.0.0:8080 doorward serve

It refuses to start with plain http, missing or sample secrets, keys that others may read, or settings that do not exist.
SIGTERM finishes running requests and stops; SIGHUP reads the signing keys again.")]
pub(crate) struct Serve {
    /// Writes audit events to standard output, one line of JSON each, as `audit.stream = true` does
    #[arg(long)]
    audit_stream: bool,
}

impl Serve {
    /// Serves until told to stop.
    pub(crate) fn run(self, global: &Global) -> Result<(), Failure> {
        let source = global.production()?;
        let mut loaded = None;
        wait(async {
            loaded = Some(production::load(&source).await?);
            Ok(())
        })?;
        let loaded = loaded.expect("settings that were not refused are there");
        let mut lines = None;
        let result = serve_until_done(loaded.server.workers, self.serve(loaded, &mut lines));
        lines.into_iter().for_each(audit_lines::Writer::finish);
        result
    }

    async fn serve(self, loaded: Loaded, lines: &mut Option<audit_lines::Writer>) -> Result<(), Failure> {
        if loaded.danger.allow_http_public_url {
            tracing::warn!("danger.allow_http_public_url is set: passwords and cookies may travel in the clear");
        }
        let public = vec![serve::bind(loaded.server.listen, "server.listen").await?];
        let metrics = match loaded.server.metrics_listen {
            Some(address) => Some(serve::bind(address, "server.metrics_listen").await?),
            None => None,
        };
        let keys = loaded.keys();
        let cure = "Make the keys with `doorward keys rotate`.";
        let ring = keys.load().map_err(|cause| Failure::usage(cause.to_string().trim_end_matches('.'), cure))?;
        let stream = self.audit_stream || loaded.settings.audit.stream;
        let mut builder = Doorward::builder(loaded.settings).keys(ring);
        if stream {
            let (stream, writer) = audit_lines::start();
            *lines = Some(writer);
            builder = builder.audit_stream(stream);
        }
        let doorward = builder.build().await.map_err(|error| loaded.origins.failure(error))?;
        serve::run(doorward, Sockets { public, metrics }, keys).await
    }
}
