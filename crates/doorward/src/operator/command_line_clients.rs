//! What somebody at the server does to clients.

use std::{sync::Arc, time::Duration};

use doorward_core::ClientId;

use super::{clients as acts, command_line_tenants::ActError};
use crate::{
    Doorward,
    clients::{self, Client, ClientSecretText, Registration},
    error::Fault,
    operators::Hand,
};

const BY: Hand = Hand::COMMAND_LINE;

/// A client that was just registered.
pub struct RegisteredClient {
    /// The client.
    pub client: Client,
    /// Its secret, which is shown this once; `None` when it proves itself otherwise.
    pub secret: Option<ClientSecretText>,
}

/// Registers a client.
pub async fn register_client(doorward: &Doorward, written: &Registration) -> Result<RegisteredClient, ActError> {
    let (client, secret) = acts::register(doorward.context(), BY, written).await?;
    Ok(RegisteredClient { client, secret })
}

/// Gives a client another secret; the one that it has works for `grace` more, 30 days at most.
pub async fn rotate_client_secret(
    doorward: &Doorward,
    id: &ClientId,
    grace: Duration,
) -> Result<ClientSecretText, ActError> {
    Ok(acts::rotate(doorward.context(), BY, id, grace).await?)
}

/// Keeps a client out from its next request on; `false` when it is already.
pub async fn disable_client(doorward: &Doorward, id: &ClientId) -> Result<bool, ActError> {
    Ok(acts::disable(doorward.context(), BY, id).await?)
}

/// Lets a client in again; `false` when it is not kept out.
pub async fn enable_client(doorward: &Doorward, id: &ClientId) -> Result<bool, ActError> {
    Ok(acts::enable(doorward.context(), BY, id).await?)
}

/// Removes a client and everything that it was given.
pub async fn delete_client(doorward: &Doorward, id: &ClientId) -> Result<(), ActError> {
    Ok(acts::delete(doorward.context(), BY, id).await?)
}

/// Finds a client, kept out or not.
pub async fn client(doorward: &Doorward, id: &ClientId) -> Result<Option<Arc<Client>>, Fault> {
    clients::look(doorward.context(), id).await
}

/// Lists up to `limit` clients (at most 1,000) that were registered, newest first. The next page begins after the client
/// `after`.
pub async fn list_clients(doorward: &Doorward, after: Option<&Client>, limit: u32) -> Result<Vec<Client>, Fault> {
    let before = after.map_or(i64::MAX, |client| client.number);
    clients::list(doorward.context(), before, i64::from(limit.clamp(1, 1000))).await
}

/// The clients that stand in the settings, in the order of their names.
pub fn clients_of_settings(doorward: &Doorward) -> Vec<Arc<Client>> {
    doorward.context().clients.of_settings().cloned().collect()
}
