//! The DNS that a test has set up: a real server, or one of our own that says what no server should.

use std::{
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, UdpSocket},
    task::JoinSet,
};

use super::TestApp;

/// A dnsmasq at the address that an application asks. It knows everything below `example`, and refuses what is elsewhere.
pub(crate) struct NameServer {
    child: Child,
}

impl NameServer {
    /// Starts one with these options, such as `--txt-record=NAME,TEXT`.
    pub(crate) fn start(app: &TestApp, options: &[String]) -> Self {
        let address = address(app);
        let child = Command::new("dnsmasq")
            .args(["--conf-file=/dev/null", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--bind-interfaces"])
            .args(["--listen-address=127.0.0.1", "--pid-file=", "--local=/example/", "--user=", "--log-facility=-"])
            .arg(format!("--port={}", address.port()))
            .args(options)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("dnsmasq is there; `cargo xtask test --only provision` installs it");
        let mut server = Self { child };
        for _ in 0..2000 {
            if std::net::TcpStream::connect(address).is_ok() {
                return server;
            }
            let over = server.child.try_wait().expect("it is our child");
            assert!(over.is_none(), "dnsmasq does not answer: {over:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("dnsmasq does not answer")
    }

    /// Starts one with these TXT records, each a name and its texts with commas between.
    pub(crate) fn with(app: &TestApp, records: &[(&str, &str)]) -> Self {
        let option = |(name, texts): &(&str, &str)| format!("--txt-record={name},{texts}");
        Self::start(app, &records.iter().map(option).collect::<Vec<_>>())
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server of our own at the same address, which answers each question with whatever `says` makes of it: datagrams over UDP,
/// or messages over TCP. It is gone when it is dropped.
pub(crate) struct Liar {
    _tasks: JoinSet<()>,
}

impl Liar {
    pub(crate) async fn start(app: &TestApp, says: fn(&[u8], Over) -> Vec<Vec<u8>>) -> Self {
        let address = address(app);
        // The one before may not have let go of the port yet.
        let (udp, tcp) = loop {
            match (UdpSocket::bind(address).await, TcpListener::bind(address).await) {
                (Ok(udp), Ok(tcp)) => break (udp, tcp),
                _ => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut question = [0; 2000];
            while let Ok((length, from)) = udp.recv_from(&mut question).await {
                for answer in says(&question[..length], Over::Udp) {
                    let _ = udp.send_to(&answer, from).await;
                }
            }
        });
        tasks.spawn(async move {
            while let Ok((mut stream, _)) = tcp.accept().await {
                let Ok(length) = stream.read_u16().await else { continue };
                let mut question = vec![0; usize::from(length)];
                if stream.read_exact(&mut question).await.is_err() {
                    continue;
                }
                for answer in says(&question, Over::Tcp) {
                    let length = u16::try_from(answer.len()).expect("a message is no longer than that");
                    let _ = stream.write_u16(length).await;
                    let _ = stream.write_all(&answer).await;
                }
            }
        });
        Self { _tasks: tasks }
    }
}

/// By which way a question has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Udp,
    Tcp,
}

/// A well-formed answer to a question: its flags and code as the third and fourth byte, and records that are already encoded.
pub(crate) fn answer(question: &[u8], flags: [u8; 2], records: &[Vec<u8>]) -> Vec<u8> {
    let end = 12 + question[12..].iter().position(|byte| *byte == 0).expect("a name ends") + 5;
    let count = u16::try_from(records.len()).expect("there are not so many").to_be_bytes();
    let head = [question[0], question[1], flags[0], flags[1], 0, 1, count[0], count[1], 0, 0, 0, 0];
    [&head[..], &question[12..end], &records.concat()].concat()
}

/// A record of a type at the name `owner`, in the encoding of the wire; `[0xc0, 12]` is the name that was asked about.
pub(crate) fn record(owner: &[u8], kind: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).expect("a record is no longer than that").to_be_bytes();
    [owner, &[0, kind, 0, 1, 0, 0, 0, 60], &length, data].concat()
}

/// The data of a TXT record of one string.
pub(crate) fn text(text: &str) -> Vec<u8> {
    [&[u8::try_from(text.len()).expect("a string has up to 255 bytes")], text.as_bytes()].concat()
}

/// The name that was asked about.
pub(crate) const ASKED: &[u8] = &[0xc0, 12];
/// An answer without error, from a resolver.
pub(crate) const FINE: [u8; 2] = [0x81, 0x80];
pub(crate) const TXT: u8 = 16;
pub(crate) const CNAME: u8 = 5;

/// The address that an application asks.
fn address(app: &TestApp) -> SocketAddr {
    app.settings.domains.resolvers[0].parse().expect("a test's resolver has an address and a port")
}
