//! Trying providers out, for somebody who runs the service.

use super::{
    denied::ActDenied,
    flow::{begin, written},
};
use crate::{
    audit::{Action, Detail},
    context::Context,
    error::Refusal,
    federation::{self, Provider, Trial},
    operators::Hand,
};

/// Tries everything about a provider that can be tried without a person. It is written down first: a secret goes out.
pub(crate) async fn try_out(cx: &Context, by: Hand, provider: &Provider) -> Result<Trial, Refusal<ActDenied>> {
    let mut tx = begin(cx).await?;
    let event = by.did(Action::ProviderTried).about(Detail::Provider(provider.name().clone()));
    written(cx, by, &mut tx, event).await?;
    tx.commit().await?;
    Ok(federation::try_out(cx, provider).await)
}
