//! Why an act for the service was not done.

use crate::{
    api_keys::MakeDenied,
    clients::ClientDenied,
    connections::ConnectionDenied,
    domains::DomainDenied,
    error::{Fault, Refusal},
    guard::{Denial, Problem},
    invitations::InviteDenied,
    operators::OperatorDenied,
    tenants::TenantDenied,
};

/// A refusal of whichever rule refused it: those of the thing acted on, or that of the operator.
#[derive(Debug)]
pub(crate) struct ActDenied(Problem);

impl Denial for ActDenied {
    fn problem(&self) -> Problem {
        self.0.clone()
    }
}

impl From<Refusal<TenantDenied>> for Refusal<ActDenied> {
    fn from(refusal: Refusal<TenantDenied>) -> Self {
        refusal.map(|denied| ActDenied(denied.problem()))
    }
}

impl From<Refusal<InviteDenied>> for Refusal<ActDenied> {
    fn from(refusal: Refusal<InviteDenied>) -> Self {
        refusal.map(|denied| ActDenied(denied.problem()))
    }
}

impl From<Refusal<DomainDenied>> for Refusal<ActDenied> {
    fn from(refusal: Refusal<DomainDenied>) -> Self {
        refusal.map(|denied| ActDenied(denied.problem()))
    }
}

impl From<Refusal<ConnectionDenied>> for Refusal<ActDenied> {
    fn from(refusal: Refusal<ConnectionDenied>) -> Self {
        refusal.map(|denied| ActDenied(denied.problem()))
    }
}

impl From<Refusal<ClientDenied>> for Refusal<ActDenied> {
    fn from(refusal: Refusal<ClientDenied>) -> Self {
        refusal.map(|denied| ActDenied(denied.problem()))
    }
}

impl From<Refusal<MakeDenied>> for Refusal<ActDenied> {
    fn from(refusal: Refusal<MakeDenied>) -> Self {
        refusal.map(|denied| ActDenied(denied.problem()))
    }
}

impl From<Refusal<OperatorDenied>> for Refusal<ActDenied> {
    fn from(refusal: Refusal<OperatorDenied>) -> Self {
        refusal.map(|denied| ActDenied(denied.problem()))
    }
}

/// At the command line nobody is asked whether they may, so where nothing else refuses, only a fault is left.
pub(super) fn fault(refusal: Refusal<ActDenied>) -> Fault {
    match refusal {
        Refusal::Fault(fault) => fault,
        Refusal::Denied(denied) => Fault::new("acting at the server", denied.problem().text()),
    }
}
