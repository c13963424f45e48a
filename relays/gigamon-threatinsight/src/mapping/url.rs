//! The URL that an HTTP request asked for, out of the pieces that an event has of it.
//! Source: spec §4.4.

use crate::client::{Event, Named};

/// None when nothing says which host was asked.
pub(super) fn asked_for(event: &Event) -> Option<String> {
    let uri = event.uri.as_ref()?.uri.as_deref()?.trim().replace(' ', "%20");
    let (scheme, rest) = match scheme(&uri) {
        Some(scheme) => (scheme, &uri[scheme.len() + 1..]),
        None => ("http", uri.as_str()),
    };
    let (host, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
        None => ("", rest),
    };
    let host = if host.is_empty() { named(event.host.as_ref()?)? } else { host.to_owned() };
    let is_separate = path.is_empty() || path.starts_with('/');
    Some(format!("{scheme}://{host}{}{path}", if is_separate { "" } else { "/" }))
}

/// The scheme of an absolute address; a colon elsewhere is part of a path.
fn scheme(uri: &str) -> Option<&str> {
    let (scheme, _) = uri.split_once("://")?;
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    let is_scheme = scheme.starts_with(|letter: char| letter.is_ascii_alphabetic());
    (is_scheme && scheme.bytes().all(is_letter)).then_some(scheme)
}

fn named(host: &Named) -> Option<String> {
    let bracketed = |ip: &String| if ip.contains(':') { format!("[{ip}]") } else { ip.clone() };
    host.domain.clone().or_else(|| host.ip.as_ref().map(bracketed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(uri: &str, host: &str, expected: Option<&str>) {
        let json = format!(r#"{{"uri":{{"uri":"{uri}"}},"host":{host}}}"#);
        let event: Event = serde_json::from_str(&json).unwrap();
        assert_eq!(asked_for(&event).as_deref(), expected, "{uri} {host}");
    }

    #[test]
    fn no17_missing_parts_are_filled_in_or_there_is_no_url() {
        let name = r#"{"domain":"bad.example","ip":"198.51.100.23"}"#;
        check("/drop.php", name, Some("http://bad.example/drop.php"));
        check("plain path.txt", name, Some("http://bad.example/plain%20path.txt"));
        check("?x=1", name, Some("http://bad.example/?x=1"));
        check("/a://b", name, Some("http://bad.example/a://b"));
        check("/x", r#"{"ip":"198.51.100.23"}"#, Some("http://198.51.100.23/x"));
        check("/x", r#"{"ip":"2001:db8::77"}"#, Some("http://[2001:db8::77]/x"));
        check("/x", "null", None);
        check("/x", r#"{"domain":null,"ip":""}"#, None);
        check("", name, None);
        check("http:///x", "null", None);
        check("http:///x", name, Some("http://bad.example/x"));
    }

    #[test]
    fn absolute_addresses_stay_as_they_are() {
        let other = r#"{"domain":"other.example"}"#;
        check(
            "https://bad.example:8080/a%20b?x=1",
            other,
            Some("https://bad.example:8080/a%20b?x=1"),
        );
        check("//bad.example/x", other, Some("http://bad.example/x"));
        check("http://bad.example", "null", Some("http://bad.example"));
        check("http://bad.example?x", "null", Some("http://bad.example/?x"));
    }
}
