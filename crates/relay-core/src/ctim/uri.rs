//! Links: absolute http(s) URIs in the strict spelling of RFC 3986, and references that use them.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;
use url::Url;

use super::text::{MediumText, ShortText};

/// The characters that the URL standard leaves bare and RFC 3986 does not allow.
const NOT_IN_RFC_3986: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// CTIM's limit for a URI.
const MAX_URI_CHARS: usize = 2048;

/// An absolute http or https link of at most 2,048 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Uri(String);

impl Uri {
    /// Reads a link; `None` for what a browser should not open (`javascript:`, `file:`, relative)
    /// and for anything longer.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if is_spelled(text) && text.len() <= MAX_URI_CHARS {
            return Some(Self(text.to_owned()));
        }
        let url = Url::parse(text.trim()).ok()?;
        (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(())?;
        let has_ipv6_host = url.host_str().is_some_and(|host| host.starts_with('['));
        let url = String::from(url);
        let spelled = if is_plain(&url) { url } else { escaped(&url, has_ipv6_host) };
        (spelled.len() <= MAX_URI_CHARS).then_some(Self(spelled))
    }

    /// Returns the link in the answer's spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether reading a link would leave it as it is, as most of them: an https link to a name in small
/// letters of ASCII, with a path without relative segments, and nothing to escape.
fn is_spelled(text: &str) -> bool {
    let Some((host, path)) = text.strip_prefix("https://").and_then(|rest| rest.split_once('/'))
    else {
        return false;
    };
    let is_label = |label: &str| {
        let is_small =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty() && !label.starts_with("xn--") && label.bytes().all(is_small)
    };
    // A name whose last label begins with a digit may be an address in one of its many spellings.
    let is_name = host
        .rsplit('.')
        .next()
        .is_some_and(|label| label.starts_with(|letter: char| letter.is_ascii_lowercase()));
    is_name && host.split('.').all(is_label) && !path.starts_with('.') && is_plain(path)
}

/// Whether nothing of a link has to be escaped, as in most of them. Segments that begin with a dot,
/// which may be relative, have to be read.
fn is_plain(url: &str) -> bool {
    let bytes = url.as_bytes();
    let mut fragments = 0;
    bytes.iter().enumerate().all(|(at, byte)| match byte {
        b'-' | b'_' | b'~' | b':' | b'/' | b'?' | b'&' | b'=' | b'+' | b',' => true,
        b'.' => at == 0 || bytes[at - 1] != b'/',
        b'%' => is_escape(&bytes[at..]) && !matches!(bytes[at + 1..], [b'2', b'e' | b'E', ..]),
        b'#' => {
            fragments += 1;
            fragments == 1
        }
        _ => byte.is_ascii_alphanumeric(),
    })
}

fn escaped(url: &str, has_ipv6_host: bool) -> String {
    let spelled = utf8_percent_encode(url, NOT_IN_RFC_3986).to_string();
    escape_brackets_and_percent(&spelled, has_ipv6_host)
}

/// Brackets may stand only around an IPv6 host, and a percent sign only before two hex digits.
fn escape_brackets_and_percent(text: &str, ipv6_host: bool) -> String {
    let authority_end = if ipv6_host { text.find(']').map_or(0, |at| at + 1) } else { 0 };
    let (authority, rest) = text.split_at(authority_end);
    let mut spelled = String::with_capacity(text.len());
    spelled.push_str(authority);
    let mut fragment_begun = false;
    for (at, letter) in rest.char_indices() {
        match letter {
            '[' => spelled.push_str("%5B"),
            ']' => spelled.push_str("%5D"),
            '%' if !is_escape(&rest.as_bytes()[at..]) => spelled.push_str("%25"),
            '#' if std::mem::replace(&mut fragment_begun, true) => spelled.push_str("%23"),
            other => spelled.push(other),
        }
    }
    spelled
}

fn is_escape(text: &[u8]) -> bool {
    let digits = text.get(1..3);
    digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

/// Where an entity can be read about in the product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExternalReference {
    /// Who the reference leads to.
    pub source_name: MediumText,
    /// What the reader finds there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<super::text::LongText>,
    /// The product's id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ShortText>,
    /// The link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Uri>,
}

impl ExternalReference {
    /// A reference by name only; fill in what else is known.
    pub fn to(source_name: impl Into<MediumText>) -> Self {
        Self { source_name: source_name.into(), description: None, external_id: None, url: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(Uri::parse(text).as_ref().map(Uri::as_str), expected, "{text}");
    }

    #[test]
    fn i14_only_links_a_browser_may_open_pass() {
        check("https://misp.example/events/view/1", Some("https://misp.example/events/view/1"));
        for text in [
            "javascript:alert(1)",
            "file:///etc/passwd",
            "/events/1",
            "",
            "https://",
            "data:text/html,x",
            "misp.example",
        ] {
            check(text, None);
        }
        check(&format!("https://misp.example/{}", "a".repeat(3000)), None);
    }

    #[test]
    fn a_link_that_is_kept_as_it_is_would_be_read_as_itself() {
        let hosts =
            ["a.example", "A.example", "a", "1.2", "0x7f.1", "a..b", "a.b.", "xn--a", "-a-"];
        let more =
            ["b_c", "a:443", "a:8443", "u@a", "[::1]", "b\u{fc}cher", "a.0x1f", "a.xn--b", ""];
        let paths = [
            "",
            "b",
            ".",
            "..",
            "./b",
            "b/../c",
            "b/.",
            "b/%2e%2E/c",
            "%2e",
            ".b",
            "b//c",
            "b/c.d",
            "?q=a.b/./c",
            "#/a?b=%20",
            "#a#b",
            "?a?b",
            "a'b",
            "a|b",
            "%zz",
            "a b",
            "a\\b",
            "~_-,+&",
        ];
        for host in hosts.into_iter().chain(more) {
            for path in paths {
                for link in [format!("https://{host}/{path}"), format!("https://{host}{path}")] {
                    let read = Url::parse(&link).map(String::from);
                    assert!(!is_spelled(&link) || read.as_ref() == Ok(&link), "{link}: {read:?}");
                }
            }
        }
        assert!(is_spelled("https://portal.example-1.com/a/b.c?d=%22e%22#f"));
    }

    #[test]
    fn what_rfc_3986_forbids_is_escaped() {
        check(
            "https://a.example/x y|z?q=[1]`{}#a#b",
            Some("https://a.example/x%20y%7Cz?q=%5B1%5D%60%7B%7D#a%23b"),
        );
        check("https://a.example/100%/%zz/%41", Some("https://a.example/100%25/%25zz/%41"));
        check("https://[2001:db8::1]/x[1]", Some("https://[2001:db8::1]/x%5B1%5D"));
        check("https://bücher.example/ä", Some("https://xn--bcher-kva.example/%C3%A4"));
    }
}
