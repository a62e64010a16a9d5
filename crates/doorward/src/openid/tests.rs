//! What OpenID Connect promises, over HTTP, on every engine.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    on_every_engine, operate,
    testing::{
        Actor, TestApp,
        relying::{BYE, RelyingParty, claims_of, shows, text_of},
    },
};

mod backchannel;
mod discovery;
mod id_tokens;
mod leaving;
mod sending;
mod userinfo;

const ANN: &str = "ann@example.com";
