//! A key of the kind whose factors can be found (CVE-2017-15361), complete with right signatures.
//!
//! Source: "The Return of Coppersmith's Attack" (2017), section 2.2: every prime is
//! `k·M + (65537^a mod M)`, where `M` is a product of small primes.

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use num_bigint::BigUint;
use testkit::{
    jwk::Jwk,
    token::{Signer, Token},
};

/// The small primes by which such keys are recognised.
const FINGERPRINT: [u32; 17] =
    [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];
const EXPONENT: u32 = 65_537;
/// The DER prefix of a SHA-256 digest. Source: RFC 8017, section 9.2, note 1.
const SHA256_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

/// 2048 bits, of four primes for speed.
pub(crate) struct Key {
    modulus: BigUint,
    private: BigUint,
}

impl Key {
    pub(crate) fn generate() -> Self {
        let primes: Vec<_> = Primes::default().take(4).collect();
        let modulus: BigUint = primes.iter().product();
        assert_eq!(modulus.bits(), 2048);
        let order: BigUint = primes.iter().map(|prime| prime - 1_u8).product();
        Self { modulus, private: BigUint::from(EXPONENT).modinv(&order).unwrap() }
    }

    pub(crate) fn jwk(&self) -> Jwk {
        let [n, e] = [self.modulus.to_bytes_be(), EXPONENT.to_be_bytes()[1..].to_vec()];
        let [n, e] = [n, e].map(|number| URL_SAFE_NO_PAD.encode(number));
        Jwk::of("RSA").with("n", n).with("e", e)
    }

    pub(crate) fn sign(&self, token: Token) -> String {
        let unsigned = token.header("alg", "RS256").sign(&Signer::None);
        let message = unsigned.trim_end_matches('.');
        let padded = BigUint::from_bytes_be(&padded(message.as_bytes()));
        let signature = padded.modpow(&self.private, &self.modulus).to_bytes_be();
        let signature = [vec![0; 256 - signature.len()], signature].concat();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// What a verifier says that looks at nothing but the signature.
    pub(crate) fn verifies(&self, token: &str) -> bool {
        let (message, signature) = token.rsplit_once('.').unwrap();
        let exponent = EXPONENT.to_be_bytes();
        let key = DecodingKey::from_rsa_raw_components(&self.modulus.to_bytes_be(), &exponent[1..]);
        crypto::verify(signature, message.as_bytes(), &key, Algorithm::RS256).unwrap()
    }
}

/// PKCS #1 v1.5 with SHA-256, 256 bytes long.
fn padded(message: &[u8]) -> Vec<u8> {
    let digest = digest::digest(&digest::SHA256, message);
    let info = [&SHA256_INFO, digest.as_ref()].concat();
    [&[0, 1], vec![0xff; 256 - info.len() - 3].as_slice(), &[0], &info].concat()
}

/// Primes of the form, just below 2^512.
#[derive(Default)]
struct Primes {
    power: u32,
}

impl Iterator for Primes {
    type Item = BigUint;

    fn next(&mut self) -> Option<BigUint> {
        let product: BigUint = FINGERPRINT.iter().map(|prime| BigUint::from(*prime)).product();
        let multiple = ((BigUint::from(1_u8) << 512) / &product - 1_u8) * &product;
        loop {
            self.power += 1;
            let rest = BigUint::from(EXPONENT).modpow(&BigUint::from(self.power), &product);
            let candidate = &multiple + rest;
            if is_prime(&candidate) {
                return Some(candidate);
            }
        }
    }
}

/// Fermat's test to two bases, which no number of this form passes by chance.
fn is_prime(candidate: &BigUint) -> bool {
    let one = BigUint::from(1_u8);
    [2_u8, 3].iter().all(|base| BigUint::from(*base).modpow(&(candidate - &one), candidate) == one)
}
