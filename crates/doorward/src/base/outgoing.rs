//! Every request that we send to somebody else over HTTP: a logout token to a client, a question to a provider.
//!
//! The connection is our own from the name to the socket, so that the address that was judged is the one that is called. There
//! is no redirect to follow, no proxy and no pool, and an answer has a size and a time within which it is complete.
//!
//! - `outgoing/judged`: What is called is a public address over https, judged after its name was resolved.
//! - `outgoing/patience`: Whoever does not answer completely within five seconds is not waited for.
//! - `outgoing/size`: An answer larger than its caller has room for is no answer.
//! - `outgoing/no-redirect`: A redirect is an answer like any other, and leads nowhere.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, LazyLock},
    time::Duration,
};

use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinSet,
};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

/// What may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Public addresses, over https.
    Elsewhere,
    /// Also addresses that only we reach, over https: an operator has said so of this very service.
    WithinToo,
    /// In development also what runs on the same machine, at an address that is written as such.
    ThisMachineToo,
}

/// Why there was no answer; for the log.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The address is none that we call.
    Address(&'static str),
    /// There was no complete answer in time.
    TooSlow,
    /// The answer is larger than there is room for.
    TooLarge,
    /// It answered something else than yes.
    Status(StatusCode),
    /// The connection or the exchange failed.
    Exchange(String),
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Address(why) => f.write_str(why),
            Self::TooSlow => f.write_str("no answer in time"),
            Self::TooLarge => f.write_str("the answer is too large"),
            Self::Status(status) => write!(f, "it answered {status}"),
            Self::Exchange(cause) => f.write_str(cause),
        }
    }
}

impl std::error::Error for Failed {}

/// Sends a request and returns the whole answer, whatever it says, when its body has at most `most` bytes.
pub(crate) async fn call(request: Request<Vec<u8>>, place: Place, most: usize) -> Result<Response<Vec<u8>>, Failed> {
    let (parts, body) = request.into_parts();
    // The library of the URI in a request reads otherwise than browsers do; what is judged is what is sent.
    let url = Url::parse(&parts.uri.to_string()).map_err(|_| Failed::Address("it is no URI"))?;
    let answered = sent(&url, Request::from_parts(parts, Full::from(body)), place, most);
    tokio::time::timeout(PATIENCE, answered).await.map_err(|_| Failed::TooSlow)?
}

/// Sends a request and returns the status of the answer, of which nothing else is read.
pub(crate) async fn status(request: Request<Vec<u8>>, place: Place) -> Result<StatusCode, Failed> {
    head(request, place).await.map(|answer| answer.status())
}

/// Sends a request and returns the head of the answer, whatever it says; the body is not read.
pub(crate) async fn head(request: Request<Vec<u8>>, place: Place) -> Result<Response<Vec<u8>>, Failed> {
    call(request, place, NOTHING).await
}

/// Whether an address is one that may be called at all, before anybody is sent there: http leads to this very machine only.
pub(crate) fn may_be_called(url: &Url, place: Place) -> bool {
    match (url.scheme(), url.host()) {
        ("https", Some(Host::Domain(_))) => true,
        ("http", Some(host)) => place == Place::ThisMachineToo && literal_loopback(&host).is_some(),
        _ => false,
    }
}

async fn sent(
    url: &Url,
    request: Request<Full<Bytes>>,
    place: Place,
    most: usize,
) -> Result<Response<Vec<u8>>, Failed> {
    let (host, port) = url.host().zip(url.port_or_known_default()).ok_or(Failed::Address("it names no host"))?;
    match (url.scheme(), host) {
        ("https", Host::Domain(name)) => {
            let stream = TcpStream::connect(resolve(name, port, place).await?.as_slice()).await.map_err(exchange)?;
            let server = ServerName::try_from(name.to_owned()).map_err(exchange)?;
            let stream = TlsConnector::from(Arc::clone(&TLS)).connect(server, stream).await.map_err(exchange)?;
            ask(stream, url, request, most).await
        }
        ("http", host) if place == Place::ThisMachineToo => {
            let address = literal_loopback(&host).ok_or(Failed::Address("plain http is for this very machine"))?;
            ask(TcpStream::connect((address, port)).await.map_err(exchange)?, url, request, most).await
        }
        _ => Err(Failed::Address("it is not https with the name of a host")),
    }
}

/// The addresses of a host that may be called. One that is not public is not, whoever controls the name: behind it may be what
/// only we reach.
async fn resolve(name: &str, port: u16, place: Place) -> Result<Vec<SocketAddr>, Failed> {
    let found = tokio::net::lookup_host((name, port)).await.map_err(exchange)?;
    let allowed = |address: &SocketAddr| place == Place::WithinToo || is_public(address.ip());
    let allowed: Vec<_> = found.filter(allowed).take(4).collect();
    if allowed.is_empty() { Err(Failed::Address("its host has no public address")) } else { Ok(allowed) }
}

async fn ask(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    url: &Url,
    mut request: Request<Full<Bytes>>,
    most: usize,
) -> Result<Response<Vec<u8>>, Failed> {
    let mut http = hyper::client::conn::http1::Builder::new();
    let (mut sender, connection) = http.max_buf_size(HEAD).handshake(TokioIo::new(stream)).await.map_err(exchange)?;
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    *request.uri_mut() = path.parse().map_err(exchange)?;
    request.headers_mut().insert(header::HOST, HeaderValue::from_str(host).map_err(exchange)?);
    request.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    // Whatever happens to this future, the connection goes with it.
    let mut driving = JoinSet::new();
    driving.spawn(connection);
    let (head, body) = sender.send_request(request).await.map_err(exchange)?.into_parts();
    if most == NOTHING {
        return Ok(Response::from_parts(head, Vec::new()));
    }
    let whole = Limited::new(body, most).collect().await.map_err(|cause| match cause.is::<hyper::Error>() {
        true => exchange(cause),
        false => Failed::TooLarge,
    })?;
    Ok(Response::from_parts(head, whole.to_bytes().to_vec()))
}

fn exchange(cause: impl std::fmt::Display) -> Failed {
    Failed::Exchange(cause.to_string())
}

fn literal_loopback(host: &Host<&str>) -> Option<IpAddr> {
    let address = match host {
        Host::Ipv4(address) => IpAddr::V4(*address),
        Host::Ipv6(address) => IpAddr::V6(*address),
        Host::Domain(_) => return None,
    };
    address.is_loopback().then_some(address)
}

/// Whether an address is one of the public network: of everything that is set aside (RFC 6890) none is.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let set_aside = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || matches!((a, b, c), (0 | 240.., ..) | (100, 64..=127, _) | (192, 0, 0) | (192, 88, 99) | (198, 18..=19, _));
    !set_aside
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // What has an address of the older protocol in it leads there: mapped, translated (RFC 6052) and 6to4 (RFC 3056).
    let [a, b, ..] = address.segments();
    let bytes = address.octets();
    let four = |at: usize| Ipv4Addr::new(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);
    let inner = match (a, b) {
        (0, 0) if address.to_ipv4_mapped().is_some() => Some(four(12)),
        (0x64, 0xff9b) => Some(four(12)),
        (0x2002, _) => Some(four(2)),
        _ => None,
    };
    let is_global = (0x2000..=0x3fff).contains(&a) && (a, b) != (0x2001, 0xdb8) && (a, b) != (0x2001, 0);
    match inner {
        Some(inner) => is_public_v4(inner),
        None => is_global,
    }
}

/// The public authorities, and none of this machine's own: what is called is on the public network.
static TLS: LazyLock<Arc<ClientConfig>> = LazyLock::new(|| {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.expect("the provider has the versions of today").with_root_certificates(roots);
    Arc::new(config.with_no_client_auth())
});

/// How long an answer may take, from the name to its last byte.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the head of an answer may be, in bytes.
const HEAD: usize = 16 * 1024;
/// The room for a body that is not read.
const NOTHING: usize = 0;

#[cfg(test)]
mod tests;
