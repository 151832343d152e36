//! Public routes that move as a group: patterns over the raw bytes of a path, and the table that finds the one a
//! request matches. The most exact pattern wins, wherever it was declared.

use std::{cmp::Ordering, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// One public route of a binding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    #[serde(rename = "match")]
    pub pattern: Pattern,
    #[serde(default)]
    pub kind: RouteKind,
    /// The header that carries a command's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Whether the connection may turn into something else there (a WebSocket).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub upgrade: bool,
}

/// What may be done with a request on the way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RouteKind {
    /// GET or HEAD that changes nothing: may be repeated, and answered by the other side.
    Query,
    /// Both sides keep the key: may be repeated with it.
    Command,
    /// Everything else: never repeated once a byte was sent.
    #[default]
    Unkeyed,
}

impl RouteKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Command => "command",
            Self::Unkeyed => "unkeyed",
        }
    }
}

/// `GET /trips/{locator}`: a method (or `*`) and a path whose segments are literal, `{one}`, or at the end `{rest..}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern {
    /// `None` stands for every method.
    method: Option<String>,
    segments: Vec<Segment>,
    text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    /// Before the others, so that the exact pattern is found first.
    Literal(String),
    One,
    Rest,
}

impl Pattern {
    pub(crate) fn is_read(&self) -> bool {
        self.method.as_deref().is_some_and(|method| matches!(method, "GET" | "HEAD"))
    }

    /// `path` is raw, without its query. A slash more or less at the end is the same path, as in the portal.
    pub fn matches(&self, method: &str, path: &str) -> bool {
        let fits = |own: &str| own == method || (own == "GET" && method == "HEAD");
        if self.method.as_deref().is_some_and(|own| !fits(own)) {
            return false;
        }
        let Some(path) = path.strip_prefix('/') else { return false };
        let mut parts = path.strip_suffix('/').unwrap_or(path).split('/');
        for segment in &self.segments {
            match (segment, parts.next()) {
                (Segment::Rest, _) => return true,
                (Segment::One, Some(part)) if !part.is_empty() => {}
                (Segment::Literal(own), Some(part)) if own == part => {}
                _ => return false,
            }
        }
        parts.next().is_none()
    }

    /// Whether some request matches both, equally exactly.
    pub fn collides(&self, other: &Self) -> bool {
        let methods = self.method.is_none() || other.method.is_none() || self.method == other.method;
        methods && self.segments == other.segments
    }

    fn exactness(&self, other: &Self) -> Ordering {
        self.segments.cmp(&other.segments).then_with(|| other.method.is_some().cmp(&self.method.is_some()))
    }
}

impl TryFrom<String> for Pattern {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let wrong = |why: &str| {
            format!(
                "`{text}` is not a route ({why}): write `GET /trips/{{locator}}` or `* /ledger/{{rest..}}`"
            )
        };
        let (method, path) = text.trim().split_once(' ').ok_or_else(|| wrong("no method"))?;
        let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "*"];
        if !known.contains(&method) {
            return Err(wrong("the method is not one of GET, HEAD, POST, PUT, PATCH, DELETE, *"));
        }
        let path =
            path.trim().strip_prefix('/').ok_or_else(|| wrong("the path has no slash at its start"))?;
        let mut segments = Vec::new();
        for part in path.strip_suffix('/').unwrap_or(path).split('/') {
            if segments.last() == Some(&Segment::Rest) {
                return Err(wrong("something follows the rest"));
            }
            segments.push(segment(part).ok_or_else(|| wrong("a segment is neither plain nor {named}"))?);
        }
        Ok(Self {
            method: (method != "*").then(|| method.to_owned()),
            segments,
            text: text.trim().to_owned(),
        })
    }
}

/// The root path has one empty segment.
fn segment(part: &str) -> Option<Segment> {
    let plain =
        |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~!$&'()+,:@*=%".contains(&b));
    match part.strip_prefix('{').map(|name| name.strip_suffix('}')) {
        _ if part == "**" => Some(Segment::Rest),
        Some(Some(name)) if name.ends_with("..") => Some(Segment::Rest),
        Some(Some(name)) if !name.is_empty() && !name.contains(['{', '}']) => Some(Segment::One),
        None if plain(part) && part != "." && part != ".." => Some(Segment::Literal(part.to_owned())),
        _ => None,
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.text
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Every declared route of a table, most exact first.
#[derive(Debug, Default)]
pub(crate) struct RouteTable(Vec<Declared>);

#[derive(Debug)]
pub(crate) struct Declared {
    pub(crate) binding: Arc<str>,
    pub(crate) route: Route,
}

impl RouteTable {
    pub(crate) fn new(declared: impl Iterator<Item = (Arc<str>, Route)>) -> Self {
        let mut all: Vec<_> = declared.map(|(binding, route)| Declared { binding, route }).collect();
        all.sort_by(|a, b| a.route.pattern.exactness(&b.route.pattern));
        Self(all)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn find(&self, method: &str, path: &str) -> Option<&Declared> {
        self.0.iter().find(|declared| declared.route.pattern.matches(method, path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn matching() {
        for (text, method, path, fits) in [
            ("GET /trips/{locator}", "GET", "/trips/ABC123", true),
            ("GET /trips/{locator}", "HEAD", "/trips/ABC123/", true),
            ("GET /trips/{locator}", "POST", "/trips/ABC123", false),
            ("GET /trips/{locator}", "GET", "/trips/", false),
            ("GET /trips/{locator}", "GET", "/trips/A/B", false),
            ("GET /trips/{locator}", "GET", "/%74rips/ABC", false),
            ("* /ledger/{rest..}", "DELETE", "/ledger/a/b/c", true),
            ("* /ledger/**", "GET", "/ledger", true),
            ("* /ledger/**", "GET", "/ledgers", false),
            ("GET /", "GET", "/", true),
            ("GET /", "GET", "/x", false),
            ("GET /notes/", "GET", "/notes", true),
        ] {
            assert_eq!(pattern(text).matches(method, path), fits, "{text} asked {method} {path}");
        }
    }

    #[test]
    fn the_most_exact_wins() {
        let named = |name: &str, text: &str| {
            (
                Arc::from(name),
                Route { pattern: pattern(text), kind: RouteKind::Query, key: None, upgrade: false },
            )
        };
        let table = RouteTable::new(
            [
                named("rest", "* /trips/{rest..}"),
                named("one", "GET /trips/{locator}"),
                named("new", "GET /trips/new"),
            ]
            .into_iter(),
        );
        let found = |method, path| table.find(method, path).map(|d| d.binding.to_string());
        assert_eq!(found("GET", "/trips/new").as_deref(), Some("new"));
        assert_eq!(found("GET", "/trips/ABC").as_deref(), Some("one"));
        assert_eq!(found("POST", "/trips/ABC").as_deref(), Some("rest"));
        assert_eq!(found("GET", "/").as_deref(), None);
        assert!(pattern("GET /a/{b}").collides(&pattern("* /a/{c}")));
        assert!(!pattern("GET /a/{b}").collides(&pattern("GET /a/b")));
    }

    #[test]
    fn what_is_no_route() {
        for text in
            ["/trips", "GET trips", "FETCH /x", "GET /a/{rest..}/b", "GET /a/{", "GET /a/../b", "GET /a b"]
        {
            assert!(Pattern::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
