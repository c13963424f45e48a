//! Sizes of what is deployed: the binary, and its zip.

use std::{fs, io::Write};

use flate2::{Compression, write::DeflateEncoder};
use serde::{Deserialize, Serialize};

use super::{deployed::DeployedRelay, times::rounded};
use crate::Outcome;

/// Headers, directory and end of a zip with the one file `bootstrap`.
/// Source: APPNOTE.TXT - .ZIP File Format Specification, 4.3.
const ZIP_OVERHEAD_BYTES: usize = 30 + 46 + 22 + 2 * "bootstrap".len();

/// Sizes in MB, of a million bytes each.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Size {
    pub(crate) relay: String,
    pub(crate) binary: f64,
    /// Deflated at level 9.
    pub(crate) zip: f64,
}

pub(super) fn measure(relay: &DeployedRelay) -> Outcome<Size> {
    let binary = fs::read(&relay.binary)?;
    Ok(Size {
        relay: relay.slug().to_owned(),
        binary: megabytes(binary.len()),
        zip: megabytes(zipped(&binary)? + ZIP_OVERHEAD_BYTES),
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
    fn repetition_is_compressed_and_noise_is_not() {
        assert!(zipped(&[7; 100_000]).unwrap() < 1000);
        let noise: Vec<u8> =
            (0..2000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
        assert!(zipped(&noise).unwrap() > 7000);
        assert_eq!(megabytes(4_630_499), 4.63);
    }
}
