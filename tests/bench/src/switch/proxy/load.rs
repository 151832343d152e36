//! The load: some connections that ask, read the answer to its last byte, and ask again. The same for every contender.

use std::{
    io::Write,
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use super::ready::{Ready, read};

/// What one round gave.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Load {
    pub(super) requests: u64,
    pub(super) seconds: f64,
    pub(super) p50_us: f64,
}

pub(super) fn offer(to: SocketAddr, path: &str, connections: usize, time: Duration) -> Result<Load> {
    let request = request(to, path);
    let mut ready = Ready::new()?;
    let mut askers = (0..connections).map(|_| Asker::connect(to)).collect::<Result<Vec<_>>>()?;
    let begun = Instant::now();
    for (number, asker) in askers.iter_mut().enumerate() {
        ready.add(&asker.stream, number)?;
        asker.ask(&request)?;
    }
    let mut times = Vec::with_capacity(1 << 20);
    let mut heard = begun;
    while begun.elapsed() < time {
        ensure!(heard.elapsed() < Duration::from_secs(5), "no answer for five seconds");
        for number in ready.wait(Duration::from_millis(500))? {
            let asker = askers.get_mut(number).context("a connection")?;
            if let Some(took) = asker.hear()? {
                times.push(took);
                asker.ask(&request)?;
                heard = asker.asked;
            }
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    times.sort_unstable();
    let p50 = times.get(times.len() / 2).copied().context("no answer at all")?;
    Ok(Load { requests: u64::try_from(times.len())?, seconds, p50_us: p50.as_secs_f64() * 1e6 })
}

/// What a browser sends on an inner page, less the noise.
fn request(to: SocketAddr, path: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {to}\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n\
         Accept: text/html,application/xhtml+xml\r\nAccept-Language: en-GB,en;q=0.5\r\n\
         Accept-Encoding: gzip, deflate, br\r\nCookie: legacy=1234567890; theme=dark\r\n\r\n"
    )
    .into_bytes()
}

struct Asker {
    stream: TcpStream,
    asked: Instant,
    buffer: Vec<u8>,
    have: usize,
    /// The whole answer's length, once its head is there.
    wants: Option<usize>,
}

impl Asker {
    fn connect(to: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(to)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self { stream, asked: Instant::now(), buffer: vec![0; 128 * 1024], have: 0, wants: None })
    }

    fn ask(&mut self, request: &[u8]) -> Result<()> {
        (self.have, self.wants, self.asked) = (0, None, Instant::now());
        Ok((&self.stream).write_all(request)?)
    }

    /// How long the answer took, when its last byte is there.
    fn hear(&mut self) -> Result<Option<Duration>> {
        let Some(read) = read(&self.stream, &mut self.buffer, self.have)? else { return Ok(None) };
        ensure!(read > 0, "the connection ended in the middle of an answer");
        self.have += read;
        if self.wants.is_none() {
            self.wants = whole(self.buffer.get(..self.have).unwrap_or_default())?;
        }
        match self.wants {
            Some(wants) if wants < self.have => bail!("more than one answer"),
            Some(wants) if wants == self.have => Ok(Some(self.asked.elapsed())),
            _ => Ok(None),
        }
    }
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
