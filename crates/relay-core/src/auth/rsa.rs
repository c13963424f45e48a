//! Reads the usable keys of a key set: RSA keys for signatures, strong, each `kid` once.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::Value;

/// The sizes of a modulus: shorter ones are weak, longer ones cost too much to verify.
const MODULUS_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// Smaller exponents invite forged signatures.
const MIN_EXPONENT: u64 = 65_537;
/// The longest `kid` that is kept.
const MAX_KID_BYTES: usize = 256;

/// Returns the usable keys of a key set (RFC 7517 §5) by their `kid`; `None` when the document is no
/// key set. Keys of other kinds are skipped; two usable keys with one `kid` make it unusable.
pub fn usable_keys(document: &[u8]) -> Option<HashMap<String, DecodingKey>> {
    // Only an object fills a struct here: serde would also take a list for one, member by member.
    let is_object = document.trim_ascii_start().starts_with(b"{");
    let KeySet { keys } = is_object.then(|| serde_json::from_slice(document).ok())??;
    let mut usable: HashMap<String, Option<DecodingKey>> = HashMap::new();
    for (kid, key) in keys.iter().filter(|key| key.is_object()).filter_map(usable_key) {
        usable.entry(kid).and_modify(|twice| *twice = None).or_insert(Some(key));
    }
    Some(usable.into_iter().filter_map(|(kid, key)| Some((kid, key?))).collect())
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: String,
    n: String,
    e: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
}

fn usable_key(key: &Value) -> Option<(String, DecodingKey)> {
    let key = Jwk::deserialize(key).ok()?;
    let for_signatures = key.kty == "RSA"
        && key.purpose.is_none_or(|purpose| purpose == "sig")
        && key.key_ops.is_none_or(|operations| operations.iter().any(|one| one == "verify"))
        && key.alg.is_none_or(|alg| alg == "RS256")
        && (1..=MAX_KID_BYTES).contains(&key.kid.len());
    if !for_signatures {
        return None;
    }
    let modulus = number(&key.n)?;
    let exponent = number(&key.e)?;
    (is_strong_modulus(&modulus) && is_strong_exponent(&exponent)).then_some(())?;
    Some((key.kid, DecodingKey::from_rsa_raw_components(&modulus, &exponent)))
}

/// Reads a big-endian number without leading zeros.
fn number(text: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let first = bytes.iter().position(|byte| *byte != 0)?;
    Some(bytes[first..].to_vec())
}

fn is_strong_modulus(modulus: &[u8]) -> bool {
    let bits = modulus.len() * 8 - modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
    let odd = modulus.last().is_some_and(|byte| byte % 2 == 1);
    MODULUS_BITS.contains(&bits) && odd
}

fn is_strong_exponent(exponent: &[u8]) -> bool {
    // The verifier takes at most 33 bits; eight bytes are read so that larger ones are seen.
    let value = exponent.iter().fold(0_u64, |value, byte| (value << 8) | u64::from(*byte));
    exponent.len() <= 5 && value >= MIN_EXPONENT && value % 2 == 1
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn k10_a_key_set_is_an_object_of_objects() {
        let modulus = URL_SAFE_NO_PAD.encode([0xC5; 256]);
        let key = json!({"kty": "RSA", "kid": "k1", "n": modulus, "e": "AQAB"});
        let listed = json!(["RSA", "k1", modulus, "AQAB", null, null, null]);
        let names = |document: Value| {
            let keys = usable_keys(document.to_string().as_bytes())?;
            Some(keys.into_keys().collect::<Vec<_>>())
        };
        assert_eq!(names(json!({"keys": [key]})), Some(vec!["k1".to_owned()]));
        assert_eq!(names(json!({"keys": [listed]})), Some(Vec::new()));
        assert_eq!(names(json!([[key]])), None);
    }
}
