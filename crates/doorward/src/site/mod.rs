//! Whose site is this? Its public address, its name, its colours, and the files that pages need.
//!
//! What pages promise of it stands in `base/render`.

pub(crate) mod http;
mod rules;

pub use rules::Settings;
pub(crate) use rules::Site;
