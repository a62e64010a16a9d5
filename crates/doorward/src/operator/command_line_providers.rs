//! What somebody at the server sees of providers, and tries.

use doorward_core::ProviderName;

use super::{ActError, providers as acts};
use crate::{Doorward, federation::Trial, operators::Hand};

/// A provider of the settings, without its secret.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Its name in the settings.
    pub name: ProviderName,
    /// What stands on its button.
    pub label: String,
    /// What kind it is of.
    pub kind: &'static str,
    /// What is to be registered with it.
    pub redirect_uri: String,
}

/// The providers of the settings, by their names.
pub fn providers(doorward: &Doorward) -> Vec<Provider> {
    let each = |known: &std::sync::Arc<crate::federation::Provider>| Provider {
        name: known.name().clone(),
        label: known.label().to_owned(),
        kind: known.kind(),
        redirect_uri: known.redirect_uri().to_owned(),
    };
    doorward.context().providers.iter().map(each).collect()
}

/// Tries everything about a provider that can be tried without a person; `None` when there is none of this name.
///
/// It calls the provider up to five times, each time for at most five seconds, and writes one event.
pub async fn try_provider(doorward: &Doorward, name: &str) -> Result<Option<Trial>, ActError> {
    let cx = doorward.context();
    let Some(provider) = cx.providers.find(name) else { return Ok(None) };
    Ok(Some(acts::try_out(cx, Hand::COMMAND_LINE, provider).await?))
}
