//! One line of comma-separated values: fields may stand in double quotes, in which `""` is a quote.

/// The fields of a line. A quote that is never closed takes the rest of the line.
pub(crate) fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                push(&mut fields, '"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            other => push(&mut fields, other),
        }
    }
    fields
}

fn push(fields: &mut [String], letter: char) {
    if let Some(last) = fields.last_mut() {
        last.push(letter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_commas() {
        for (line, expected) in [
            ("a,b,c", vec!["a", "b", "c"]),
            ("", vec![""]),
            (",", vec!["", ""]),
            (r#"a,"b, c",d"#, vec!["a", "b, c", "d"]),
            (r#""say ""hi""",x"#, vec![r#"say "hi""#, "x"]),
            (r#"a,"open,x"#, vec!["a", "open,x"]),
        ] {
            assert_eq!(fields(line), expected, "{line}");
        }
    }
}
