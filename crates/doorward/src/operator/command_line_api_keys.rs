//! What somebody at the server does to API keys.

use doorward_core::{AccountId, ApiKeyId, TenantId};

use super::{ActError, api_keys as acts};
use crate::{
    Doorward,
    api_keys::{self, KeyInfo},
    error::Fault,
    operators::Hand,
};

/// Lists up to `limit` API keys (at most 1,000), newest first, after the key `after`: all there are, those of one tenant, or
/// those that act for one person.
pub async fn api_keys(
    doorward: &Doorward,
    (tenant, account): (Option<TenantId>, Option<AccountId>),
    after: Option<ApiKeyId>,
    limit: u32,
) -> Result<Vec<KeyInfo>, Fault> {
    api_keys::list_all(doorward.context(), (tenant, account), after, i64::from(limit.clamp(1, 1000))).await
}

/// Takes an API key back: it gets no token any more, and those that it got are void.
pub async fn revoke_api_key(doorward: &Doorward, id: ApiKeyId) -> Result<(), ActError> {
    Ok(acts::revoke(doorward.context(), Hand::COMMAND_LINE, id).await?)
}
