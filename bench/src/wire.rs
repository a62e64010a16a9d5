//! As much HTTP/1.1 as it takes to ask and to be answered: keep-alive, answers with a length, no pipelining.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

/// An answer that has arrived completely.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// Status line and headers.
    pub(crate) head: String,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// Where an answer ends in a buffer.
pub(crate) struct Extent {
    pub(crate) status: u16,
    pub(crate) head: usize,
    pub(crate) total: usize,
}

/// One kept connection that waits for each answer.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// Writes a request; the body goes with its content type.
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)], body: Option<(&str, &str)>) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    match body {
        Some((media_type, body)) => {
            text += &format!("content-type: {media_type}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        }
        None => text += "\r\n",
    }
    text.into_bytes()
}

/// Finds the end of the answer at the beginning of `bytes`; nothing while it is incomplete.
pub(crate) fn extent(bytes: &[u8]) -> Option<Extent> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let status = bytes.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok())?;
    let length = header(&bytes[..head], b"content-length").and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
    let total = head + length;
    (bytes.len() >= total).then_some(Extent { status, head, total })
}

/// Finds a header, named in lower case.
pub(crate) fn header<'h>(head: &'h [u8], name: &[u8]) -> Option<&'h str> {
    let lines = head.split(|byte| *byte == b'\n');
    let value = lines.filter_map(|line| {
        let (own, rest) = line.split_at_checked(name.len())?;
        (own.eq_ignore_ascii_case(name)).then(|| rest.strip_prefix(b":"))?
    });
    value.map(|value| std::str::from_utf8(value).unwrap_or_default().trim()).next()
}

impl Connection {
    /// Connects.
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    /// Asks and waits for the answer.
    pub(crate) fn ask(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.stream.write_all(request)?;
        self.buffer.clear();
        let mut chunk = [0; 16 * 1024];
        let extent = loop {
            if let Some(extent) = extent(&self.buffer) {
                break extent;
            }
            match self.stream.read(&mut chunk)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => self.buffer.extend_from_slice(&chunk[..read]),
            }
        };
        Ok(Answer {
            status: extent.status,
            head: String::from_utf8_lossy(&self.buffer[..extent.head]).into_owned(),
            body: self.buffer[extent.head..extent.total].to_vec(),
        })
    }

    /// Asks and tells how long the answer took.
    pub(crate) fn timed(&mut self, request: &[u8]) -> io::Result<(Answer, Duration)> {
        let start = Instant::now();
        let answer = self.ask(request)?;
        Ok((answer, start.elapsed()))
    }
}

impl Answer {
    /// The value of a cookie that it sets.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let set = self.head.lines().filter_map(|line| line.strip_prefix("set-cookie: "));
        let mut values = set.filter_map(|cookie| cookie.split(';').next()?.strip_prefix(name)?.strip_prefix('='));
        values.next().map(str::to_owned)
    }

    /// A text in its JSON body.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        let json: serde_json::Value = serde_json::from_slice(&self.body).ok()?;
        json.get(key)?.as_str().map(str::to_owned)
    }

    /// The headers without those that the HTTP layer writes itself.
    pub(crate) fn headers(&self) -> Vec<(String, String)> {
        let own = ["content-length", "date", "connection"];
        let pairs = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        pairs.filter(|(name, _)| !own.contains(name)).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}
