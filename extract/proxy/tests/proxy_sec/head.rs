//! Heads of requests and answers as bytes and lines, in the order and case in which they were sent.

/// Everything up to and with the empty line.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    bytes: Vec<u8>,
}

impl Head {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The request line, or the status line.
    pub(crate) fn first_line(&self) -> String {
        self.text().split("\r\n").next().unwrap_or_default().to_owned()
    }

    pub(crate) fn method(&self) -> String {
        self.word(0)
    }

    pub(crate) fn target(&self) -> String {
        self.word(1)
    }

    pub(crate) fn status(&self) -> u16 {
        self.word(1).parse().expect("a status")
    }

    /// The values of every line of that name, in order.
    pub(crate) fn values(&self, name: &str) -> Vec<String> {
        let lines = self.lines().into_iter();
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }

    /// The one value of that name.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        let values = self.values(name);
        assert!(values.len() < 2, "{name} came {} times: {values:?}", values.len());
        values.into_iter().next()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        !self.values(name).is_empty()
    }

    pub(crate) fn lines(&self) -> Vec<(String, String)> {
        let text = self.text();
        let lines = text.split("\r\n").skip(1).filter(|line| !line.is_empty());
        let split = lines.map(|line| line.split_once(':').unwrap_or((line, "")));
        split.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect()
    }

    fn word(&self, at: usize) -> String {
        self.first_line().split(' ').nth(at).unwrap_or_default().to_owned()
    }
}

/// What `Content-Length` says.
pub(crate) fn body_length(head: &Head) -> Option<u64> {
    head.value("content-length").map(|length| length.parse().expect("a length"))
}

pub(crate) fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
