//! Links: absolute http(s) URIs in the strict spelling of RFC 3986, and references that use them.

use ::url::Url;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;

use super::text::{MediumText, ShortText};
use crate::url;

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
        let text = text.trim();
        let spelled = if is_normal(text) { text.to_owned() } else { normalized(text)? };
        (spelled.len() <= MAX_URI_CHARS).then_some(Self(spelled))
    }

    /// Returns the link to what a segment names below this path, whatever its letters; `None` for a
    /// segment that would lead elsewhere, and for a link that gets too long.
    ///
    /// A link that many entities share up to its last segment is so read once.
    #[must_use]
    pub fn below(&self, segment: &str) -> Option<Self> {
        let leads_elsewhere = matches!(segment, "" | "." | "..");
        let spelled = [self.as_str(), "/", &url::escaped(segment)].concat();
        (!leads_elsewhere && spelled.len() <= MAX_URI_CHARS).then_some(Self(spelled))
    }

    /// Returns this link, which ends with the name of a parameter and `=`, with a value behind it,
    /// whatever its letters; `None` for any other link, and for one that gets too long.
    ///
    /// A link that many entities share up to the value is so read once.
    #[must_use]
    pub fn with_value(&self, value: &str) -> Option<Self> {
        let spelled = [self.as_str(), &url::escaped(value)].concat();
        let has_place = self.0.ends_with('=');
        (has_place && spelled.len() <= MAX_URI_CHARS).then_some(Self(spelled))
    }

    /// Returns the link in the answer's spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a link stays as it is when it is normalized, as most links do: `https://`, a name of DNS, and
/// a path without anything to escape or to resolve.
fn is_normal(text: &str) -> bool {
    let behind_scheme = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let Some((host, path)) = behind_scheme.and_then(|rest| rest.split_once('/')) else {
        return false;
    };
    is_normal_name(host) && is_plain(path) && !path.starts_with('.') && !path.contains("/.")
}

/// Whether a host is a name without other spellings. A last label that begins with a letter belongs to
/// no address.
fn is_normal_name(host: &str) -> bool {
    let fits = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
    let is_international = |label: &str| label.starts_with("xn--");
    let last = host.rsplit('.').next().unwrap_or_default();
    host.bytes().all(fits)
        && last.starts_with(|letter: char| letter.is_ascii_lowercase())
        && !host.split('.').any(is_international)
}

/// Whether no byte of a link has to be escaped, wherever it stands. There is no early exit, so that the
/// compiler can check many bytes with one instruction.
fn is_plain(url: &str) -> bool {
    let is_plain = |byte: u8| {
        let is_mark = b"-._~:/?&=+,".iter().fold(false, |found, mark| found | (*mark == byte));
        byte.is_ascii_alphanumeric() | is_mark
    };
    url.bytes().fold(true, |all, byte| all & is_plain(byte))
}

/// Returns a link as the URL standard writes it, and what RFC 3986 does not allow escaped.
fn normalized(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(())?;
    let has_ipv6_host = url.host_str().is_some_and(|host| host.starts_with('['));
    let url = String::from(url);
    Some(if is_plain(&url) { url } else { escaped(&url, has_ipv6_host) })
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
    fn a_link_that_is_not_parsed_is_what_parsing_gives() {
        let hosts = [
            "a.example",
            "A.example",
            "a",
            "a-b.c1",
            "1.2",
            "0x7f.1",
            "a..b",
            "a.b.",
            "xn--a",
            "-a-",
            "b_c",
            "a:443",
            "a:8443",
            "u@a",
            "[::1]",
            "bücher",
            "a.0x1f",
            "a.xn--b",
            "",
        ];
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
            "?at=2026-10-31T08:59:00.000Z&b",
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
        for host in hosts {
            for path in paths {
                for link in [format!("https://{host}/{path}"), format!("http://{host}{path}")] {
                    let is_kept = normalized(&link).as_ref() == Some(&link);
                    assert!(is_kept || !is_normal(&link), "{link}");
                }
            }
        }
        assert!(is_normal("https://portal.example-1.com/a/b.c?d=e&f=2026-10-31T08:59:00.000Z"));
        assert!(!is_normal("ftp://a.example/"));
    }

    #[test]
    fn i14_what_is_below_a_page_leads_nowhere_else() {
        let events = Uri::parse("https://misp.example/misp/events/view").unwrap();
        let below = |segment: &str| events.below(segment).map(|page| page.as_str().to_owned());
        for segment in ["5e7b1c34-6d0c", "a/b?c#d", "ä %41", "a..b"] {
            let page = format!("{}/{}", events.as_str(), url::escaped(segment));
            assert_eq!(below(segment).as_ref(), Some(&page));
            assert_eq!(Uri::parse(&page).unwrap().as_str(), page);
        }
        for segment in ["", ".", "..", &"a".repeat(MAX_URI_CHARS)] {
            assert_eq!(below(segment), None, "{segment}");
        }
    }

    #[test]
    fn i14_a_value_stays_in_its_parameter() {
        for page in ["https://a.example/search?query=", "https://a.example/#/hunting?search="] {
            let page = Uri::parse(page).unwrap();
            for value in ["", "..", "/../x", "a: \"b\"", "a&b=c#d", "ä %41"] {
                let link = page.with_value(value).unwrap();
                assert_eq!(link.as_str(), [page.as_str(), &url::escaped(value)].concat());
                assert_eq!(Uri::parse(link.as_str()).as_ref(), Some(&link));
            }
            assert_eq!(page.with_value(&"a".repeat(MAX_URI_CHARS)), None);
        }
        assert_eq!(Uri::parse("https://a.example/search").unwrap().with_value("a"), None);
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
