//! An upstream that writes down the bytes of every request, holds them to the letter of HTTP/1.1, and answers with
//! whatever bytes a test wants: half bodies, lies about lengths, silence, resets.

use std::{
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    os::fd::OwnedFd,
    sync::{
        Arc, Condvar, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use rustix::net::{AddressFamily, SocketType, bind, getsockname, listen, socket, sockopt};

use crate::{
    head::{Head, body_length},
    reader::{Body, PATIENCE, Reader},
};

/// Bodies beyond this are counted and not kept.
const KEPT: usize = 4 << 20;

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Which connection it came on, and as which of that connection's requests; both from 0.
    pub(crate) connection: usize,
    pub(crate) turn: usize,
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
    /// How long the body was, even if it was not kept.
    pub(crate) length: u64,
}

/// What becomes of a connection after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    Keep,
    Close,
    /// Ends with a reset instead of a polite close.
    Reset,
}

/// The upstream's end of a connection, handed to the script.
pub(crate) struct Wire {
    reader: Reader,
    book: Arc<Book>,
}

pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    book: Arc<Book>,
}

#[derive(Default)]
struct Book {
    page: Mutex<Page>,
    news: Condvar,
    stopped: AtomicBool,
}

#[derive(Default)]
struct Page {
    seen: Vec<Seen>,
    connections: usize,
    closed: usize,
    wrong: Vec<String>,
}

type Script = dyn Fn(&Seen, &mut Wire) -> Then + Send + Sync;

impl Upstream {
    /// Reads each request whole, then runs the script.
    pub(crate) fn start(script: impl Fn(&Seen, &mut Wire) -> Then + Send + Sync + 'static) -> Self {
        Self::serve(true, Arc::new(script))
    }

    /// Runs the script once the head is there; the script reads the body, or does not.
    pub(crate) fn at_the_head(script: impl Fn(&Seen, &mut Wire) -> Then + Send + Sync + 'static) -> Self {
        Self::serve(false, Arc::new(script))
    }

    /// Gives the same bytes to everybody and keeps the connection.
    pub(crate) fn says(answer: impl AsRef<[u8]>) -> Self {
        let answer = answer.as_ref().to_vec();
        Self::start(move |_, wire| {
            wire.send(&answer);
            Then::Keep
        })
    }

    /// As `says`, for an answer that names the upstream's own address.
    pub(crate) fn says_with_address(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self::start(move |_, wire| {
            let address = wire.reader.stream().local_addr().unwrap().to_string();
            wire.send(answer(&address));
            Then::Keep
        })
    }

    /// An ordinary one: 200 and the request's own target as the body.
    pub(crate) fn echo() -> Self {
        Self::start(|seen, wire| {
            wire.send(ok(&seen.head.target()));
            Then::Keep
        })
    }

    fn serve(whole: bool, script: Arc<Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let book = Arc::new(Book::default());
        let clerk = Arc::clone(&book);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if clerk.stopped.load(Ordering::SeqCst) {
                    return;
                }
                let wire = Wire { reader: Reader::new(stream.unwrap()), book: Arc::clone(&clerk) };
                let connection = clerk.opened();
                let script = Arc::clone(&script);
                thread::spawn(move || wire.converse(connection, whole, &script));
            }
        });
        Self { address, book }
    }

    /// All requests so far. Fails the test if one of them was not well-formed.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        let page = self.book.page();
        assert!(page.wrong.is_empty(), "the upstream was sent nonsense: {:?}", page.wrong);
        page.seen.clone()
    }

    /// The only request so far.
    pub(crate) fn only(&self) -> Seen {
        let mut seen = self.seen();
        assert_eq!(seen.len(), 1, "one request");
        seen.remove(0)
    }

    pub(crate) fn last(&self) -> Seen {
        self.seen().pop().expect("a request")
    }

    pub(crate) fn connections(&self) -> usize {
        self.book.page().connections
    }

    /// Waits until that many requests are there.
    pub(crate) fn wait_for(&self, count: usize) -> Vec<Seen> {
        self.wait(|page| page.seen.len() >= count);
        self.seen()
    }

    /// Waits until that many connections have ended.
    pub(crate) fn wait_closed(&self, count: usize) {
        self.wait(|page| page.closed >= count);
    }

    /// Stops listening, and says where it was.
    pub(crate) fn address_after_its_end(self) -> SocketAddr {
        let address = self.address;
        drop(self);
        while TcpStream::connect(address).is_ok() {
            thread::yield_now();
        }
        address
    }

    fn wait(&self, done: impl Fn(&Page) -> bool) {
        let page = self.book.page();
        let (_page, late) = self.book.news.wait_timeout_while(page, PATIENCE, |page| !done(page)).unwrap();
        assert!(!late.timed_out(), "it never happened");
    }
}

/// An address where connecting neither succeeds nor fails: a queue that is full.
pub(crate) struct BlackHole {
    pub(crate) address: SocketAddr,
    _held: Vec<OwnedFd>,
}

impl BlackHole {
    pub(crate) fn open() -> Self {
        let listener = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&listener, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        listen(&listener, 0).unwrap();
        let address = SocketAddr::try_from(getsockname(&listener).unwrap()).unwrap();
        let mut held = vec![listener];
        while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
            held.push(stream.into());
        }
        Self { address, _held: held }
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.book.stopped.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

impl Book {
    fn page(&self) -> MutexGuard<'_, Page> {
        self.page.lock().unwrap()
    }

    fn opened(&self) -> usize {
        let mut page = self.page();
        page.connections += 1;
        page.connections - 1
    }

    fn write(&self, change: impl FnOnce(&mut Page)) {
        change(&mut self.page());
        self.news.notify_all();
    }
}

impl Wire {
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.reader.write(bytes.as_ref())
    }

    /// A pause between bytes, as a slow upstream makes; cut short if the other side leaves.
    pub(crate) fn pause(&mut self, time: Duration) {
        let stream = self.reader.stream();
        stream.set_read_timeout(Some(time)).unwrap();
        let _ = stream.peek(&mut [0]);
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
    }

    /// Sends that many bytes; fewer if the other side leaves.
    pub(crate) fn flood(&mut self, count: u64) -> u64 {
        self.reader.flood(count)
    }

    /// Sends until the other side takes no more.
    pub(crate) fn flood_until_stalled(&mut self, most: u64) -> u64 {
        self.reader.flood_until_stalled(most)
    }

    /// Waits for the other side to end the connection: what a silent upstream does.
    pub(crate) fn hang(&mut self) {
        self.reader.count_to_end();
    }

    /// Reads that many bytes past the head.
    pub(crate) fn read(&mut self, count: usize) -> Vec<u8> {
        self.reader.take(count)
    }

    fn converse(mut self, connection: usize, whole: bool, script: &Arc<Script>) {
        let mut turn = 0;
        while let Some(seen) = self.request(connection, turn, whole) {
            self.book.write(|page| page.seen.push(seen.clone()));
            match script(&seen, &mut self) {
                Then::Keep => turn += 1,
                Then::Close => {
                    let _ = self.reader.stream().shutdown(Shutdown::Both);
                    break;
                }
                Then::Reset => {
                    sockopt::set_socket_linger(self.reader.stream(), Some(Duration::ZERO)).unwrap();
                    break;
                }
            }
        }
        let book = Arc::clone(&self.book);
        drop(self);
        book.write(|page| page.closed += 1);
    }

    fn request(&mut self, connection: usize, turn: usize, whole: bool) -> Option<Seen> {
        let Some(head) = self.reader.head() else {
            self.complain_about_leftovers();
            return None;
        };
        if let Err(why) = well_formed(&head) {
            self.book.write(|page| page.wrong.push(format!("{why}: {}", head.text())));
        }
        let none = Body { bytes: Vec::new(), length: 0, whole: true };
        let body = if whole { self.body_of(&head) } else { none };
        body.whole.then_some(Seen { connection, turn, head, body: body.bytes, length: body.length })
    }

    fn complain_about_leftovers(&self) {
        if !self.reader.unread().is_empty() {
            let text = String::from_utf8_lossy(self.reader.unread()).into_owned();
            self.book.write(|page| page.wrong.push(format!("half a request: {text}")));
        }
    }

    fn body_of(&mut self, head: &Head) -> Body {
        if head.has("transfer-encoding") {
            return self.reader.chunks(KEPT);
        }
        self.reader.sized(body_length(head).unwrap_or(0), KEPT)
    }
}

/// An answer with that body.
pub(crate) fn ok(body: &str) -> String {
    answer("", body)
}

/// An answer with those header lines, each ended by CRLF, and that body.
pub(crate) fn answer(headers: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// What every request must be, whatever the client sent.
fn well_formed(head: &Head) -> Result<(), &'static str> {
    let text = head.text();
    let words: Vec<_> = text.split("\r\n").next().unwrap_or_default().split(' ').map(str::to_owned).collect();
    let whole_lines = text.replace("\r\n", "");
    let lengths = head.values("content-length");
    let encodings = head.values("transfer-encoding");
    let names_are_tokens = head.lines().iter().all(|(name, _)| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
    });
    let faults = [
        (words.len() != 3, "not three words"),
        (words.last().is_none_or(|word| word != "HTTP/1.1"), "not HTTP/1.1"),
        (words.get(1).is_none_or(|target| !target.starts_with('/')), "not origin-form"),
        (whole_lines.contains(['\r', '\n', '\0']), "bare CR, LF or NUL"),
        (head.values("host").len() != 1, "not one Host"),
        (lengths.len() + encodings.len() > 1, "more than one framing"),
        (
            lengths.iter().any(|value| !value.bytes().all(|byte| byte.is_ascii_digit())),
            "a length that is none",
        ),
        (encodings.iter().any(|value| value != "chunked"), "an encoding that is none"),
        (!names_are_tokens, "a header name that is none"),
    ];
    faults.into_iter().find(|(fault, _)| *fault).map_or(Ok(()), |(_, why)| Err(why))
}
