//! `switch.upstreams.NAME`: an address, or a table with the address and what is allowed beyond the defaults.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

/// One upstream as people write it. A plain string is its address, with the defaults for the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields, default)]
pub struct UpstreamSettings {
    /// `http://` or `https://`, a host, a port, and a prefix that is put before every path.
    pub address: String,
    /// `false` says that it is a site and does not speak our call protocol, so it may not stand at the call seam.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<bool>,
    /// Names of the browser's cookies that it may see.
    pub cookies: Vec<String>,
    /// Names of cookies that it may set.
    pub set_cookies: Vec<String>,
    /// Its name may resolve to this machine. Not needed where the address itself says so.
    pub loopback: bool,
    /// `//` in paths.
    pub allow_double_slash: bool,
    /// `;` in paths.
    pub allow_semicolon: bool,
    /// Requests at a time, in this process.
    pub in_flight: usize,
    /// The longest answer, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_limit: Option<u64>,
    /// Until a connection stands.
    pub connect_ms: u64,
    /// From the whole request to the head of the answer.
    pub head_ms: u64,
    /// Between two pieces of a body, either way.
    pub idle_ms: u64,
    /// For a whole exchange that trickles; one that moves at a fair rate may take longer.
    pub total_ms: u64,
    /// Between two pieces of an event stream or an upgraded connection.
    pub stream_idle_ms: u64,
}

impl Default for UpstreamSettings {
    fn default() -> Self {
        Self {
            address: String::new(),
            calls: None,
            cookies: Vec::new(),
            set_cookies: Vec::new(),
            loopback: false,
            allow_double_slash: false,
            allow_semicolon: false,
            in_flight: 512,
            response_limit: None,
            connect_ms: 1_000,
            head_ms: 5_000,
            idle_ms: 10_000,
            total_ms: 30_000,
            stream_idle_ms: 60_000,
        }
    }
}

impl UpstreamSettings {
    /// An address with the defaults.
    pub fn at(address: impl Into<String>) -> Self {
        Self { address: address.into(), ..Self::default() }
    }
}

impl Serialize for UpstreamSettings {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if *self == Self::at(self.address.clone()) {
            to.serialize_str(&self.address)
        } else {
            Self::serialize(self, to)
        }
    }
}

impl<'de> Deserialize<'de> for UpstreamSettings {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(EitherForm)
    }
}

struct EitherForm;

impl<'de> Visitor<'de> for EitherForm {
    type Value = UpstreamSettings;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("an address such as \"http://10.0.0.7:8080\", or a table with the key `address`")
    }

    fn visit_str<E>(self, address: &str) -> Result<Self::Value, E> {
        Ok(UpstreamSettings::at(address))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        UpstreamSettings::deserialize(MapAccessDeserializer::new(map))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_string_or_a_table() {
        for written in [
            json!("http://10.0.0.7:8080"),
            json!({"address": "https://res.example/app", "calls": false, "cookies": ["JSESSIONID"], "set_cookies": [],
                "loopback": false, "allow_double_slash": true, "allow_semicolon": false, "in_flight": 8,
                "response_limit": 1024, "connect_ms": 1, "head_ms": 2, "idle_ms": 3, "total_ms": 4,
                "stream_idle_ms": 5}),
        ] {
            let read: UpstreamSettings = serde_json::from_value(written.clone()).unwrap();
            assert_eq!(serde_json::to_value(&read).unwrap(), written);
        }
        let short: UpstreamSettings =
            serde_json::from_value(json!({"address": "http://a", "in_flight": 1})).unwrap();
        assert_eq!((short.in_flight, short.head_ms), (1, 5_000));
        assert!(serde_json::from_value::<UpstreamSettings>(json!({"addres": "http://a"})).is_err());
    }
}
