//! The load: some connections that ask, read the answer to its last byte, and ask again. The same for every contender.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::runtime;

/// What one round gave.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Load {
    pub(super) requests: u64,
    pub(super) seconds: f64,
    pub(super) p50_us: f64,
}

pub(super) fn offer(to: SocketAddr, path: &str, connections: usize, time: Duration) -> Result<Load> {
    runtime()?.block_on(async {
        let begun = Instant::now();
        let ends = begun + time;
        let askers: Vec<_> = (0..connections).map(|_| tokio::spawn(ask(to, path.to_owned(), ends))).collect();
        let mut times = Vec::new();
        for asker in askers {
            times.extend(asker.await??);
        }
        let seconds = begun.elapsed().as_secs_f64();
        times.sort_unstable();
        let p50 = times.get(times.len() / 2).copied().context("no answer at all")?;
        Ok(Load {
            requests: u64::try_from(times.len())?,
            seconds,
            p50_us: Duration::from_nanos(p50.into()).as_secs_f64() * 1e6,
        })
    })
}

/// Each answer's time in nanoseconds.
async fn ask(to: SocketAddr, path: String, ends: Instant) -> Result<Vec<u32>> {
    let mut stream = TcpStream::connect(to).await?;
    stream.set_nodelay(true)?;
    // What a browser sends on an inner page, less the noise.
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {to}\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n\
         Accept: text/html,application/xhtml+xml\r\nAccept-Language: en-GB,en;q=0.5\r\n\
         Accept-Encoding: gzip, deflate, br\r\nCookie: legacy=1234567890; theme=dark\r\n\r\n"
    );
    let mut buffer = vec![0; 128 * 1024];
    let mut times = Vec::with_capacity(1 << 16);
    while Instant::now() < ends {
        let begun = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        read_answer(&mut stream, &mut buffer).await?;
        times.push(u32::try_from(begun.elapsed().as_nanos()).unwrap_or(u32::MAX));
    }
    Ok(times)
}

async fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<()> {
    let (mut have, mut wants) = (0, None);
    while wants.is_none_or(|wants| have < wants) {
        let read = stream.read(buffer.get_mut(have..).context("an answer beyond the buffer")?).await?;
        ensure!(read > 0, "the connection ended in the middle of an answer");
        have += read;
        if wants.is_none() {
            wants = whole(buffer.get(..have).unwrap_or_default())?;
        }
    }
    ensure!(wants == Some(have), "more than one answer");
    Ok(())
}

/// How long the whole answer is, once its head is there.
fn whole(bytes: &[u8]) -> Result<Option<usize>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(bytes.get(..end).unwrap_or_default())?;
    ensure!(head.starts_with("HTTP/1.1 200"), "not an answer: {head}");
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let length = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.context("an answer without a length")?.1.trim().parse()?;
    Ok(Some(end + 4 + length))
}
