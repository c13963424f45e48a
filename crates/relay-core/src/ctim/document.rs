//! A part of an answer as it is written, serialised once.

use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// A part of an answer, and the bytes that it takes of the answer's size.
#[derive(Debug)]
pub(crate) struct Document {
    json: Box<RawValue>,
    size: usize,
}

impl Document {
    /// Serialises a part. All can be; one that could not would be left out and counted.
    pub(crate) fn of(part: &impl Serialize) -> Option<Self> {
        let json = to_raw_value(part).ok()?;
        let size = size(json.get());
        Some(Self { json, size })
    }

    /// Returns its bytes and that of the comma after it.
    pub(crate) fn size(&self) -> usize {
        self.size
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

/// Lambda carries an answer as a text inside JSON, where quotes and backslashes are escaped once
/// more: two thirds of that length count where they are more, so that 4 MiB here are never more than
/// the 6 MiB there.
fn size(json: &str) -> usize {
    // In parts whose count fits into a byte, because many bytes are counted at once then.
    let is_escaped = |byte: &u8| u8::from((*byte == b'"') | (*byte == b'\\'));
    let count = |part: &[u8]| usize::from(part.iter().map(is_escaped).sum::<u8>());
    let escaped = json.len() + json.as_bytes().chunks(255).map(count).sum::<usize>();
    json.len().max(escaped * 2 / 3 + 1) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l03_quotes_and_backslashes_count_as_the_runtime_writes_them() {
        for escapes in [0, 1, 254, 255, 256, 1000, 5000] {
            let json = format!("{}{}", "\"".repeat(escapes / 2), "\\".repeat(escapes.div_ceil(2)));
            let json = json + &"x".repeat(100);
            let written = (json.len() + escapes) * 2 / 3 + 1;
            assert_eq!(size(&json), json.len().max(written) + 1, "{escapes}");
        }
    }
}
