//! What a status of ThreatINSIGHT means. Source: spec §3.6.

use relay_core::{Error, Response, http::one_line, lenient};
use serde::Deserialize;

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
    match said.code {
        Some(code) => error.coded(readable(&code)),
        None => error,
    }
}

fn usual(response: &Response, message: Option<&str>) -> Error {
    let error = response.refusal(message);
    match response.status() {
        403 => {
            let said = message.map_or_else(|| response.quote(), str::to_owned);
            error.coded("authorization error").saying(format!("Authorization failed: {said}"))
        }
        400 | 401 | 404 | 410 | 429 | 502..=504 => error,
        _ => error.coded("unknown"),
    }
}

/// `client.invalid_authentication` as the earlier relay wrote it: `client : invalid authentication`.
fn readable(code: &str) -> String {
    one_line(&code.replace('.', " : ").replace('_', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_made_readable() {
        assert_eq!(readable("client.invalid_authentication"), "client : invalid authentication");
        assert_eq!(readable("server.a_b.c\n"), "server : a b : c");
    }
}
