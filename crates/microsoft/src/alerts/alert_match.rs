//! Rows of a hunting query: which alert is about which value.

use relay_core::{Time, lenient::Text};
use serde::Deserialize;

use crate::{kql, spelling};

/// One alert about one value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AlertMatch {
    /// The value's key, as [`NormalizedValue::key`](super::search_term::NormalizedValue) spells it.
    pub(super) key: String,
    pub(super) alert_id: String,
    /// The alert's newest evidence with the value.
    pub(super) seen: Option<Time>,
}

/// One row of the query.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HuntingRow {
    #[serde(rename = "K")]
    key: Text,
    #[serde(rename = "AlertId")]
    alert_id: Text,
    #[serde(rename = "Seen")]
    seen: Text,
}

impl HuntingRow {
    /// Returns none for a row that names no value or no alert.
    pub(super) fn alert_match(self) -> Option<AlertMatch> {
        let (kind, value) = kql::read_key(self.key.as_deref()?)?;
        let seen = self.seen.as_deref().and_then(Time::parse);
        Some(AlertMatch {
            key: spelling::key(kind, value)?,
            alert_id: self.alert_id.into_inner()?,
            seen,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_in_every_spelling() {
        let check = |row: &str, expected: Option<(&str, &str)>| {
            let read: HuntingRow = serde_json::from_str(row).unwrap();
            let alert_match = |(key, id): (&str, &str)| AlertMatch {
                key: key.into(),
                alert_id: id.into(),
                seen: None,
            };
            assert_eq!(read.alert_match(), expected.map(alert_match), "{row}");
        };
        check(r#"{"K": "ip|2001:db8:0:0:0:0:0:1", "AlertId": "a"}"#, Some(("ip|2001:db8::1", "a")));
        check(r#"{"K": "ip|::ffff:203.0.113.80", "AlertId": "a"}"#, Some(("ip|203.0.113.80", "a")));
        check(
            r#"{"K": "domain|bücher.example", "AlertId": "a"}"#,
            Some(("domain|xn--bcher-kva.example", "a")),
        );
        check(
            r#"{"K": "url|https://bad.example/", "AlertId": "a"}"#,
            Some(("url|https://bad.example", "a")),
        );
        check(r#"{"K": "file_name|Ä|b", "AlertId": "a"}"#, Some(("file_name|ä|b", "a")));
        check(r#"{"K": "ip|soon", "AlertId": "a"}"#, None);
        check(r#"{"K": "ip", "AlertId": "a"}"#, None);
        check(r#"{"K": null, "AlertId": "a"}"#, None);
        check(r#"{"K": "url|x", "AlertId": ""}"#, None);
    }
}
