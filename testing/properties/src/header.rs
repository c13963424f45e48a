//! F2: a token's header is accepted only where a strict reader accepts it.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use relay_core::fuzz_api::{Algorithm, UnverifiedToken as Token};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;
use testkit::token::compact;

/// A longer header may be rejected for its length alone.
const SHORT: usize = 8 * 1024;

/// The bytes are a header's JSON: the relay reads the same out of it as the strict reader, or
/// both reject it. They are also tried as the part itself, which must then be canonical base64url.
///
/// # Panics
///
/// When it is not so.
pub fn f02_header(data: &[u8]) {
    let text = compact(&[data, b"{}", b"signature"]);
    let accepted = Token::parse(&text).ok().map(facts);
    let expected = strict(data);
    if accepted.is_some() || data.len() <= SHORT {
        assert_eq!(accepted, expected, "{}", String::from_utf8_lossy(data));
    }
    if let Ok(part) = std::str::from_utf8(data) {
        f02_part(part);
    }
}

/// What the header says of the signature.
type Facts = (Algorithm, Option<String>);

fn facts(token: Token<'_>) -> Facts {
    (token.algorithm(), token.kid().map(str::to_owned))
}

fn f02_part(part: &str) {
    let text = format!("{part}.e30.c2ln");
    if let Ok(token) = Token::parse(&text) {
        let json = URL_SAFE_NO_PAD.decode(part).expect("an accepted part is base64url");
        assert_eq!(URL_SAFE_NO_PAD.encode(&json), part, "one header has one spelling");
        assert_eq!(Some(facts(token)), strict(&json));
    }
}

/// RFC 7515 §4 and RFC 8725 §3, read a second time: no name twice, nothing that changes what the
/// token is, and one of two algorithms.
fn strict(json: &[u8]) -> Option<Facts> {
    let Pairs(pairs) = serde_json::from_slice(json).ok()?;
    let mut names: Vec<_> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    let is_repeated = names.windows(2).any(|pair| pair[0] == pair[1]);
    let is_other_kind = names.iter().any(|name| ["b64", "crit", "enc", "zip"].contains(name));
    if is_repeated || is_other_kind {
        return None;
    }
    let member =
        |wanted_name: &str| pairs.iter().find(|(name, _)| name == wanted_name).map(|(_, it)| it);
    if member("typ").is_some_and(|typ| typ != "JWT" && typ != "jwt") {
        return None;
    }
    let algorithm = match member("alg")?.as_str()? {
        "HS256" => Algorithm::Hs256,
        "RS256" => Algorithm::Rs256,
        _ => return None,
    };
    match member("kid") {
        None => Some((algorithm, None)),
        Some(Value::String(kid)) if kid.len() <= 256 => Some((algorithm, Some(kid.clone()))),
        Some(_) => None,
    }
}

/// The members of an object as they stand there, repeated ones too.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;

        impl<'de> Visitor<'de> for All {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = members.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(All)
    }
}
