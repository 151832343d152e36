//! Where an answer sends the browser: a place on the upstream is told as the browser can reach it, any other is left
//! as it is.

use crate::upstreams::Upstream;

/// A place on the upstream, as the browser can reach it: a slash, if it needs one, and the rest. `None` for any other.
pub(crate) fn moved<'a>(value: &'a str, upstream: &Upstream) -> Option<(&'static str, &'a str)> {
    let scheme = if upstream.tls.is_some() { "https:" } else { "http:" };
    let bare = strip(value, scheme).unwrap_or(value);
    let path = match bare.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            same_authority(authority, upstream).then_some(path)?
        }
        None if bare.len() < value.len() || !value.starts_with('/') || upstream.prefix.is_empty() => {
            return None;
        }
        None => value,
    };
    let below = path.strip_prefix(upstream.prefix.as_str())?;
    match below.as_bytes() {
        // That would be another host.
        [b'/', b'/' | b'\\', ..] => None,
        [b'/', ..] => Some(("", below)),
        [] | [b'?' | b'#', ..] => Some(("/", below)),
        _ => None,
    }
}

fn same_authority(authority: &str, upstream: &Upstream) -> bool {
    let port = upstream.port.to_string();
    let usual = if upstream.tls.is_some() { "443" } else { "80" };
    let (host, told) = match authority.rsplit_once(':') {
        Some((host, told)) if !told.ends_with(']') => (host, told),
        _ => (authority, usual),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case(&upstream.host) && told == port
}

fn strip<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    text.get(..start.len())
        .filter(|found| found.eq_ignore_ascii_case(start))
        .and_then(|_| text.get(start.len()..))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UpstreamSettings;

    fn upstream(address: &str) -> Upstream {
        Upstream::new("legacy", &UpstreamSettings::at(address)).unwrap()
    }

    #[test]
    fn locations() {
        let (plain, below, usual) = ("http://10.0.0.7:81", "http://10.0.0.7:81/app", "http://res.internal");
        for (address, value, expected) in [
            (plain, "/trips", None),
            (plain, "trips?x", None),
            (plain, "http://10.0.0.7:81/trips?x#y", Some("/trips?x#y")),
            (plain, "HTTP://10.0.0.7:81", Some("/")),
            (plain, "//10.0.0.7:81/trips", Some("/trips")),
            (plain, "http://10.0.0.7:82/trips", None),
            (plain, "http://10.0.0.7/trips", None),
            (plain, "https://10.0.0.7:81/trips", None),
            (plain, "http://10.0.0.7:81.evil.example/", None),
            (plain, "http://10.0.0.7:81@evil.example/", None),
            (plain, "http://x@10.0.0.7:81/", None),
            (plain, "http://10.0.0.7:81//evil.example", None),
            (plain, "http://10.0.0.7:81/\\evil.example", None),
            (plain, "https://evil.example/", None),
            (plain, "//evil.example/", None),
            (plain, "http:/trips", None),
            (below, "/app/trips", Some("/trips")),
            (below, "/app", Some("/")),
            (below, "/app?x", Some("/?x")),
            (below, "/apple", None),
            (below, "/app//evil.example", None),
            (below, "/elsewhere", None),
            (below, "http://10.0.0.7:81/app/trips", Some("/trips")),
            (below, "http://10.0.0.7:81/elsewhere", None),
            (usual, "http://res.internal:80/x", Some("/x")),
            (usual, "http://RES.internal/x", Some("/x")),
        ] {
            let found = moved(value, &upstream(address)).map(|(slash, rest)| format!("{slash}{rest}"));
            assert_eq!(found.as_deref(), expected, "{address} says {value}");
        }
    }
}
