//! Rows of a hunting query: which alert is about which value.

use std::net::IpAddr;

use relay_core::lenient::Text;
use serde::Deserialize;

use crate::kql;

/// One alert about one value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AlertMatch {
    /// The value's key, as [`NormalizedValue::key`](super::search_term::NormalizedValue) spells it.
    pub(super) key: String,
    pub(super) alert_id: String,
}

/// One row of the query.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HuntingRow {
    #[serde(rename = "K")]
    key: Text,
    #[serde(rename = "AlertId")]
    alert_id: Text,
}

impl HuntingRow {
    /// Returns none for a row that names no value or no alert.
    pub(super) fn alert_match(self) -> Option<AlertMatch> {
        let (kind, value) = self.key.as_deref()?.split_once('|')?;
        let value = match kind {
            // The table may spell an IPv6 address in other ways than its shortest.
            "ip" => value.parse::<IpAddr>().ok()?.to_string(),
            _ => value.to_lowercase(),
        };
        Some(AlertMatch { key: kql::key(kind, &value), alert_id: self.alert_id.into_inner()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_in_every_spelling() {
        let check = |row: &str, expected: Option<(&str, &str)>| {
            let read: HuntingRow = serde_json::from_str(row).unwrap();
            let alert_match =
                |(key, id): (&str, &str)| AlertMatch { key: key.into(), alert_id: id.into() };
            assert_eq!(read.alert_match(), expected.map(alert_match), "{row}");
        };
        check(r#"{"K": "ip|2001:db8:0:0:0:0:0:1", "AlertId": "a"}"#, Some(("ip|2001:db8::1", "a")));
        check(r#"{"K": "file_name|Ä|b", "AlertId": "a"}"#, Some(("file_name|ä|b", "a")));
        check(r#"{"K": "ip|soon", "AlertId": "a"}"#, None);
        check(r#"{"K": "ip", "AlertId": "a"}"#, None);
        check(r#"{"K": null, "AlertId": "a"}"#, None);
        check(r#"{"K": "url|x", "AlertId": ""}"#, None);
    }
}
