//! The routes of the console; each panel has a file of its own.

use super::{accounts, log, members, overview, sessions, system, tenants};
use crate::guard::Routes;

pub(crate) fn routes(routes: &mut Routes) {
    overview::routes(routes);
    accounts::routes(routes);
    tenants::routes(routes);
    members::routes(routes);
    sessions::routes(routes);
    log::routes(routes);
    system::routes(routes);
}
