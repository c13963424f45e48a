//! A part of an answer as it is written, serialised once.
//!
//! Lambda carries an answer as a text inside JSON, where quotes and backslashes are escaped once more.
//! Parts are written in that form from the beginning, so that no byte is looked at a second time.

use std::io::{self, Write};

use serde::{Serialize, Serializer, ser::SerializeStruct};
use serde_json::ser::{CharEscape, Formatter};

/// What most parts take.
const USUAL_BYTES: usize = 8 * 1024;
/// The name of the struct that `serde_json` writes as it is. Its own `RawValue` can only be made by
/// reading the text again, and part of a text inside JSON is not JSON.
const RAW: &str = "$serde_json::private::RawValue";

/// A part of an answer or a whole one: JSON as it stands inside a JSON string.
#[derive(Debug)]
pub(crate) struct Document {
    escaped: Box<str>,
    size: usize,
}

impl Document {
    /// Serialises a part, which may consist of others. All can be; one that could not would be left
    /// out and counted.
    pub(crate) fn of(part: &impl Serialize) -> Option<Self> {
        let mut written = Vec::with_capacity(USUAL_BYTES);
        let mut escapes = 0;
        let format = InsideString { escapes: &mut escapes };
        part.serialize(&mut serde_json::Serializer::with_formatter(&mut written, format)).ok()?;
        let escaped = String::from_utf8(written).ok()?.into_boxed_str();
        let size = size(escaped.len(), escapes);
        Some(Self { escaped, size })
    }

    /// Returns what is known to be written like this.
    pub(crate) fn of_escaped(escaped: &str) -> Self {
        Self { escaped: escaped.into(), size: size(escaped.len(), 0) }
    }

    /// Returns its bytes and that of the comma after it.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Returns the JSON string whose text it is.
    pub(crate) fn into_quoted(self) -> String {
        let mut quoted = String::from(self.escaped);
        quoted.insert(0, '"');
        quoted.push('"');
        quoted
    }

    /// Returns the JSON itself.
    pub(crate) fn json(&self) -> String {
        serde_json::from_str(&format!("\"{}\"", self.escaped)).unwrap_or_default()
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_raw(&self.escaped, serializer)
    }
}

/// Writes a text as it is.
pub(crate) fn serialize_raw<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let mut raw = serializer.serialize_struct(RAW, 1)?;
    raw.serialize_field(RAW, text)?;
    raw.end()
}

/// The size of a part that takes `written` bytes, with as many of them added inside the string. Two
/// thirds of `written` count where they are more, so that 4 MiB here are never more than the 6 MiB
/// that Lambda carries.
fn size(written: usize, added: usize) -> usize {
    (written - added).max(written * 2 / 3 + 1) + 1
}

/// Escapes quotes and backslashes once more, and counts them.
struct InsideString<'a> {
    escapes: &'a mut usize,
}

impl Formatter for InsideString<'_> {
    fn begin_string<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        *self.escapes += 1;
        writer.write_all(br#"\""#)
    }

    fn end_string<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        *self.escapes += 1;
        writer.write_all(br#"\""#)
    }

    fn write_char_escape<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        char_escape: CharEscape,
    ) -> io::Result<()> {
        use CharEscape::{
            AsciiControl, Backspace, CarriageReturn, FormFeed, LineFeed, Quote, ReverseSolidus,
            Solidus, Tab,
        };
        *self.escapes += if matches!(char_escape, Quote | ReverseSolidus) { 2 } else { 1 };
        match char_escape {
            Quote => writer.write_all(br#"\\\""#),
            ReverseSolidus => writer.write_all(br"\\\\"),
            Solidus => writer.write_all(br"\\/"),
            Backspace => writer.write_all(br"\\b"),
            FormFeed => writer.write_all(br"\\f"),
            LineFeed => writer.write_all(br"\\n"),
            CarriageReturn => writer.write_all(br"\\r"),
            Tab => writer.write_all(br"\\t"),
            AsciiControl(byte) => write!(writer, r"\\u{byte:04x}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn l03_a_part_is_written_as_it_stands_inside_a_json_string() {
        let every_byte: String = (0..128).map(char::from).collect();
        let part = json!({"a \"b\" \\": [every_byte, "\u{e4}\u{1f600}", 1, -2.5, true, null, {}]});
        let document = Document::of(&part).unwrap();
        assert_eq!(document.json(), part.to_string());
        let whole = Document::of(&[&document, &document]).unwrap();
        assert_eq!(whole.json(), format!("[{part},{part}]"));
        assert_eq!(document.into_quoted(), serde_json::to_string(&part.to_string()).unwrap());
    }

    #[test]
    fn l03_quotes_and_backslashes_count_as_lambda_carries_them() {
        for escapes in [0, 1, 254, 255, 256, 1000, 5000] {
            let text = format!("{}\n{}", "\"\\".repeat(escapes), "x".repeat(100));
            let json = serde_json::to_string(&text).unwrap();
            let carried = serde_json::to_string(&json).unwrap().len() - 2;
            let size = Document::of(&text).unwrap().size();
            assert_eq!(size, json.len().max(carried * 2 / 3 + 1) + 1, "{escapes}");
        }
    }
}
