//! The reference files that are made from code. With `UPDATE_GOLDEN=1` these tests write them, else they compare.

use std::{fmt::Write, path::Path};

use crate::{
    features::{self, Stage},
    guard::Route,
    openapi,
};

const HEAD: &str = "\
# Routes

Every route with its guard. A test writes this file from the table that serves them. `Public` lets anybody in and has a line
in `crates/doorward/public-routes.txt`; `SignedIn` wants a live session; `Reauthenticated` wants one whose person proved
themselves within the last minutes; `Member<P>` wants a member of the tenant in the path who holds the permission, and
`RecentMember<P>` a recent proof as well; `Operator<P>` wants an operator, and a recent proof for what changes something;
`Forwarded` answers a proxy; `Holder` wants a session, also one that is to be rechecked and gives no access. On every method but
GET, each guard wants our own origin and the CSRF token too; `POST /auth/check` changes nothing and is answered to no other site's
page.
";

const BESIDE: &str = "\
Beside them `/healthz` says that the process answers, and `/readyz` that the database does.

## In development only
";

pub(super) fn hold(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == text,
        "docs/reference/{name} is not what the code says; run `cargo xtask docs` and commit the file"
    );
}

fn rows(routes: &[Route]) -> String {
    let mut rows = "| method | path | guard | handler | what for |\n|---|---|---|---|---|\n".to_owned();
    for route in routes {
        let Route { path, guard, handler, doc, .. } = route;
        let (method, handler) = (route.method_name(), handler.replace("::http::", "::"));
        writeln!(rows, "| {method} | `/auth{path}` | {guard} | `{handler}` | {doc} |").unwrap();
    }
    rows
}

#[test]
fn golden_table_of_routes() {
    let production = features::routes(Stage::Production).table;
    let development = features::routes(Stage::Development).table;
    let only: Vec<_> =
        development.into_iter().filter(|route| production.iter().all(|other| other.path != route.path)).collect();
    let text = format!("{HEAD}\n{}\n{BESIDE}\n{}", rows(&production), rows(&only));
    hold("routes.md", &text);
}

#[test]
fn golden_description_of_the_interface() {
    let document = serde_json::to_string_pretty(&openapi::document("/auth")).unwrap();
    hold("openapi.json", &format!("{document}\n"));
}
