//! Clients that stand in the settings: `[clients.NAME]`.

use std::sync::Arc;

use doorward_core::{ClientId, Secret};
use toml::{Table, Value};

use super::{
    registering::{self, Registration, Surroundings},
    rules::{Authentication, Client},
    secrets::ClientSecretText,
};
use crate::{
    base::settings::{Entry, SecretText, Section, Setting, SettingsError, refuse_unknown},
    policy::Policy,
};

/// The clients of the settings.
#[derive(Clone, Default)]
pub struct Settings(Arc<Vec<Written>>);

/// A client as it stands in the settings.
struct Written {
    id: ClientId,
    registration: Registration,
    secret: SecretText,
    secret_before: SecretText,
}

impl Settings {
    /// The clients, judged by the rest of the settings.
    pub(crate) fn clients(&self, policy: &Policy, public_url: &str) -> Result<Vec<Client>, Vec<SettingsError>> {
        let by = Surroundings { policy, public_url: public_url.trim_end_matches('/') };
        let (mut clients, mut errors) = (Vec::new(), Vec::new());
        for written in self.0.iter() {
            match written.client(by) {
                Ok(client) => clients.push(client),
                Err(more) => errors.extend(more),
            }
        }
        if errors.is_empty() { Ok(clients) } else { Err(errors) }
    }
}

impl Written {
    fn read(id: &str, table: &Table, errors: &mut Vec<SettingsError>) -> Option<Self> {
        let section = format!("clients.{id}");
        let known: Vec<&str> = KEYS.iter().map(|(key, ..)| *key).collect();
        refuse_unknown(&section, table, &known, errors);
        let mut reader = Reader { section: &section, table, errors };
        let registration = Registration {
            id: id.to_owned(),
            name: reader.value("name"),
            authentication: reader.value("authentication"),
            keys: reader.value("keys"),
            grants: reader.value("grants"),
            scopes: reader.value("scopes"),
            resources: reader.value("resources"),
            redirect_uris: reader.value("redirect_uris"),
            post_logout_redirect_uris: reader.value("post_logout_redirect_uris"),
            backchannel_logout_uri: reader.value("backchannel_logout_uri"),
            tenant: reader.tenant(),
            trusted: reader.value("trusted"),
            demands_dpop: reader.value("demands_dpop"),
            algorithm: reader.value("algorithm"),
        };
        let (secret, secret_before) = (reader.value("secret"), reader.value("secret_before"));
        let shape = format!("Write {}.", ClientId::SHAPE);
        let named = id.parse().map_err(|_| errors.push(error(&section, "it is no name of a client", shape)));
        Some(Self { id: named.ok()?, registration, secret, secret_before })
    }

    fn client(&self, by: Surroundings<'_>) -> Result<Client, Vec<SettingsError>> {
        let key = |field| format!("clients.{}.{field}", self.id);
        let told = |mistakes: Vec<registering::Mistake>| {
            let told = mistakes.into_iter().map(|one| error(&key(one.field), &one.problem, one.cure));
            told.collect::<Vec<_>>()
        };
        let mut client = registering::judge(self.id.clone(), &self.registration, by).map_err(told)?;
        let digest = |field, secret: &SecretText| match secret.get().and_then(Secret::expose_text) {
            None => Ok(None),
            Some(text) => match ClientSecretText::parse(text.trim()) {
                Some(secret) => Ok(Some(secret.token().digest())),
                None => Err(vec![error(&key(field), "it is no secret of a client", MAKE_ONE.to_owned())]),
            },
        };
        client.secret = digest("secret", &self.secret)?;
        client.secret_before = digest("secret_before", &self.secret_before)?;
        let has = [client.secret.is_some(), client.secret_before.is_some()];
        let wrong = match (client.authentication == Authentication::Secret, has) {
            (true, [false, _]) => Some(("secret", "there is none", MAKE_ONE)),
            (false, [true, _]) => Some(("secret", "this client proves itself otherwise", "Remove it.")),
            (false, [_, true]) => Some(("secret_before", "this client proves itself otherwise", "Remove it.")),
            _ => None,
        };
        match wrong {
            None => Ok(client),
            Some((field, problem, cure)) => Err(vec![error(&key(field), problem, cure.to_owned())]),
        }
    }
}

/// Reads the keys of one client.
struct Reader<'r> {
    section: &'r str,
    table: &'r Table,
    errors: &'r mut Vec<SettingsError>,
}

impl Reader<'_> {
    fn value<T: Setting + Default>(&mut self, key: &str) -> T {
        let Some(value) = self.table.get(key) else { return T::default() };
        T::read(value).unwrap_or_else(|shape| {
            let key = format!("{}.{key}", self.section);
            self.errors.push(error(&key, &format!("it must be {shape}"), "Correct it or remove the line.".to_owned()));
            T::default()
        })
    }

    fn tenant(&mut self) -> Option<doorward_core::TenantId> {
        let text: String = self.value("tenant");
        let id = text.parse().ok();
        if id.is_none() && !text.is_empty() {
            let cure = "Write its id, which `doorward tenant show` tells: a slug may be somebody else's tomorrow.";
            self.errors.push(error(&format!("{}.tenant", self.section), "it is no id of a tenant", cure.to_owned()));
        }
        id
    }
}

impl Section for Settings {
    const NAME: &'static str = "clients";

    fn reference() -> Vec<Entry> {
        let entry = |(key, shape, doc): &(&'static str, &'static str, &str)| Entry {
            section: "clients.NAME",
            key,
            shape,
            default: String::new(),
            bounds: None,
            doc: (*doc).to_owned(),
        };
        KEYS.iter().map(entry).collect()
    }

    fn read(table: &Table, errors: &mut Vec<SettingsError>) -> Self {
        let mut clients = Vec::new();
        for (id, value) in table {
            match value {
                Value::Table(client) => clients.extend(Written::read(id, client, errors)),
                _ => {
                    let cure = format!("Write [clients.{id}] on a line of its own and the keys under it.");
                    errors.push(error(&format!("clients.{id}"), "it is a client, not a value", cure));
                }
            }
        }
        Self(Arc::new(clients))
    }
}

fn error(key: &str, problem: &str, cure: String) -> SettingsError {
    SettingsError { key: key.to_owned(), problem: problem.to_owned(), cure }
}

const MAKE_ONE: &str = "Make one with `doorward client secret`, and keep it in a file that `secret_file` names.";
const TEXT: &str = <String as Setting>::SHAPE;
const LIST: &str = <Vec<String> as Setting>::SHAPE;
const SWITCH: &str = <bool as Setting>::SHAPE;
const SECRET: &str = <SecretText as Setting>::SHAPE;

/// Every key of a client: its name, what it takes, and what for.
const KEYS: [(&str, &str, &str); 15] = [
    ("name", TEXT, "What people see when they let the client in. `NAME` in the section is what programs call it."),
    (
        "authentication",
        TEXT,
        "How it proves that it is itself: `secret`, `private_key_jwt`, or `none` for a public client, every copy \
        of which is in somebody's hands: an app on a device, a page in a browser.",
    ),
    (
        "secret",
        SECRET,
        "The secret of a confidential client. `doorward client secret` makes one; nothing weaker is taken.",
    ),
    (
        "secret_before",
        SECRET,
        "The secret before it, which works as well. Remove the line when no program uses it any more.",
    ),
    (
        "keys",
        TEXT,
        "For `private_key_jwt`: the public keys as a JSON Web Key Set, each with a `kid`. No address is fetched.",
    ),
    ("grants", LIST, "How it may ask: `authorization_code`, `refresh_token`, `client_credentials`, `device_code`."),
    (
        "scopes",
        LIST,
        "What it may ask for: `openid`, `profile`, `email`, `offline_access`, and permissions of the policy by their \
        whole names.",
    ),
    (
        "resources",
        LIST,
        "For which audiences; the first is meant when it names none. Without any, the public URL of the site.",
    ),
    (
        "redirect_uris",
        LIST,
        "Where people are sent back to, compared byte by byte. https, or http with 127.0.0.1 or [::1], whose port \
        is free; for a public client also a scheme such as `com.example.app:/callback`.",
    ),
    ("post_logout_redirect_uris", LIST, "Where people may be sent after logging out, by the same rules."),
    ("backchannel_logout_uri", TEXT, "Where the client is told that somebody has logged out."),
    ("tenant", TEXT, "The id of the tenant that it belongs to. What it does for itself, it does there."),
    ("trusted", SWITCH, "Whether it is our own, so that nobody is asked whether to let it in."),
    ("demands_dpop", SWITCH, "Whether its tokens are worth nothing without a proof of possession (DPoP)."),
    (
        "algorithm",
        TEXT,
        "How its tokens are signed: `EdDSA`, unless this says `ES256` for programs that know nothing newer.",
    ),
];
