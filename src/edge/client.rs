//! Whose request this is, by address: the peer's, unless the peer is a proxy that we trust.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use actix_web::http::header::{HeaderMap, HeaderName};

/// `http.trusted_proxies`: addresses and networks such as `10.0.0.0/8`.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Vec<Network>);

#[derive(Debug, Clone, Copy)]
struct Network {
    base: u128,
    bits: u8,
}

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

impl Proxies {
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        texts.into_iter().map(Network::of).collect::<Result<_, _>>().map(Self)
    }

    /// The chain is walked from the right to the first address that is not a proxy of ours. What is left of it could
    /// be anybody's words.
    pub fn client(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> IpAddr {
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ip| ip.to_canonical());
        let mut client = peer;
        let chain = headers.get_all(FORWARDED_FOR).map(|value| value.to_str().unwrap_or("?"));
        let hops: Vec<&str> = chain.flat_map(|value| value.split(',')).collect();
        for hop in hops.into_iter().rev() {
            if !self.trusts(client) {
                break;
            }
            match parse(hop) {
                Some(ip) => client = ip,
                None => break,
            }
        }
        client
    }

    pub(super) fn trusts(&self, ip: IpAddr) -> bool {
        self.0.iter().any(|network| network.holds(ip))
    }
}

/// For the list of sessions and for logs: the last part is not shown.
pub(super) fn shortened(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            format!("{a}.{b}.{c}.0")
        }
        IpAddr::V6(ip) => {
            let [a, b, c, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}::")
        }
    }
}

/// Addresses of one customer of an IPv6 provider count as one.
pub(super) fn counted(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(_) => number(ip),
        IpAddr::V6(_) => number(ip) >> 64 << 64,
    }
}

impl Network {
    fn of(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("http.trusted_proxies: `{text}` is not an address like 10.0.0.1 or 10.0.0.0/8");
        let (ip, length) = text.split_once('/').map_or((text, None), |(ip, length)| (ip, Some(length)));
        let ip: IpAddr = ip.trim().parse().map_err(|_| wrong())?;
        let (widest, offset) = if ip.is_ipv4() { (32, 96) } else { (128, 0) };
        let length: u8 = length.map_or(Ok(widest), str::parse).map_err(|_| wrong())?;
        if length > widest {
            return Err(wrong());
        }
        let bits = offset + length;
        Ok(Self { base: masked(number(ip), bits), bits })
    }

    fn holds(self, ip: IpAddr) -> bool {
        masked(number(ip), self.bits) == self.base
    }
}

/// IPv4 addresses lie in their place within IPv6, so one comparison serves both.
fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().to_bits(),
        IpAddr::V6(ip) => Ipv6Addr::to_bits(ip),
    }
}

fn masked(number: u128, bits: u8) -> u128 {
    u128::MAX.checked_shl(u32::from(128 - bits)).map_or(0, |mask| number & mask)
}

/// An address as proxies write it: bare, with a port, or in brackets.
fn parse(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.strip_prefix('[').and_then(|rest| rest.split(']').next());
    let ip: Option<IpAddr> = bare.unwrap_or(hop).parse().ok();
    ip.or_else(|| hop.parse().ok().map(|address: std::net::SocketAddr| address.ip()))
        .map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn odd_chains() {
        let proxies = Proxies::of(["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"]).unwrap();
        for (peer, chain, client) in [
            ("203.0.113.5", "198.51.100.1", "203.0.113.5"),
            ("10.1.2.3", "", "10.1.2.3"),
            ("10.1.2.3", "198.51.100.1", "198.51.100.1"),
            ("10.1.2.3", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
            ("10.1.2.3", "1.1.1.1, 198.51.100.1, 192.0.2.7", "198.51.100.1"),
            ("10.1.2.3", "10.9.9.9, 10.8.8.8", "10.9.9.9"),
            ("10.1.2.3", "198.51.100.1, nonsense", "10.1.2.3"),
            ("10.1.2.3", "nonsense, 198.51.100.1", "198.51.100.1"),
            ("10.1.2.3", ",", "10.1.2.3"),
            ("10.1.2.3", "198.51.100.1:4711", "198.51.100.1"),
            ("2001:db8::1", "[2606:4700::1]:443", "2606:4700::1"),
            ("::ffff:10.1.2.3", "198.51.100.1", "198.51.100.1"),
            ("192.0.2.8", "198.51.100.1", "192.0.2.8"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(FORWARDED_FOR, HeaderValue::from_str(chain).unwrap());
            let found = proxies.client(peer.parse().ok(), &headers);
            assert_eq!(found.to_string(), client, "{peer} says {chain}");
        }
    }

    #[test]
    fn two_headers_are_one_chain() {
        let proxies = Proxies::of(["10.0.0.1"]).unwrap();
        let mut headers = HeaderMap::new();
        headers.append(FORWARDED_FOR, HeaderValue::from_static("198.51.100.1"));
        headers.append(FORWARDED_FOR, HeaderValue::from_static("198.51.100.2"));
        assert_eq!(proxies.client("10.0.0.1".parse().ok(), &headers).to_string(), "198.51.100.2");
    }

    #[test]
    fn networks() {
        for (text, fine) in [
            ("10.0.0.0/8", true),
            ("::1", true),
            ("0.0.0.0/0", true),
            ("10.0.0.0/33", false),
            ("proxy", false),
        ] {
            assert_eq!(Proxies::of([text]).is_ok(), fine, "{text}");
        }
        assert_eq!(shortened("198.51.100.77".parse().unwrap()), "198.51.100.0");
        assert_eq!(counted("2001:db8::1".parse().unwrap()), counted("2001:db8::2".parse().unwrap()));
        assert_ne!(counted("192.0.2.1".parse().unwrap()), counted("192.0.2.2".parse().unwrap()));
    }
}
