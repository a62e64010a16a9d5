//! A database of its own on a PostgreSQL server, gone afterwards.

use crate::failure::{Failure, Outcome};

/// The database; dropping it removes it.
pub(crate) struct Postgres {
    server: String,
    name: String,
    pub(crate) url: String,
}

impl Postgres {
    /// Makes one on the server at this URL, which names any database of it.
    pub(crate) fn make(server: &str) -> Outcome<Self> {
        let name = format!("doorward_bench_{}", std::process::id());
        let (host, _) = server.rsplit_once('/').ok_or_else(|| Failure::new("the URL names no database"))?;
        ask(server, &format!("CREATE DATABASE {name}"))?;
        Ok(Self { server: server.to_owned(), url: format!("{host}/{name}"), name })
    }

    /// Insists on a server that says a commit is done when it has reached the disk.
    pub(crate) fn demand_durable(&self) -> Outcome {
        for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
            match ask(&self.url, &format!("SHOW {setting}"))?.as_deref() {
                Some("on") => {}
                said => {
                    return Err(Failure::new(format!(
                        "{setting} is {said:?} on the PostgreSQL server, and must be on"
                    )));
                }
            }
        }
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Err(failure) = ask(&self.server, &format!("DROP DATABASE {} WITH (FORCE)", self.name)) {
            eprintln!("the database {} stays: {failure}", self.name);
        }
    }
}

/// Runs a statement; the first value that it gives back.
fn ask(server: &str, sql: &str) -> Outcome<Option<String>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls).await?;
        tokio::spawn(connection);
        let said = client.simple_query(sql).await?;
        Ok(said.into_iter().find_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        }))
    })
}
