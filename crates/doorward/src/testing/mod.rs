//! A whole Doorward to test against: real HTTP, a real database, real letters; only the clock is ours.
//!
//! Each [`TestApp`] has a database of its own. [`Actor`]s are people with browsers: they keep cookies, send what browsers
//! send, and carry the CSRF token of the page they are on unless a test says otherwise.

#[cfg(test)]
pub(crate) mod acme;
mod actor;
mod app;
mod clock;
#[cfg(test)]
pub(crate) mod crowd;
#[cfg(test)]
pub(crate) mod dns;
#[cfg(test)]
pub(crate) mod kinds;
#[cfg(test)]
pub(crate) mod parts;
#[cfg(test)]
pub(crate) mod programs;
#[cfg(test)]
pub(crate) mod providers;
#[cfg(test)]
pub(crate) mod relying;

pub use actor::{Actor, Answer};
pub use app::{Engine, PASSWORD, TestApp, TestLetter};
pub use clock::ManualClock;

/// Runs each test on every engine: `a_test::on_sqlite` and `a_test::on_postgres`.
#[macro_export]
macro_rules! on_every_engine {
    ($($(#[$meta:meta])* async fn $name:ident($app:ident: TestApp) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports, reason = "a test may need nothing from around it")]
            use super::*;

            async fn test($app: $crate::testing::TestApp) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                test($crate::testing::TestApp::new($crate::testing::Engine::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                test($crate::testing::TestApp::new($crate::testing::Engine::Postgres).await).await;
            }
        }
    )*};
}
