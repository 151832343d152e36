//! A far end that plays a part: it reads each request whole, notes it, and answers as it was told, or not at all.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What it does once it has read a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Closes.
    Closes,
    /// Sends a head that promises a body, and resets.
    ResetsAfterHead,
    /// Sends half of the body that its head promised, and closes.
    HalfABody,
    /// Sends this status line and an empty body.
    Says(&'static str),
    /// Sends this body with 200.
    Answers(&'static str),
    /// Never says a word.
    IsSilent,
}

pub(crate) struct Actor {
    pub(crate) port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Actor {
    pub(crate) async fn plays(part: Part) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        actix_web::rt::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                actix_web::rt::spawn(play(stream, part, seen.clone()));
            }
        });
        Self { port, requests }
    }

    /// The heads of the requests that came.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn seen(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

async fn play(mut stream: TcpStream, part: Part, seen: Arc<Mutex<Vec<String>>>) {
    while let Some(head) = request(&mut stream).await {
        seen.lock().unwrap().push(head);
        let answer = match part {
            Part::Closes => return,
            Part::ResetsAfterHead => "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n".to_owned(),
            Part::HalfABody => "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{\"Ok".to_owned(),
            Part::Says(status) => format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n"),
            Part::Answers(body) => format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()),
            Part::IsSilent => {
                tokio::time::sleep(Duration::from_hours(1)).await;
                return;
            }
        };
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        if part == Part::ResetsAfterHead {
            // The near end must see the head before the reset takes it back.
            tokio::time::sleep(Duration::from_millis(2)).await;
            stream.set_zero_linger().unwrap();
            return;
        }
        if part == Part::HalfABody {
            return;
        }
    }
}

/// Reads one request and answers its head.
async fn request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok())?;
    while bytes.len() < end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(head)
}
