//! Texts as MISP's database compares them, docs/relays/misp.md#equality.

use std::borrow::Cow;

/// A character without weight: in front of a `%` it keeps MISP from reading a wildcard, and the
/// comparison does not see it.
const WEIGHTLESS: char = '\u{200B}';

/// Returns whether the database surely tells a text from the empty one: there is a letter or digit
/// that it weighs. The empty text equals every attribute without a second part.
pub(crate) fn has_weight(text: &str) -> bool {
    text.chars().any(is_weighed)
}

/// Letters of scripts whose weights are known; marks, fillers and symbols do not count, because some
/// have no weight.
fn is_weighed(letter: char) -> bool {
    let is_cased = letter.is_lowercase() || letter.is_uppercase();
    letter.is_ascii_alphanumeric()
        || (is_cased && letter < '\u{10000}' && letter != '\u{345}')
        || matches!(letter,
            '\u{5D0}'..='\u{5EA}' | '\u{620}'..='\u{63F}' | '\u{641}'..='\u{64A}'
            | '\u{905}'..='\u{939}' | '\u{E01}'..='\u{E2E}' | '\u{3041}'..='\u{3096}'
            | '\u{30A1}'..='\u{30FA}' | '\u{4E00}'..='\u{9FA5}' | '\u{AC00}'..='\u{D7A3}')
}

/// Leaves out the characters that are invisible and have no weight.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if !is_printable(text) && text.contains(is_invisible) {
        return Cow::Owned(text.replace(is_invisible, ""));
    }
    Cow::Borrowed(text)
}

/// Whether there are only letters of ASCII that are seen, as in most texts.
fn is_printable(text: &str) -> bool {
    // Every byte is looked at, because many are at once.
    text.bytes().fold(true, |so_far, byte| so_far & (b' '..=b'~').contains(&byte))
}

fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\0'..='\u{8}' | '\u{E}'..='\u{1F}' | '\u{7F}'..='\u{84}' | '\u{86}'..='\u{9F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2063}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}')
}

/// Returns a text as MISP stores it: without invisible characters and outer blanks, and with `?` for
/// what its tables cannot hold.
pub(super) fn as_stored(text: &str) -> String {
    if is_printable(text) {
        return text.trim().to_owned();
    }
    visible(text).trim().replace(|letter| letter > '\u{FFFF}', "?")
}

/// Returns the form for comparisons without letter case.
pub(super) fn folded(text: &str) -> String {
    as_stored(text).to_lowercase()
}

/// MISP reads a `%` at either end as a wildcard, unless another character stands there.
pub(super) fn without_wildcard(mut text: String) -> String {
    if text.starts_with('%') {
        text.insert(0, WEIGHTLESS);
    }
    if text.ends_with('%') {
        text.push(WEIGHTLESS);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i11_what_equals_the_empty_text_has_no_weight() {
        for weightless in [
            "",
            " ",
            "\t",
            "\n",
            "\u{200B}",
            "\u{FEFF}",
            "\u{1}",
            "\u{7F}",
            "\u{2060}",
            "\u{3000}",
            "\u{A0}",
            "\u{301}",
            "\u{FE0F}",
            "\u{345}",
            "\u{640}",
            "\u{3164}",
            "\u{115F}",
            "\u{200B} \u{301}",
            "%",
            "%%",
            "-",
            "..",
            "!",
            "\u{AD}",
            "😀",
            "𝐀",
        ] {
            assert!(!has_weight(weightless), "{weightless:?}");
        }
        for weighed in ["a", "0", "é", "ß", "я", "ا", "日", "한", "%a", "\u{200B}x"] {
            assert!(has_weight(weighed), "{weighed:?}");
        }
    }

    #[test]
    fn no_text_begins_or_ends_with_a_wildcard() {
        let check = |text: &str, expected: &str| {
            assert_eq!(without_wildcard(text.to_owned()), expected);
        };
        check("100%", "100%\u{200B}");
        check("%WINDIR%\\x", "\u{200B}%WINDIR%\\x");
        check("%TEMP%", "\u{200B}%TEMP%\u{200B}");
        check("a%20b", "a%20b");
    }

    #[test]
    fn a_text_is_compared_as_misp_stores_it() {
        assert_eq!(as_stored(" smile😀\u{200B}.exe "), "smile?.exe");
        assert_eq!(folded("Évil.EXE"), "évil.exe");
        assert!(matches!(visible("plain"), Cow::Borrowed(_)));
    }
}
