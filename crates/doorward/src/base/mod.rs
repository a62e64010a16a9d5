//! What every feature stands on and what knows no feature: storage, mail, throttling, pages, settings.

pub(crate) mod db;
pub(crate) mod files;
pub(crate) mod keyfile;
pub(crate) mod lifetime;
pub(crate) mod mail;
pub(crate) mod outgoing;
pub(crate) mod panics;
pub(crate) mod problem;
pub(crate) mod render;
pub(crate) mod sealed;
pub(crate) mod settings;
pub(crate) mod throttle;
pub(crate) mod turns;
