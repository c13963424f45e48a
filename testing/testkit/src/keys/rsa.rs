//! RSA keys.

use std::{borrow::Cow, fmt, sync::OnceLock};

use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{
        KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256,
        RsaEncoding, RsaPublicKeyComponents,
    },
};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::rsa_reference::RsaReference;

/// How a message becomes the number that an RSA key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// PKCS #1 v1.5 with SHA-256: RS256.
    Pkcs1Sha256,
    /// PKCS #1 v1.5 with SHA-384: RS384.
    Pkcs1Sha384,
    /// PKCS #1 v1.5 with SHA-512: RS512.
    Pkcs1Sha512,
    /// PSS with SHA-256: PS256.
    PssSha256,
}

impl Padding {
    fn encoding(self) -> &'static dyn RsaEncoding {
        match self {
            Self::Pkcs1Sha256 => &RSA_PKCS1_SHA256,
            Self::Pkcs1Sha384 => &RSA_PKCS1_SHA384,
            Self::Pkcs1Sha512 => &RSA_PKCS1_SHA512,
            Self::PssSha256 => &RSA_PSS_SHA256,
        }
    }
}

/// A key pair that signs RS256 tokens.
pub struct RsaKey {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    private: Private,
}

enum Private {
    Library(Box<KeyPair>),
    Reference(RsaReference),
}

impl RsaKey {
    /// A new key that relays accept: 2048 bits, exponent 65537.
    ///
    /// # Panics
    ///
    /// When the system has no randomness.
    pub fn generate() -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key pair");
        Self {
            modulus: pair.public_key().modulus().big_endian_without_leading_zero().to_vec(),
            exponent: pair.public_key().exponent().big_endian_without_leading_zero().to_vec(),
            private: Private::Library(Box::new(pair)),
        }
    }

    /// One accepted key for the whole process, for tests that need any.
    pub fn shared() -> &'static Self {
        static KEY: OnceLock<RsaKey> = OnceLock::new();
        KEY.get_or_init(Self::generate)
    }

    /// A key of any size and exponent with correct signatures, for keys that a relay has to reject
    /// and for the limits of what it accepts.
    ///
    /// A long modulus has more than two prime factors, which no verifier sees and which makes even
    /// 16,384 bits fast.
    ///
    /// # Panics
    ///
    /// Below 512 bits, where no SHA-256 signature fits, and for an even exponent, which signs nothing;
    /// put the latter into the [`Jwk`](crate::jwk::Jwk) of another key.
    pub fn of(bits: usize, exponent: u64) -> Self {
        let key = RsaReference::generate(bits, exponent);
        Self { modulus: key.modulus(), exponent: key.exponent(), private: Private::Reference(key) }
    }

    /// The public modulus, big-endian, without leading zeros.
    pub fn modulus(&self) -> &[u8] {
        &self.modulus
    }

    /// The public exponent, big-endian, without leading zeros.
    pub fn exponent(&self) -> &[u8] {
        &self.exponent
    }

    /// Signs a message.
    ///
    /// # Panics
    ///
    /// When a key from [`of`](Self::of) shall use another padding than RS256's.
    pub fn sign(&self, padding: Padding, message: &[u8]) -> Vec<u8> {
        match &self.private {
            Private::Library(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding.encoding(), &SystemRandom::new(), message, &mut signature)
                    .expect("an accepted key signs every message");
                signature
            }
            Private::Reference(key) => {
                assert_eq!(padding, Padding::Pkcs1Sha256, "reference keys sign RS256 only");
                key.sign(message)
            }
        }
    }

    /// The public key as `SubjectPublicKeyInfo`, DER.
    ///
    /// # Panics
    ///
    /// For public keys that the cryptography library rejects.
    pub fn public_der(&self) -> Vec<u8> {
        let components = RsaPublicKeyComponents { n: self.modulus(), e: self.exponent() };
        components.as_der().expect("a public key").as_ref().to_vec()
    }

    /// The public key as PEM, as an attacker would use it for an HMAC key.
    ///
    /// # Panics
    ///
    /// As [`public_der`](Self::public_der).
    pub fn public_pem(&self) -> String {
        let body = STANDARD.encode(self.public_der());
        let lines: Vec<Cow<'_, str>> =
            body.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
    }
}

impl fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RsaKey").field("bytes", &self.modulus.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{
        RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256,
        RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
        RsaParameters, UnparsedPublicKey,
    };

    use super::{Padding, RsaKey, RsaPublicKeyComponents};

    fn verifies(key: &RsaKey, parameters: &RsaParameters, padding: Padding) -> bool {
        let public = RsaPublicKeyComponents { n: key.modulus(), e: key.exponent() };
        let signature = key.sign(padding, b"message");
        assert!(public.verify(parameters, b"other", &signature).is_err());
        public.verify(parameters, b"message", &signature).is_ok()
    }

    #[test]
    fn an_accepted_key_signs_with_every_padding() {
        let key = RsaKey::shared();
        assert_eq!((key.modulus().len(), key.exponent()), (256, [1, 0, 1].as_slice()));
        assert!(verifies(key, &RSA_PKCS1_2048_8192_SHA256, Padding::Pkcs1Sha256));
        assert!(verifies(key, &RSA_PKCS1_2048_8192_SHA384, Padding::Pkcs1Sha384));
        assert!(verifies(key, &RSA_PKCS1_2048_8192_SHA512, Padding::Pkcs1Sha512));
        assert!(verifies(key, &RSA_PSS_2048_8192_SHA256, Padding::PssSha256));
    }

    #[test]
    fn reference_keys_give_correct_signatures() {
        for (bits, exponent) in [(1024, 65537), (2047, 65537), (2048, 3), (2056, 17), (8192, 65537)]
        {
            let key = RsaKey::of(bits, exponent);
            let parameters = &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY;
            assert!(
                verifies(&key, parameters, Padding::Pkcs1Sha256),
                "{bits} bits, e = {exponent}"
            );
        }
    }

    #[test]
    fn the_library_parses_the_public_key() {
        let key = RsaKey::shared();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_der());
        let signature = key.sign(Padding::Pkcs1Sha256, b"message");
        assert!(public.verify(b"message", &signature).is_ok());
        assert!(
            key.public_pem().starts_with("-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEF")
        );
        assert!(key.public_pem().lines().all(|line| line.len() <= 64));
    }
}
