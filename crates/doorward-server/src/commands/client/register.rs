//! Registering a client.

use std::path::PathBuf;

use clap::Args;
use doorward::{
    Doorward,
    operate::{self, ClientSecretText, Registration},
};

use super::read;
use crate::{commands::tenant_named, failure::Failure, output};

/// `doorward client register`
#[derive(Args)]
#[command(after_help = "\
Examples:
  A web application with a server of its own; its secret is shown this once:
    doorward client register \"The shop\" --authentication secret --grant authorization_code,refresh_token \\
      --scope openid,profile,email --redirect-uri https://shop.example.com/callback

  An app on people's devices, which can keep no secret:
    doorward client register \"The app\" --authentication none --grant authorization_code,refresh_token \\
      --scope openid,offline_access --redirect-uri com.example.app:/callback --redirect-uri http://127.0.0.1/callback

  A service that acts for itself in a tenant, with a key of its own:
    doorward client register \"Nightly export\" --authentication private_key_jwt --keys-file jwks.json \\
      --grant client_credentials --tenant acme --scope invoices:read

Redirect URIs are compared letter by letter. Of http://127.0.0.1 and http://[::1] any port matches; `localhost` is not taken.")]
pub(crate) struct Register {
    /// Its name for people
    name: String,
    /// What programs call it [default: one that is made up]
    #[arg(long)]
    id: Option<String>,
    /// How it proves itself: secret, private_key_jwt, or none for a public client
    #[arg(long, value_name = "HOW")]
    authentication: String,
    /// For private_key_jwt: a file with its public keys, a JSON Web Key Set
    #[arg(long, value_name = "FILE")]
    keys_file: Option<PathBuf>,
    /// How it may ask: authorization_code, refresh_token, client_credentials, device_code
    #[arg(long = "grant", required = true, value_name = "GRANT", value_delimiter = ',')]
    grants: Vec<String>,
    /// What it may ask for: openid, profile, email, offline_access, and permissions of the policy
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',')]
    scopes: Vec<String>,
    /// An audience that it may name; the first is meant when it names none [default: the public URL of the site]
    #[arg(long = "resource", value_name = "URI")]
    resources: Vec<String>,
    /// Where people are sent back to
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// Where they may be sent after logging out
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    post_logout_redirect_uris: Vec<String>,
    /// Where it is told that somebody has logged out
    #[arg(long, value_name = "URI")]
    backchannel_logout_uri: Option<String>,
    /// The tenant that it belongs to
    #[arg(long, value_name = "SLUG|ID")]
    tenant: Option<String>,
    /// It is our own: nobody is asked whether to let it in
    #[arg(long)]
    trusted: bool,
    /// Its tokens are worth nothing without a proof of possession (DPoP)
    #[arg(long)]
    demands_dpop: bool,
    /// How its tokens are signed: EdDSA or ES256 [default: EdDSA]
    #[arg(long)]
    algorithm: Option<String>,
    /// Writes one JSON object
    #[arg(long)]
    json: bool,
}

impl Register {
    pub(super) async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let tenant = match &self.tenant {
            Some(named) => Some(tenant_named(doorward, named).await?.id),
            None => None,
        };
        let unreadable = |path: &PathBuf, cause| {
            Failure::usage(
                format!("cannot read {}: {cause}", path.display()),
                "Correct the path, its owner or its mode.",
            )
        };
        let keys =
            self.keys_file.as_ref().map(|path| std::fs::read_to_string(path).map_err(|cause| unreadable(path, cause)));
        let written = Registration {
            id: self.id.unwrap_or_default(),
            name: self.name,
            authentication: self.authentication,
            keys: keys.transpose()?.unwrap_or_default(),
            grants: self.grants,
            scopes: self.scopes,
            resources: self.resources,
            redirect_uris: self.redirect_uris,
            post_logout_redirect_uris: self.post_logout_redirect_uris,
            backchannel_logout_uri: self.backchannel_logout_uri.unwrap_or_default(),
            tenant,
            trusted: self.trusted,
            demands_dpop: self.demands_dpop,
            algorithm: self.algorithm.unwrap_or_default(),
        };
        let made = operate::register_client(doorward, &written).await?;
        let secret = made.secret.map(ClientSecretText::reveal);
        if self.json {
            let mut object = read::object(&made.client);
            object["secret"] = secret.into();
            return output::json(&object);
        }
        output::line(&output::one_line(&format!("Registered the client {} ({}).", made.client.id, made.client.name)))?;
        match secret {
            None => Ok(()),
            Some(secret) => {
                output::line("Its secret, shown this once:")?;
                output::line(&secret)
            }
        }
    }
}
