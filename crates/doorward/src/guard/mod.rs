//! Where a request becomes somebody: the origin check, the cookies, the guards, the route table and the one place that
//! decides what a stranger may learn.
//!
//! A handler has two parameters, its guard and its input, and [`Routes`] accepts nothing else. So a route without a
//! guard does not compile, and a route with an unsafe method cannot skip its origin and CSRF check: the guard makes it.
//!
//! - `guard/every-route-guarded`: The table of routes names a guard for each, and a new public one needs a line by hand.
//! - `guard/every-route-tried`: Every route is tried as a stranger, a member of another tenant, a member without the permission,
//!   a disabled account and a session that is to be rechecked; the list of untried routes is empty.
//! - `guard/origin`: A request that changes something is refused unless the browser says that our own page sent it.
//! - `guard/csrf`: A request that changes something is refused without the token bound to its session or form.
//! - `guard/session-token-only`: A token of another session, or of the time before logging in, is refused.
//! - `guard/duplicate-cookies`: Two cookies with our name, or one with a look-alike name, are never a session.
//! - `guard/one-host`: A request that names the host more than once is refused.
//! - `guard/forged-cookie`: A forged or malformed cookie is refused before the store is asked.
//! - `guard/methods`: A route answers to its own method and to no other.
//! - `guard/content-types`: A body is a form or JSON and says so; anything else is refused unread.
//! - `guard/limits`: A body over the limit is refused before anything is hashed.
//! - `guard/client-address`: A forwarding header counts only when a configured proxy sent it.
//! - `guard/no-store`: Nothing personal is cached, framed or leaked by a referrer.
//! - `guard/fail-closed`: A store that does not answer means 503, for every route, and never yes.
//! - `guard/peer-known`: Where the address of a connection is not known, nothing is answered: everybody would be throttled as one.
//! - `guard/panics-end-there`: A panic is a 503 with a reference; what it had begun is undone, and nobody else notices.
//! - `guard/embedded`: The same guards hold in an application of somebody else, and refuse everything where the layer is missing.
//! - `guard/embedded-forms`: A form of such an application finds its token whatever else is in it; only its size has a limit.
//! - `guard/way-back`: Whoever is asked to log in or to prove themselves comes back to where they were, in a nested router too.
//! - `guard/due-for-nothing`: A session that is to be rechecked opens its recheck and the logout only; people are led there and back.
//! - `guard/cursors-bound`: The place in a list is taken for the list, the viewer and the filters that it was made for, and no other.
//! - `guard/authorization-any-bytes`: Whatever bytes stand in `Authorization`, the answer is a refusal in words, and nothing breaks.
//! - `guard/landing`: An answer of another site is read whole by whoever began something there; it needs no token and gets no session's.
//! - `guard/bearer`: A token opens a route of a program only for its own audience, in its own tenant, with the permission.
//! - `guard/no-cookie-for-programs`: Where a token is asked for no cookie counts, and where a session is asked for no token does.
//! - `guard/bearer-live`: A guard that asks the database refuses what was taken back, and whoever may not any more.
//! - `guard/forms-survive`: A form that was refused comes back with what was typed, passwords apart.

pub(crate) use crate::base::problem::Problem;

mod address;
mod arrived;
mod bearer;
mod brought;
mod caller;
mod cookie;
mod cursor;
mod download;
mod extract;
mod forwarded;
mod guards;
mod holder;
mod input;
mod landing;
mod operator;
mod origin;
mod program;
mod reply;
mod routes;
mod tenant;

pub(crate) use address::TrustedProxies;
pub(crate) use address::throttled_as;
pub(crate) use arrived::Arrived;
pub use bearer::{Bearer, LiveBearer};
pub(crate) use caller::{Visit, csrf_token};
pub(crate) use cookie::{CookieNames, SetCookie};
pub(crate) use cursor::{Cursor, Listing, Viewer, number, numbered, page_size, paged};
pub(crate) use download::{Pieces, Unmade};
pub(crate) use extract::{Protected, protect};
pub(crate) use forwarded::Forwarded;
pub(crate) use guards::Person;
pub use guards::{Public, Reauthenticated, SignedIn};
pub(crate) use holder::Holder;
pub(crate) use input::{Field, Fields, Input, NoInput, input};
pub(crate) use landing::Landing;
pub(crate) use operator::Operator;
pub(crate) use origin::Origin;
pub(crate) use program::Program;
pub(crate) use reply::{Denial, OrPage, Refused, Reply, document_for_programs, line};
pub(crate) use routes::{Route, Routes, home, not_found};
pub use tenant::{Member, RecentMember};

#[cfg(test)]
mod tests;
