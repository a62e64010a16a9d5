//! What signing in by a provider promises, over HTTP, on every engine, with real providers.

mod accounts;
mod backchannel;
mod bound;
mod handed;
mod hostile;
mod kinds;
mod linking;
mod logging_in;
mod proving;
mod rechecking;
mod settings;
mod trial;

use std::time::Duration;

use serde_json::json;

use crate::{
    on_every_engine,
    operate::{self, Action},
    testing::{
        Actor, Answer, PASSWORD, TestApp,
        crowd::at_once,
        providers::{ANN, World, ann, app_with, begin, callback_of, come_back, events, reasons},
    },
};
