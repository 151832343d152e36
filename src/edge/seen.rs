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
        let lines = self.0.headers().get_all(header::COOKIE).filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(';')).any(|pair| {
            let (own, text) = pair.split_once('=').unwrap_or((pair, ""));
            own.trim() == name && value.is_none_or(|value| text.trim() == value)
        })
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
    }
}
