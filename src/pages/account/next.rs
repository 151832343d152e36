//! Where one goes after signing in: a path of ours and nothing else, whatever `next=` says.

/// The path, if it is one of ours. Browsers read `\` as `/` and drop tabs and line breaks, so those are refused.
pub(crate) fn own_path(next: &str) -> Option<&str> {
    let plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let ours = next.starts_with('/') && !next.starts_with("//");
    (plain && ours && next.len() <= 2_000).then_some(next)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_paths_of_ours() {
        for good in
            ["/", "/notes/", "/notes/?order=-name&after=abc", "/flights?from=AMS#top", "/a//b", "/%2f%2fevil"]
        {
            assert_eq!(own_path(good), Some(good));
        }
        for bad in [
            "",
            "notes",
            "//evil",
            "///evil",
            "\\evil",
            "/\\evil",
            "\\\\evil",
            "https:evil",
            "https://evil/",
            "javascript:alert(1)",
            "%2f%2fevil",
            "/\t/evil",
            "/\n/evil",
            "/\r\nSet-Cookie: a=b",
            " //evil",
            "/ ",
            "/\u{2028}",
            "/é",
        ] {
            assert_eq!(own_path(bad), None, "{bad:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        /// Whatever is believed, a browser that is on our site stays there.
        #[test]
        fn a_believed_path_stays_on_our_site(next in r"[/\\:%2fhtps.@?#\t\n\r a-z]{0,24}") {
            if let Some(path) = own_path(&next) {
                let base = reqwest::Url::parse("https://banyan.example/signin/").unwrap();
                let there = base.join(path).unwrap();
                prop_assert_eq!(there.host_str(), Some("banyan.example"));
                prop_assert_eq!(there.scheme(), "https");
            }
        }
    }
}
