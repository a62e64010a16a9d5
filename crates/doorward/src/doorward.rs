//! The front door: building a Doorward, mounting it, and letting it work.

use std::{
    future::Future,
    path::{Path, PathBuf},
    sync::{Arc, RwLock},
    time::Duration,
};

use axum::{Router, extract::Request, http::StatusCode, middleware, routing::get};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use doorward_core::{
    AccountId, Clock, EmailAddress, Entropy, KeyRing, Secret, SystemClock, SystemEntropy,
    password::{Hasher, Parameters, Pepper, Peppers},
};

use crate::{
    accounts,
    audit::{self, Stream},
    base::{
        db::{Database, DatabaseUrl},
        mail::{self, Post, Transport},
        outgoing::Place,
        settings::SettingsError,
        turns::Turns,
    },
    clients, connections,
    context::Context,
    domains,
    error::Fault,
    features::{self, Stage},
    federation::{self, ProviderToken, ProviderTokenError},
    guard::{self, Protected},
    metrics::Metrics,
    openid,
    passwords::{self, Pool},
    sessions::Kept,
    settings::Settings,
    signing,
    site::Site,
    tenants::{self, Settled},
};

/// A running authentication system; clones share everything.
#[derive(Clone)]
pub struct Doorward {
    cx: Arc<Context>,
}

/// Collects what a [`Doorward`] needs.
pub struct Builder {
    settings: Settings,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    keys: Option<KeyRing>,
    mailbox: Option<PathBuf>,
    stream: Stream,
}

/// Why a Doorward could not be built.
#[derive(Debug)]
pub enum StartError {
    /// Settings that cannot be used, each with its cure.
    Settings(Vec<SettingsError>),
    /// Something that was needed did not answer.
    Fault(Fault),
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Settings(errors) => errors.iter().try_for_each(|error| writeln!(f, "{error}")),
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for StartError {}

impl From<Fault> for StartError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<SettingsError> for StartError {
    fn from(error: SettingsError) -> Self {
        Self::Settings(vec![error])
    }
}

impl Builder {
    /// Uses these signing keys; without them building fails.
    #[must_use]
    pub fn keys(mut self, keys: KeyRing) -> Self {
        self.keys = Some(keys);
        self
    }

    /// Puts letters into `folder`, shows them at `/auth/dev/mailbox`, and says on every page that this is development.
    #[must_use]
    pub fn development_mailbox(mut self, folder: impl Into<PathBuf>) -> Self {
        self.mailbox = Some(folder.into());
        self
    }

    /// Sends every audit event to `stream` as well.
    #[must_use]
    pub fn audit_stream(mut self, stream: Stream) -> Self {
        self.stream = stream;
        self
    }

    /// Takes the time from `clock`; for tests.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Takes randomness from `entropy`; for tests.
    #[must_use]
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = entropy;
        self
    }

    /// Checks the settings, opens the database, applies missing migrations under a lock, makes those owners who are by the
    /// policy, and sets the hashing memory aside.
    pub async fn build(self) -> Result<Doorward, StartError> {
        let doorward = self.open().await?;
        let applied = doorward.migrate().await?;
        if !applied.is_empty() {
            tracing::info!(?applied, "migrated the database");
        }
        doorward.settle_owners().await?;
        Ok(doorward)
    }

    /// The same without touching the schema: for the command that applies migrations, and for tools that must not.
    pub async fn open(self) -> Result<Doorward, StartError> {
        let dev = self.mailbox.is_some();
        let site = Site::new(&self.settings.site, dev)?;
        let unfit = self.settings.unfit_audiences();
        if !unfit.is_empty() {
            return Err(StartError::Settings(unfit));
        }
        let keys = self
            .keys
            .ok_or_else(|| error("keys.file", "there are no signing keys", "Make them with `doorward keys rotate`."))?;
        let transport = match self.mailbox {
            Some(folder) => Transport::Folder(folder),
            None => Transport::smtp(&self.settings.mail)?,
        };
        let url = DatabaseUrl::parse(&self.settings.database.url).ok_or_else(|| {
            error(
                "database.url",
                "it names no engine that we know",
                "Write sqlite:PATH or postgres://user:password@host/name.",
            )
        })?;
        let site_url = site.public_url.clone();
        let place = if site.https { Place::Elsewhere } else { Place::ThisMachineToo };
        let providers = federation::Registry::new(&self.settings.providers, place, &site.issuer());
        let providers = providers.map_err(StartError::Settings)?;
        let metrics = Metrics::new();
        let hashing = Pool::start(hashers(&self.settings.passwords)?, metrics.hashing_waiting.clone())?;
        let cx = Context {
            db: Database::open(&url, self.settings.database.ca.as_deref().map(Path::new)).await?,
            started_at: self.clock.now(),
            clock: self.clock,
            entropy: self.entropy,
            cookies: site.cookies(),
            site,
            hashing,
            post: Post::new(transport),
            stream: self.stream,
            metrics,
            providers,
            kept: Kept::new(self.settings.sessions.kept),
            memberships: tenants::Kept::new(self.settings.tenants.kept),
            signing: signing::Kept::default(),
            clients: clients::Registry::new(&self.settings.clients, &self.settings.policy.0, &site_url)
                .map_err(StartError::Settings)?,
            turns: Turns::default(),
            ring: RwLock::new(Arc::new(keys)),
            #[cfg(test)]
            meeting: Default::default(),
            settings: self.settings,
        };
        Ok(Doorward { cx: Arc::new(cx) })
    }
}

impl Doorward {
    /// Begins to build one.
    pub fn builder(settings: Settings) -> Builder {
        Builder {
            settings,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            keys: None,
            mailbox: None,
            stream: Stream::default(),
        }
    }

    /// The routes under `/auth`, and `/healthz`, `/readyz` and `/.well-known/oauth-authorization-server/auth`. Merge it: nested,
    /// its pages and letters would lead to where it is not.
    pub fn router(&self) -> Router {
        let (ready, alive) = (self.clone(), Arc::clone(&self.cx));
        let stage = if self.cx.site.dev { Stage::Development } else { Stage::Production };
        let healthz = get(move || async move { guard::line(&alive, StatusCode::OK, "ok\n") });
        let readyz = get(move || async move {
            match ready.cx.db.ping().await {
                Ok(()) => guard::line(&ready.cx, StatusCode::OK, "ready\n"),
                Err(_) => guard::line(&ready.cx, StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
            }
        });
        let health = Router::new().route("/healthz", healthz).route("/readyz", readyz);
        // RFC 8414 section 3.1 puts the well-known part before the path of an issuer.
        let (path, cx) =
            (format!("/.well-known/oauth-authorization-server{}", self.cx.site.base), Arc::clone(&self.cx));
        let described = get(move || async move { guard::document_for_programs(&cx, openid::http::described(&cx)) });
        features::routes(stage).router(&self.cx).merge(health).route(&path, described)
    }

    /// A whole service: [`Doorward::router`], the way from `/` to the account, and a page for everything else.
    pub fn service(&self) -> Router {
        let (cx, home) = (Arc::clone(&self.cx), Arc::clone(&self.cx));
        self.router().route("/", get(move || async move { guard::home(&home) })).fallback(move |request: Request| {
            let response = guard::not_found(&cx, &request);
            async move { response }
        })
    }

    /// Prepares an application's own routes for the guards, which are extractors there: [`SignedIn`](crate::SignedIn) and
    /// [`Reauthenticated`](crate::Reauthenticated) check session, origin and CSRF token. [`Bearer`](crate::Bearer) and
    /// [`LiveBearer`](crate::LiveBearer) check the access token of a program instead. A handler without a guard is open.
    ///
    /// The token of a form (`application/x-www-form-urlencoded`, up to 64 KiB) is found in its field `csrf_token`, whatever
    /// else is in it. Everything else (a larger form, `multipart/form-data`, JSON) sends it in the header `x-csrf-token`.
    /// A larger form without that header is refused before any handler is asked, so an open route that takes such forms is
    /// merged beside this layer.
    ///
    /// A handler that panics is answered 503 and logged with a reference. An application that wants to say something else
    /// catches its panics in a layer of its own, which it puts around its routes before they come here.
    pub fn protect<S: Clone + Send + Sync + 'static>(&self, app: Router<S>) -> Router<S> {
        app.layer(middleware::from_fn_with_state(Protected::new(&self.cx), guard::protect))
    }

    /// A moment at random. The worker waits for it before it looks for orders: only there it turns out whether an address has
    /// an account, and a request that comes right behind would be answered a little later when it has.
    fn pause(&self) -> Duration {
        let mut random = [0; 2];
        self.cx.entropy.fill(&mut random);
        Duration::from_millis(u64::from(u16::from_le_bytes(random) % 1000))
    }

    /// Sends letters, seals the audit log, renews the keys of tokens, tells clients of logouts, looks whether domains are still
    /// proved and clears away what is over, until `stop` is done. Several nodes may do this at once.
    pub async fn work(&self, stop: impl Future<Output = ()>) {
        let letters = || async {
            loop {
                if let Err(fault) = self.deliver_letters().await {
                    tracing::warn!(%fault, "cannot look after letters now");
                    tokio::time::sleep(Duration::from_secs(5)).await;
                }
                self.cx.post.idle().await;
                tokio::time::sleep(self.pause()).await;
            }
        };
        let purge = async {
            loop {
                if let Err(fault) = features::purge(&self.cx).await {
                    tracing::warn!(%fault, "cannot clear away now");
                }
                tokio::time::sleep(Duration::from_secs(60)).await;
            }
        };
        let seal = async {
            loop {
                if let Err(fault) = audit::seal(&self.cx).await {
                    tracing::warn!(%fault, "cannot seal the audit log now");
                }
                tokio::time::sleep(Duration::from_secs(60)).await;
            }
        };
        let keys = async {
            loop {
                if let Err(fault) = signing::keep(&self.cx).await {
                    tracing::error!(%fault, "cannot look after the signing keys now");
                }
                if let Err(fault) = connections::keep(&self.cx).await {
                    tracing::error!(%fault, "cannot look after the secrets of tenants' providers now");
                }
                tokio::time::sleep(Duration::from_secs(60)).await;
            }
        };
        let logouts = async {
            let mut round = openid::Round::default();
            loop {
                if let Err(fault) = openid::tell(&self.cx, &mut round).await {
                    tracing::warn!(%fault, "cannot tell clients of logouts now");
                }
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
        };
        let domains = || async {
            loop {
                if let Err(fault) = domains::recheck(&self.cx).await {
                    tracing::warn!(%fault, "cannot look after the domains of tenants now");
                }
                tokio::time::sleep(Duration::from_secs(60)).await;
            }
        };
        // A slow mail server holds up one of them, not all.
        let letters = async { tokio::join!(letters(), letters(), letters(), letters()) };
        // Nor does a slow name server.
        let domains = async { tokio::join!(domains(), domains(), domains(), domains()) };
        tokio::select! {
            _ = letters => {}
            () = purge => {}
            () = seal => {}
            () = keys => {}
            () = logouts => {}
            _ = domains => {}
            () = stop => {}
        }
    }

    /// Writes and sends the letters that are due now; returns how many orders were taken up.
    pub async fn deliver_letters(&self) -> Result<usize, Fault> {
        mail::deliver(&self.cx, &features::composers()).await
    }

    /// Applies the migrations that are missing; returns their names.
    pub async fn migrate(&self) -> Result<Vec<&'static str>, Fault> {
        self.cx.db.migrate(&features::migrations(), self.cx.clock.now()).await
    }

    /// Makes those owners of tenants who have the role that the policy calls so; refuses where a tenant would have none.
    async fn settle_owners(&self) -> Result<(), StartError> {
        let owner = self.cx.policy().owner();
        match tenants::settle_owners(&self.cx).await? {
            Settled::AsTheyWere => Ok(()),
            Settled::Changed(memberships) => {
                tracing::warn!(%owner, memberships, "policy.owner is another role now: who is an owner has changed");
                Ok(())
            }
            Settled::WouldLeaveAlone(tenants) => {
                let whose = if tenants == 1 { "1 tenant".to_owned() } else { format!("{tenants} tenants") };
                let problem =
                    format!("nobody in {whose} has the role `{owner}`, which would leave them without an owner");
                let cure = "Start with the owner's role of before and give the new one to somebody in each of them, with \
                    `doorward member roles` for instance; then change the setting.";
                Err(error("policy.owner", &problem, cure).into())
            }
        }
    }

    /// Puts other signing keys in force, without a restart.
    pub fn replace_keys(&self, keys: KeyRing) {
        self.cx.replace_keys(keys);
    }

    /// The counters in the Prometheus text format.
    pub fn metrics(&self) -> String {
        self.cx.metrics.text()
    }

    /// Finds an account by its address.
    pub async fn account_of(&self, email: &EmailAddress) -> Result<Option<AccountId>, Fault> {
        Ok(accounts::by_email(&self.cx.db, email).await?.map(|account| account.id))
    }

    /// An access token of a provider for the person of an account, for requests that the application's server makes itself: one
    /// that works for another minute at least, renewed with the provider where the one that is kept is over.
    ///
    /// `None` when none is kept: the provider's `keep_tokens` is off, the person has never come in by it or has unlinked it, or the
    /// account is disabled. It asks the provider only when it must, and then takes up to ten seconds.
    pub async fn provider_token(
        &self,
        account: AccountId,
        provider: &str,
    ) -> Result<Option<ProviderToken>, ProviderTokenError> {
        match self.cx.providers.find(provider) {
            Some(known) => federation::token(&self.cx, account, known).await,
            None => Ok(None),
        }
    }

    /// The database, for the tools of an operator.
    pub fn database(&self) -> &Database {
        &self.cx.db
    }

    pub(crate) fn context(&self) -> &Arc<Context> {
        &self.cx
    }
}

fn hashers(settings: &passwords::Settings) -> Result<Vec<Hasher>, StartError> {
    let parameters = Parameters::new(settings.memory_kib, settings.passes).map_err(|cause| {
        error("passwords.memory_kib", &cause.to_string(), "Use 47104 with 1 pass, 19456 with 2 or 12288 with 3.")
    })?;
    let peppers = Arc::new(peppers(settings)?);
    let no_memory = |_| {
        StartError::Fault(Fault::new("setting hashing memory aside", "there is not enough; lower passwords.threads"))
    };
    (0..passwords::threads(settings))
        .map(|_| Hasher::new(parameters, Arc::clone(&peppers)).map_err(no_memory))
        .collect()
}

fn peppers(settings: &passwords::Settings) -> Result<Peppers, StartError> {
    let parse = |key: &'static str, text: &str| -> Result<Pepper, SettingsError> {
        let malformed = || {
            error(
                key,
                "a pepper is `ID:SECRET`, the secret in base64",
                "Make one with `echo 1:$(openssl rand -base64 32)`.",
            )
        };
        let (id, secret) = text.split_once(':').ok_or_else(malformed)?;
        let secret = secret.trim_end_matches('=');
        let secret =
            URL_SAFE_NO_PAD.decode(secret).or_else(|_| STANDARD_NO_PAD.decode(secret)).map_err(|_| malformed())?;
        Pepper::new(id, Secret::new(secret)).map_err(|cause| error(key, &cause.to_string(), "Use another one."))
    };
    let text = |secret: &crate::base::settings::SecretText| {
        secret.get().and_then(Secret::expose_text).unwrap_or_default().trim().to_owned()
    };
    let (active, retired) = (text(&settings.pepper), text(&settings.old_peppers));
    let active = (!active.is_empty()).then(|| parse("passwords.pepper", &active)).transpose()?;
    let retired =
        retired.split_whitespace().map(|text| parse("passwords.old_peppers", text)).collect::<Result<_, _>>()?;
    Ok(Peppers::new(active, retired)
        .map_err(|cause| error("passwords.old_peppers", &cause.to_string(), "Use other ones."))?)
}

fn error(key: &str, problem: &str, cure: &str) -> SettingsError {
    SettingsError { key: key.to_owned(), problem: problem.to_owned(), cure: cure.to_owned() }
}
