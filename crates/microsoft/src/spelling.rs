//! Spellings of one value. Products spell addresses, names and URLs in several ways: two texts are
//! compared in one form, and a query asks for each spelling.
//!
//! Source: docs/relays/graph-security.md#spellings.

use std::{net::IpAddr, str::FromStr};

use relay_core::{Observable, ObservableType, url::ascii_name};

use crate::kql;

/// Reads an address in any spelling, without its zone; an IPv4 address that is mapped into IPv6 is
/// the IPv4 address.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim().split('%').next()?;
    bare.parse().ok().map(|ip: IpAddr| ip.to_canonical())
}

/// What [`address`] reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpelledAddress(pub(crate) IpAddr);

impl FromStr for SpelledAddress {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        address(text).map(Self).ok_or(())
    }
}

/// Writes a value's key so that all spellings of the value have one; none for a value that is not of
/// its kind.
pub(crate) fn key(kind: &str, value: &str) -> Option<String> {
    let value = match kind {
        "ip" => address(value)?.to_string(),
        "domain" | "hostname" => ascii_name(value),
        "url" => bare_url(value)?.to_lowercase(),
        _ => value.to_lowercase(),
    };
    Some(kql::key(kind, &value))
}

/// Returns a URL in the spelling that has neither a lone slash nor the scheme's own port.
fn bare_url(url: &str) -> Option<String> {
    Observable::new(ObservableType::Url, url).spellings().into_iter().min_by_key(String::len)
}

/// Returns the texts in their order, each once.
pub(crate) fn distinct(texts: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for text in texts {
        if !kept.contains(&text) {
            kept.push(text);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_one_form() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(address(text).map(|ip| ip.to_string()).as_deref(), expected, "{text}");
        };
        check("::ffff:203.0.113.80", Some("203.0.113.80"));
        check("::FFFF:CB00:7150", Some("203.0.113.80"));
        check(" 203.0.113.80 ", Some("203.0.113.80"));
        check("fe80::1c2d%12", Some("fe80::1c2d"));
        check("2001:DB8:0:0::1", Some("2001:db8::1"));
        check("bad.example", None);
    }

    #[test]
    fn all_spellings_have_one_key() {
        let check = |kind, texts: &[&str], expected: &str| {
            for text in texts {
                assert_eq!(key(kind, text).as_deref(), Some(expected), "{text}");
            }
        };
        check("ip", &["::ffff:203.0.113.80", "203.0.113.80"], "ip|203.0.113.80");
        let names = ["bücher.example", "BÜCHER.example.", "XN--BCHER-KVA.EXAMPLE"];
        check("domain", &names, "domain|xn--bcher-kva.example");
        let urls = ["https://Bad.example", "HTTPS://bad.EXAMPLE:443/", " https://bad.example "];
        check("url", &urls, "url|https://bad.example");
        check("url", &["https://Bad.example/A/"], "url|https://bad.example/a/");
        assert_eq!(key("ip", "soon"), None);
    }
}
