//! The guard of the console.

use std::marker::PhantomData;

use super::{
    caller::Caller,
    guards::{Guard, SignedIn},
    reply::Refused,
};
use crate::operators::{self, Hand, Power};

/// An operator whose roles hold the permission `P`. Whoever is none is told that there is nothing here. What changes
/// something needs a proof of the last minutes too.
pub(crate) struct Operator<P> {
    signed_in: SignedIn,
    power: PhantomData<fn() -> P>,
}

impl<P: Power> Guard for Operator<P> {
    fn name() -> String {
        format!("Operator<{}>", P::NAME)
    }

    async fn admit(caller: Caller) -> Result<Self, Refused> {
        let signed_in = SignedIn::admit(caller).await?;
        operators::may::<P>(signed_in.cx(), signed_in.account()).await?;
        if signed_in.may_change() {
            signed_in.demand_recent_proof()?;
        }
        Ok(Self { signed_in, power: PhantomData })
    }

    fn csrf(&self) -> String {
        self.csrf_token()
    }

    fn signed_in(&self) -> bool {
        true
    }
}

impl<P: Power> Operator<P> {
    /// Who acts, for the log, and to be asked again before it becomes true.
    pub(crate) fn by(&self) -> Hand {
        Hand::of::<P>(self.signed_in.account(), self.signed_in.visit().address)
    }
}

impl<P> std::ops::Deref for Operator<P> {
    type Target = SignedIn;

    fn deref(&self) -> &SignedIn {
        &self.signed_in
    }
}
