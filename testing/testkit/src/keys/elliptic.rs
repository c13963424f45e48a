//! Keys on elliptic curves: no relay accepts them, but key sets hold them and attackers sign with
//! them.

use std::fmt;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _},
};

/// A key pair that signs ES256 tokens.
pub struct P256Key(EcdsaKeyPair);

impl P256Key {
    /// A fresh key.
    ///
    /// # Panics
    ///
    /// When the system has no randomness.
    pub fn generate() -> Self {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        Self(EcdsaKeyPair::generate(algorithm).expect("a key pair"))
    }

    /// The coordinates of the public point, 32 bytes each.
    pub fn point(&self) -> (&[u8], &[u8]) {
        // The uncompressed form: one byte that says so, then x and y.
        self.0.public_key().as_ref()[1..].split_at(32)
    }

    /// Signs a message, SHA-256, in the fixed form of JWS.
    ///
    /// # Panics
    ///
    /// When the system has no randomness.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(&SystemRandom::new(), message).expect("a signature").as_ref().to_vec()
    }
}

/// A key pair that signs EdDSA tokens.
pub struct Ed25519Key(Ed25519KeyPair);

impl Ed25519Key {
    /// A fresh key.
    ///
    /// # Panics
    ///
    /// When the system has no randomness.
    pub fn generate() -> Self {
        Self(Ed25519KeyPair::generate().expect("a key pair"))
    }

    /// The public key, 32 bytes.
    pub fn public(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    /// Signs a message.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }
}

impl fmt::Debug for P256Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("P256Key").finish_non_exhaustive()
    }
}

impl fmt::Debug for Ed25519Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ed25519Key").finish_non_exhaustive()
    }
}
