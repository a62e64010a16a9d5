//! A real mail server beside the tests, for servers in production.

use std::{
    env,
    io::{BufRead, BufReader},
    net::TcpStream,
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
};

use serde_json::Value;

use super::Request;

/// A mail server that ends with its site.
pub(crate) struct Post {
    pub(crate) smtp: u16,
    http: u16,
    node: Child,
    /// The server exits when this closes, whatever becomes of the test.
    _stdin: ChildStdin,
}

impl Post {
    /// Starts one.
    pub(crate) fn start() -> Self {
        let parts = env::var_os("DOORWARD_TEST_NODE_PARTS").map(PathBuf::from);
        let parts = parts.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../parts"));
        let mut command = Command::new("node");
        command.arg(parts.join("smtp.mjs")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut node = command.spawn().expect("node is there; `cargo xtask test` installs what the tests need");
        let mut line = String::new();
        BufReader::new(node.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ports: Value = serde_json::from_str(&line).expect("the mail server tells its ports");
        let port = |name: &str| u16::try_from(ports[name].as_u64().unwrap()).unwrap();
        let (smtp, http, stdin) = (port("smtp"), port("http"), node.stdin.take().unwrap());
        Self { smtp, http, node, _stdin: stdin }
    }

    /// The letters so far, oldest first: to whom, and the text.
    pub(super) fn letters(&self) -> Vec<(String, String)> {
        let stream = TcpStream::connect(("127.0.0.1", self.http)).unwrap();
        // HTTP/1.0, so that the list comes in one piece and not in chunks.
        let request = Request { bytes: b"GET /messages HTTP/1.0\r\n\r\n".to_vec(), hashes: false };
        let messages = request.over(&stream).expect("the mail server answers").json();
        let letter = |message: &Value| {
            let to = message["envelope"]["to"][0].as_str().unwrap().to_owned();
            (to, message["text"].as_str().unwrap().to_owned())
        };
        messages.as_array().unwrap().iter().map(letter).collect()
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        let _ = self.node.kill();
        let _ = self.node.wait();
    }
}
