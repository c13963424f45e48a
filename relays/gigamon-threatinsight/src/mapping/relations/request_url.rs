//! The URL of an HTTP request.

use relay_core::url::split_scheme;

use crate::client::{Event, Host};

/// Returns the URL of an HTTP request; `None` if its host is not known.
/// Specification: docs/relays/gigamon-threatinsight.md#urls.
pub(super) fn request_url(event: &Event) -> Option<String> {
    let uri = event.uri.as_ref()?.uri.as_deref()?.trim().replace(' ', "%20");
    let (scheme, rest) = match split_scheme(&uri) {
        Some((scheme, rest)) => (scheme, Some(rest)),
        None => ("http", uri.strip_prefix("//")),
    };
    let (host, path) = match rest {
        Some(rest) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
        None => ("", uri.as_str()),
    };
    let host = if host.is_empty() { host_of(event.host.as_ref()?)? } else { host.to_owned() };
    let separator = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
    Some(format!("{scheme}://{host}{separator}{path}"))
}

fn host_of(host: &Host) -> Option<String> {
    let bracketed = |ip: &String| if ip.contains(':') { format!("[{ip}]") } else { ip.clone() };
    host.domain.clone().into_inner().or_else(|| host.ip.as_ref().map(bracketed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_url(uri: &str, host: &str, expected: Option<&str>) {
        let json = format!(r#"{{"uri":{{"uri":"{uri}"}},"host":{host}}}"#);
        let event: Event = serde_json::from_str(&json).unwrap();
        assert_eq!(request_url(&event).as_deref(), expected, "{uri} {host}");
    }

    #[test]
    fn missing_parts_of_a_url_are_filled_in_or_there_is_no_url() {
        let name = r#"{"domain":"bad.example","ip":"198.51.100.23"}"#;
        check_url("/drop.php", name, Some("http://bad.example/drop.php"));
        check_url("plain path.txt", name, Some("http://bad.example/plain%20path.txt"));
        check_url("?x=1", name, Some("http://bad.example/?x=1"));
        check_url("/a://b", name, Some("http://bad.example/a://b"));
        check_url("/x", r#"{"ip":"198.51.100.23"}"#, Some("http://198.51.100.23/x"));
        check_url("/x", r#"{"ip":"2001:db8::77"}"#, Some("http://[2001:db8::77]/x"));
        check_url("/x", "null", None);
        check_url("/x", r#"{"domain":null,"ip":""}"#, None);
        check_url("", name, None);
        check_url("http:///x", "null", None);
        check_url("http:///x", name, Some("http://bad.example/x"));
    }

    #[test]
    fn absolute_urls_stay_as_they_are() {
        let other = r#"{"domain":"other.example"}"#;
        check_url(
            "https://bad.example:8080/a%20b?x=1",
            other,
            Some("https://bad.example:8080/a%20b?x=1"),
        );
        check_url("//bad.example/x", other, Some("http://bad.example/x"));
        check_url("http://bad.example", "null", Some("http://bad.example"));
        check_url("http://bad.example?x", "null", Some("http://bad.example/?x"));
    }
}
