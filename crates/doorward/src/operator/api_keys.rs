//! API keys, for somebody who runs the service.

use doorward_core::ApiKeyId;

use super::{
    denied::ActDenied,
    flow::{begin, written},
};
use crate::{
    api_keys,
    audit::{Action, Target},
    context::Context,
    error::Refusal,
    operators::Hand,
};

/// Takes a key back, whoever it belongs to: it gets no token any more, and those that it got are void.
pub(crate) async fn revoke(cx: &Context, by: Hand, id: ApiKeyId) -> Result<(), Refusal<ActDenied>> {
    let mut tx = begin(cx).await?;
    let tenant = api_keys::take_back(cx, &mut tx, id).await?;
    let event = by.did(Action::ApiKeyRevoked).on(Target::ApiKey(id)).within(tenant);
    written(cx, by, &mut tx, event).await?;
    Ok(tx.commit().await?)
}
