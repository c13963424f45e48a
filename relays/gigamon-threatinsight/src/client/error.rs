//! The meaning of a response that is not a success.
//! Specification: docs/relays/gigamon-threatinsight.md#errors.

use relay_core::{
    Error, Response,
    lenient::{Object, Text},
    one_line,
};
use serde::Deserialize;

const MAX_CODE_BYTES: usize = 64;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    error: Object<ErrorBody>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    /// Such as `client.invalid_authentication`.
    code: Text,
    message: Text,
}

/// Returns the error that a response means, with the product's own code and message where it has
/// them.
pub(super) fn error_from(response: &Response) -> Error {
    let body = response.json::<Body>().ok().and_then(|body| body.error.into_inner());
    let body = body.unwrap_or_default();
    let message = body.message.as_deref().map(one_line);
    let error = error_of_status(response, message.as_deref());
    match body.code.as_deref().and_then(readable) {
        Some(code) => error.with_code(code),
        None => error,
    }
}

fn error_of_status(response: &Response, message: Option<&str>) -> Error {
    let error = response.refusal(message);
    match response.status() {
        // A key without access is reported as one that is not valid.
        403 => {
            let words = message.map_or_else(|| response.quote(), str::to_owned);
            error
                .with_code("authorization error")
                .with_message(format!("Authorization failed: {words}"))
        }
        400 | 401 | 404 | 410 | 429 | 502..=504 => error,
        // The protocol's code for everything that the table does not name.
        _ => error.with_code("unknown"),
    }
}

/// Returns `client.invalid_authentication` as `client : invalid authentication`, as the Python
/// relays wrote it; `None` for a text that is no code, because it might repeat the key.
fn readable(code: &str) -> Option<String> {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || b"._".contains(&byte);
    let is_code = code.len() <= MAX_CODE_BYTES && code.bytes().all(is_allowed);
    is_code.then(|| code.replace('.', " : ").replace('_', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n17_codes_are_made_readable_and_other_texts_are_dropped() {
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
