//! New files that only their owner may read.

use std::{fs::OpenOptions, io::Write, path::Path};

use crate::failure::{Failure, Outcome};

/// Writes a text and a line end into a new file; one that is there already stays as it is.
pub(crate) fn write(file: &Path, text: &str) -> Outcome {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(file).and_then(|mut file| writeln!(file, "{text}"));
    written.map_err(|error| Failure::Usage(format!("{} cannot be made: {error}.", file.display())))
}
