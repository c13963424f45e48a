//! What a status of ThreatINSIGHT means. Source: spec §3.6.

use relay_core::{Error, Response, http::one_line, lenient};
use serde::Deserialize;

/// The longest code, in characters.
const LONGEST_CODE: usize = 64;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    #[serde(deserialize_with = "lenient::object")]
    error: Option<Words>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Words {
    /// Such as `client.invalid_authentication`.
    #[serde(deserialize_with = "lenient::text")]
    code: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    message: Option<String>,
}

/// The failure, in the product's own words and under its own code where it has them.
pub(super) fn refusal(response: &Response) -> Error {
    let said = response.json::<Body>().ok().and_then(|body| body.error).unwrap_or_default();
    let message = said.message.map(|message| one_line(&message));
    let error = usual(response, message.as_deref());
    match said.code.as_deref().and_then(readable) {
        Some(code) => error.with_code(code),
        None => error,
    }
}

fn usual(response: &Response, message: Option<&str>) -> Error {
    let error = response.refusal(message);
    match response.status() {
        403 => {
            let said = message.map_or_else(|| response.quote(), str::to_owned);
            error
                .with_code("authorization error")
                .with_message(format!("Authorization failed: {said}"))
        }
        400 | 401 | 404 | 410 | 429 | 502..=504 => error,
        _ => error.with_code("unknown"),
    }
}

/// `client.invalid_authentication` as the earlier relay wrote it: `client : invalid authentication`.
///
/// None for what does not look like a code: whatever else stands there might repeat the key.
fn readable(code: &str) -> Option<String> {
    let is_code = |byte: u8| byte.is_ascii_lowercase() || b"._".contains(&byte);
    let looks_so = code.len() <= LONGEST_CODE && code.bytes().all(is_code);
    looks_so.then(|| code.replace('.', " : ").replace('_', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n17_codes_are_made_readable_and_nothing_else_is_one() {
        let check = |code: &str, expected: Option<&str>| {
            assert_eq!(readable(code).as_deref(), expected, "{code}");
        };
        check("client.invalid_authentication", Some("client : invalid authentication"));
        check("server.a_b.c", Some("server : a b : c"));
        for other in ["key-1f7c0e5a9b3d", "IBToken abc", "client.\n", "Client", &"a".repeat(65)] {
            check(other, None);
        }
    }
}
