use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use crate::support::{Answer, Site};

/// Sends a request on a connection that stays open, and reads what is answered within a moment.
fn ask(stream: &mut TcpStream, cookie: &str) -> Option<Answer> {
    let request = format!("GET /auth/session HTTP/1.1\r\nHost: x\r\nCookie: dev-session={cookie}\r\n\r\n");
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = [0; 4096];
    let read = stream.read(&mut bytes).ok()?;
    Some(Answer::parse(&bytes[..read]))
}

/// Promise: `server/fits-its-files`
#[test]
fn a_flood_of_connections_leaves_the_database_its_files() {
    let site = Site::dev_with_files(100, 256);
    let capped = site.stderr().iter().any(|line| {
        line.contains("the limit of open files") && line.contains("files=256") && line.contains("connections=64")
    });
    assert!(
        capped,
        "the soft limit is raised to the hard one, and the log tells what that leaves: {:?}",
        site.stderr()
    );
    let ann = site.logged_in("ann@example.com");
    let cookie = &ann.cookies["dev-session"];
    // What waits for a place waits in the kernel's queue, which takes these.
    let mut flood: Vec<_> = (0..100).map(|_| TcpStream::connect(("127.0.0.1", site.port)).unwrap()).collect();
    let answers: Vec<_> = flood.iter_mut().map(|stream| ask(stream, cookie)).collect();
    let answered: Vec<_> = answers.iter().flatten().map(|answer| answer.status).collect();
    assert!(answered.len() >= 60 && answered.len() <= 64, "{}", answered.len());
    assert!(answered.iter().all(|status| *status == 200), "{answered:?}");
    assert!(!site.stderr().iter().any(|line| line.contains("cannot accept")), "{:?}", site.stderr());
    drop(flood);
    assert_eq!(site.visitor().get("/readyz").status, 200, "and then there is room again");
}
