//! A part of an answer as it is written, serialised once.
//!
//! Lambda carries an answer as a text inside JSON, where quotes and backslashes are escaped once more.
//! Parts are written in that form from the beginning.

mod escape;
mod writer;

use serde::{Serialize, Serializer};

pub(super) use writer::PLAIN;
use writer::{WRITTEN, Writer};

/// What most parts take at most.
const USUAL_BYTES: usize = 8 * 1024;

/// A part of an answer or a whole one: JSON as it stands inside a JSON string.
#[derive(Debug)]
pub(crate) struct Document {
    escaped: String,
    size: usize,
}

impl Document {
    /// Serialises a part, which may consist of others. All can be; one that could not would be left
    /// out and counted.
    pub(crate) fn of(part: &impl Serialize) -> Option<Self> {
        Self::of_many(&mut String::new(), part)
    }

    /// The same for one of many parts, which are all written into the same memory at first.
    pub(crate) fn of_many(memory: &mut String, part: &impl Serialize) -> Option<Self> {
        memory.clear();
        memory.reserve(USUAL_BYTES);
        let mut writer = Writer::new(std::mem::take(memory));
        let written = part.serialize(&mut writer);
        let size = size(writer.text.len(), writer.added);
        let document =
            written.ok().map(|()| Self { escaped: writer.text.as_str().to_owned(), size });
        *memory = writer.text;
        document
    }

    /// The same for a part that takes about as many bytes.
    pub(crate) fn with_capacity(bytes: usize, part: &impl Serialize) -> Option<Self> {
        let mut writer = Writer::new(String::with_capacity(bytes));
        part.serialize(&mut writer).ok()?;
        let size = size(writer.text.len(), writer.added);
        Some(Self { escaped: writer.text, size })
    }

    /// Returns what is known to be written like this.
    pub(crate) fn of_escaped(escaped: &str) -> Self {
        Self { escaped: escaped.into(), size: size(escaped.len(), 0) }
    }

    /// Returns its bytes and that of the comma after it.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Returns the bytes that it takes inside the string.
    pub(crate) fn carried_bytes(&self) -> usize {
        self.escaped.len()
    }

    /// Returns what stands inside the string, between two other texts.
    pub(crate) fn between(self, before: &str, behind: &str) -> String {
        let mut text = self.escaped;
        text.insert_str(0, before);
        text.push_str(behind);
        text
    }

    /// Returns the JSON itself.
    pub(crate) fn json(&self) -> String {
        serde_json::from_str(&format!("\"{}\"", self.escaped)).unwrap_or_default()
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(WRITTEN, &self.escaped)
    }
}

/// The size of a part of `written` bytes, of which the JSON itself does not have `added`. Two thirds of
/// `written` count where they are more, so that 4 MiB here are never more than the 6 MiB that Lambda
/// carries.
fn size(written: usize, added: usize) -> usize {
    (written - added).max(written * 2 / 3 + 1) + 1
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    #[derive(Serialize)]
    enum Variant {
        Unit,
        Newtype(u8),
    }

    #[derive(Serialize)]
    struct Newtype(&'static str);

    #[derive(Serialize)]
    #[serde(rename = "plain")]
    struct Plain(&'static str);

    #[derive(Serialize)]
    struct Pair(i8, char);

    fn check(part: &impl Serialize) {
        let json = serde_json::to_string(part).unwrap();
        let document = Document::of(part).unwrap();
        assert_eq!(document.json(), json);
        let quoted = serde_json::to_string(&json).unwrap();
        assert_eq!(document.size(), json.len().max((quoted.len() - 2) * 2 / 3 + 1) + 1, "{json}");
        let whole = Document::of(&[&document, &document]).unwrap();
        assert_eq!(whole.json(), format!("[{json},{json}]"));
        assert_eq!(document.between("\"", "\""), quoted);
    }

    #[test]
    fn l03_a_part_is_written_as_it_stands_inside_a_json_string() {
        let every_byte: String = (0..128).map(char::from).collect();
        check(&json!({"a \"b\" \\": [every_byte, "\u{e4}\u{1f600}", "", null, {}, [], true]}));
        check(&json!([0, -1, u64::MAX, i64::MIN, 0.5, -2.0, 1e21, f64::MIN_POSITIVE]));
        check(&(f32::MAX, f64::NAN, (), Some("x"), None::<u8>, Pair(-1, '"'), Newtype("\\")));
        check(&(Plain("a-b"), "\"", Plain(""), BTreeMap::from([("k", "\n")])));
        check(&BTreeMap::from([("unit", Variant::Unit), ("newtype", Variant::Newtype(7))]));
    }

    #[test]
    fn l03_quotes_and_backslashes_count_as_lambda_carries_them() {
        for escapes in [0, 1, 254, 255, 256, 1000, 5000] {
            check(&format!("{}\n{}", "\"\\".repeat(escapes), "x".repeat(100)));
        }
    }
}
