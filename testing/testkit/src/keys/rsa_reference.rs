//! A reference implementation of RSA, for sizes and exponents that no library generates.

use aws_lc_rs::{digest, rand};
use num_bigint::BigUint;

/// Long moduli are products of primes of this size, so that they are found quickly.
const PRIME_BITS: usize = 512;

/// The DER prefix of a SHA-256 digest in a signature. Source: RFC 8017, section 9.2, note 1.
const SHA256_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

/// A key with two or more primes.
pub(super) struct RsaReference {
    exponent: BigUint,
    modulus: BigUint,
    primes: Vec<BigUint>,
}

impl RsaReference {
    /// A modulus of exactly so many bits.
    pub(super) fn generate(bits: usize, exponent: u64) -> Self {
        assert!(bits >= 512, "no SHA-256 signature fits into {bits} bits");
        assert!(exponent % 2 == 1, "an even exponent signs nothing: {exponent}");
        let exponent = BigUint::from(exponent);
        let mut primes =
            vec![prime_between(&bit(PRIME_BITS / 2 - 1), &bit(PRIME_BITS / 2), &exponent)];
        let mut modulus = primes[0].clone();
        while bits as u64 - modulus.bits() > PRIME_BITS as u64 {
            let prime = prime_between(&bit(PRIME_BITS - 1), &bit(PRIME_BITS), &exponent);
            modulus *= &prime;
            primes.push(prime);
        }
        let last = prime_between(&(bit(bits - 1) / &modulus), &(bit(bits) / &modulus), &exponent);
        modulus *= &last;
        primes.push(last);
        Self { exponent, modulus, primes }
    }

    pub(super) fn modulus(&self) -> Vec<u8> {
        self.modulus.to_bytes_be()
    }

    pub(super) fn exponent(&self) -> Vec<u8> {
        self.exponent.to_bytes_be()
    }

    /// PKCS #1 v1.5 with SHA-256. Source: RFC 8017, section 8.2.1.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let length = self.modulus().len();
        let root = self.root(&BigUint::from_bytes_be(&padded(message, length))).to_bytes_be();
        [vec![0; length - root.len()], root].concat()
    }

    /// The root of a power: found modulo each prime, then combined.
    fn root(&self, power: &BigUint) -> BigUint {
        let one = BigUint::from(1_u8);
        let start = (BigUint::ZERO, one.clone());
        let (root, _) = self.primes.iter().fold(start, |(root, product), prime| {
            let private = self.exponent.modinv(&(prime - &one)).expect("chosen to be invertible");
            let residue = power.modpow(&private, prime);
            let step =
                (residue + prime - &root % prime) * product.modinv(prime).expect("primes differ");
            (root + &product * (step % prime), product * prime)
        });
        root
    }
}

fn padded(message: &[u8], length: usize) -> Vec<u8> {
    let digest = digest::digest(&digest::SHA256, message);
    let info = [&SHA256_INFO, digest.as_ref()].concat();
    let filling = vec![0xff; length - info.len() - 3];
    [&[0, 1], filling.as_slice(), &[0], &info].concat()
}

fn bit(position: usize) -> BigUint {
    BigUint::from(1_u8) << position
}

/// A prime with an inverse of the exponent modulo its predecessor.
fn prime_between(low: &BigUint, high: &BigUint, exponent: &BigUint) -> BigUint {
    let fits = |candidate: &BigUint| {
        let invertible = exponent.modinv(&(candidate - 1_u8)).is_some();
        candidate > low && candidate < high && invertible && is_prime(candidate)
    };
    loop {
        let candidate = random_between(low, high) | BigUint::from(1_u8);
        if fits(&candidate) {
            return candidate;
        }
    }
}

fn random_between(low: &BigUint, high: &BigUint) -> BigUint {
    let range = high - low;
    let mut bytes = vec![0; range.to_bytes_be().len() + 8];
    rand::fill(&mut bytes).expect("the system has randomness");
    low + BigUint::from_bytes_be(&bytes) % range
}

fn is_prime(candidate: &BigUint) -> bool {
    const SMALL: [u32; 30] = [
        2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89,
        97, 101, 103, 107, 109, 113,
    ];
    let has_small_factor =
        |small: &u32| candidate % small == BigUint::ZERO && *candidate != BigUint::from(*small);
    !SMALL.iter().any(has_small_factor)
        && SMALL[..12].iter().all(|base| passes_miller_rabin(candidate, &BigUint::from(*base)))
}

fn passes_miller_rabin(candidate: &BigUint, base: &BigUint) -> bool {
    let last = candidate - 1_u8;
    let halvings = last.trailing_zeros().unwrap_or_default();
    let mut power = base.modpow(&(&last >> halvings), candidate);
    if power == BigUint::from(1_u8) {
        return true;
    }
    for _ in 0..halvings {
        if power == last {
            return true;
        }
        power = power.modpow(&BigUint::from(2_u8), candidate);
    }
    false
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;

    use super::{RsaReference, is_prime, padded};

    #[test]
    fn a_modulus_has_the_requested_bits() {
        for bits in [512, 1023, 1024, 2047, 2048, 2049] {
            assert_eq!(RsaReference::generate(bits, 65537).modulus.bits(), bits as u64);
        }
    }

    #[test]
    fn signatures_verify_with_the_public_exponent() {
        for (bits, exponent) in
            [(512, 1), (2048, 1), (1025, 3), (4096, u64::MAX - 2), (16_384, 65537)]
        {
            let key = RsaReference::generate(bits, exponent);
            let signature = BigUint::from_bytes_be(&key.sign(b"message"));
            let recovered = signature.modpow(&key.exponent, &key.modulus);
            let expected = BigUint::from_bytes_be(&padded(b"message", bits.div_ceil(8)));
            assert_eq!(recovered, expected, "{bits} bits, e = {exponent}");
        }
    }

    #[test]
    fn primes_are_told_from_other_numbers() {
        let prime = |number: u64| is_prime(&BigUint::from(number));
        assert!([127, 7919, 2_147_483_647, 18_446_744_073_709_551_557].into_iter().all(prime));
        // Two Carmichael numbers without a small factor, a square, a product of two primes.
        assert!(![118_901_521, 172_947_529, 16_129, 4_295_098_369].into_iter().any(prime));
    }

    #[test]
    #[should_panic(expected = "even exponent")]
    fn an_even_exponent_is_rejected() {
        RsaReference::generate(2048, 2);
    }
}
