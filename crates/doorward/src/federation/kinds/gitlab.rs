//! GitLab: gitlab.com, or one of your own at `issuer`.

use super::{super::settings::Written, Kind, Mistake, Way};

pub(super) struct GitLab;

impl Kind for GitLab {
    fn name(&self) -> &'static str {
        "gitlab"
    }

    fn label(&self) -> &'static str {
        "GitLab"
    }

    fn mark(&self) -> &'static str {
        include_str!("gitlab.svg")
    }

    fn keys(&self) -> &'static [&'static str] {
        &[]
    }

    fn way(&self, written: &Written) -> Result<Way, Mistake> {
        Ok(Way::of_issuer(written.issuer_or("https://gitlab.com")))
    }

    fn scopes(&self) -> &'static [&'static str] {
        &["email", "profile"]
    }
}
