//! The only request that goes out: a logout token to the address that an operator has registered for a client.
//!
//! The connection is our own from the name to the socket, so that the address that was judged is the one that is called. There
//! is no redirect to follow, no proxy, no pool; of the answer its status counts and nothing else is read.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, LazyLock},
    time::Duration,
};

use axum::http::{Request, StatusCode, header};
use bytes::Bytes;
use http_body_util::Full;
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
pub(super) enum Place {
    /// Public addresses, over https.
    Elsewhere,
    /// In development also a client on the same machine, whose address is written as such.
    ThisMachineToo,
}

/// Why a client was not told; for the log.
#[derive(Debug)]
pub(super) enum Failed {
    /// The address is none that we call.
    Address(&'static str),
    /// It did not answer in time.
    TooSlow,
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
            Self::Status(status) => write!(f, "it answered {status}"),
            Self::Exchange(cause) => f.write_str(cause),
        }
    }
}

/// Sends a logout token (Back-Channel Logout 1.0 section 2.5); 200 and 204 mean that it was taken.
pub(super) async fn send(uri: &str, token: &str, place: Place) -> Result<(), Failed> {
    let sent = tokio::time::timeout(PATIENCE, sent(uri, token, place));
    match sent.await.map_err(|_| Failed::TooSlow)?? {
        StatusCode::OK | StatusCode::NO_CONTENT => Ok(()),
        status => Err(Failed::Status(status)),
    }
}

async fn sent(uri: &str, token: &str, place: Place) -> Result<StatusCode, Failed> {
    let url = Url::parse(uri).map_err(|_| Failed::Address("it is no URI"))?;
    let (host, port) = url.host().zip(url.port_or_known_default()).ok_or(Failed::Address("it names no host"))?;
    match (url.scheme(), host) {
        ("https", Host::Domain(name)) => {
            let stream = TcpStream::connect(resolve(name, port).await?.as_slice()).await.map_err(exchange)?;
            let server = ServerName::try_from(name.to_owned()).map_err(exchange)?;
            let stream = TlsConnector::from(Arc::clone(&TLS)).connect(server, stream).await.map_err(exchange)?;
            post(stream, &url, token).await
        }
        ("http", host) if place == Place::ThisMachineToo => {
            let address = literal_loopback(&host).ok_or(Failed::Address("plain http is for this very machine"))?;
            post(TcpStream::connect((address, port)).await.map_err(exchange)?, &url, token).await
        }
        _ => Err(Failed::Address("it is not https with the name of a host")),
    }
}

/// The public addresses of a host. One that is not is never called, whoever controls the name: behind it may be what only we
/// reach.
async fn resolve(name: &str, port: u16) -> Result<Vec<SocketAddr>, Failed> {
    let found = tokio::net::lookup_host((name, port)).await.map_err(exchange)?;
    let public: Vec<_> = found.filter(|address| is_public(address.ip())).take(4).collect();
    if public.is_empty() { Err(Failed::Address("its host has no public address")) } else { Ok(public) }
}

async fn post(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    url: &Url,
    token: &str,
) -> Result<StatusCode, Failed> {
    let mut http = hyper::client::conn::http1::Builder::new();
    let (mut sender, connection) = http.max_buf_size(MOST).handshake(TokioIo::new(stream)).await.map_err(exchange)?;
    let body = url::form_urlencoded::Serializer::new(String::new()).append_pair("logout_token", token).finish();
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let request = Request::post(path)
        .header(header::HOST, host)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::CONNECTION, "close")
        .body(Full::<Bytes>::from(body))
        .map_err(exchange)?;
    // Whatever happens to this future, the connection goes with it.
    let mut driving = JoinSet::new();
    driving.spawn(connection);
    Ok(sender.send_request(request).await.map_err(exchange)?.status())
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
pub(super) fn is_public(address: IpAddr) -> bool {
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

/// How long a client may take for everything.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the head of an answer may be, in bytes.
const MOST: usize = 16 * 1024;
