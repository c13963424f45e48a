//! F1: of all `Authorization` headers, those with one bearer token are read, to that token.

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use relay_core::fuzz_api::bearer;

/// Each line is a header. One header of the form is accepted, with exactly its token.
///
/// # Panics
///
/// When it is not so.
pub fn f01_bearer(data: &[u8]) {
    let lines = data.split(|byte| *byte == b'\n');
    let values: Vec<_> = lines.filter_map(|line| HeaderValue::from_bytes(line).ok()).collect();
    let mut headers = HeaderMap::new();
    for value in &values {
        headers.append(AUTHORIZATION, value.clone());
    }
    let expected = match &values[..] {
        [one] => token(one.as_bytes()),
        _ => None,
    };
    let accepted = bearer(&headers).ok().map(str::as_bytes);
    assert_eq!(accepted, expected, "{values:?}");
}

/// The scheme in any case, blanks, and a token of visible characters (RFC 6750 §2.1); blanks around
/// the value are not part of it (RFC 9110 §5.5).
fn token(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.trim_ascii().split_at_checked("bearer".len())?;
    let token = rest.strip_prefix(b" ")?;
    let blanks = token.iter().take_while(|byte| **byte == b' ').count();
    let token = &token[blanks..];
    let is_visible = !token.is_empty() && token.iter().all(u8::is_ascii_graphic);
    (scheme.eq_ignore_ascii_case(b"bearer") && is_visible).then_some(token)
}
