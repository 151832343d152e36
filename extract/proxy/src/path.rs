//! Which paths cross: only those that every reader takes for the same one. They cross byte for byte, so what another
//! server might decode, join or cut differently is refused here.

/// What an upstream takes beyond the strict rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Allowed {
    pub double_slash: bool,
    pub semicolon: bool,
}

/// Why a path is refused with 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathTrouble {
    #[error("a path begins with `/`")]
    NotAbsolute,
    #[error("a path has no `.` and `..` segments")]
    Dots,
    #[error("a path has no encoded letters, digits, `-`, `_`, `~`, `.`, `/`, `\\` and no encoded zero byte")]
    Encoded,
    #[error("`%` in a path is followed by two hexadecimal digits")]
    Escape,
    #[error("a path has no `\\`, no spaces and only plain characters")]
    Character,
    #[error("a path has no `//`")]
    DoubleSlash,
    #[error("a path has no `;`")]
    Semicolon,
}

/// Judges the path as it came, without its query.
pub fn check_path(raw: &str, allowed: Allowed) -> Result<(), PathTrouble> {
    let mut segments = raw.as_bytes().split(|byte| *byte == b'/');
    if segments.next().is_none_or(|first| !first.is_empty()) || !raw.starts_with('/') {
        return Err(PathTrouble::NotAbsolute);
    }
    let mut segments = segments.peekable();
    while let Some(segment) = segments.next() {
        if segment.is_empty() && segments.peek().is_some() && !allowed.double_slash {
            return Err(PathTrouble::DoubleSlash);
        }
        check_segment(segment, allowed)?;
    }
    Ok(())
}

fn check_segment(segment: &[u8], allowed: Allowed) -> Result<(), PathTrouble> {
    // Some servers cut a segment at its parameters first.
    let name = segment.split(|byte| *byte == b';').next().unwrap_or_default();
    if name == b"." || name == b".." {
        return Err(PathTrouble::Dots);
    }
    let mut bytes = segment.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => check_escape(bytes.next(), bytes.next())?,
            b';' if !allowed.semicolon => return Err(PathTrouble::Semicolon),
            b'\\' | 0..=b' ' | 0x7f.. => return Err(PathTrouble::Character),
            _ => {}
        }
    }
    Ok(())
}

fn check_escape(high: Option<&u8>, low: Option<&u8>) -> Result<(), PathTrouble> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let (Some(high), Some(low)) = (digit(high), digit(low)) else { return Err(PathTrouble::Escape) };
    let byte = u8::try_from(high * 16 + low).unwrap_or_default();
    if byte.is_ascii_alphanumeric() || b"-._~/\\\0".contains(&byte) {
        return Err(PathTrouble::Encoded);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EVERYTHING: Allowed = Allowed { double_slash: true, semicolon: true };

    #[test]
    fn paths() {
        use PathTrouble::{Character, Dots, DoubleSlash, Encoded, Escape, NotAbsolute, Semicolon};
        for (path, strict, lenient) in [
            ("/", Ok(()), Ok(())),
            ("/trips/ABC123", Ok(()), Ok(())),
            ("/trips/", Ok(()), Ok(())),
            ("/a'b(c)*!$&+,=:@\"{}|", Ok(()), Ok(())),
            ("/a%20b%C3%A9%22%27%3B", Ok(()), Ok(())),
            ("/.well-known/...", Ok(()), Ok(())),
            ("", Err(NotAbsolute), Err(NotAbsolute)),
            ("*", Err(NotAbsolute), Err(NotAbsolute)),
            ("a/b", Err(NotAbsolute), Err(NotAbsolute)),
            ("/.", Err(Dots), Err(Dots)),
            ("/..", Err(Dots), Err(Dots)),
            ("/a/../b", Err(Dots), Err(Dots)),
            ("/a/./b", Err(Dots), Err(Dots)),
            ("/a/..;x/b", Err(Dots), Err(Dots)),
            ("/%2e%2e/b", Err(Encoded), Err(Encoded)),
            ("/%2E/b", Err(Encoded), Err(Encoded)),
            ("/.%2e/b", Err(Encoded), Err(Encoded)),
            ("/a%2fb", Err(Encoded), Err(Encoded)),
            ("/a%2Fb", Err(Encoded), Err(Encoded)),
            ("/a%5cb", Err(Encoded), Err(Encoded)),
            ("/a%00", Err(Encoded), Err(Encoded)),
            ("/%61dmin", Err(Encoded), Err(Encoded)),
            ("/%7Eme", Err(Encoded), Err(Encoded)),
            ("/a%", Err(Escape), Err(Escape)),
            ("/a%4", Err(Escape), Err(Escape)),
            ("/a%4/b", Err(Escape), Err(Escape)),
            ("/a%zz", Err(Escape), Err(Escape)),
            ("/a\\b", Err(Character), Err(Character)),
            ("/a b", Err(Character), Err(Character)),
            ("/é", Err(Character), Err(Character)),
            ("/a//b", Err(DoubleSlash), Ok(())),
            ("//", Err(DoubleSlash), Ok(())),
            ("//evil.example", Err(DoubleSlash), Ok(())),
            ("/a;b=1", Err(Semicolon), Ok(())),
        ] {
            assert_eq!(check_path(path, Allowed::default()), strict, "{path}");
            assert_eq!(check_path(path, EVERYTHING), lenient, "{path}");
        }
    }

    /// What a server might make of a path: decoded once, `\` for `/`, `//` joined, dots resolved.
    fn as_others_read(path: &str) -> String {
        let mut bytes = Vec::new();
        let mut rest = path.as_bytes();
        while let [first, tail @ ..] = rest {
            let escape =
                tail.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
            if let (b'%', Some(byte)) = (first, escape) {
                bytes.push(byte);
                rest = &tail[2..];
            } else {
                bytes.push(if *first == b'\\' { b'/' } else { *first });
                rest = tail;
            }
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut kept: Vec<&str> = Vec::new();
        for segment in text.split('/') {
            match segment {
                "" | "." => {}
                ".." => drop(kept.pop()),
                other => kept.push(other),
            }
        }
        kept.join("/")
    }

    proptest! {
        #[test]
        fn nobody_reads_another_path(path in "/(x|y|\\.|/|%2e|%2F|%5c|\\\\|%61|%20|;|%|z){0,12}") {
            if check_path(&path, Allowed::default()).is_ok() {
                let plain = path.replace("%20", " ");
                prop_assert_eq!(as_others_read(&path), plain.trim_matches('/'));
            }
        }
    }
}
