//! F4: of all key sets, exactly those keys are kept that pass the policy, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use arbitrary::{Result, Unstructured};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use num_bigint::BigUint;
use relay_core::fuzz_api::usable_keys;
use serde_json::{Value, json};

use crate::structured;

/// The bytes are a key set's document; every key that is kept passes the policy.
///
/// # Panics
///
/// When a key is kept that may not verify, or one is lost that may.
pub fn f04_key_set(data: &[u8]) {
    match structured(data) {
        Some(mut steering) => {
            let set = key_set(&mut steering).unwrap_or_default();
            check(json!({"keys": set}).to_string().as_bytes());
        }
        None => check(data),
    }
}

fn check(document: &[u8]) {
    let kept = usable_keys(document).map(|keys| keys.into_keys().collect::<BTreeSet<_>>());
    let expected = accepted_keys(document);
    assert_eq!(kept, expected, "{}", String::from_utf8_lossy(document));
}

/// The names of the keys that may verify; none for what is no key set (RFC 7517 §5).
fn accepted_keys(document: &[u8]) -> Option<BTreeSet<String>> {
    // Serde rejects duplicate members, here as in the relay.
    #[derive(serde::Deserialize)]
    struct Document {
        keys: Vec<Value>,
    }
    let is_object = document.trim_ascii_start().starts_with(b"{");
    let Document { keys } = is_object.then(|| serde_json::from_slice(document).ok())??;
    let mut times = BTreeMap::<String, usize>::new();
    for kid in keys.iter().filter_map(name_of_good_key) {
        *times.entry(kid).or_default() += 1;
    }
    Some(times.into_iter().filter(|(_, times)| *times == 1).map(|(kid, _)| kid).collect())
}

/// The key's `kid`, if it is an RSA key for RS256 that is strong enough.
fn name_of_good_key(key: &Value) -> Option<String> {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    let absent_or = |name: &str, expected: &str| {
        key.get(name).is_none_or(|value| value.is_null() || value == expected)
    };
    let verifies = match key.get("key_ops") {
        None | Some(Value::Null) => true,
        Some(Value::Array(all)) => {
            all.iter().all(Value::is_string) && all.contains(&"verify".into())
        }
        Some(_) => false,
    };
    let kid = text("kid").filter(|kid| (1..=256).contains(&kid.len()))?;
    let purpose = absent_or("use", "sig") && absent_or("alg", "RS256") && verifies;
    let (modulus, exponent) = (number(text("n")?)?, number(text("e")?)?);
    let good = text("kty") == Some("RSA")
        && purpose
        && is_strong(&modulus)
        && is_odd(&exponent)
        && exponent >= BigUint::from(65_537_u32)
        && exponent.bits() <= 40;
    good.then(|| kid.to_owned())
}

fn number(text: &str) -> Option<BigUint> {
    Some(BigUint::from_bytes_be(&URL_SAFE_NO_PAD.decode(text).ok()?))
}

fn is_odd(number: &BigUint) -> bool {
    number.bit(0)
}

/// 2048 to 8192 bits, and odd.
fn is_strong(modulus: &BigUint) -> bool {
    (2048..=8192).contains(&modulus.bits()) && is_odd(modulus)
}

/// Keys of every strength and purpose, several of one name.
fn key_set(u: &mut Unstructured<'_>) -> Result<Vec<Value>> {
    let count = u.int_in_range(0..=6)?;
    (0..count).map(|_| key(u)).collect()
}

fn key(u: &mut Unstructured<'_>) -> Result<Value> {
    let mut key = json!({
        "kty": u.choose(&["RSA", "RSA", "RSA", "rsa", "EC", "oct"])?,
        "kid": u.choose(&["k1", "k2", "k3", "", "../../dev/null", "k1\u{0}"])?,
        "n": URL_SAFE_NO_PAD.encode(modulus(u)?),
        "e": u.choose(&["AQAB", "AQAB", "AQAB", "Aw", "AQ", "AAAAAQAB", "_____wE", "AQAA", "", "AQA", "Af____8B"])?,
    });
    let replacements = [
        json!("sig"),
        json!("enc"),
        json!("RS256"),
        json!("RS512"),
        json!(["verify"]),
        json!(["encrypt"]),
        json!(["verify", 1]),
        json!(null),
        json!(7),
        json!({}),
        json!([]),
    ];
    for name in ["use", "alg", "key_ops", "kid", "kty", "x5c"] {
        if u.ratio(1, 6)? {
            key[name] = u.choose(&replacements)?.clone();
        }
    }
    Ok(key)
}

fn modulus(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let length = *u.choose(&[256_usize, 256, 257, 255, 128, 512, 1024, 1025])?;
    let mut bytes = vec![0xC5; length];
    bytes[0] = u.arbitrary()?;
    for byte in bytes.iter_mut().skip(1).take(4) {
        *byte = u.arbitrary()?;
    }
    bytes[length - 1] = u.arbitrary()?;
    Ok(bytes)
}
