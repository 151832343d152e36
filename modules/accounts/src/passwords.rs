//! What a password must be where one is chosen: long, and nothing that is guessed first. Never asked at sign-in.

use kernel::Email;

/// Characters.
pub(crate) const LEAST: usize = 12;
/// Bytes: hashing time must not depend on what a stranger sends.
pub(crate) const MOST: usize = 1024;

/// Words that everybody tries first, one a line; compared without case, digits at the ends and common disguises.
const COMMON: &str = include_str!("common_passwords.txt");

const ROWS: [&str; 9] = [
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "1234567890",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik",
];

/// Why a chosen password is refused, in words for the person; `None` if it is fine.
pub(crate) fn refusal(password: &str, email: Option<&Email>, brand: &str) -> Option<&'static str> {
    if password.chars().count() < LEAST {
        return Some("Use at least 12 characters");
    }
    if password.len() > MOST {
        return Some("Use at most 1024 bytes");
    }
    let plain = password.to_lowercase();
    if is_pattern(&plain) {
        return Some("This is a simple pattern. Use something harder to guess");
    }
    let core = core_of(&plain);
    if is_common(&plain) || is_common(&core) || halves(&core).is_some_and(is_common) {
        return Some("This password is used by many people. Use something harder to guess");
    }
    let own = own_words(email, brand);
    if email.is_some_and(|email| plain == email.as_str()) || is_made_of(&core, &own) {
        return Some("This is made of your address or our name. Use something harder to guess");
    }
    None
}

/// Repeats, runs through the alphabet, walks on a keyboard.
fn is_pattern(plain: &str) -> bool {
    let letters: Vec<char> = plain.chars().collect();
    let repeats = |unit: usize| letters.iter().zip(letters.iter().skip(unit)).all(|(a, b)| a == b);
    (1..=4).any(repeats) || share_of_steps(&letters, is_next_letter) || share_of_steps(&letters, is_next_key)
}

/// All steps but a few are of one kind: `abcdefgh1234`, `qwertyuiop12`.
fn share_of_steps(letters: &[char], step: impl Fn(char, char) -> bool) -> bool {
    let steps = letters.iter().zip(letters.iter().skip(1)).filter(|(a, b)| step(**a, **b)).count();
    steps * 4 >= letters.len().saturating_sub(1) * 3
}

fn is_next_letter(a: char, b: char) -> bool {
    a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric() && u32::from(a).abs_diff(u32::from(b)) <= 1
}

fn is_next_key(a: char, b: char) -> bool {
    ROWS.iter().any(|row| {
        row.chars().zip(row.chars().skip(1)).any(|(x, y)| (x == a && y == b) || (x == b && y == a))
    })
}

/// Without digits and marks at the ends, with the usual disguises taken off: `P@ssw0rd!2024` is `password`.
fn core_of(plain: &str) -> String {
    plain
        .trim_matches(|c: char| !c.is_alphabetic() && !"@$".contains(c))
        .chars()
        .filter_map(undisguised)
        .collect()
}

fn undisguised(c: char) -> Option<char> {
    match c {
        '0' => Some('o'),
        '1' | '!' => Some('i'),
        '3' => Some('e'),
        '4' | '@' => Some('a'),
        '5' | '$' => Some('s'),
        '7' => Some('t'),
        c => c.is_alphabetic().then_some(c),
    }
}

fn is_common(text: &str) -> bool {
    COMMON.lines().any(|word| word == text)
}

/// The half, if the text is one word written twice.
fn halves(text: &str) -> Option<&str> {
    text.split_at_checked(text.len() / 2).and_then(|(a, b)| (a == b && !a.is_empty()).then_some(a))
}

/// The airline's name, the parts of the address before the `@`, and its domain's first words.
fn own_words(email: Option<&Email>, brand: &str) -> Vec<String> {
    let words = |text: &str| -> Vec<String> {
        let parts = text.split(|c: char| !c.is_alphabetic()).filter(|part| part.chars().count() >= 3);
        parts.map(str::to_lowercase).collect()
    };
    let mut own = words(brand);
    own.extend(email.into_iter().flat_map(|email| words(email.as_str())));
    own.push("banyan".to_owned());
    own
}

/// Nothing but these words, in any order.
fn is_made_of(core: &str, words: &[String]) -> bool {
    let mut reached = vec![false; core.len() + 1];
    if let Some(start) = reached.first_mut() {
        *start = true;
    }
    for at in 0..core.len() {
        if reached.get(at) == Some(&true) {
            for word in
                words.iter().filter(|word| core.get(at..).is_some_and(|rest| rest.starts_with(word.as_str())))
            {
                if let Some(end) = reached.get_mut(at + word.len()) {
                    *end = true;
                }
            }
        }
    }
    !core.is_empty() && reached.last() == Some(&true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refused(password: &str) -> bool {
        let email = "ada.lovelace@analytical.example".parse().unwrap();
        refusal(password, Some(&email), "Banyan Air").is_some()
    }

    #[test]
    fn what_is_refused() {
        for bad in [
            "",
            "short",
            "elevenchars",
            "aaaaaaaaaaaa",
            "abababababab",
            "abcabcabcabc",
            "abcdefghijkl",
            "123456789012",
            "987654321098",
            "qwertyuiop12",
            "qwertyuiopas",
            "1qaz2wsx3edc",
            "password1234",
            "Password123!",
            "P@ssw0rd!2024",
            "passwordpassword",
            "letmein123456",
            "iloveyou2024!",
            "administrator",
            "ada.lovelace@analytical.example",
            "adalovelace1815",
            "Lovelace-1815-",
            "BanyanAir2026",
            "banyanbanyan",
            "analytical99",
            &"x y".repeat(400),
        ] {
            assert!(refused(bad), "{bad} should be refused");
        }
    }

    #[test]
    fn what_is_welcome() {
        for good in [
            "a boat of paper",
            "correct horse battery staple",
            "dunkle Wolken über Kiel",
            "lovelace writes notes",
            "Trustno1-but-cats",
            "tK9#vLq2!xWz",
            "банан в чемодане",
            "my password is long",
            "🦜🦜 parrots fly at noon",
            &"tall trees keep ".repeat(8),
        ] {
            assert!(!refused(good), "{good} should be fine");
        }
    }

    #[test]
    fn the_list_is_clean() {
        let mut words: Vec<&str> = COMMON.lines().collect();
        assert!(words.len() > 800, "{}", words.len());
        assert!(
            words.iter().all(|word| !word.is_empty() && *word == word.to_lowercase()),
            "lower case, no blank lines"
        );
        words.sort_unstable();
        let all = words.len();
        words.dedup();
        assert_eq!(words.len(), all, "no word twice");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_text_gets_a_verdict(password in "\\PC{0,80}") {
            let short = password.chars().count() < LEAST;
            prop_assert!(!short || refused(&password));
        }
    }
}
