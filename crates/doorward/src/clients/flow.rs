//! Finding clients, and changing them for whoever may.

use std::{sync::Arc, time::Duration};

use doorward_core::ClientId;

use super::{
    registering::{self, Mistake, Registration, Surroundings},
    rules::{Authentication, Client, ClientDenied, Disabled},
    secrets::{ClientSecretText, new_id},
    store,
};
use crate::{
    base::db::Transaction,
    context::Context,
    error::{Fault, Refusal},
};

/// Finds a client that is not kept out.
pub(crate) async fn find(cx: &Context, id: &ClientId) -> Result<Option<Arc<Client>>, Fault> {
    Ok(look(cx, id).await?.filter(|client| client.disabled_at.is_none()))
}

/// Finds a client, kept out or not. One of the settings is as they say, whatever row has its name.
pub(crate) async fn look(cx: &Context, id: &ClientId) -> Result<Option<Arc<Client>>, Fault> {
    if let Some(client) = cx.clients.fixed(id) {
        return Ok(Some(Arc::clone(client)));
    }
    let found = store::find(&cx.db, id).await?;
    Ok(found.map(|mut client| {
        client.complete(&cx.site.public_url);
        Arc::new(client)
    }))
}

/// Reads up to `limit` clients that are rows, newest first, that were registered before the one of this number.
pub(crate) async fn list(cx: &Context, before: i64, limit: i64) -> Result<Vec<Client>, Fault> {
    let mut found = store::list(&cx.db, before, limit).await?;
    found.iter_mut().for_each(|client| client.complete(&cx.site.public_url));
    Ok(found)
}

/// Judges a registration, and makes the secret where it has one.
pub(crate) fn register(
    cx: &Context,
    written: &Registration,
) -> Result<(Client, Option<ClientSecretText>), ClientDenied> {
    let id = match written.id.as_str() {
        "" => Ok(new_id(cx.entropy.as_ref())),
        text => text.parse::<ClientId>(),
    };
    let shape = |_| vec![Mistake::new("id", "It is no name of a client", format!("Write {}.", ClientId::SHAPE))];
    let id = id.map_err(|denied| ClientDenied::Mistakes(shape(denied)))?;
    if cx.clients.fixed(&id).is_some() {
        return Err(ClientDenied::Taken);
    }
    let by = Surroundings { policy: cx.policy(), public_url: &cx.site.public_url };
    let mut client = registering::judge(id, written, by).map_err(ClientDenied::Mistakes)?;
    let secret = (client.authentication == Authentication::Secret).then(|| ClientSecretText::mint(cx.entropy.as_ref()));
    client.secret = secret.as_ref().map(|secret| secret.token().digest());
    Ok((client, secret))
}

/// Keeps a client that was judged; afterwards it is as it would be found.
pub(crate) async fn insert(
    cx: &Context,
    tx: &mut Transaction,
    client: &mut Client,
) -> Result<(), Refusal<ClientDenied>> {
    let now = cx.clock.now();
    if !store::insert(tx, client, now).await? {
        return Err(Refusal::Denied(ClientDenied::Taken));
    }
    client.created_at = Some(now);
    client.complete(&cx.site.public_url);
    Ok(())
}

/// Gives a client another secret; the one that it had works for `grace` more.
pub(crate) async fn rotate(
    cx: &Context,
    tx: &mut Transaction,
    client: &Client,
    grace: Duration,
) -> Result<ClientSecretText, Refusal<ClientDenied>> {
    let secret = ClientSecretText::mint(cx.entropy.as_ref());
    let until = cx.clock.now().after(grace.min(LONGEST_GRACE));
    match store::rotate(tx, &client.id, &secret.token().digest(), until).await? {
        true => Ok(secret),
        false => Err(Refusal::Denied(ClientDenied::NoSecret)),
    }
}

/// Keeps a client out from its next request on, or lets it in again; `false` when that is so already.
pub(crate) async fn set_disabled(
    cx: &Context,
    tx: &mut Transaction,
    client: &Client,
    disabled: Disabled,
) -> Result<bool, Fault> {
    store::set_disabled(tx, &client.id, disabled, cx.clock.now()).await
}

/// Removes the row of a client; `false` when somebody else was faster.
pub(crate) async fn remove(tx: &mut Transaction, id: &ClientId) -> Result<bool, Fault> {
    store::remove(tx, id).await
}

/// Forgets assertions that ended a day ago. Should a clock be set back, those of a day are known all the same.
pub(crate) async fn purge(cx: &Context, tx: &mut Transaction) -> Result<u64, Fault> {
    store::forget_assertions(tx, cx.clock.now().before(Duration::from_secs(86_400))).await
}

/// How long two secrets of a client may work.
const LONGEST_GRACE: Duration = Duration::from_secs(30 * 86_400);
