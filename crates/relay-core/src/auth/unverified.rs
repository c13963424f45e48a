//! A token before its signature is verified: three parts, a strict header, claims without repeats.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor},
};
use serde_json::{Map, Value};

use super::{Claims, refused};
use crate::{
    cache::CacheKey,
    error::{Error, Result},
    text::without_byte_order_mark,
};

/// The longest token that is read; no gateway passes on a longer header.
const MAX_TOKEN_BYTES: usize = 16 * 1024;
/// The longest `jti` that is logged.
const MAX_ID_CHARS: usize = 64;
/// The longest `kid` that is looked up.
const MAX_KID_BYTES: usize = 256;
/// Header members that change what a token means; a relay supports none of them.
const UNSUPPORTED_HEADERS: [&str; 4] = ["crit", "b64", "zip", "enc"];

/// The two supported signature algorithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256, under the shared secret.
    Hs256,
    /// RSA, PKCS #1 v1.5, with SHA-256, under a configuration key.
    Rs256,
}

/// A token that has the right form. Nothing in it is trusted yet.
pub struct UnverifiedToken<'a> {
    algorithm: Algorithm,
    kid: Option<String>,
    text: &'a str,
    /// What is signed: header and payload, as sent.
    signed: &'a str,
    signature: &'a str,
    pub(super) claims: Claims,
}

impl<'a> UnverifiedToken<'a> {
    /// Reads the compact form (RFC 7515 §7.1) under the rules of RFC 8725.
    ///
    /// # Errors
    ///
    /// `Unauthorized`, with the rule that was broken for the log.
    pub fn parse(text: &'a str) -> Result<Self> {
        if text.len() > MAX_TOKEN_BYTES {
            return Err(malformed("length"));
        }
        let parts: Vec<_> = text.split('.').collect();
        let [header, payload, signature] = parts[..] else { return Err(malformed("parts")) };
        let header = object(&decode(header)?)?;
        let (algorithm, kid) = check_header(&header)?;
        let claims = Claims::new(object(without_byte_order_mark(&decode(payload)?))?);
        decode(signature)?;
        let signed = &text[..text.len() - signature.len() - 1];
        Ok(Self { algorithm, kid, text, signed, signature, claims })
    }

    /// Returns what the log calls it: its `jti`, else the beginning of its SHA-256 digest.
    pub(super) fn id(&self) -> String {
        let is_short = |id: &&str| (1..=MAX_ID_CHARS).contains(&id.chars().count());
        match self.claims.text("jti").filter(is_short) {
            Some(id) => id.to_owned(),
            None => format!("sha256:{}", CacheKey::of(&[self.text]).short()),
        }
    }

    /// Returns the algorithm that its header names.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns the id of the key that its header names.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Returns whether `key` signed the token with the algorithm that belongs to the key.
    pub(super) fn is_signed_by(&self, key: &jsonwebtoken::DecodingKey) -> bool {
        let algorithm = match self.algorithm {
            Algorithm::Hs256 => jsonwebtoken::Algorithm::HS256,
            Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
        };
        jsonwebtoken::crypto::verify(self.signature, self.signed.as_bytes(), key, algorithm)
            .unwrap_or(false)
    }
}

fn check_header(header: &Map<String, Value>) -> Result<(Algorithm, Option<String>)> {
    if UNSUPPORTED_HEADERS.iter().any(|name| header.contains_key(*name)) {
        return Err(malformed("critical header"));
    }
    if !matches!(header.get("typ").map(Value::as_str), None | Some(Some("JWT" | "jwt"))) {
        return Err(malformed("typ"));
    }
    let algorithm = match header.get("alg").and_then(Value::as_str) {
        Some("HS256") => Algorithm::Hs256,
        Some("RS256") => Algorithm::Rs256,
        _ => return Err(malformed("alg")),
    };
    let kid = match header.get("kid") {
        None => None,
        Some(Value::String(kid)) if kid.len() <= MAX_KID_BYTES => Some(kid.clone()),
        Some(_) => return Err(malformed("kid")),
    };
    Ok((algorithm, kid))
}

fn object(json: &[u8]) -> Result<Map<String, Value>> {
    let Members(members) = serde_json::from_slice(json).map_err(|_| malformed("json"))?;
    Ok(members)
}

fn decode(part: &str) -> Result<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed("base64"))
}

fn malformed(rule: &str) -> Error {
    refused("the token is not one that this relay accepts; make it again")
        .with_context("token.rule", rule)
}

/// A JSON object in which no name stands twice, however it is escaped.
struct Members(Map<String, Value>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object without repeated names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Members, A::Error> {
        let mut members = Map::new();
        while let Some((name, value)) = entries.next_entry::<String, Value>()? {
            if members.insert(name, value).is_some() {
                return Err(de::Error::custom("a name stands twice"));
            }
        }
        Ok(Members(members))
    }
}
