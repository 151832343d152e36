//! The only places that requests are ever sent to: the configuration's upstreams, checked whole at start.

use std::{
    collections::BTreeMap,
    fmt,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::{HeaderValue, Uri};
use rustls::pki_types::ServerName;
use rustls_platform_verifier::ConfigVerifierExt;
use tokio_rustls::TlsConnector;

use crate::{Allowed, UpstreamSettings, address::is_permitted, check_path};

/// Every upstream by name, shared by all workers.
#[derive(Default)]
pub struct Upstreams(BTreeMap<String, Arc<Upstream>>);

/// Why an upstream is refused at start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("switch.upstreams.{name}: `{address}` {why}")]
pub struct UpstreamError {
    name: String,
    address: String,
    why: Why,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Why {
    #[error(
        "is no address; write http://HOST:PORT or https://HOST, with a path only if every request goes below it"
    )]
    Form,
    #[error("carries a user name or password; upstreams get a signed identity instead, so leave them out")]
    User,
    #[error("has a host that is neither a name nor an address in its usual form")]
    Host,
    #[error("is an address that no upstream can have")]
    Forbidden,
    #[error("names this machine in disguise; write localhost or 127.0.0.1, or set loopback = true")]
    Loopback,
    #[error("ends in a path that could be read in two ways")]
    Prefix,
    #[error("needs TLS, and this machine offers no certificates to trust: {0}")]
    Tls(String),
    #[error("may have no request in flight; set in_flight to 1 or more")]
    InFlight,
}

/// One upstream, ready for use.
pub(crate) struct Upstream {
    /// Its place among all, by which each worker keeps its connections.
    pub(crate) place: usize,
    pub(crate) name: String,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) host_header: HeaderValue,
    /// Put before every path; empty, or with a slash in front and none at the end.
    pub(crate) prefix: String,
    pub(crate) tls: Option<Tls>,
    /// It may be on this machine.
    pub(crate) loopback: bool,
    pub(crate) allowed: Allowed,
    pub(crate) cookies: Vec<String>,
    pub(crate) set_cookies: Vec<String>,
    pub(crate) patience: Patience,
    pub(crate) response_limit: Option<u64>,
    pub(crate) in_flight: usize,
    is_site: bool,
    busy: AtomicUsize,
    streams: AtomicUsize,
}

pub(crate) struct Tls {
    pub(crate) connector: TlsConnector,
    pub(crate) name: ServerName<'static>,
}

/// How long an upstream may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    pub(crate) connect: Duration,
    pub(crate) head: Duration,
    pub(crate) idle: Duration,
    pub(crate) total: Duration,
    pub(crate) stream_idle: Duration,
}

/// A place among the requests that an upstream has at a time; given back when it is dropped.
pub(crate) struct Place {
    upstream: Arc<Upstream>,
    streams: bool,
    left: bool,
}

impl Upstreams {
    pub fn new(settings: &BTreeMap<String, UpstreamSettings>) -> Result<Self, UpstreamError> {
        let upstreams = settings.iter().enumerate().map(|(place, (name, settings))| {
            let upstream = Upstream::new(name, settings).map(|upstream| Upstream { place, ..upstream });
            let refused = |why| UpstreamError { name: name.clone(), address: shown(&settings.address), why };
            upstream.map(|upstream| (name.clone(), Arc::new(upstream))).map_err(refused)
        });
        upstreams.collect::<Result<_, _>>().map(Self)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Those that are said not to speak our call protocol.
    pub fn sites(&self) -> impl Iterator<Item = &str> {
        self.0.values().filter(|upstream| upstream.is_site).map(|upstream| upstream.name.as_str())
    }

    /// What may stand in its paths; the strict rule for an unknown name.
    pub fn allowed(&self, name: &str) -> Allowed {
        self.0.get(name).map_or_else(Allowed::default, |upstream| upstream.allowed)
    }

    /// Requests that it has now.
    pub fn in_flight(&self, name: &str) -> usize {
        self.0.get(name).map_or(0, |upstream| upstream.busy.load(Ordering::Relaxed))
    }

    /// Event streams and upgraded connections that are open now.
    pub fn streams(&self, name: &str) -> usize {
        self.0.get(name).map_or(0, |upstream| upstream.streams.load(Ordering::Relaxed))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Arc<Upstream>> {
        self.0.get(name)
    }
}

impl fmt::Debug for Upstreams {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_set().entries(self.0.keys()).finish()
    }
}

impl Upstream {
    pub(crate) fn new(name: &str, settings: &UpstreamSettings) -> Result<Self, Why> {
        let uri = address(&settings.address)?;
        let authority = uri.authority().ok_or(Why::Form)?;
        let https = uri.scheme_str() == Some("https");
        let port = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
        if !port.is_empty() && authority.port_u16().is_none_or(|port| port == 0) {
            return Err(Why::Form);
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let loopback = judge(&host, settings.loopback)?;
        let prefix = uri.path().trim_end_matches('/').to_owned();
        if !prefix.is_empty() && check_path(&prefix, Allowed::default()).is_err() {
            return Err(Why::Prefix);
        }
        if settings.in_flight == 0 {
            return Err(Why::InFlight);
        }
        let ms = Duration::from_millis;
        Ok(Self {
            place: 0,
            name: name.to_owned(),
            port: authority.port_u16().unwrap_or(if https { 443 } else { 80 }),
            host_header: HeaderValue::from_str(authority.as_str()).map_err(|_| Why::Form)?,
            prefix,
            tls: https.then(|| tls(&host)).transpose()?,
            host,
            loopback,
            allowed: Allowed {
                double_slash: settings.allow_double_slash,
                semicolon: settings.allow_semicolon,
            },
            cookies: settings.cookies.clone(),
            set_cookies: settings.set_cookies.clone(),
            patience: Patience {
                connect: ms(settings.connect_ms),
                head: ms(settings.head_ms),
                idle: ms(settings.idle_ms),
                total: ms(settings.total_ms),
                stream_idle: ms(settings.stream_idle_ms),
            },
            response_limit: settings.response_limit,
            in_flight: settings.in_flight,
            is_site: settings.calls == Some(false),
            busy: AtomicUsize::new(0),
            streams: AtomicUsize::new(0),
        })
    }

    /// A place, unless all are taken.
    pub(crate) fn enter(self: &Arc<Self>) -> Option<Place> {
        let before = self.busy.fetch_add(1, Ordering::Relaxed);
        let place = Place { upstream: Arc::clone(self), streams: false, left: false };
        (before < self.in_flight).then_some(place)
    }
}

impl Place {
    pub(crate) fn upstream(&self) -> &Arc<Upstream> {
        &self.upstream
    }

    /// Counts it among the open streams too.
    pub(crate) fn streams(&mut self) {
        self.streams = true;
        self.upstream.streams.fetch_add(1, Ordering::Relaxed);
    }

    /// Gives it back now.
    pub(crate) fn leave(&mut self) {
        if std::mem::replace(&mut self.left, true) {
            return;
        }
        self.upstream.busy.fetch_sub(1, Ordering::Relaxed);
        if self.streams {
            self.upstream.streams.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}

fn address(text: &str) -> Result<Uri, Why> {
    if text.contains('@') {
        return Err(Why::User);
    }
    let plain = text.starts_with("http://") || text.starts_with("https://");
    if !plain || text.contains(['?', '#', '\\']) {
        return Err(Why::Form);
    }
    text.parse().map_err(|_| Why::Form)
}

/// Whether the host may be this machine.
fn judge(host: &str, declared: bool) -> Result<bool, Why> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        let loopback = declared || ip.is_loopback();
        return match is_permitted(ip, loopback) {
            true => Ok(loopback),
            false if is_permitted(ip, true) => Err(Why::Loopback),
            false => Err(Why::Forbidden),
        };
    }
    let fits = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    // Some resolvers read a number, in any base, as an address.
    let number = last.starts_with("0x") || last.bytes().all(|byte| byte.is_ascii_digit());
    if host.trim_end_matches('.').ends_with("localhost") && host != "localhost" && !declared {
        return Err(Why::Loopback);
    }
    if number || !host.split('.').all(fits) {
        return Err(Why::Host);
    }
    Ok(declared || host == "localhost")
}

fn tls(host: &str) -> Result<Tls, Why> {
    let trouble = |error: &dyn fmt::Display| Why::Tls(error.to_string());
    let mut config = rustls::ClientConfig::with_platform_verifier().map_err(|e| trouble(&e))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let name = ServerName::try_from(host.to_owned()).map_err(|e| trouble(&e))?;
    Ok(Tls { connector: TlsConnector::from(Arc::new(config)), name })
}

/// A password in an address is not repeated in the message about it.
fn shown(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((_, rest)) => format!("…@{rest}"),
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upstream(address: &str, loopback: bool) -> Result<Upstream, Why> {
        Upstream::new("legacy", &UpstreamSettings { loopback, ..UpstreamSettings::at(address) })
    }

    #[test]
    fn addresses() {
        for (address, why) in [
            ("http://10.0.0.7:8080", None),
            ("http://10.0.0.7:8080/", None),
            ("http://res.internal/app/", None),
            ("http://127.0.0.1:1", None),
            ("http://localhost:1", None),
            ("http://[::1]:1", None),
            ("http://[2001:db8::1]", None),
            ("", Some(Why::Form)),
            ("res.internal", Some(Why::Form)),
            ("ftp://res.internal", Some(Why::Form)),
            ("http://res.internal:99999", Some(Why::Form)),
            ("http://res.internal:0", Some(Why::Form)),
            ("http://res.internal:", Some(Why::Form)),
            ("file:///etc/passwd", Some(Why::Form)),
            ("http://res.internal?x", Some(Why::Form)),
            ("http://res.internal#x", Some(Why::Form)),
            ("http://user:secret@res.internal", Some(Why::User)),
            ("http://res.internal@169.254.169.254/", Some(Why::User)),
            ("http://169.254.169.254", Some(Why::Forbidden)),
            ("http://[::ffff:169.254.169.254]", Some(Why::Forbidden)),
            ("http://0.0.0.0:1", Some(Why::Forbidden)),
            ("http://[::ffff:127.0.0.1]:1", Some(Why::Loopback)),
            ("http://localhost.:1", Some(Why::Loopback)),
            ("http://a.localhost:1", Some(Why::Loopback)),
            ("http://2130706433", Some(Why::Host)),
            ("http://0x7f.1", Some(Why::Host)),
            ("http://127.1", Some(Why::Host)),
            ("http://res..internal", Some(Why::Host)),
            ("http://res.internal/a/../b", Some(Why::Prefix)),
            ("http://res.internal/a//b", Some(Why::Prefix)),
        ] {
            assert_eq!(upstream(address, false).err(), why, "{address}");
        }
        assert!(upstream("http://[::ffff:127.0.0.1]:1", true).is_ok());
        assert!(upstream("http://169.254.169.254", true).is_err());
    }

    #[test]
    fn what_it_says_names_the_key_and_no_password() {
        let settings = [("res".to_owned(), UpstreamSettings::at("http://u:secret@res.internal"))].into();
        let text = Upstreams::new(&settings).unwrap_err().to_string();
        assert!(text.starts_with("switch.upstreams.res:") && !text.contains("secret"), "{text}");
    }

    #[test]
    fn places_are_given_back() {
        let settings = UpstreamSettings { in_flight: 2, ..UpstreamSettings::at("http://10.0.0.7") };
        let upstream = Arc::new(Upstream::new("legacy", &settings).unwrap());
        let first = upstream.enter().unwrap();
        let second = upstream.enter().unwrap();
        assert!(upstream.enter().is_none());
        drop(first);
        assert!(upstream.enter().is_some());
        drop(second);
        assert_eq!(upstream.busy.load(Ordering::Relaxed), 0);
    }
}
