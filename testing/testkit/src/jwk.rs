//! Members of key sets: the key that relays accept, with every variation, and the keys beside it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use crate::keys::{Ed25519Key, P256Key, RsaKey};

/// A public key as a JSON object, under construction. Source: RFC 7517, RFC 7518 section 6.
#[derive(Clone, Debug)]
pub struct Jwk(Map<String, Value>);

impl Jwk {
    /// An RSA key, with nothing but its numbers.
    pub fn rsa(key: &RsaKey) -> Self {
        let numbers = [("n", key.modulus()), ("e", key.exponent())];
        Self::of("RSA").numbers(&numbers)
    }

    /// A key on the curve P-256.
    pub fn p256(key: &P256Key) -> Self {
        let (x, y) = key.point();
        Self::of("EC").with("crv", "P-256").numbers(&[("x", x), ("y", y)])
    }

    /// A key on the curve Ed25519.
    pub fn ed25519(key: &Ed25519Key) -> Self {
        Self::of("OKP").with("crv", "Ed25519").numbers(&[("x", key.public())])
    }

    /// A shared secret, which has no business in a public set.
    pub fn oct(secret: &[u8]) -> Self {
        Self::of("oct").numbers(&[("k", secret)])
    }

    /// A key of this `kty` and nothing more.
    pub fn of(kty: &str) -> Self {
        Self(Map::new()).with("kty", kty)
    }

    /// Names the key.
    pub fn kid(self, kid: &str) -> Self {
        self.with("kid", kid)
    }

    /// Adds what key servers publish beside the numbers: `use` and `alg` of RS256.
    pub fn for_rs256(self) -> Self {
        self.with("use", "sig").with("alg", "RS256")
    }

    /// Replaces the exponent: even ones, huge ones, zero.
    pub fn exponent(self, exponent: &[u8]) -> Self {
        self.numbers(&[("e", exponent)])
    }

    /// Sets any member.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Takes a member out again.
    pub fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    fn numbers(self, numbers: &[(&str, &[u8])]) -> Self {
        let with = |key: Self, (name, bytes): &(&str, &[u8])| {
            key.with(name, URL_SAFE_NO_PAD.encode(bytes))
        };
        numbers.iter().fold(self, with)
    }
}

impl From<Jwk> for Value {
    fn from(key: Jwk) -> Self {
        Self::Object(key.0)
    }
}

/// Members that a key set may have beside a usable key and that must be ignored: keys of other
/// kinds, of unknown kinds, and malformed ones.
pub fn unusable_keys() -> Vec<Value> {
    let rsa = Jwk::rsa(RsaKey::shared());
    let broken = ["n", "e"].map(|number| rsa.clone().without(number).kid("incomplete"));
    let mut keys = vec![
        Jwk::p256(&P256Key::generate()).kid("ec"),
        Jwk::p256(&P256Key::generate()).kid("curve").with("crv", "P-9000"),
        Jwk::ed25519(&Ed25519Key::generate()).kid("okp"),
        Jwk::oct(b"a secret that should not be here").kid("oct"),
        Jwk::of("AKP").kid("akp").with("alg", "ML-DSA-44").with("pub", "AAAA"),
        Jwk::of("not-yet-invented").kid("new"),
        rsa.clone().kid("text").with("n", "no base64!"),
        rsa.clone().kid("number").with("n", 65537),
        rsa.clone().kid("empty").with("n", ""),
        rsa.with("kid", 7),
        Jwk(Map::new()),
    ];
    keys.extend(broken);
    keys.into_iter().map(Value::from).collect()
}

/// A key set, ready to be published.
pub fn key_set(keys: impl IntoIterator<Item = impl Into<Value>>) -> Value {
    let keys: Vec<Value> = keys.into_iter().map(Into::into).collect();
    json!({ "keys": keys })
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, jwk::JwkSet};
    use serde_json::{Value, json};

    use super::{Jwk, key_set, unusable_keys};
    use crate::{keys::RsaKey, token::Token};

    #[test]
    fn the_library_reads_the_key_and_verifies_with_it() {
        let key = RsaKey::shared();
        let set = key_set([Jwk::rsa(key).kid("k1").for_rs256()]);
        let set: JwkSet = serde_json::from_value(set).unwrap();
        let key_read = DecodingKey::from_jwk(set.find("k1").unwrap()).unwrap();
        let mut validation = Validation::new(Algorithm::RS256);
        validation.required_spec_claims.clear();
        let token = Token::new().kid("k1").claim("a", 1).rs256(key);
        assert_eq!(
            decode::<Value>(&token, &key_read, &validation).unwrap().claims,
            json!({"a": 1})
        );
    }

    #[test]
    fn members_are_replaced_and_removed() {
        let key = Jwk::rsa(RsaKey::shared())
            .exponent(&[2])
            .without("n")
            .with("key_ops", json!(["verify"]));
        assert_eq!(Value::from(key), json!({"kty": "RSA", "e": "Ag", "key_ops": ["verify"]}));
    }

    #[test]
    fn unusable_keys_have_no_usable_rsa_key() {
        for key in unusable_keys() {
            let complete = key["n"].as_str().is_some_and(|n| n.len() == 342);
            let named = key["kid"].is_string() && key["e"].is_string();
            assert!(!(complete && named), "{key}");
        }
    }
}
