//! Spellings of one value. Products spell addresses, names and URLs in several ways: two texts are
//! compared in one form, and a query asks for each spelling.
//!
//! Source: docs/relays/graph-security.md#spellings.

use std::net::IpAddr;

use relay_core::{Observable, ObservableType::Domain, url::split_origin};
use url::quirks::{domain_to_ascii, domain_to_unicode};

use crate::kql;

/// Reads an address in any spelling, without its zone; an IPv4 address that is mapped into IPv6 is
/// the IPv4 address.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim().split('%').next()?;
    bare.parse().ok().map(|ip: IpAddr| ip.to_canonical())
}

/// Returns the text of an address, and of the same address mapped into IPv6.
pub(crate) fn of_address(ip: IpAddr) -> Vec<String> {
    let mapped = match ip {
        IpAddr::V4(ip) => Some(ip.to_ipv6_mapped().to_string()),
        IpAddr::V6(_) => None,
    };
    [ip.to_string()].into_iter().chain(mapped).collect()
}

/// Returns the form in which names of hosts are compared: in lower case, in the letters of DNS,
/// without outer dots.
pub(crate) fn name(text: &str) -> String {
    let plain = text.trim().trim_matches('.').to_lowercase();
    // The URL standard would decode escapes, which are no part of a name.
    let is_plain = plain.is_ascii() || plain.contains('%');
    let ascii = if is_plain { None } else { in_dns_letters(&plain) };
    Observable::new(Domain, ascii.unwrap_or(plain)).normal_form().unwrap_or_default()
}

fn in_dns_letters(name: &str) -> Option<String> {
    Some(domain_to_ascii(name)).filter(|ascii| !ascii.is_empty())
}

/// Returns a name in the letters of DNS, and in those that people write it in.
pub(crate) fn of_name(text: &str) -> Vec<String> {
    let ascii = name(text);
    let written = ascii.contains("xn--").then(|| domain_to_unicode(&ascii));
    let written = written.filter(|written| !written.is_empty() && *written != ascii);
    [ascii].into_iter().chain(written).collect()
}

/// Returns the form in which URLs are compared: scheme and host in lower case, without the slash of
/// an empty path.
pub(crate) fn url(text: &str) -> String {
    let (origin, rest) = split_origin(text.trim());
    let rest = if rest == "/" { "" } else { rest };
    format!("{}{rest}", origin.to_lowercase())
}

/// Returns a URL with its origin as it comes and in lower case, each with and without the slash of
/// an empty path.
pub(crate) fn of_url(text: &str) -> Vec<String> {
    let (origin, rest) = split_origin(text);
    let rests: &[&str] = if matches!(rest, "" | "/") { &["", "/"] } else { &[rest] };
    let mut spellings = vec![text.to_owned()];
    for origin in [origin.to_owned(), origin.to_lowercase()] {
        spellings.extend(rests.iter().map(|rest| format!("{origin}{rest}")));
    }
    distinct(spellings)
}

/// Writes a value's key so that all spellings of the value have one; none for a value that is not of
/// its kind.
pub(crate) fn key(kind: &str, value: &str) -> Option<String> {
    let value = match kind {
        "ip" => address(value)?.to_string(),
        "domain" | "hostname" => name(value),
        "url" => url(value).to_lowercase(),
        _ => value.to_lowercase(),
    };
    Some(kql::key(kind, &value))
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
    fn addresses_have_one_form_and_two_spellings() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(address(text).map(|ip| ip.to_string()).as_deref(), expected, "{text}");
        };
        check("::ffff:203.0.113.80", Some("203.0.113.80"));
        check("::FFFF:CB00:7150", Some("203.0.113.80"));
        check(" 203.0.113.80 ", Some("203.0.113.80"));
        check("fe80::1c2d%12", Some("fe80::1c2d"));
        check("2001:DB8:0:0::1", Some("2001:db8::1"));
        check("bad.example", None);
        let of = |text: &str| of_address(text.parse().unwrap());
        assert_eq!(of("203.0.113.80"), ["203.0.113.80", "::ffff:203.0.113.80"]);
        assert_eq!(of("2001:db8::1"), ["2001:db8::1"]);
    }

    #[test]
    fn names_are_compared_in_the_letters_of_dns() {
        for text in
            ["bücher.example", "BÜCHER.example.", "xn--bcher-kva.example", "XN--BCHER-KVA.EXAMPLE"]
        {
            assert_eq!(name(text), "xn--bcher-kva.example", "{text}");
            assert_eq!(of_name(text), ["xn--bcher-kva.example", "bücher.example"], "{text}");
        }
        assert_eq!(of_name("Bad.example"), ["bad.example"]);
        assert_eq!(of_name("_dmarc.Bad.example"), ["_dmarc.bad.example"]);
        assert_eq!(of_name("xn--.example"), ["xn--.example"]);
    }

    #[test]
    fn urls_differ_by_path_and_query_only() {
        for text in ["https://Bad.example", "HTTPS://bad.EXAMPLE/", " https://bad.example "] {
            assert_eq!(url(text), "https://bad.example", "{text}");
        }
        assert_eq!(url("https://Bad.example/A/"), "https://bad.example/A/");
        assert_eq!(url("https://Bad.example/?A"), "https://bad.example/?A");
        assert_eq!(
            of_url("https://Bad.example"),
            [
                "https://Bad.example",
                "https://Bad.example/",
                "https://bad.example",
                "https://bad.example/"
            ]
        );
        assert_eq!(of_url("https://bad.example/a"), ["https://bad.example/a"]);
    }
}
