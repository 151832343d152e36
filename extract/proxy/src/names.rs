//! What becomes of a header by its name. Names are told in lower case; `_` counts as `-`, as many servers read it.

/// A header on its way to the upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outbound {
    Pass,
    /// Ours to say, meant for the next hop only, or a way to smuggle one of those.
    Drop,
    /// Kept from a peer that we trust.
    FromTrusted,
    /// Kept where the method may change things anyway.
    NotOnReads,
    Authorization,
    Cookie,
    ForwardedFor,
    Via,
}

/// A header on its way to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inbound {
    Pass,
    Drop,
    SetCookie,
    Location,
    CacheControl,
}

pub(crate) fn outbound(name: &str) -> Outbound {
    if !name.contains('_') {
        return outbound_plain(name);
    }
    match outbound_plain(&name.replace('_', "-")) {
        Outbound::Pass => Outbound::Pass,
        _ => Outbound::Drop,
    }
}

fn outbound_plain(name: &str) -> Outbound {
    match name {
        "cookie" => Outbound::Cookie,
        "authorization" => Outbound::Authorization,
        "via" => Outbound::Via,
        "x-forwarded-for" => Outbound::ForwardedFor,
        // Framing, forwarding and tracing are ours to say, and so is who asks.
        "host" | "content-length" | "expect" | "forwarded" | "x-forwarded-proto" | "x-forwarded-host"
        | "traceparent" | "x-request-id" | "remote-user" | "true-client-ip" => Outbound::Drop,
        "tracestate" | "baggage" | "b3" => Outbound::FromTrusted,
        "x-http-method" | "x-http-method-override" | "x-method-override" => Outbound::NotOnReads,
        _ if is_hop_by_hop(name) || name.starts_with("banyan-") => Outbound::Drop,
        _ => name.strip_prefix("x-").map_or(Outbound::Pass, outbound_x),
    }
}

fn outbound_x(rest: &str) -> Outbound {
    match rest {
        "real-ip" | "user" | "remote-user" | "client-ip" | "cluster-client-ip" | "rewrite-url" | "host"
        | "http-host-override" => Outbound::Drop,
        _ if ["user-", "original-", "accel-"].iter().any(|start| rest.starts_with(start)) => Outbound::Drop,
        _ if rest.starts_with("forwarded") || rest.starts_with("b3-") => Outbound::FromTrusted,
        _ => Outbound::Pass,
    }
}

pub(crate) fn inbound(name: &str) -> Inbound {
    if !name.contains('_') {
        return inbound_plain(name);
    }
    match inbound_plain(&name.replace('_', "-")) {
        Inbound::Pass => Inbound::Pass,
        _ => Inbound::Drop,
    }
}

fn inbound_plain(name: &str) -> Inbound {
    match name {
        "set-cookie" => Inbound::SetCookie,
        "location" | "content-location" => Inbound::Location,
        "cache-control" => Inbound::CacheControl,
        // Framing and ids are ours; the rest would speak for the whole site, or to a server in front of us.
        "content-length" | "x-request-id" | "set-cookie2" | "alt-svc" | "clear-site-data" | "x-sendfile" => {
            Inbound::Drop
        }
        _ if is_hop_by_hop(name) || name.starts_with("banyan-") || name.starts_with("x-accel-") => {
            Inbound::Drop
        }
        _ => Inbound::Pass,
    }
}

fn is_hop_by_hop(name: &str) -> bool {
    match name {
        "connection" | "keep-alive" | "te" | "trailer" | "transfer-encoding" | "upgrade"
        | "http2-settings" => true,
        _ => name == "proxy" || name.starts_with("proxy-"),
    }
}

/// The names that the sender's `Connection` lines list, beside the usual words.
#[derive(Debug, Default)]
pub(crate) struct Listed(Vec<String>);

impl Listed {
    pub(crate) fn of<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut listed = Vec::new();
        for option in lines.flat_map(|line| line.split(|byte| *byte == b',')) {
            let option = option.trim_ascii();
            let usual: [&[u8]; 4] = [b"", b"keep-alive", b"close", b"upgrade"];
            if !usual.iter().any(|word| option.eq_ignore_ascii_case(word)) {
                listed.push(String::from_utf8_lossy(option).to_ascii_lowercase());
            }
        }
        Self(listed)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|listed| listed == name)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn to_the_upstream() {
        use Outbound::{Authorization, Cookie, Drop, ForwardedFor, FromTrusted, NotOnReads, Pass, Via};
        for (name, fate) in [
            ("accept", Pass),
            ("content-type", Pass),
            ("x-custom", Pass),
            ("my_header", Pass),
            ("x-userland", Pass),
            ("if-none-match", Pass),
            ("sec-websocket-key", Pass),
            ("connection", Drop),
            ("keep-alive", Drop),
            ("proxy-authorization", Drop),
            ("proxy-anything", Drop),
            ("proxy", Drop),
            ("te", Drop),
            ("trailer", Drop),
            ("transfer-encoding", Drop),
            ("transfer_encoding", Drop),
            ("content_length", Drop),
            ("upgrade", Drop),
            ("content-length", Drop),
            ("expect", Drop),
            ("host", Drop),
            ("banyan-identity", Drop),
            ("banyan_identity", Drop),
            ("banyan-anything", Drop),
            ("x-user-id", Drop),
            ("x_user_id", Drop),
            ("x-real-ip", Drop),
            ("x_real-ip", Drop),
            ("x-original-url", Drop),
            ("x-rewrite-url", Drop),
            ("forwarded", Drop),
            ("x-forwarded-host", Drop),
            ("x-forwarded-proto", Drop),
            ("x-forwarded-for", ForwardedFor),
            ("x_forwarded_for", Drop),
            ("x-forwarded-port", FromTrusted),
            ("x_forwarded_port", Drop),
            ("traceparent", Drop),
            ("tracestate", FromTrusted),
            ("x-request-id", Drop),
            ("x-http-method-override", NotOnReads),
            ("authorization", Authorization),
            ("cookie", Cookie),
            ("via", Via),
        ] {
            assert_eq!(outbound(name), fate, "{name}");
        }
    }

    #[test]
    fn to_the_client() {
        for (name, fate) in [
            ("content-type", Inbound::Pass),
            ("etag", Inbound::Pass),
            ("transfer-encoding", Inbound::Drop),
            ("content-length", Inbound::Drop),
            ("trailer", Inbound::Drop),
            ("proxy-authenticate", Inbound::Drop),
            ("banyan-decision", Inbound::Drop),
            ("banyan_identity", Inbound::Drop),
            ("my_header", Inbound::Pass),
            ("alt-svc", Inbound::Drop),
            ("clear-site-data", Inbound::Drop),
            ("x-accel-redirect", Inbound::Drop),
            ("set-cookie", Inbound::SetCookie),
            ("location", Inbound::Location),
        ] {
            assert_eq!(inbound(name), fate, "{name}");
        }
    }

    proptest! {
        #[test]
        fn an_underscore_opens_no_door(name in "[a-z]{1,6}([-_][a-z]{1,9}){0,3}|(banyan|x|proxy)[-_](user|real|identity)[-_][a-z]{0,4}") {
            let plain = outbound(&name.replace('_', "-"));
            let told = outbound(&name);
            prop_assert!(told == plain || told == Outbound::Drop, "{} is {:?} and {:?}", name, told, plain);
            prop_assert!(plain == Outbound::Pass || told != Outbound::Pass);
        }

        #[test]
        fn every_listed_name_is_found(names in proptest::collection::vec("[a-zA-Z][a-zA-Z-]{0,12}", 0..6)) {
            let lines = [names.join(" ,\t"), "close,, ".to_owned()];
            let listed = Listed::of(lines.iter().map(String::as_bytes));
            for name in names.iter().map(|name| name.to_ascii_lowercase()) {
                let usual = ["close", "upgrade", "keep-alive"].contains(&name.as_str());
                prop_assert_eq!(listed.has(&name), !usual);
            }
        }
    }
}
