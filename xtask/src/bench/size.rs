//! Sizes of what is deployed: the binary, and its zip.

use std::fs;

use serde::{Deserialize, Serialize};

use super::{deployed::DeployedRelay, times::rounded};
use crate::{
    Outcome,
    release::{ArchivedFile, zip},
};

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
    let size = megabytes(binary.len());
    let zip = megabytes(zip(&[ArchivedFile::program("bootstrap", binary)])?.len());
    Ok(Size { relay: relay.slug().to_owned(), binary: size, zip })
}

fn megabytes(bytes: usize) -> f64 {
    rounded(bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn megabytes_have_a_million_bytes() {
        assert_eq!(megabytes(4_630_499), 4.63);
    }
}
