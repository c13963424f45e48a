//! Rows of a hunt: which alert is about which observable.

use std::net::IpAddr;

use relay_core::lenient;
use serde::Deserialize;

/// One alert about one observable.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Clue {
    /// The observable, in the spelling of [`Form::key`](super::form::Form).
    pub(super) key: String,
    pub(super) alert_id: String,
}

/// One row of the query.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Row {
    #[serde(rename = "K", deserialize_with = "lenient::text")]
    key: Option<String>,
    #[serde(rename = "AlertId", deserialize_with = "lenient::text")]
    alert_id: Option<String>,
}

impl Row {
    /// None for a row that names no observable or no alert.
    pub(super) fn clue(self) -> Option<Clue> {
        let (kind, value) = self.key.as_deref()?.split_once('|')?;
        let value = match kind {
            // The table may write an IPv6 address in other ways than we do.
            "ip" => value.parse::<IpAddr>().ok()?.to_string(),
            _ => value.to_lowercase(),
        };
        Some(Clue { key: format!("{kind}|{value}"), alert_id: self.alert_id? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_in_every_spelling() {
        let check = |row: &str, expected: Option<(&str, &str)>| {
            let read: Row = serde_json::from_str(row).unwrap();
            let clue = |(key, id): (&str, &str)| Clue { key: key.into(), alert_id: id.into() };
            assert_eq!(read.clue(), expected.map(clue), "{row}");
        };
        check(r#"{"K": "ip|2001:db8:0:0:0:0:0:1", "AlertId": "a"}"#, Some(("ip|2001:db8::1", "a")));
        check(r#"{"K": "file_name|Ä|b", "AlertId": "a"}"#, Some(("file_name|ä|b", "a")));
        check(r#"{"K": "ip|soon", "AlertId": "a"}"#, None);
        check(r#"{"K": "ip", "AlertId": "a"}"#, None);
        check(r#"{"K": null, "AlertId": "a"}"#, None);
        check(r#"{"K": "url|x", "AlertId": ""}"#, None);
    }
}
