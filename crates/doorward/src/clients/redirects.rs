//! Where people may be sent with a code in their hands (RFC 9700 section 2.1 and 4.1, RFC 8252 section 7).

use url::{Host, Url};

/// Why a URI cannot be used: what is wrong, and what to do.
pub(super) type Unfit = (String, String);

fn unfit<T>(problem: impl Into<String>, cure: impl Into<String>) -> Result<T, Unfit> {
    Err((problem.into(), cure.into()))
}

/// Judges a URI before it is registered; the error says what is wrong and how to write it.
pub(super) fn judge(uri: &str, whose: Whose) -> Result<Kind, Unfit> {
    let url = absolute(uri)?;
    match url.scheme() {
        "https" => web(uri, &url).map(|()| Kind::Web),
        "http" => loopback(uri, &url).map(|()| Kind::Loopback),
        scheme if scheme.contains('.') => private(uri, &url, whose).map(|()| Kind::Private),
        scheme => {
            let cure = "Use https, or for an app on people's devices a scheme such as `com.example.app`.";
            unfit(format!("the scheme `{scheme}` is nobody's own"), cure)
        }
    }
}

/// Judges the address where a client is told of logouts. `http` is for trying it out on one machine.
pub(super) fn judge_backchannel(uri: &str, is_local_site: bool) -> Result<(), Unfit> {
    let url = absolute(uri)?;
    match url.scheme() {
        "https" if matches!(url.host(), Some(Host::Domain(_))) => web(uri, &url),
        "http" if is_local_site => loopback(uri, &url),
        _ => unfit("we call it, so it must say where exactly", "Use https with the name of a host."),
    }
}

/// Judges a resource: an absolute URI without a fragment (RFC 8707 section 2).
pub(super) fn judge_resource(uri: &str) -> Result<(), Unfit> {
    absolute(uri).map(drop)
}

/// Whether a client can keep a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// It is public.
    Public,
    /// It is confidential.
    Confidential,
}

/// Who can answer to a URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Who has the host's certificate.
    Web,
    /// Whatever program listens on the person's machine.
    Loopback,
    /// Whatever program has claimed the scheme there.
    Private,
}

/// Whether a URI that was sent is the registered one: the same bytes, but for the port of a loopback address, which a program
/// cannot choose beforehand (RFC 8252 section 7.3).
pub(super) fn same(registered: &str, sent: &str) -> bool {
    registered == sent
        || LOOPBACK.iter().any(|beginning| {
            let rest = |uri: &'_ str| uri.strip_prefix(beginning).and_then(without_port).map(str::to_owned);
            rest(registered).is_some_and(|registered| rest(sent).is_some_and(|sent| sent == registered))
        })
}

/// What follows the host and its port; `None` when something else follows the host.
fn without_port(rest: &str) -> Option<&str> {
    let Some(port) = rest.strip_prefix(':') else {
        return (rest.is_empty() || rest.starts_with(['/', '?'])).then_some(rest);
    };
    let end = port.find(|c: char| !c.is_ascii_digit()).unwrap_or(port.len());
    let (digits, rest) = port.split_at(end);
    let is_port = !digits.starts_with('0') && digits.parse::<u16>().is_ok();
    (is_port && (rest.is_empty() || rest.starts_with(['/', '?']))).then_some(rest)
}

const LOOPBACK: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];
const LONGEST: usize = 512;

/// Reads what every such URI must be: absolute, without a fragment, and written as every parser would write it.
fn absolute(uri: &str) -> Result<Url, Unfit> {
    if uri.len() > LONGEST
        || !uri.bytes().all(|byte| byte.is_ascii_graphic())
        || uri.contains(['\\', '"', '<', '>', '*'])
    {
        let problem = format!(
            "it is longer than {LONGEST} letters, or has others than those of ASCII, spaces, backslashes or `*`"
        );
        return unfit(problem, "Write every address out; a name of a host in another script begins with `xn--`.");
    }
    let url = Url::parse(uri).or_else(|_| unfit("it is no absolute URI", "Write it with its scheme and its host."))?;
    if uri.contains('#') {
        return unfit("it has a fragment", "Remove the `#` and what follows it.");
    }
    let canonical = url.as_str();
    let is_canonical = canonical == uri || canonical.strip_suffix('/') == Some(uri);
    if is_canonical {
        Ok(url)
    } else {
        unfit("programs write it in different ways", format!("Write it as `{canonical}`."))
    }
}

fn web(uri: &str, url: &Url) -> Result<(), Unfit> {
    // The parser has removed an empty user already, and resolved dots, so both are looked for in the text.
    let authority = uri.split("//").nth(1).unwrap_or_default().split(['/', '?']).next().unwrap_or_default();
    if authority.contains('@') {
        return unfit("it has a user before an `@`", "Remove that.");
    }
    if url.host_str().is_some_and(|host| host == "localhost" || host.ends_with(".localhost")) {
        return unfit("`localhost` may be another machine", NO_LOCALHOST);
    }
    if url.host_str().is_some_and(|host| host.ends_with('.')) {
        return unfit("the name of its host ends with a dot", "Remove the dot.");
    }
    plain_path(uri)
}

fn loopback(uri: &str, url: &Url) -> Result<(), Unfit> {
    if url.host_str().is_some_and(|host| host == "localhost" || host.ends_with(".localhost")) {
        return unfit("`localhost` may be another machine", NO_LOCALHOST);
    }
    let is_literal = LOOPBACK.iter().any(|beginning| uri.strip_prefix(beginning).and_then(without_port).is_some());
    if !is_literal {
        return unfit("plain http shows the code to the network", "Use https, or http with 127.0.0.1 or [::1].");
    }
    plain_path(uri)
}

fn private(uri: &str, url: &Url, whose: Whose) -> Result<(), Unfit> {
    if whose == Whose::Confidential {
        return unfit("a scheme of one's own is for apps on people's devices, which are public clients", "Use https.");
    }
    let is_reversed_domain = url.scheme().split('.').all(|label| !label.is_empty());
    if !is_reversed_domain {
        return unfit("its scheme is no name of a domain", "Write one of yours backwards, such as `com.example.app`.");
    }
    // RFC 8252 section 7.1: without an authority, one slash follows.
    if url.cannot_be_a_base() || url.has_authority() || url.path().starts_with("//") {
        return unfit("one slash follows the scheme", format!("Write it as `{}:/callback`.", url.scheme()));
    }
    plain_path(uri)
}

/// Refuses a path that some programs would resolve to another one.
fn plain_path(uri: &str) -> Result<(), Unfit> {
    let path = uri.split('?').next().unwrap_or_default().to_ascii_lowercase();
    let climbs = path.replace("%2e", ".").split(['/', ':']).any(|part| part == ".." || part == ".");
    let hides = ["%2f", "%5c", "%00", "%2e"].iter().any(|code| path.contains(code));
    if climbs || hides {
        return unfit("programs take its path for different ones", "Remove `..`, and encoded dots, slashes and zeros.");
    }
    Ok(())
}

const NO_LOCALHOST: &str = "Use `http://127.0.0.1` or `http://[::1]`, where any port matches.";
