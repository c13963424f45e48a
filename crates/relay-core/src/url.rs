//! Reads and writes URLs: base URLs and addresses to send to, and URLs as products and analysts
//! write them, with or without a scheme.

mod base;
mod name;
mod scope;
mod spelling;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

pub use base::{Address, BaseUrl};
pub use name::ascii_name;
pub(crate) use name::{name_in_ascii, unicode_name};
pub(crate) use scope::AddressScope;
pub use scope::is_public;
pub(crate) use spelling::spellings;
pub use spelling::{is_same, normal_url};

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes a value as UTF-8; only `A–Z a–z 0–9 - . _ ~` stay bare, a space is `%20`.
#[must_use]
pub fn escaped(value: &str) -> String {
    // Each byte becomes three at most.
    let mut escaped = String::with_capacity(3 * value.len());
    escaped.extend(utf8_percent_encode(value, RESERVED));
    escaped
}

/// Returns the scheme of a URL and what follows `://`; `None` without a scheme, as RFC 3986 §3.1
/// spells it: a letter, then letters, digits, `+`, `-` and `.`.
#[must_use]
pub fn split_scheme(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    let is_scheme = scheme.starts_with(|letter: char| letter.is_ascii_alphabetic());
    (is_scheme && scheme.bytes().all(is_allowed)).then_some((scheme, rest))
}

/// Returns whether a URL begins with a scheme and `://`.
#[must_use]
pub fn has_scheme(url: &str) -> bool {
    split_scheme(url).is_some()
}

/// Splits a URL, with or without a scheme, before its path, query or fragment: the first part is
/// scheme and authority, whose case has no meaning.
#[must_use]
pub fn split_origin(url: &str) -> (&str, &str) {
    let start = split_scheme(url).map_or(0, |(_, rest)| url.len() - rest.len());
    // Browsers read a backslash as a slash.
    let end = url[start..].find(['/', '?', '#', '\\']).map_or(url.len(), |at| start + at);
    url.split_at(end)
}

/// Returns the host of a URL, with or without a scheme: without user info, port, path and query,
/// and without the brackets of an IPv6 address. `None` when it is empty.
#[must_use]
pub fn host_of(url: &str) -> Option<&str> {
    let (origin, _) = split_origin(url);
    let authority = split_scheme(origin).map_or(origin, |(_, authority)| authority);
    let host_and_port = authority.rsplit('@').next()?;
    let host = match host_and_port.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next()?,
        None => host_and_port.split(':').next()?,
    };
    (!host.is_empty()).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_is_a_letter_then_letters_digits_plus_minus_and_dot() {
        let check = |url: &str, expected: Option<(&str, &str)>| {
            assert_eq!(split_scheme(url), expected, "{url}");
            assert_eq!(has_scheme(url), expected.is_some(), "{url}");
        };
        check("HTTPS://Bad.example/x", Some(("HTTPS", "Bad.example/x")));
        check("git+ssh://bad.example", Some(("git+ssh", "bad.example")));
        check("ms-word://bad.example", Some(("ms-word", "bad.example")));
        check("a://b://c", Some(("a", "b://c")));
        for url in ["", "bad.example/a://b", "://x", "1a://x", "no scheme://x", "http:/x", "ä://x"]
        {
            check(url, None);
        }
    }

    #[test]
    fn the_host_is_found_with_and_without_a_scheme() {
        let check = |url: &str, expected: &str| {
            assert_eq!(host_of(url).unwrap_or_default(), expected, "{url}");
        };
        check("https://cdn.example/a/b?c=d://e", "cdn.example");
        check("https://user:pass@CDN.example:8443/a", "CDN.example");
        check("git+ssh://evil.example/x", "evil.example");
        check("ms-word://evil.example", "evil.example");
        check("cdn.example/a", "cdn.example");
        check("user@cdn.example:80", "cdn.example");
        check("cdn.example?next=https://other.example/", "cdn.example");
        check("https://[2001:db8::1]:443/x", "2001:db8::1");
        check("[2001:db8::1]", "2001:db8::1");
        check("https://cdn.example#x@other.example", "cdn.example");
        check("http://u:p@cdn.example:80/a?b@c", "cdn.example");
        check("http://cdn.example\\@other.example/", "cdn.example");
        for url in ["", "://x", "http://", "http:///x", "https://:80"] {
            check(url, "");
        }
    }

    #[test]
    fn the_origin_ends_before_the_path() {
        let check = |url: &str, origin: &str| assert_eq!(split_origin(url).0, origin, "{url}");
        check("HTTPS://Cdn.Example/A?b", "HTTPS://Cdn.Example");
        check("cdn.example?next=https://other.example/", "cdn.example");
        check("https://cdn.example", "https://cdn.example");
        check("git+ssh://cdn.example/A", "git+ssh://cdn.example");
    }
}
