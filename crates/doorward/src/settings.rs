//! All settings: one section of each feature, read from one table.

use toml::{Table, Value};

use crate::base::settings::{Entry, Section, SettingsError, settings};

settings! {
    /// Where the data lives.
    "database" DatabaseSettings {
        /// `sqlite:PATH` for a file on this machine, or `postgres://user:password@host/name`. A password is better kept in a file
        /// that `url_file` names.
        url["url"]: String = "sqlite:doorward.db".to_owned();
        /// A PEM file with the certificate authority of the PostgreSQL server, when it is not a public one. A server on another
        /// machine is spoken to over TLS unless the URL says `sslmode=disable`.
        ca["ca"]: Option<String> = None;
    }
}

settings! {
    /// The signing keys of cookies.
    "keys" KeySettings {
        /// The file that holds them; `doorward keys rotate` makes and renews it.
        file["file"]: String = "keys".to_owned();
    }
}

macro_rules! sections {
    ($($(#[$doc:meta])* $field:ident: $type:ty;)*) => {
        /// Everything that an operator may set.
        #[derive(Clone, Default)]
        pub struct Settings {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl Settings {
            /// Reads all sections and reports every mistake at once.
            ///
            /// `extra` names sections that belong to the caller and are left alone.
            pub fn read(table: &Table, extra: &[&str]) -> Result<Self, Vec<SettingsError>> {
                let mut errors = Vec::new();
                let known: Vec<&str> = [$(<$type as Section>::NAME),*].into_iter().chain(extra.iter().copied()).collect();
                crate::base::settings::refuse_unknown("", table, &known, &mut errors);
                let settings = Self { $($field: section(table, &mut errors),)* };
                errors.extend(settings.of_several_sections());
                if errors.is_empty() { Ok(settings) } else { Err(errors) }
            }

            /// Describes every setting, section by section.
            pub fn reference() -> Vec<Entry> {
                [$(<$type as Section>::reference()),*].concat()
            }
        }
    };
}

impl Settings {
    /// What is wrong between sections: the clients name permissions of the policy, and API keys audiences like those of clients.
    fn of_several_sections(&self) -> Vec<SettingsError> {
        let clients = self.clients.clients(&self.policy.0, &self.site.public_url).err().unwrap_or_default();
        [clients, self.domains.mistakes(), self.unfit_audiences()].concat()
    }

    /// The audiences of API keys that are none.
    pub(crate) fn unfit_audiences(&self) -> Vec<SettingsError> {
        crate::clients::unfit_resources("api_keys.resources", &self.api_keys.resources)
    }
}

sections! {
    /// The site that people see.
    site: crate::site::Settings;
    /// Where the data lives.
    database: DatabaseSettings;
    /// The signing keys of cookies.
    keys: KeySettings;
    /// How letters leave.
    mail: crate::base::mail::Settings;
    /// Passwords.
    passwords: crate::passwords::Settings;
    /// Sessions of browsers.
    sessions: crate::sessions::Settings;
    /// Failed attempts to log in.
    attempts: crate::attempts::Settings;
    /// Sign-up.
    signup: crate::signup::Settings;
    /// Reset links.
    password_reset: crate::password_reset::Settings;
    /// Changes of address.
    email_change: crate::email_change::Settings;
    /// Proving oneself once more.
    reauthentication: crate::reauthentication::Settings;
    /// Letting clients in.
    authorization: crate::authorization::Settings;
    /// Tokens for programs.
    tokens: crate::tokens::Settings;
    /// API keys.
    api_keys: crate::api_keys::Settings;
    /// The audit log.
    audit: crate::audit::Settings;
    /// Roles and permissions.
    policy: crate::policy::Settings;
    /// Tenants.
    tenants: crate::tenants::Settings;
    /// Invitations to tenants.
    invitations: crate::invitations::Settings;
    /// Email domains of tenants.
    domains: crate::domains::Settings;
    /// Providers that tenants have brought.
    connections: crate::connections::Settings;
    /// The keys that sign tokens.
    signing: crate::signing::Settings;
    /// Programs that may ask for tokens.
    clients: crate::clients::Settings;
    /// Providers by which people may come in.
    providers: crate::federation::Settings;
}

/// Reads one section of `table`; also for sections that a program adds of its own.
pub fn section<S: Section>(table: &Table, errors: &mut Vec<SettingsError>) -> S {
    match table.get(S::NAME) {
        None => S::read(&Table::new(), errors),
        Some(Value::Table(section)) => S::read(section, errors),
        Some(_) => {
            let cure = format!("Write [{}] on a line of its own and the keys under it.", S::NAME);
            errors.push(SettingsError {
                key: S::NAME.to_owned(),
                problem: "it is a section, not a value".to_owned(),
                cure,
            });
            S::read(&Table::new(), errors)
        }
    }
}
