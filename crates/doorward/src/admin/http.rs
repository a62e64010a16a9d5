//! The routes of the console; each panel has a file of its own.

use super::{
    accounts, api_keys, belongings, clients, connections, domains, invitations, log, members, overview, providers,
    sessions, system, tenants,
};
use crate::guard::Routes;

pub(crate) fn routes(routes: &mut Routes) {
    overview::routes(routes);
    accounts::routes(routes);
    belongings::routes(routes);
    tenants::routes(routes);
    members::routes(routes);
    invitations::routes(routes);
    domains::routes(routes);
    connections::routes(routes);
    clients::routes(routes);
    api_keys::routes(routes);
    providers::routes(routes);
    sessions::routes(routes);
    log::routes(routes);
    system::routes(routes);
}
