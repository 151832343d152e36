//! Where connections may go. A configured name says where to ask; what it resolves to is judged again for every
//! connection, so that an answer of the name service that changes leads nowhere new.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use tokio::net::lookup_host;

/// The addresses of a host that may be connected to, in the resolver's order.
pub(crate) async fn resolve(host: &str, port: u16, loopback: bool) -> io::Result<Vec<SocketAddr>> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return permitted([SocketAddr::new(ip, port)], loopback);
    }
    permitted(lookup_host((host, port)).await?, loopback)
}

fn permitted(found: impl IntoIterator<Item = SocketAddr>, loopback: bool) -> io::Result<Vec<SocketAddr>> {
    let found: Vec<_> = found.into_iter().filter(|address| is_permitted(address.ip(), loopback)).collect();
    if found.is_empty() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it has no address that may be used"));
    }
    Ok(found)
}

/// Link-local (where clouds keep their secrets), multicast and unspecified addresses never; this machine only if that
/// was declared. IPv6 forms that carry an IPv4 address are judged by that.
pub(crate) fn is_permitted(ip: IpAddr, loopback: bool) -> bool {
    match plain(ip) {
        IpAddr::V4(ip) => {
            let [first, ..] = ip.octets();
            let nowhere = first == 0 || first >= 240 || ip.is_link_local() || ip.is_multicast();
            !nowhere && (loopback || !ip.is_loopback())
        }
        IpAddr::V6(ip) => {
            let nowhere = ip.is_unspecified() || ip.is_unicast_link_local() || ip.is_multicast();
            // Where clouds that speak IPv6 keep theirs.
            let secrets = ip == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
            !nowhere && !secrets && (loopback || !ip.is_loopback())
        }
    }
}

/// The IPv4 address inside a mapped, compatible, translated (64:ff9b::/96) or 6to4 address.
fn plain(ip: IpAddr) -> IpAddr {
    let IpAddr::V6(ip) = ip else { return ip };
    let from = |high: u16, low: u16| IpAddr::V4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => IpAddr::V6(ip),
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => from(high, low),
        _ => IpAddr::V6(ip),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_connections_may_go() {
        for (ip, open, declared) in [
            ("10.0.0.1", true, true),
            ("203.0.113.9", true, true),
            ("2001:db8::1", true, true),
            ("127.0.0.1", false, true),
            ("127.9.9.9", false, true),
            ("::1", false, true),
            ("::ffff:127.0.0.1", false, true),
            ("::127.0.0.1", false, true),
            ("64:ff9b::7f00:1", false, true),
            ("2002:7f00:1::", false, true),
            ("169.254.169.254", false, false),
            ("::ffff:169.254.169.254", false, false),
            ("64:ff9b::a9fe:a9fe", false, false),
            ("2002:a9fe:a9fe::1", false, false),
            ("fe80::1", false, false),
            ("fd00:ec2::254", false, false),
            ("224.0.0.1", false, false),
            ("ff02::1", false, false),
            ("255.255.255.255", false, false),
            ("0.0.0.0", false, false),
            ("0.1.2.3", false, false),
            ("::", false, false),
            ("::ffff:0.0.0.0", false, false),
        ] {
            let ip = ip.parse().unwrap();
            assert_eq!((is_permitted(ip, false), is_permitted(ip, true)), (open, declared), "{ip}");
        }
    }

    #[test]
    fn one_bad_address_does_not_spoil_the_others() {
        let found = ["127.0.0.1:80", "10.0.0.1:80"].map(|text| text.parse().unwrap());
        assert_eq!(permitted(found, false).unwrap(), [found[1]]);
        assert!(permitted([found[0]], false).is_err());
    }
}
