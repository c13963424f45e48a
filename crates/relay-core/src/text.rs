//! Reads texts as other systems write them: with a byte order mark, with bytes that are no UTF-8,
//! in upper or lower case.

/// U+FEFF in UTF-8, which some systems write before their JSON.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Returns the bytes behind the byte order marks at the beginning.
pub(crate) fn without_byte_order_mark(mut bytes: &[u8]) -> &[u8] {
    while let Some(rest) = bytes.strip_prefix(BYTE_ORDER_MARK) {
        bytes = rest;
    }
    bytes
}

/// Returns the text behind the byte order marks at the beginning.
pub(crate) fn text_without_byte_order_mark(text: &str) -> &str {
    text.trim_start_matches('\u{feff}')
}

/// Returns the text with a question mark for each byte that is no UTF-8, in the same memory.
pub(crate) fn with_invalid_replaced(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| {
        let mut bytes = error.into_bytes();
        replace_invalid(&mut bytes);
        String::from_utf8(bytes).unwrap_or_default()
    })
}

fn replace_invalid(bytes: &mut [u8]) {
    let mut start = 0;
    while let Err(error) = std::str::from_utf8(&bytes[start..]) {
        let at = start + error.valid_up_to();
        // None stands for a sequence that the end cuts off.
        let end = error.error_len().map_or(bytes.len(), |len| at + len);
        bytes[at..end].fill(b'?');
        start = end;
    }
}

/// Returns whether two texts are equal but for the case of their letters, of whatever alphabet.
///
/// ```
/// use relay_core::text::same_but_for_case;
///
/// assert!(same_but_for_case(r"C:\Users\СЧЁТ.exe", r"c:\users\счёт.EXE"));
/// assert!(!same_but_for_case("a.exe", "a.ex"));
/// ```
#[must_use]
pub fn same_but_for_case(one: &str, other: &str) -> bool {
    one == other || folded(one).eq(folded(other))
}

/// Letters by way of lower to upper case: several letters, such as `σ` and `ς`, share an upper one.
fn folded(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().flat_map(char::to_lowercase).flat_map(char::to_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_marks_at_the_beginning_are_removed() {
        let check = |text: &str, expected: &str| {
            assert_eq!(without_byte_order_mark(text.as_bytes()), expected.as_bytes(), "{text:?}");
            assert_eq!(text_without_byte_order_mark(text), expected, "{text:?}");
        };
        check("\u{feff}{}", "{}");
        check("\u{feff}\u{feff}{}", "{}");
        check("\u{feff}", "");
        check("[\"\u{feff}\"]", "[\"\u{feff}\"]");
        check("", "");
    }

    #[test]
    fn bytes_that_are_no_utf8_cost_themselves() {
        let check = |bytes: &[u8], expected: &str| {
            assert_eq!(with_invalid_replaced(bytes.to_vec()), expected);
        };
        check(b"caf\xe9 ol\xe9", "caf? ol?");
        check(b"\xff\xfe\xc3", "???");
        check(b"a\xe2\x82b\xf0\x9f", "a??b??");
        check("café".as_bytes(), "café");
        check(b"", "");
    }

    #[test]
    fn case_is_ignored_in_every_alphabet() {
        for (one, other) in [
            ("Upd.exe", "UPD.EXE"),
            ("Счёт.exe", "счёт.EXE"),
            ("ΟΔΟΣ", "οδος"),
            ("STRASSE", "straße"),
            ("ÅÄÖ", "åäö"),
            ("\u{212a}", "k"),
        ] {
            assert!(same_but_for_case(one, other), "{one} {other}");
        }
        for (one, other) in [("a", "ab"), ("ab", "a"), ("е", "e"), ("é", "e"), ("", " ")] {
            assert!(!same_but_for_case(one, other), "{one} {other}");
        }
    }
}
