//! PostgreSQL: a database for each test.

use std::sync::atomic::{AtomicU32, Ordering};

/// Makes an empty database on the server that `DOORWARD_TEST_POSTGRES` names; returns its URL.
pub(crate) fn fresh_database() -> String {
    let server = std::env::var("DOORWARD_TEST_POSTGRES").expect(
        "DOORWARD_TEST_POSTGRES names a PostgreSQL server that tests may make databases on; `cargo xtask test` starts one and sets it",
    );
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("doorward_server_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    on(&server, async |client| {
        for sql in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
            client.batch_execute(&sql).await.expect("the test server makes databases");
        }
    });
    let (host, _) = server.rsplit_once('/').expect("the URL names a database");
    format!("{host}/{name}")
}

/// What rests in the database of this URL: the first column of each row that a statement finds, as text.
pub(crate) fn texts(url: &str, sql: &str) -> Vec<String> {
    on(url, async |client| {
        let messages = client.simple_query(sql).await.expect("the statement is one");
        let text = |message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        };
        messages.into_iter().filter_map(text).collect()
    })
}

fn on<T>(url: &str, act: impl AsyncFnOnce(tokio_postgres::Client) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) =
            tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("the test server answers");
        tokio::spawn(connection);
        act(client).await
    })
}
