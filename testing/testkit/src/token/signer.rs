//! Everything that signs a token, or pretends to.

use aws_lc_rs::hmac;

use crate::keys::{Ed25519Key, P256Key, Padding, RsaKey};

/// How a token is signed.
#[derive(Debug)]
pub enum Signer<'k> {
    /// HMAC with SHA-256.
    Hs256(&'k [u8]),
    /// HMAC with SHA-384.
    Hs384(&'k [u8]),
    /// HMAC with SHA-512.
    Hs512(&'k [u8]),
    /// RSA, PKCS #1 v1.5, SHA-256: what relays accept of RSA.
    Rs256(&'k RsaKey),
    /// RSA, PKCS #1 v1.5, SHA-384.
    Rs384(&'k RsaKey),
    /// RSA, PKCS #1 v1.5, SHA-512.
    Rs512(&'k RsaKey),
    /// RSA, PSS, SHA-256.
    Ps256(&'k RsaKey),
    /// ECDSA on P-256.
    Es256(&'k P256Key),
    /// Ed25519.
    EdDsa(&'k Ed25519Key),
    /// Nothing; the signature is empty.
    None,
    /// These bytes, whatever the message; the header says nothing of an algorithm.
    Bytes(&'k [u8]),
}

impl Signer<'_> {
    /// What the header's `alg` says when the test does not say otherwise.
    pub(super) fn algorithm(&self) -> Option<&'static str> {
        match self {
            Self::Hs256(_) => Some("HS256"),
            Self::Hs384(_) => Some("HS384"),
            Self::Hs512(_) => Some("HS512"),
            Self::Rs256(_) => Some("RS256"),
            Self::Rs384(_) => Some("RS384"),
            Self::Rs512(_) => Some("RS512"),
            Self::Ps256(_) => Some("PS256"),
            Self::Es256(_) => Some("ES256"),
            Self::EdDsa(_) => Some("EdDSA"),
            Self::None => Some("none"),
            Self::Bytes(_) => None,
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Hs256(key) => mac(hmac::HMAC_SHA256, key, message),
            Self::Hs384(key) => mac(hmac::HMAC_SHA384, key, message),
            Self::Hs512(key) => mac(hmac::HMAC_SHA512, key, message),
            Self::Rs256(key) => key.sign(Padding::Pkcs1Sha256, message),
            Self::Rs384(key) => key.sign(Padding::Pkcs1Sha384, message),
            Self::Rs512(key) => key.sign(Padding::Pkcs1Sha512, message),
            Self::Ps256(key) => key.sign(Padding::PssSha256, message),
            Self::Es256(key) => key.sign(message),
            Self::EdDsa(key) => key.sign(message),
            Self::None => Vec::new(),
            Self::Bytes(bytes) => bytes.to_vec(),
        }
    }
}

fn mac(algorithm: hmac::Algorithm, key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(algorithm, key), message).as_ref().to_vec()
}
