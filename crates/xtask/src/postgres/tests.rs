//! The server answers while it is held and leaves nothing behind.

use std::net::TcpStream;

use super::{Commits, Postgres};

#[test]
fn a_server_answers_while_it_is_held_and_is_gone_afterwards() {
    let server = Postgres::start(Commits::Hurry).unwrap();
    let (address, folder) = (("127.0.0.1", server.port), server.folder.clone());
    assert!(TcpStream::connect(address).is_ok());
    drop(server);
    assert!(TcpStream::connect(address).is_err());
    assert!(!folder.exists());
}
