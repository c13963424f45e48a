//! Domain names in the letters of DNS, and in those of their language.

use std::borrow::Cow;

/// Returns a domain name as DNS holds it: in lower case, without outer dots, international labels
/// in punycode (UTS #46). A name that DNS cannot hold stays in its own letters.
///
/// ```
/// assert_eq!(relay_core::url::ascii_name("Bücher.Example."), "xn--bcher-kva.example");
/// ```
#[must_use]
pub fn ascii_name(name: &str) -> String {
    name_in_ascii(name).into_owned()
}

/// The same; most names are in that form.
pub(crate) fn name_in_ascii(name: &str) -> Cow<'_, str> {
    let bare = name.trim().trim_matches('.');
    if bare.is_ascii() {
        let has_upper = bare.bytes().any(|byte| byte.is_ascii_uppercase());
        return if has_upper { bare.to_ascii_lowercase().into() } else { bare.into() };
    }
    let lower = bare.to_lowercase();
    if lower.is_ascii() {
        return lower.into();
    }
    let ascii = idna::domain_to_ascii(&lower).unwrap_or_default();
    let ascii = ascii.trim_matches('.');
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if !ascii.is_empty() && ascii.bytes().all(fits) { ascii.to_owned() } else { lower }.into()
}

/// Returns the name in the letters of its language; `None` where it has no label in punycode.
pub(crate) fn unicode_name(name: &str) -> Option<String> {
    let (unicode, outcome) = idna::domain_to_unicode(name);
    (outcome.is_ok() && unicode != name).then_some(unicode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_letters_of_dns() {
        let check = |name: &str, expected: &str| assert_eq!(ascii_name(name), expected, "{name}");
        check(" .Bad.Example. ", "bad.example");
        check("Bücher.Example", "xn--bcher-kva.example");
        check("bu\u{308}cher.example", "xn--bcher-kva.example");
        check("XN--Bcher-KVA.example", "xn--bcher-kva.example");
        check("пример.example。", "xn--e1afmkfd.example");
        check("straße.example", "xn--strae-oqa.example");
        check("_dmarc.bücher.example", "_dmarc.xn--bcher-kva.example");
        check("\u{212a}.example", "k.example");
        check("Bad.example/ä", "bad.example/ä");
        check("bad exämple", "bad exämple");
        check("a%2eä", "a%2eä");
        check("...", "");
    }

    #[test]
    fn punycode_is_read_back() {
        let check = |name: &str, expected: Option<&str>| {
            assert_eq!(unicode_name(name).as_deref(), expected, "{name}");
        };
        check("xn--bcher-kva.example", Some("bücher.example"));
        check("bad.example", None);
        check("xn--\u{7f}.example", None);
        check("xn--a-.example", None);
    }
}
