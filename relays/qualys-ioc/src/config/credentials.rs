//! The claims of a token: user and password, optionally the hosts of the platform.

use relay_core::{Claim, ClaimKind, Secret};
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

/// The claims that a token may carry, for the tool that makes tokens.
pub(crate) const CLAIMS: [Claim; 4] = [
    Claim {
        name: "user",
        former_name: None,
        title: "User",
        kind: ClaimKind::Text,
        is_required: true,
        tooltip: "The name of a Qualys account with API access to Endpoint Detection and Response.",
    },
    Claim {
        name: "pass",
        former_name: None,
        title: "Password",
        kind: ClaimKind::Password,
        is_required: true,
        tooltip: "The account's password.",
    },
    Claim {
        name: "API_URL",
        former_name: None,
        title: "API gateway",
        kind: ClaimKind::Text,
        is_required: false,
        tooltip: "The https URL of your platform's API gateway, such as https://gateway.qg1.apps.qualys.com; needed unless the relay's API_URL names it.",
    },
    Claim {
        name: "PLATFORM_URL",
        former_name: None,
        title: "Console",
        kind: ClaimKind::Text,
        is_required: false,
        tooltip: "The https URL of your platform's console; without it there are no links.",
    },
];

/// The claims that this relay reads. Specification: docs/relays/qualys-ioc.md#settings-and-claims.
#[derive(Debug, Deserialize)]
pub struct Credentials {
    /// The name of the account; not empty.
    #[serde(deserialize_with = "required")]
    pub(crate) user: String,
    /// The account's password; not empty.
    #[serde(rename = "pass", deserialize_with = "required_secret")]
    pub(crate) password: Secret,
    /// The API gateway; wins over the setting. Not checked yet.
    #[serde(rename = "API_URL", default, deserialize_with = "optional")]
    pub(super) api_url: Option<String>,
    /// The console, for links; wins over the setting. Not checked yet.
    #[serde(rename = "PLATFORM_URL", default, deserialize_with = "optional")]
    pub(super) platform_url: Option<String>,
}

impl relay_core::Credentials for Credentials {
    fn secrets(&self) -> Vec<&Secret> {
        vec![&self.password]
    }
}

/// Reads a text, or a number as its decimal digits: forms turn a password of digits into a number.
/// Null and blanks are missing. Errors: any other type.
fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text).filter(|text| !text.trim().is_empty())),
        Value::Number(number) => Ok(Some(decimal(&number))),
        _ => Err(de::Error::custom("a claim is not a text")),
    }
}

fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    optional(deserializer)?.ok_or_else(|| de::Error::custom("a claim is empty"))
}

fn required_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    required(deserializer)
        .and_then(|text| Secret::new(text).ok_or_else(|| de::Error::custom("a claim is empty")))
}

/// Returns the decimal digits of a number, without an exponent.
fn decimal(number: &serde_json::Number) -> String {
    match number.as_f64().filter(|_| number.is_f64()) {
        Some(fraction) => fraction.to_string(),
        None => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(claims: Value) -> Option<Credentials> {
        serde_json::from_value(claims).ok()
    }

    fn password(claim: Value) -> Option<String> {
        read(json!({"user": "u", "pass": claim})).map(|it| it.password.expose().to_owned())
    }

    #[test]
    fn c09_c10_a_password_is_a_text_or_the_digits_of_a_number() {
        let check = |claim: Value, expected: Option<&str>| {
            assert_eq!(password(claim.clone()).as_deref(), expected, "{claim}");
        };
        check(json!("p@ss"), Some("p@ss"));
        check(json!(12345), Some("12345"));
        check(json!(u64::MAX), Some("18446744073709551615"));
        check(json!(-7), Some("-7"));
        check(json!(1.5), Some("1.5"));
        check(json!(1e21), Some("1000000000000000000000"));
        for other in [json!(null), json!(""), json!(true), json!([1]), json!({"a": 1})] {
            check(other, None);
        }
        assert!(read(json!({"user": "u"})).is_none());
        assert!(read(json!({"pass": "p"})).is_none());
        assert_eq!(read(json!({"user": 7, "pass": "p"})).unwrap().user, "7");
    }

    #[test]
    fn a_url_that_is_no_text_makes_the_token_unusable() {
        let claims = json!({"user": "u", "pass": "p", "API_URL": ["https://token.example"]});
        assert!(read(claims).is_none());
    }

    #[test]
    fn p03_the_password_is_not_printed() {
        let credentials = read(json!({"user": "u", "pass": "marker-7"})).unwrap();
        assert!(!format!("{credentials:?}").contains("marker-7"));
    }
}
