//! A public request as the rules of the decision table see it.

use actix_web::{HttpRequest, http::header};
use kernel::Seen;

/// Borrowed for one decision.
pub(super) struct SeenRequest<'a>(pub(super) &'a HttpRequest);

impl Seen for SeenRequest<'_> {
    fn path(&self) -> &str {
        self.0.uri().path()
    }

    fn has_header(&self, name: &str, value: Option<&str>) -> bool {
        self.0.headers().get_all(name).any(|own| value.is_none_or(|value| own.as_bytes() == value.as_bytes()))
    }

    fn has_cookie(&self, name: &str, value: Option<&str>) -> bool {
        let mut lines = self.0.headers().get_all(header::COOKIE).filter_map(|line| line.to_str().ok());
        lines.any(|line| holds_cookie(line, name, value))
    }
}

fn holds_cookie(line: &str, name: &str, value: Option<&str>) -> bool {
    line.split(';').any(|pair| {
        let (own, text) = pair.split_once('=').unwrap_or((pair, ""));
        own.trim() == name && value.is_none_or(|value| text.trim() == value)
    })
}

/// A request that somebody tells of: an explanation's, or a flag's context.
#[derive(Debug, Clone, Default)]
pub struct ToldRequest {
    pub path: String,
    headers: Vec<(String, String)>,
}

impl ToldRequest {
    pub fn new(path: &str, headers: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { path: path.to_owned(), headers: headers.into_iter().collect() }
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers
            .iter()
            .filter(move |(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

impl Seen for ToldRequest {
    fn path(&self) -> &str {
        &self.path
    }

    fn has_header(&self, name: &str, value: Option<&str>) -> bool {
        self.values(name).any(|own| value.is_none_or(|value| own == value))
    }

    fn has_cookie(&self, name: &str, value: Option<&str>) -> bool {
        self.values("cookie").any(|line| holds_cookie(line, name, value))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn what_rules_see() {
        let request = TestRequest::with_uri("/notes/7?x=1")
            .insert_header(("X-Beta", "1"))
            .insert_header(("Cookie", "a=1; beta=yes"))
            .to_http_request();
        let seen = SeenRequest(&request);
        assert_eq!(seen.path(), "/notes/7");
        assert!(seen.has_header("x-beta", Some("1")) && !seen.has_header("x-beta", Some("2")));
        assert!(seen.has_cookie("beta", Some("yes")) && seen.has_cookie("a", None));
        assert!(!seen.has_cookie("beta", Some("no")) && !seen.has_cookie("b", None));
        let told = [("X-Beta", "1"), ("Cookie", "a=1; beta=yes")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        let told = ToldRequest::new("/notes/7", told);
        assert_eq!(told.path(), "/notes/7");
        assert!(told.has_header("x-beta", Some("1")) && !told.has_header("x-beta", Some("2")));
        assert!(told.has_cookie("beta", Some("yes")) && !told.has_cookie("b", None));
    }
}
