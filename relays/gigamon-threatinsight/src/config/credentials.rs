//! The claims of a token: API key, region, and whether test accounts are shown.

use relay_core::{Claim, ClaimKind, Secret};
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

use super::{Region, is_yes};

/// The claims that a token may carry, for the tool that makes tokens.
pub(crate) const CLAIMS: [Claim; 3] = [
    Claim {
        name: "key",
        former_name: None,
        title: "API key",
        kind: ClaimKind::ApiKey,
        is_required: true,
        tooltip: "A token of your ThreatINSIGHT (FortiNDR Cloud) account: profile settings, Tokens.",
    },
    Claim {
        name: "GTI_REGION",
        former_name: None,
        title: "Region",
        kind: ClaimKind::Choice(&["us", "eu"]),
        is_required: false,
        tooltip: "Where the account lives; the relay's own setting when left out.",
    },
    Claim {
        name: "GTI_ALLOW_TEST_ACCOUNTS",
        former_name: None,
        title: "Show test accounts",
        kind: ClaimKind::Switch,
        is_required: false,
        tooltip: "Whether findings of the demo and training accounts show.",
    },
];

/// The claims that this relay reads.
/// Specification: docs/relays/gigamon-threatinsight.md#settings-and-claims.
#[derive(Debug, Deserialize)]
pub struct Credentials {
    /// The API key; printable ASCII, not empty.
    #[serde(deserialize_with = "key")]
    pub(crate) key: Secret,
    /// The region of the account; wins over the setting.
    #[serde(rename = "GTI_REGION", default, deserialize_with = "region")]
    pub(crate) region: Option<Region>,
    /// Whether findings of the demo and training accounts are shown; wins over the setting.
    #[serde(rename = "GTI_ALLOW_TEST_ACCOUNTS", default, deserialize_with = "flag")]
    pub(crate) allow_test_accounts: Option<bool>,
}

impl relay_core::Credentials for Credentials {
    fn secrets(&self) -> Vec<&Secret> {
        vec![&self.key]
    }
}

fn key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    let key = match Value::deserialize(deserializer)? {
        Value::String(key) if key.bytes().all(|byte| matches!(byte, 0x20..0x7f)) => Some(key),
        _ => None,
    };
    key.and_then(Secret::new).ok_or_else(|| de::Error::custom("a key is not printable ASCII"))
}

/// Reads a region; another word counts as missing.
fn region<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Region>, D::Error> {
    Ok(Value::deserialize(deserializer)?.as_str().and_then(Region::from_text))
}

/// Reads a flag: anything but a yes is a no, only null counts as missing.
fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Null => None,
        Value::Bool(flag) => Some(flag),
        Value::Number(number) => Some(number.as_u64() == Some(1)),
        Value::String(text) => Some(is_yes(&text)),
        Value::Array(_) | Value::Object(_) => Some(false),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(claims: Value) -> Option<Credentials> {
        serde_json::from_value(claims).ok()
    }

    #[test]
    fn c09_c10_a_key_is_printable_ascii() {
        let key = |claim: Value| read(json!({"key": claim})).map(|it| it.key.expose().to_owned());
        assert_eq!(key(json!("IB-key_1~")).as_deref(), Some("IB-key_1~"));
        for value in
            [json!(""), json!("ключ"), json!("a\r\nb"), json!("a\0"), json!(7), json!(null)]
        {
            assert_eq!(key(value.clone()), None, "{value}");
        }
        assert!(read(json!({})).is_none());
    }

    #[test]
    fn only_a_yes_shows_test_accounts() {
        let flag = |claim: Value| {
            let claims = json!({"key": "k", "GTI_ALLOW_TEST_ACCOUNTS": claim});
            read(claims).unwrap().allow_test_accounts
        };
        for yes in [json!(true), json!(1), json!("true"), json!("1"), json!("ON"), json!("Yes")] {
            assert_eq!(flag(yes.clone()), Some(true), "{yes}");
        }
        let noes =
            [json!(false), json!(0), json!("false"), json!(""), json!(2), json!([1]), json!({})];
        for no in noes {
            assert_eq!(flag(no.clone()), Some(false), "{no}");
        }
        assert_eq!(flag(json!(null)), None);
        assert_eq!(read(json!({"key": "k"})).unwrap().allow_test_accounts, None);
    }

    #[test]
    fn a_region_is_one_of_two_words() {
        let region = |claim: Value| read(json!({"key": "k", "GTI_REGION": claim})).unwrap().region;
        assert_eq!(region(json!("EU")), Some(Region::Eu));
        assert_eq!(region(json!("us")), Some(Region::Us));
        for value in [json!("moon"), json!(""), json!(7), json!(null), json!(["eu"])] {
            assert_eq!(region(value), None);
        }
    }

    #[test]
    fn p03_the_key_is_not_printed() {
        let credentials = read(json!({"key": "marker-7"})).unwrap();
        assert!(!format!("{credentials:?}").contains("marker-7"));
    }
}
