//! PostgreSQL: a database for each test.

use std::sync::atomic::{AtomicU32, Ordering};

/// Makes an empty database on the server that `DOORWARD_TEST_POSTGRES` names; returns its URL.
pub(crate) fn fresh_database() -> String {
    let server = std::env::var("DOORWARD_TEST_POSTGRES").expect(
        "DOORWARD_TEST_POSTGRES names a PostgreSQL server that tests may make databases on; `cargo xtask test` starts one and sets it",
    );
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("doorward_server_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let connected = tokio_postgres::connect(&server, tokio_postgres::NoTls).await;
        let (client, connection) = connected.expect("the test server answers");
        tokio::spawn(connection);
        for sql in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
            client.batch_execute(&sql).await.expect("the test server makes databases");
        }
    });
    let (host, _) = server.rsplit_once('/').expect("the URL names a database");
    format!("{host}/{name}")
}
