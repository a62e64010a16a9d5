//! People of two tenants, for tests about what members may do.

use doorward_core::{AccountId, TenantId};
use tokio::sync::OnceCell;

use super::{Actor, TestApp, programs::Program};

pub(crate) const ANN: &str = "ann@example.com";
pub(crate) const BOB: &str = "bob@example.com";
pub(crate) const CEM: &str = "cem@example.com";
pub(crate) const DAN: &str = "dan@example.com";

/// Ann owns acme, bob is an admin there and cem a member; dan owns other, and belongs to nothing else. All are logged in.
pub(crate) struct Acme {
    pub(crate) ann: Actor,
    pub(crate) bob: Actor,
    pub(crate) cem: Actor,
    pub(crate) dan: Actor,
    pub(crate) ids: [AccountId; 4],
    pub(crate) acme: TenantId,
    pub(crate) other: TenantId,
    /// Who asks what holds of tokens: an application of acme, unless a test says otherwise.
    pub(crate) asks: OnceCell<Program>,
}

impl Acme {
    pub(crate) async fn of(app: &TestApp) -> Self {
        let mut ids = Vec::new();
        for email in [ANN, BOB, CEM, DAN] {
            ids.push(app.account(email).await);
        }
        let ids: [AccountId; 4] = ids.try_into().expect("there are four");
        let [ann, bob, cem, dan] = ids;
        let acme = app.tenant("acme", ann).await;
        app.member(acme, bob, "admin").await;
        app.member(acme, cem, "member").await;
        let other = app.tenant("other", dan).await;
        let (ann, bob) = (app.logged_in(ANN).await, app.logged_in(BOB).await);
        let (cem, dan) = (app.logged_in(CEM).await, app.logged_in(DAN).await);
        Self { ann, bob, cem, dan, ids, acme, other, asks: OnceCell::new() }
    }

    /// Where the membership of one of them in acme is.
    pub(crate) fn path(&self, whom: usize, rest: &str) -> String {
        format!("/auth/tenants/acme/members/{}{rest}", self.ids[whom])
    }

    /// The application that asks.
    pub(crate) async fn service(&self, app: &TestApp) -> &Program {
        self.asks.get_or_init(|| Program::service(app, self.acme)).await
    }

    /// Whether a token is said to hold, and for which scopes.
    pub(crate) async fn holds(&self, app: &TestApp, token: &str) -> Option<String> {
        let told = self.service(app).await.introspect(app, token).await;
        (told["active"] == true).then(|| told["scope"].as_str().unwrap_or_default().to_owned())
    }
}
