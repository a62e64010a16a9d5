//! Providers that stand in the settings: `[providers.NAME]`.

use std::{sync::Arc, time::Duration};

use doorward_core::{ProviderName, TenantId};
use toml::{Table, Value};

use super::kinds::{KINDS, Kind};
use crate::base::settings::{
    Entry, SecretText, Section, Setting, SettingsError, closest, days, read_key, refuse_unknown,
};

/// The providers of the settings.
#[derive(Clone, Default)]
pub struct Settings(pub(super) Vec<Arc<Written>>);

impl Settings {
    /// Reads the text of a settings file that has providers and nothing else in it.
    pub fn parse(text: &str) -> Result<Self, Vec<SettingsError>> {
        let malformed =
            |cause: toml::de::Error| vec![error(Self::NAME, cause.message(), "Correct the line.".to_owned())];
        let table: Table = text.parse().map_err(malformed)?;
        let mut errors = Vec::new();
        refuse_unknown("", &table, &[Self::NAME], &mut errors);
        let settings = crate::settings::section(&table, &mut errors);
        if errors.is_empty() { Ok(settings) } else { Err(errors) }
    }
}

/// A provider as it stands in the settings.
pub(super) struct Written {
    pub(super) name: ProviderName,
    pub(super) kind: &'static dyn Kind,
    pub(super) label: String,
    pub(super) client_id: String,
    pub(super) client_secret: SecretText,
    pub(super) issuer: String,
    pub(super) scopes: Vec<String>,
    pub(super) domains: Vec<String>,
    /// Whether somebody who comes first gets an account; `None` for what `signup.open` says.
    pub(super) sign_up: Option<bool>,
    pub(super) allow_private_addresses: bool,
    pub(super) keep_tokens: bool,
    /// How long what it has said of somebody carries a session; `None` for as long as that lasts.
    pub(super) recheck: Option<Duration>,
    /// The tenant that has brought it, with the version of what it has written; `None` for one of the settings.
    pub(super) tenant: Option<(TenantId, i64)>,
    pub(super) team_id: String,
    pub(super) key_id: String,
    pub(super) key: SecretText,
    pub(super) tenants: Vec<String>,
    pub(super) api: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) userinfo_endpoint: String,
    pub(super) subject_field: String,
    pub(super) subject_shape: String,
    pub(super) email_field: String,
    pub(super) email_verified_field: String,
    pub(super) name_field: String,
}

impl Written {
    /// The issuer that was written, or else the kind's own.
    pub(super) fn issuer_or<'w>(&'w self, own: &'w str) -> &'w str {
        if self.issuer.is_empty() { own } else { &self.issuer }
    }

    fn read(name: &str, table: &Table, errors: &mut Vec<SettingsError>) -> Option<Self> {
        let section = format!("providers.{name}");
        let shape = format!("Write {}.", ProviderName::SHAPE);
        let named = name.parse().map_err(|_| errors.push(error(&section, "it is no name of a provider", shape)));
        let kind = kind(&section, table, errors)?;
        let known: Vec<&str> = COMMON.iter().map(|(key, ..)| *key).chain(kind.keys().iter().copied()).collect();
        refuse_unknown(&section, table, &known, errors);
        let mut reader = Reader { section: &section, table, errors };
        let written = Self {
            name: named.ok()?,
            kind,
            label: reader.value("label", kind.label()),
            client_id: reader.value("client_id", ""),
            client_secret: reader.value("client_secret", SecretText::default()),
            issuer: reader.value("issuer", ""),
            scopes: reader.value("scopes", Vec::new()),
            domains: reader.value("domains", Vec::new()),
            sign_up: table.contains_key("sign_up").then(|| reader.value("sign_up", false)),
            allow_private_addresses: reader.value("allow_private_addresses", false),
            keep_tokens: reader.value("keep_tokens", false),
            recheck: read_key((&section, "recheck_secs"), table, None, Some(RECHECK), reader.errors),
            tenant: None,
            team_id: reader.value("team_id", ""),
            key_id: reader.value("key_id", ""),
            key: reader.value("key", SecretText::default()),
            tenants: reader.value("tenants", Vec::new()),
            api: reader.value("api", ""),
            authorization_endpoint: reader.value("authorization_endpoint", ""),
            token_endpoint: reader.value("token_endpoint", ""),
            userinfo_endpoint: reader.value("userinfo_endpoint", ""),
            subject_field: reader.value("subject_field", "id"),
            subject_shape: reader.value("subject_shape", "text"),
            email_field: reader.value("email_field", "email"),
            email_verified_field: reader.value("email_verified_field", ""),
            name_field: reader.value("name_field", "name"),
        };
        if written.client_id.trim().is_empty() {
            let cure = "Write the client id that the provider gave you.".to_owned();
            reader.errors.push(error(&format!("{section}.client_id"), "there is none", cure));
        }
        if written.client_secret.get().is_none() && !kind.makes_its_secret() {
            let cure = "Keep the secret that the provider gave you in a file, and name it with `client_secret_file`.";
            reader.errors.push(error(&format!("{section}.client_secret"), "there is none", cure.to_owned()));
        }
        Some(written)
    }
}

/// The kind that a provider is of; without it nothing else can be judged.
fn kind(section: &str, table: &Table, errors: &mut Vec<SettingsError>) -> Option<&'static dyn Kind> {
    let named = table.get("kind").and_then(Value::as_str).unwrap_or_default();
    let found = KINDS.into_iter().find(|kind| kind.name() == named);
    if found.is_none() {
        let names = KINDS.map(Kind::name);
        let cure = match closest(named, &names) {
            Some(near) if !named.is_empty() => format!("Did you mean `{near}`?"),
            _ => format!("Write one of: {}.", names.join(", ")),
        };
        errors.push(error(&format!("{section}.kind"), "there is no such kind of provider", cure));
    }
    found
}

/// Reads the keys of one provider.
struct Reader<'r> {
    section: &'r str,
    table: &'r Table,
    errors: &'r mut Vec<SettingsError>,
}

impl Reader<'_> {
    fn value<T: Setting>(&mut self, key: &str, default: impl Into<T>) -> T {
        let default = default.into();
        let Some(value) = self.table.get(key) else { return default };
        T::read(value).unwrap_or_else(|shape| {
            let key = format!("{}.{key}", self.section);
            self.errors.push(error(&key, &format!("it must be {shape}"), "Correct it or remove the line.".to_owned()));
            default
        })
    }
}

impl Section for Settings {
    const NAME: &'static str = "providers";

    fn reference() -> Vec<Entry> {
        let entry = |(key, shape, default, doc): &(&'static str, &'static str, &str, &str)| Entry {
            section: "providers.NAME",
            key,
            shape,
            default: String::new(),
            bounds: (*key == "recheck_secs").then(|| (RECHECK.0.show(), RECHECK.1.show())),
            doc: if default.is_empty() { (*doc).to_owned() } else { format!("{doc} Without it `{default}`.") },
        };
        COMMON.iter().chain(&OF_KINDS).map(entry).collect()
    }

    fn read(table: &Table, errors: &mut Vec<SettingsError>) -> Self {
        let mut providers = Vec::new();
        for (name, value) in table {
            match value {
                Value::Table(provider) => {
                    providers.extend(Written::read(name, provider, errors).map(Arc::new));
                }
                _ => {
                    let cure = format!("Write [providers.{name}] on a line of its own and the keys under it.");
                    errors.push(error(&format!("providers.{name}"), "it is a provider, not a value", cure));
                }
            }
        }
        Self(providers)
    }
}

pub(super) fn error(key: &str, problem: &str, cure: String) -> SettingsError {
    SettingsError { key: key.to_owned(), problem: problem.to_owned(), cure }
}

const TEXT: &str = <String as Setting>::SHAPE;
const LIST: &str = <Vec<String> as Setting>::SHAPE;
const SWITCH: &str = <bool as Setting>::SHAPE;
const SECRET: &str = <SecretText as Setting>::SHAPE;
const SPAN: &str = <Option<Duration> as Setting>::SHAPE;

/// The keys that every provider has: each with its shape, its default, and what it is for.
const COMMON: [(&str, &str, &str, &str); 11] = [
    (
        "kind",
        TEXT,
        "",
        "`google`, `google-workspace`, `github`, `entra`, `gitlab`, `apple`, `openid` for any OpenID Connect provider, or `oauth2` for \
        what speaks OAuth 2 alone. `NAME` in the section is part of the redirect URI and stands in the audit log.",
    ),
    ("label", TEXT, "", "What stands on its button. Without it, what the kind is called."),
    ("client_id", TEXT, "", "The name that the provider gave this service."),
    ("client_secret", SECRET, "", "The secret that goes with it."),
    (
        "issuer",
        TEXT,
        "",
        "Where the provider is, exactly as it says it of itself. The known kinds know it; write it for a GitLab or a GitHub of \
        your own, \
        for Entra in a national cloud, and for `openid` and `oauth2`. People are known by it, so who changes it makes strangers of \
        them.",
    ),
    ("scopes", LIST, "", "What else is asked for, besides what the kind needs."),
    (
        "domains",
        LIST,
        "",
        "Only people of these domains come in: by the claim `hd` of `google-workspace`, else by the address that the provider vouches \
        for. Empty: everybody.",
    ),
    (
        "sign_up",
        SWITCH,
        "",
        "Whether somebody who comes for the first time gets an account. Without it, what `signup.open` says.",
    ),
    (
        "allow_private_addresses",
        SWITCH,
        "",
        "Whether the provider may be at an address that only this network reaches. Else such an address is not called, whoever \
        controls the name that leads to it.",
    ),
    (
        "keep_tokens",
        SWITCH,
        "",
        "Whether what the provider hands out is kept, sealed, for the application's own server, and not dropped. To have it renewed \
        while its person is away, ask for what the provider calls so in `scopes`, mostly `offline_access`.",
    ),
    (
        "recheck_secs",
        SPAN,
        "",
        "How long a session that it has opened gives access until it is asked once more who that is. Without it \
        it is not asked again. Only for those that give an ID token.",
    ),
];

/// Between what a span until a provider is asked again may be.
const RECHECK: (Option<Duration>, Option<Duration>) = (Some(Duration::from_secs(300)), Some(days(30)));

/// The keys of some kinds.
const OF_KINDS: [(&str, &str, &str, &str); 13] = [
    ("team_id", TEXT, "", "For `apple`: the id of the team that the service belongs to."),
    ("key_id", TEXT, "", "For `apple`: the id of the key."),
    (
        "key",
        SECRET,
        "",
        "For `apple`: the private key, which is in the file `AuthKey_….p8`. The secret is made from it for each request.",
    ),
    ("tenants", LIST, "", "For `entra`: the ids of the tenants whose people may come in."),
    (
        "api",
        TEXT,
        "",
        "For `github`: where its interface is, when it is neither GitHub's nor below `issuer` at `/api/v3`.",
    ),
    ("authorization_endpoint", TEXT, "", "For `oauth2`: where people are sent."),
    ("token_endpoint", TEXT, "", "For `oauth2`: where the code is exchanged."),
    ("userinfo_endpoint", TEXT, "", "For `oauth2`: the document about the person, which the token opens."),
    (
        "subject_field",
        TEXT,
        "id",
        "For `oauth2`: what in that document names the person and never changes; `data.id` for a field within a field.",
    ),
    (
        "subject_shape",
        TEXT,
        "text",
        "For `oauth2`: whether that is a `text` or a `number`. The other one is refused, because both would look alike.",
    ),
    ("email_field", TEXT, "email", "For `oauth2`: the field with the address."),
    (
        "email_verified_field",
        TEXT,
        "",
        "For `oauth2`: the field that is `true` when the provider vouches for the address. Without it it vouches for none, so nobody \
        gets an account by it: people link it to the one that they have.",
    ),
    ("name_field", TEXT, "name", "For `oauth2`: the field with the name that people show."),
];
