//! A file that is made while it is sent, so that its length costs no memory and nobody waits for its end to see its beginning.

use std::{future::Future, pin::pin, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use http_body_util::channel::Channel;

use crate::{base::panics::caught, error::Fault};

/// What makes the pieces of a file, one after the other.
pub(crate) trait Pieces: Send {
    /// The next piece; `None` after the last one.
    fn next(&mut self) -> impl Future<Output = Result<Option<Vec<u8>>, Fault>> + Send;
}

/// A file of which only the headers are sent: none of it is made.
pub(crate) struct Unmade;

impl Pieces for Unmade {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        Ok(None)
    }
}

/// The body of an answer that is made of these pieces.
///
/// No more than a few are made ahead of whoever reads them, and none once nobody does, or takes too long over it. What ends
/// before its last piece is broken off where the reader sees it: half a file must not be taken for a whole one.
pub(super) fn body(mut pieces: impl Pieces + 'static) -> Body {
    let (mut sender, body) = Channel::<Bytes, Fault>::new(AHEAD);
    tokio::spawn(async move {
        loop {
            match caught(pin!(pieces.next())).await.flatten() {
                Ok(Some(piece)) => match tokio::time::timeout(PATIENCE, sender.send_data(piece.into())).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => return,
                    Err(_) => return sender.abort(Fault::new("sending a file", "nobody took the next piece in time")),
                },
                Ok(None) => return,
                Err(fault) => {
                    tracing::error!(%fault, "a file was broken off");
                    return sender.abort(fault);
                }
            }
        }
    });
    Body::new(body)
}

/// Pieces that are made before they are asked for.
const AHEAD: usize = 2;
/// How long a reader may leave a piece lying.
const PATIENCE: Duration = Duration::from_secs(60);
