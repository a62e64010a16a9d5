//! A mail server that accepts every letter and keeps none, so that letters cost what letters cost.

use std::net::Ipv4Addr;

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::failure::Outcome;

/// Starts one on a thread of its own, for as long as this program runs; returns its port.
pub(crate) fn start() -> Outcome<u16> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let port = listener.local_addr()?.port();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener).expect("a runtime is running");
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream));
            }
        });
    });
    Ok(port)
}

/// RFC 5321, as far as a client needs it that sends plain letters.
async fn converse(mut stream: TcpStream) -> std::io::Result<()> {
    let (reader, mut writer) = stream.split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 sink\r\n").await?;
    let mut in_letter = false;
    while let Some(line) = lines.next_line().await? {
        let answer: &[u8] = match (in_letter, line.get(..4).unwrap_or_default()) {
            (true, _) if line == "." => b"250 thrown away\r\n",
            (true, _) => continue,
            (false, "DATA") => b"354 go on\r\n",
            (false, "QUIT") => b"221 bye\r\n",
            (false, _) => b"250 yes\r\n",
        };
        in_letter = answer.starts_with(b"354");
        writer.write_all(answer).await?;
    }
    Ok(())
}
