//! Tokens: valid ones, and every malformed one that an attacker may think of.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use crate::{clock::now, keys::RsaKey};

mod signer;

pub use signer::Signer;

/// A shared secret for tests: long enough, and easy to find where it must not appear.
pub const SECRET: &str = "testkit-secret-a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4a";

/// A token under construction: a header, a payload, and no signature yet.
///
/// ```
/// use testkit::token::{SECRET, Token};
///
/// let token = Token::new().claim("url", "https://misp.example").hs256(SECRET.as_bytes());
/// assert_eq!(token.split('.').count(), 3);
/// ```
#[derive(Clone, Debug)]
pub struct Token {
    header: Part,
    payload: Part,
}

/// A part of a token: members of an object, or any bytes at all.
#[derive(Clone, Debug)]
enum Part {
    Object(Map<String, Value>),
    Raw(Vec<u8>),
}

impl Part {
    fn members(&mut self) -> &mut Map<String, Value> {
        match self {
            Self::Object(members) => members,
            Self::Raw(_) => panic!("a raw part has no members"),
        }
    }

    fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Object(members) => Value::Object(members).to_string().into_bytes(),
            Self::Raw(bytes) => bytes,
        }
    }
}

impl Default for Token {
    fn default() -> Self {
        Self::new()
    }
}

impl Token {
    /// A token with `typ` in its header and without a claim.
    pub fn new() -> Self {
        let header = Map::from_iter([("typ".to_owned(), "JWT".into())]);
        Self { header: Part::Object(header), payload: Part::Object(Map::new()) }
    }

    /// Sets a claim.
    ///
    /// # Panics
    ///
    /// After [`raw_payload`](Self::raw_payload).
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.payload.members().insert(name.to_owned(), value.into());
        self
    }

    /// Sets all claims of an object, for example a product's credentials.
    ///
    /// # Panics
    ///
    /// When the value is no object, and after [`raw_payload`](Self::raw_payload).
    pub fn claims(mut self, claims: Value) -> Self {
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        self.payload.members().extend(claims);
        self
    }

    /// Takes a claim out again.
    ///
    /// # Panics
    ///
    /// After [`raw_payload`](Self::raw_payload).
    pub fn without_claim(mut self, name: &str) -> Self {
        self.payload.members().remove(name);
        self
    }

    /// Sets a header parameter. An `alg` set here stands, whatever signs the token.
    ///
    /// # Panics
    ///
    /// After [`raw_header`](Self::raw_header).
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.members().insert(name.to_owned(), value.into());
        self
    }

    /// Takes a header parameter out again.
    ///
    /// # Panics
    ///
    /// After [`raw_header`](Self::raw_header).
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.members().remove(name);
        self
    }

    /// Names the key that signed.
    ///
    /// # Panics
    ///
    /// After [`raw_header`](Self::raw_header).
    pub fn kid(self, kid: &str) -> Self {
        self.header("kid", kid)
    }

    /// Replaces the whole header: repeated members, text that is no JSON, any bytes.
    pub fn raw_header(self, header: impl Into<Vec<u8>>) -> Self {
        Self { header: Part::Raw(header.into()), ..self }
    }

    /// Replaces the whole payload.
    pub fn raw_payload(self, payload: impl Into<Vec<u8>>) -> Self {
        Self { payload: Part::Raw(payload.into()), ..self }
    }

    /// The finished token.
    pub fn sign(mut self, signer: &Signer<'_>) -> String {
        if let (Part::Object(header), Some(algorithm)) = (&mut self.header, signer.algorithm()) {
            header.entry("alg").or_insert_with(|| algorithm.into());
        }
        let message = compact(&[&self.header.into_bytes(), &self.payload.into_bytes()]);
        let signature = signer.sign(message.as_bytes());
        format!("{message}.{}", compact(&[&signature]))
    }

    /// The token under a shared secret.
    pub fn hs256(self, secret: &[u8]) -> String {
        self.sign(&Signer::Hs256(secret))
    }

    /// The token under a configuration key.
    pub fn rs256(self, key: &RsaKey) -> String {
        self.sign(&Signer::Rs256(key))
    }
}

/// Any number of parts in the compact form: base64url without padding, joined by dots.
pub fn compact(parts: &[&[u8]]) -> String {
    let parts: Vec<_> = parts.iter().map(|part| URL_SAFE_NO_PAD.encode(part)).collect();
    parts.join(".")
}

/// The moment so many seconds from now, or ago when negative, as `exp`, `nbf` and `iat` write it.
pub fn seconds_from_now(seconds: i64) -> i64 {
    now().as_second() + seconds
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
    use serde_json::{Value, json};

    use super::{SECRET, Signer, Token, compact, seconds_from_now};
    use crate::keys::{Ed25519Key, P256Key, RsaKey};

    fn claims(token: &str, key: &DecodingKey, algorithm: Algorithm) -> Option<Value> {
        let mut validation = Validation::new(algorithm);
        validation.required_spec_claims.clear();
        validation.validate_aud = false;
        decode(token, key, &validation).ok().map(|data| data.claims)
    }

    fn header(token: &str) -> Value {
        let part = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
        serde_json::from_slice(&part).unwrap()
    }

    #[test]
    fn the_library_accepts_every_sound_signature() {
        let (rsa, p256, ed) = (RsaKey::shared(), P256Key::generate(), Ed25519Key::generate());
        let secret = DecodingKey::from_secret(SECRET.as_bytes());
        let public = DecodingKey::from_rsa_raw_components(rsa.modulus(), rsa.exponent());
        let (x, y) = p256.point();
        let [x, y, ed_x] = [x, y, ed.public()].map(|bytes| compact(&[bytes]));
        let point = DecodingKey::from_ec_components(&x, &y).unwrap();
        let edwards = DecodingKey::from_ed_components(&ed_x).unwrap();
        for (signer, key, algorithm) in [
            (Signer::Hs256(SECRET.as_bytes()), &secret, Algorithm::HS256),
            (Signer::Hs384(SECRET.as_bytes()), &secret, Algorithm::HS384),
            (Signer::Hs512(SECRET.as_bytes()), &secret, Algorithm::HS512),
            (Signer::Rs256(rsa), &public, Algorithm::RS256),
            (Signer::Rs384(rsa), &public, Algorithm::RS384),
            (Signer::Rs512(rsa), &public, Algorithm::RS512),
            (Signer::Ps256(rsa), &public, Algorithm::PS256),
            (Signer::Es256(&p256), &point, Algorithm::ES256),
            (Signer::EdDsa(&ed), &edwards, Algorithm::EdDSA),
        ] {
            let token = Token::new().claim("a", 1).claims(json!({"b": [2]})).sign(&signer);
            let expected = Some(json!({"a": 1, "b": [2]}));
            assert_eq!(claims(&token, key, algorithm), expected, "{algorithm:?}");
            assert_eq!(header(&token), json!({"alg": format!("{algorithm:?}"), "typ": "JWT"}));
        }
    }

    #[test]
    fn another_key_gives_another_signature() {
        let other = DecodingKey::from_secret(b"another secret, also long enough");
        assert_eq!(claims(&Token::new().hs256(SECRET.as_bytes()), &other, Algorithm::HS256), None);
    }

    #[test]
    fn headers_are_what_the_test_says() {
        let token = Token::new().kid("k1").header("alg", "nOnE").without_header("typ");
        assert_eq!(header(&token.sign(&Signer::None)), json!({"alg": "nOnE", "kid": "k1"}));
        let bare = Token::new().without_header("typ").sign(&Signer::Bytes(&[0]));
        assert_eq!(bare, "e30.e30.AA");
        let twice =
            Token::new().raw_header(r#"{"alg":"HS256","alg":"none"}"#).raw_payload("\u{feff}{}");
        let token = twice.sign(&Signer::None);
        assert_eq!(token, "eyJhbGciOiJIUzI1NiIsImFsZyI6Im5vbmUifQ.77u_e30.");
    }

    #[test]
    fn the_library_agrees_on_what_has_expired() {
        let key = DecodingKey::from_secret(SECRET.as_bytes());
        let expiring = |seconds| Token::new().claim("exp", seconds_from_now(seconds));
        let accepted = |seconds| {
            claims(&expiring(seconds).hs256(SECRET.as_bytes()), &key, Algorithm::HS256).is_some()
        };
        assert!(accepted(600) && !accepted(-600));
    }

    #[test]
    fn claims_can_be_removed() {
        let key = DecodingKey::from_secret(SECRET.as_bytes());
        let token = Token::new().claim("a", 1).claim("b", 2).without_claim("a");
        let token = token.hs256(SECRET.as_bytes());
        assert_eq!(claims(&token, &key, Algorithm::HS256), Some(json!({"b": 2})));
    }

    #[test]
    fn any_number_of_parts() {
        assert_eq!(compact(&[]), "");
        assert_eq!(compact(&[b"{}", b"", b"a", b"b", b"c"]), "e30..YQ.Yg.Yw");
    }
}
