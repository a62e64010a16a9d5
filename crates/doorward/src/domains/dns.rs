//! Asking the DNS. An answer that there is nothing and no answer are two things, and the type keeps them apart.
//!
//! The question goes to the configured resolvers only, under a name that begins with a label of ours; nothing in an answer
//! leads us to another server. What does not fit the question, or is no message at all, is as if it had not come.

use std::{fmt, net::SocketAddr, str::FromStr, time::Duration};

use domain::{
    base::{Message, MessageBuilder, Name, Rtype, iana::Rcode},
    net::client::{
        dgram, dgram_stream,
        protocol::{TcpConnect, UdpConnect},
        request::{RequestMessage, SendRequest},
    },
    rdata::Txt,
    resolv::stub::conf::ResolvConf,
};

use super::{Settings, rules::Domain};

/// Nobody has said whether there is a record; why, for the log.
#[derive(Debug)]
pub(super) struct Unanswered(String);

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads the TXT records where that of a domain is to be; none when the DNS says that there are none.
pub(super) async fn records(settings: &Settings, of: &Domain) -> Result<Vec<Vec<u8>>, Unanswered> {
    let name = Name::<Vec<u8>>::from_str(&format!("{}.", of.record_name())).map_err(unanswered)?;
    let servers = servers(settings);
    let share = settings.timeout / u32::try_from(servers.len().max(1)).unwrap_or(1);
    let asked = async {
        let mut last = Unanswered("there is no resolver".to_owned());
        for server in servers {
            match ask(server, &name, share).await {
                Ok(records) => return Ok(records),
                Err(unanswered) => last = unanswered,
            }
        }
        Err(last)
    };
    tokio::time::timeout(settings.timeout, asked).await.map_err(|_| Unanswered("no answer in time".to_owned()))?
}

/// The resolvers of the settings, else those of the system as they are at the moment.
fn servers(settings: &Settings) -> Vec<SocketAddr> {
    match settings.servers().filter(|servers| !servers.is_empty()) {
        Some(servers) => servers,
        None => ResolvConf::default().servers.iter().map(|server| server.addr).take(3).collect(),
    }
}

/// Asks one resolver: twice over UDP with another port and id each time, and over TCP what does not fit into a datagram.
async fn ask(server: SocketAddr, name: &Name<Vec<u8>>, patience: Duration) -> Result<Vec<Vec<u8>>, Unanswered> {
    let mut datagrams = dgram::Config::new();
    datagrams.set_read_timeout(patience / 2);
    datagrams.set_max_retries(1);
    let mut config = dgram_stream::Config::new();
    *config.dgram_mut() = datagrams;
    let (connection, transport) =
        dgram_stream::Connection::with_config(UdpConnect::new(server), TcpConnect::new(server), config);
    let mut message = MessageBuilder::new_vec();
    message.header_mut().set_rd(true);
    let mut message = message.question();
    message.push((name, Rtype::TXT)).map_err(unanswered)?;
    let mut request = connection.send_request(RequestMessage::new(message.into_message()).map_err(unanswered)?);
    let answered = async {
        tokio::select! {
            answer = request.get_response() => answer.map_err(unanswered),
            () = transport.run() => Err(Unanswered("the connection has ended".to_owned())),
        }
    };
    let answer = tokio::time::timeout(patience, answered).await;
    read(&answer.map_err(|_| Unanswered("no answer in time".to_owned()))??)
}

/// Reads the records of an answer, those at the end of its aliases.
fn read(answer: &Message<bytes::Bytes>) -> Result<Vec<Vec<u8>>, Unanswered> {
    match answer.header().rcode() {
        Rcode::NXDOMAIN => return Ok(Vec::new()),
        Rcode::NOERROR if !answer.header().tc() => {}
        Rcode::NOERROR => return Err(Unanswered("the answer was cut".to_owned())),
        code => return Err(Unanswered(format!("the resolver said {code}"))),
    }
    let owner = answer.canonical_name().ok_or_else(|| Unanswered("the aliases lead nowhere".to_owned()))?;
    let mut found = Vec::new();
    for record in answer.answer().map_err(unanswered)?.limit_to_in::<Txt<_>>() {
        let record = record.map_err(unanswered)?;
        if *record.owner() == owner {
            found.push(record.data().iter().flatten().copied().collect());
        }
    }
    Ok(found)
}

fn unanswered(cause: impl fmt::Display) -> Unanswered {
    Unanswered(cause.to_string())
}
