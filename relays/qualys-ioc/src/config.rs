//! What a token carries for Qualys: a user, a password, and optionally where the tenant lives.

use relay_core::{BaseUrl, Claim, ClaimKind, Error, ErrorKind, Result, Secret};
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

/// What the token may carry, for the tool that makes tokens.
pub(crate) const CLAIMS: [Claim; 4] = [
    Claim {
        name: "user",
        title: "User",
        kind: ClaimKind::Text,
        is_required: true,
        tooltip: "The name of a Qualys account with API access to Endpoint Detection and Response.",
    },
    Claim {
        name: "pass",
        title: "Password",
        kind: ClaimKind::Password,
        is_required: true,
        tooltip: "The account's password.",
    },
    Claim {
        name: "API_URL",
        title: "API gateway",
        kind: ClaimKind::Text,
        is_required: false,
        tooltip: "The https URL of your platform's API gateway, such as https://gateway.qg1.apps.qualys.com; needed unless the relay's API_URL names it.",
    },
    Claim {
        name: "PLATFORM_URL",
        title: "Console",
        kind: ClaimKind::Text,
        is_required: false,
        tooltip: "The https URL of your platform's console; without it there are no links.",
    },
];

/// The claims of a token that this relay reads. Source: spec §2.
#[derive(Debug, Deserialize)]
pub struct Credentials {
    /// The name of the account; not empty.
    #[serde(deserialize_with = "required")]
    pub(crate) user: String,
    /// Its password; not empty.
    #[serde(rename = "pass", deserialize_with = "required_secret")]
    pub(crate) password: Secret,
    /// Base of the API gateway; wins over the relay's own setting.
    #[serde(rename = "API_URL", default, deserialize_with = "optional")]
    api_url: Option<String>,
    /// Base of the console, for links; wins over the relay's own setting.
    #[serde(rename = "PLATFORM_URL", default, deserialize_with = "optional")]
    platform_url: Option<String>,
}

impl relay_core::Credentials for Credentials {
    fn secrets(&self) -> Vec<&Secret> {
        vec![&self.password]
    }
}

impl Credentials {
    /// The API gateway: the token's, or else the relay's own.
    ///
    /// Errors: `InvalidInput` when neither is there, or when the token's cannot be used. A wrong
    /// one is not replaced, because the password would go to a host that nobody meant.
    pub(crate) fn api_url(&self, own: Option<&BaseUrl>) -> Result<BaseUrl> {
        chosen(self.api_url.as_deref(), own).ok_or_else(|| {
            let text = "Qualys cannot be asked without API_URL; set it to the https address of your platform's API gateway.";
            Error::new(ErrorKind::InvalidInput, text)
        })
    }

    /// The console: the token's, or else the relay's own; none when it cannot be linked to.
    pub(crate) fn platform_url(&self, own: Option<&BaseUrl>) -> Option<BaseUrl> {
        chosen(self.platform_url.as_deref(), own)
    }
}

fn chosen(claim: Option<&str>, own: Option<&BaseUrl>) -> Option<BaseUrl> {
    match claim {
        Some(claim) => BaseUrl::from_token(claim),
        None => own.cloned(),
    }
}

/// A text, or a number in its decimal form; forms that fill in a number mean its digits.
///
/// Errors: any other type.
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

/// The digits of a number, without an exponent.
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
        for odd in [json!(null), json!(""), json!(true), json!([1]), json!({"a": 1})] {
            check(odd, None);
        }
        assert!(read(json!({"user": "u"})).is_none());
        assert!(read(json!({"pass": "p"})).is_none());
        assert_eq!(read(json!({"user": 7, "pass": "p"})).unwrap().user, "7");
    }

    #[test]
    fn a_url_comes_from_the_token_then_from_the_environment() {
        let own = BaseUrl::from_environment("https://own.example");
        let check = |claim: Value, expected: Option<&str>| {
            let claims = json!({"user": "u", "pass": "p", "API_URL": claim, "PLATFORM_URL": claim});
            let read = read(claims).unwrap();
            let api = read.api_url(own.as_ref()).ok();
            assert_eq!(api.as_ref().map(BaseUrl::as_str), expected, "{claim}");
            assert_eq!(read.platform_url(own.as_ref()), api, "{claim}");
        };
        check(json!("https://token.example/"), Some("https://token.example"));
        check(json!(null), Some("https://own.example"));
        check(json!(""), Some("https://own.example"));
        check(json!("http://token.example"), None);
        check(json!("http://127.0.0.1:9100"), None);
        check(json!("https://u:p@token.example"), None);
        check(json!("https://token.example/?q"), None);
        check(json!(100), None);
        let claims = json!({"user": "u", "pass": "p", "API_URL": ["https://token.example"]});
        assert!(read(claims).is_none());
    }

    #[test]
    fn p03_the_password_is_not_printed() {
        let credentials = read(json!({"user": "u", "pass": "marker-7"})).unwrap();
        assert!(!format!("{credentials:?}").contains("marker-7"));
    }
}
