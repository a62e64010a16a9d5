//! Finding events, and going from page to page.

use doorward_core::{Clock, TenantId};

use super::*;
use crate::{
    audit::{append, flow::Page, page},
    error::Refusal,
    guard::{Problem, Viewer},
};

fn a_tenant(app: &TestApp) -> TenantId {
    TenantId::new(app.clock.now(), &SystemEntropy)
}

/// Writes events of `account` as they happen in `tenants`, one after the other.
async fn write(app: &TestApp, account: AccountId, tenants: &[Option<TenantId>]) {
    let cx = app.doorward.context();
    let mut tx = cx.db.begin(operate::Durability::Full).await.unwrap();
    for tenant in tenants {
        let event = by(account, Action::RolesChanged, [127, 0, 0, 1].into());
        append(cx, &mut tx, tenant.map_or(event.clone(), |tenant| event.within(tenant))).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn read(app: &TestApp, viewer: Viewer, filter: &Filter, cursor: &str) -> Result<Page, Problem> {
    page(app.doorward.context(), viewer, filter, cursor, 2).await.map_err(|refusal| match refusal {
        Refusal::Denied(problem) => problem,
        Refusal::Fault(fault) => panic!("{fault}"),
    })
}

on_every_engine! {
    async fn one_finds_events_by_tenant_and_result_along_with_all_else(app: TestApp) {
        let (ann, bob) = (app.account(ANN).await, app.account(BOB).await);
        let (here, there) = (a_tenant(&app), a_tenant(&app));
        write(&app, ann, &[Some(here), Some(there), None, Some(here)]).await;
        write(&app, bob, &[Some(here), None]).await;
        for password in [PASSWORD, "not the password", "not the password"] {
            app.visitor().post("/auth/login", &[("email", ANN), ("password", password)]).await;
        }
        let console = By::operator(ann, [127, 0, 0, 1].into()).did(Action::AccountDisabled).on(Target::Account(bob));
        let mut tx = app.db().begin(operate::Durability::Full).await.unwrap();
        append(app.doorward.context(), &mut tx, console.within(there)).await.unwrap();
        tx.commit().await.unwrap();
        let all = Filter::default;
        let (changed, denied) = (Some(Action::RolesChanged), Some(Outcome::Denied));
        for (filter, expected) in [
            (all(), 12),
            (Filter { tenant: Some(here), ..all() }, 3),
            (Filter { tenant: Some(there), ..all() }, 2),
            (Filter { tenant: Some(a_tenant(&app)), ..all() }, 0),
            (Filter { tenant: Some(here), account: Some(ann), ..all() }, 2),
            (Filter { tenant: Some(here), action: changed, ..all() }, 3),
            (Filter { tenant: Some(here), action: Some(Action::Login), ..all() }, 0),
            (Filter { tenant: Some(there), action: Some(Action::AccountDisabled), ..all() }, 1),
            (Filter { tenant: Some(here), since: app.now().after(Duration::from_secs(1)), ..all() }, 0),
            (Filter { tenant: Some(here), result: denied, ..all() }, 0),
            (Filter { result: denied, ..all() }, 2),
            (Filter { result: Some(Outcome::Success), ..all() }, 10),
            (Filter { action: changed, ..all() }, 6),
            (Filter { action: Some(Action::Login), result: denied, ..all() }, 2),
            (Filter { account: Some(ann), ..all() }, 9),
            (Filter { account: Some(ann), action: Some(Action::Login), ..all() }, 3),
            (Filter { account: Some(ann), action: Some(Action::AccountDisabled), ..all() }, 1),
            (Filter { account: Some(bob), ..all() }, 4),
            (Filter { account: Some(bob), result: denied, ..all() }, 0),
        ] {
            let found = search(app.db(), &filter, None, 1000).await.unwrap();
            assert_eq!(found.len(), expected, "{filter:?}");
            assert!(found.is_sorted_by(|a, b| a.id > b.id), "newest first, and none twice: {filter:?}");
            let newest = search(app.db(), &filter, None, 1).await.unwrap();
            assert_eq!(newest.first().map(|event| event.id), found.first().map(|event| event.id), "{filter:?}");
            let older = search(app.db(), &filter, newest.first().map(|event| event.id), 1000).await.unwrap();
            assert_eq!(older.len(), expected.saturating_sub(1), "{filter:?}");
        }
    }

    async fn a_cursor_leads_through_all_pages_of_a_tenant(app: TestApp) {
        let (ann, here, there) = (app.account(ANN).await, a_tenant(&app), a_tenant(&app));
        let both = [Some(here), Some(there), Some(here), None, Some(here), Some(here)];
        write(&app, ann, &both).await;
        let filter = Filter { tenant: Some(here), ..Filter::default() };
        let first = read(&app, Viewer::Account(ann), &filter, "").await.unwrap();
        // What happens meanwhile is newer than the next page.
        write(&app, ann, &both).await;
        let second = read(&app, Viewer::Account(ann), &filter, &first.next.unwrap()).await.unwrap();
        assert!(second.next.is_none(), "the last page, even when it is full, says that it is");
        let ids: Vec<i64> = first.events.iter().chain(&second.events).map(|event| event.id).collect();
        assert_eq!(ids.len(), 4);
        assert!(ids.is_sorted_by(|a, b| a > b));
        assert!(first.events.iter().chain(&second.events).all(|event| event.tenant == Some(here.to_string())));
    }

    /// Promise: `guard/cursors-bound`
    async fn a_cursor_of_another_filter_is_refused(app: TestApp) {
        let (ann, bob) = (app.account(ANN).await, app.account(BOB).await);
        let (here, there) = (a_tenant(&app), a_tenant(&app));
        write(&app, ann, &[Some(here); 5]).await;
        write(&app, ann, &[Some(there); 5]).await;
        let filter = Filter { tenant: Some(here), ..Filter::default() };
        let cursor = read(&app, Viewer::Account(ann), &filter, "").await.unwrap().next.unwrap();
        let same = || filter.clone();
        for (viewer, filter) in [
            (Viewer::Account(ann), Filter { tenant: Some(there), ..same() }),
            (Viewer::Account(ann), Filter { tenant: None, ..same() }),
            (Viewer::Account(ann), Filter { account: Some(ann), ..same() }),
            (Viewer::Account(ann), Filter { action: Some(Action::RolesChanged), ..same() }),
            (Viewer::Account(ann), Filter { result: Some(Outcome::Success), ..same() }),
            (Viewer::Account(ann), Filter { since: Timestamp::from_micros(1), ..same() }),
            (Viewer::Account(ann), Filter { until: Some(app.now().after(Duration::from_secs(1))), ..same() }),
            (Viewer::Account(bob), same()),
            (Viewer::Operator, same()),
        ] {
            let problem = read(&app, viewer, &filter, &cursor).await.unwrap_err();
            assert_eq!((problem.status.as_u16(), problem.code), (422, "cursor_invalid"), "{viewer:?} {filter:?}");
        }
        assert!(read(&app, Viewer::Account(ann), &filter, &cursor).await.is_ok());
    }
}
