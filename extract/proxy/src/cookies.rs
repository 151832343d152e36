//! Cookies cross by name only: those that an upstream may see, and those that it may set. Banyan's own never cross.

use std::sync::Arc;

use bytes::BytesMut;

use crate::upstreams::Upstream;

/// What every crossing has to keep to itself.
#[derive(Debug, Clone)]
pub(crate) struct Own(pub(crate) Arc<crate::ProxyHouse>);

impl Own {
    /// Browsers take the prefixes in any case.
    fn has(&self, name: &str) -> bool {
        let bare = ["__host-", "__secure-"].iter().find_map(|prefix| {
            name.get(..prefix.len())
                .filter(|start| start.eq_ignore_ascii_case(prefix))
                .and_then(|_| name.get(prefix.len()..))
        });
        let bare = bare.unwrap_or(name);
        self.0.own_cookies.iter().any(|own| own.eq_ignore_ascii_case(bare) || own.eq_ignore_ascii_case(name))
    }
}

/// Writes one line with the pairs of the browser's `Cookie` lines that an upstream may see; nothing if there are none.
pub(crate) fn outbound<'a>(
    lines: impl Iterator<Item = &'a [u8]>,
    upstream: &Upstream,
    own: &Own,
    to: &mut Vec<u8>,
) {
    let mut begun = false;
    for pair in lines.flat_map(|line| line.split(|byte| *byte == b';')) {
        let pair = pair.trim_ascii();
        let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
        let Ok(name) = std::str::from_utf8(name.trim_ascii()) else { continue };
        if !upstream.cookies.iter().any(|allowed| allowed == name) || own.has(name) || !pair.contains(&b'=') {
            continue;
        }
        to.extend_from_slice(if begun { b"; " } else { b"\r\ncookie: " });
        to.extend_from_slice(pair);
        begun = true;
    }
}

/// Writes one `Set-Cookie` line as the browser may have it; `None` where it may not.
pub(crate) fn inbound(line: &str, upstream: &Upstream, own: &Own, to: &mut BytesMut) -> Option<()> {
    let mut parts = line.split(';').map(str::trim);
    let (name, value) = parts.next()?.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let prefixed = ["__host-", "__secure-"]
        .iter()
        .any(|prefix| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)));
    let token = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',');
    if prefixed || !token || !upstream.set_cookies.iter().any(|allowed| allowed == name) || own.has(name) {
        return None;
    }
    if value.bytes().any(|byte| byte.is_ascii_control()) {
        return None;
    }
    to.extend_from_slice(name.as_bytes());
    to.extend_from_slice(b"=");
    to.extend_from_slice(value.as_bytes());
    for attribute in parts.filter(|attribute| !attribute.is_empty()) {
        write_attribute(attribute, &upstream.prefix, to);
    }
    Some(())
}

fn write_attribute(attribute: &str, prefix: &str, to: &mut BytesMut) {
    let (name, value) = attribute.split_once('=').map_or((attribute, ""), |(n, v)| (n.trim(), v.trim()));
    if name.eq_ignore_ascii_case("domain") {
        return;
    }
    to.extend_from_slice(b"; ");
    if name.eq_ignore_ascii_case("path") && !prefix.is_empty() {
        to.extend_from_slice(name.as_bytes());
        to.extend_from_slice(b"=");
        to.extend_from_slice(below(value, prefix).as_bytes());
    } else {
        to.extend_from_slice(attribute.as_bytes());
    }
}

/// The path as the browser knows it.
fn below<'a>(path: &'a str, prefix: &str) -> &'a str {
    match path.strip_prefix(prefix) {
        Some("") => "/",
        Some(rest) if rest.starts_with('/') => rest,
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{ProxyHouse, UpstreamSettings};

    fn own() -> Own {
        let own_cookies = ["sid", "subject"].map(str::to_owned).into();
        Own(Arc::new(ProxyHouse { own_cookies, ..ProxyHouse::default() }))
    }

    fn upstream(address: &str) -> Upstream {
        let names = ["JSESSIONID", "theme", "sid", "__Host-x"].map(str::to_owned);
        let settings = UpstreamSettings {
            cookies: names.clone().into(),
            set_cookies: names.into(),
            ..UpstreamSettings::at(address)
        };
        Upstream::new("legacy", &settings).unwrap()
    }

    fn sent(lines: &[&str]) -> String {
        let mut to = Vec::new();
        let lines = lines.iter().map(|line| line.as_bytes());
        outbound(lines, &upstream("http://10.0.0.7"), &own(), &mut to);
        String::from_utf8(to).unwrap().trim_start_matches("\r\ncookie: ").to_owned()
    }

    fn set(address: &str, line: &str) -> Option<String> {
        let mut to = BytesMut::new();
        inbound(line, &upstream(address), &own(), &mut to)?;
        Some(String::from_utf8(to.to_vec()).unwrap())
    }

    #[test]
    fn out() {
        for (lines, expected) in [
            (&["JSESSIONID=1; sid=secret; theme=dark"][..], "JSESSIONID=1; theme=dark"),
            (&["sid=secret", "theme=a", "theme=b"], "theme=a; theme=b"),
            (&["__Host-sid=secret; __HOST-subject=s; jsessionid=1"], ""),
            (&["a=b;JSESSIONID=x=y=; JSESSIONID"], "JSESSIONID=x=y="),
            (&["=JSESSIONID=1; ;;"], ""),
            (&["SID=secret"], ""),
        ] {
            assert_eq!(sent(lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn back() {
        let (plain, below) = ("http://10.0.0.7", "http://10.0.0.7/app");
        for (address, line, expected) in [
            (plain, "theme=dark", Some("theme=dark")),
            (
                plain,
                "theme=a; HttpOnly; Secure; SameSite=Lax; Max-Age=3; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Path=/x",
                Some(
                    "theme=a; HttpOnly; Secure; SameSite=Lax; Max-Age=3; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Path=/x",
                ),
            ),
            (plain, "theme=a; Domain=.evil.example; path=/", Some("theme=a; path=/")),
            (plain, "theme=a; DOMAIN = x", Some("theme=a")),
            (below, "theme=a; Path=/app", Some("theme=a; Path=/")),
            (below, "theme=a; Path=/app/x", Some("theme=a; Path=/x")),
            (below, "theme=a; Path=/apple", Some("theme=a; Path=/apple")),
            (below, "theme=a; Path=/", Some("theme=a; Path=/")),
            (plain, "other=1", None),
            (plain, "sid=1", None),
            (plain, "__Host-x=1; Secure; Path=/", None),
            (plain, "__Secure-theme=1", None),
            (plain, "theme", None),
            (plain, "=theme", None),
            (plain, "theme=a\tb", None),
        ] {
            assert_eq!(set(address, line).as_deref(), expected, "{line}");
        }
    }

    proptest! {
        #[test]
        fn a_session_never_leaves(
            junk in "[a-zA-Z_=; -]{0,12}", name in "(__[hH]ost-)?[sS][iI][dD]", tail in "[a-zA-Z=; -]{0,12}"
        ) {
            let line = format!("{junk}; {name}=canary; {tail}");
            prop_assert!(!sent(&[&line]).contains("canary"));
        }

        #[test]
        fn no_domain_survives(before in "[a-zA-Z=; ]{0,12}", after in "[a-zA-Z=; ]{0,12}") {
            if let Some(kept) = set("http://10.0.0.7/app", &format!("theme=1; {before}; Domain=evil.example; {after}")) {
                prop_assert!(!kept.contains("evil.example"));
            }
        }
    }
}
