//! Clients, for somebody who runs the service.

use std::{sync::Arc, time::Duration};

use doorward_core::ClientId;

use super::{denied::ActDenied, flow::written};
use crate::{
    audit::{Action, Target},
    base::db::{Durability, Transaction},
    clients::{self, Client, ClientDenied, ClientSecretText, Disabled, Registration},
    context::Context,
    error::Refusal,
    operators::Hand,
    tenants,
};

type Done<T> = Result<T, Refusal<ActDenied>>;

/// Registers a client; its secret, where it has one, is shown this once.
pub(crate) async fn register(cx: &Context, by: Hand, asked: &Registration) -> Done<(Client, Option<ClientSecretText>)> {
    let (mut client, secret) = clients::register(cx, asked).map_err(denied)?;
    let mut tx = cx.db.begin(Durability::Full).await?;
    if let Some(tenant) = client.tenant
        && tenants::lock(&mut tx, tenant).await?.is_none()
    {
        return Err(denied(ClientDenied::NoSuchTenant));
    }
    clients::insert(cx, &mut tx, &mut client).await?;
    done(cx, by, tx, &client, Action::ClientRegistered).await?;
    Ok((client, secret))
}

/// Gives a client another secret, shown this once; the one that it has works for `grace` more.
pub(crate) async fn rotate(cx: &Context, by: Hand, id: &ClientId, grace: Duration) -> Done<ClientSecretText> {
    let client = own(cx, id).await?;
    let mut tx = cx.db.begin(Durability::Full).await?;
    let secret = clients::rotate(cx, &mut tx, &client, grace).await?;
    done(cx, by, tx, &client, Action::ClientSecretRotated).await?;
    Ok(secret)
}

/// Keeps a client out from its next request on; `false` when it is already.
pub(crate) async fn disable(cx: &Context, by: Hand, id: &ClientId) -> Done<bool> {
    set_disabled(cx, by, id, (Disabled::Yes, Action::ClientDisabled)).await
}

/// Lets a client in again; `false` when it is not kept out.
pub(crate) async fn enable(cx: &Context, by: Hand, id: &ClientId) -> Done<bool> {
    set_disabled(cx, by, id, (Disabled::No, Action::ClientEnabled)).await
}

async fn set_disabled(cx: &Context, by: Hand, id: &ClientId, (disabled, action): (Disabled, Action)) -> Done<bool> {
    let client = own(cx, id).await?;
    let mut tx = cx.db.begin(Durability::Full).await?;
    if !clients::set_disabled(cx, &mut tx, &client, disabled).await? {
        return Ok(false);
    }
    done(cx, by, tx, &client, action).await?;
    Ok(true)
}

/// Removes a client and everything that it was given.
pub(crate) async fn delete(cx: &Context, by: Hand, id: &ClientId) -> Done<()> {
    let client = own(cx, id).await?;
    let mut tx = cx.db.begin(Durability::Full).await?;
    if !crate::features::forget_client(&mut tx, id).await? {
        return Err(denied(ClientDenied::NoSuchClient));
    }
    done(cx, by, tx, &client, Action::ClientDeleted).await
}

/// A client that is a row, and so can be changed.
async fn own(cx: &Context, id: &ClientId) -> Done<Arc<Client>> {
    match clients::look(cx, id).await? {
        None => Err(denied(ClientDenied::NoSuchClient)),
        Some(client) if client.is_of_settings() => Err(denied(ClientDenied::OfSettings)),
        Some(client) => Ok(client),
    }
}

async fn done(cx: &Context, by: Hand, mut tx: Transaction, client: &Client, action: Action) -> Done<()> {
    let event = by.did(action).on(Target::Client(client.id.clone()));
    let event = client.tenant.iter().fold(event, |event, tenant| event.within(*tenant));
    written(cx, by, &mut tx, event).await?;
    Ok(tx.commit().await?)
}

fn denied(denied: ClientDenied) -> Refusal<ActDenied> {
    Refusal::Denied(denied).into()
}
