//! What somebody at the server does to the keys that sign tokens.

use crate::{
    Doorward,
    audit::By,
    error::Fault,
    signing::{self, SigningKey},
};

/// Lists the keys that sign, will sign, or still verify.
pub async fn signing_keys(doorward: &Doorward) -> Result<Vec<SigningKey>, Fault> {
    signing::list(doorward.context()).await
}

/// Publishes new keys that sign once everybody can know them, unless such are published already; lists all.
pub async fn rotate_signing_keys(doorward: &Doorward) -> Result<Vec<SigningKey>, Fault> {
    signing::rotate(doorward.context(), By::COMMAND_LINE).await
}

/// Replaces all keys at once: whatever they have signed is refused from now on. Lists the new ones.
pub async fn replace_signing_keys(doorward: &Doorward) -> Result<Vec<SigningKey>, Fault> {
    signing::replace(doorward.context(), By::COMMAND_LINE).await
}
