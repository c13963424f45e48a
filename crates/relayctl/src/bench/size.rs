//! What is deployed: the binary, and the zip that carries it.

use std::{fs, io::Write};

use flate2::{Compression, write::DeflateEncoder};
use serde::{Deserialize, Serialize};

use super::{deployed::Built, times::rounded};
use crate::failure::Outcome;

/// Headers, directory and end of a zip with the one file `bootstrap`.
/// Source: APPNOTE.TXT - .ZIP File Format Specification, 4.3.
const FRAME: usize = 30 + 46 + 22 + 2 * "bootstrap".len();

/// Sizes in MB, of a million bytes each.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Size {
    pub(super) relay: String,
    pub(super) binary: f64,
    /// Deflated at level 9.
    pub(super) zip: f64,
}

pub(super) fn measure(built: &Built<'_>) -> Outcome<Size> {
    let binary = fs::read(&built.binary)?;
    Ok(Size {
        relay: built.relay(),
        binary: megabytes(binary.len()),
        zip: megabytes(zipped(&binary)? + FRAME),
    })
}

fn zipped(content: &[u8]) -> Outcome<usize> {
    let mut packer = DeflateEncoder::new(Vec::new(), Compression::best());
    packer.write_all(content)?;
    Ok(packer.finish()?.len())
}

fn megabytes(bytes: usize) -> f64 {
    rounded(bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_is_packed_and_noise_is_not() {
        assert!(zipped(&[7; 100_000]).unwrap() < 1000);
        let noise: Vec<u8> =
            (0..2000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
        assert!(zipped(&noise).unwrap() > 7000);
        assert_eq!(megabytes(4_630_499), 4.63);
    }
}
