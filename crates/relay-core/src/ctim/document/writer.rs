//! Writes JSON as it stands inside a JSON string: `serde_json` would look at every byte twice, once
//! for the JSON and once for the string.

use std::fmt::{self, Display, Write};

use serde::{
    Serialize, Serializer,
    ser::{
        Impossible, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple,
        SerializeTupleStruct,
    },
};

use super::escape;

/// The name of a newtype around a text that is written already.
pub(super) const WRITTEN: &str = "written";
/// The name of a newtype around a text that holds nothing to escape, such as an id.
pub(crate) const PLAIN: &str = "plain";

/// Writes what answers consist of: texts, numbers, lists, and structs and maps whose keys are texts.
pub(super) struct Writer {
    pub(super) text: String,
    /// The bytes that the JSON itself does not have.
    pub(super) added: usize,
    next: NextText,
}

/// What is known of the next text.
#[derive(Default)]
enum NextText {
    #[default]
    Any,
    /// It holds nothing to escape.
    Plain,
    /// It is written already, with its quotes.
    Written,
}

impl Writer {
    /// A writer into an empty text.
    pub(super) fn new(text: String) -> Self {
        Self { text, added: 0, next: NextText::Any }
    }

    fn quote(&mut self) {
        self.text.push_str(r#"\""#);
        self.added += 1;
    }

    fn push_text(&mut self, text: &str) {
        self.added += escape::push(&mut self.text, text);
    }

    /// Writes a text that holds nothing to escape, with its quotes.
    fn push_plain(&mut self, text: &str) {
        self.quote();
        self.text.push_str(text);
        self.quote();
    }

    fn push_json(&mut self, number: &impl Serialize) -> fmt::Result {
        self.text.push_str(&serde_json::to_string(number).map_err(|_| fmt::Error)?);
        Ok(())
    }

    fn begin(&mut self, begin: char, end: char) -> Members<'_> {
        self.text.push(begin);
        Members { writer: self, is_first: true, end }
    }
}

/// Writes the parts of a text between its quotes.
struct TextWriter<'a>(&'a mut Writer);

impl Write for TextWriter<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.0.push_text(part);
        Ok(())
    }
}

/// The items of a list, or the members of an object.
pub(super) struct Members<'a> {
    writer: &'a mut Writer,
    is_first: bool,
    end: char,
}

impl Members<'_> {
    fn next(&mut self) -> &mut Writer {
        if !std::mem::replace(&mut self.is_first, false) {
            self.writer.text.push(',');
        }
        self.writer
    }

    fn item(&mut self, value: &(impl Serialize + ?Sized)) -> fmt::Result {
        value.serialize(self.next())
    }

    fn finish(self) {
        self.writer.text.push(self.end);
    }
}

macro_rules! integers {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, value: $type) -> fmt::Result {
            write!(self.text, "{value}")
        })*
    };
}

impl<'a> Serializer for &'a mut Writer {
    type Ok = ();
    type Error = fmt::Error;
    type SerializeSeq = Members<'a>;
    type SerializeTuple = Members<'a>;
    type SerializeTupleStruct = Members<'a>;
    type SerializeTupleVariant = Impossible<(), fmt::Error>;
    type SerializeMap = Members<'a>;
    type SerializeStruct = Members<'a>;
    type SerializeStructVariant = Impossible<(), fmt::Error>;

    integers! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64
    }

    fn serialize_bool(self, value: bool) -> fmt::Result {
        self.text.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> fmt::Result {
        self.push_json(&value)
    }

    fn serialize_f64(self, value: f64) -> fmt::Result {
        self.push_json(&value)
    }

    fn serialize_char(self, value: char) -> fmt::Result {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> fmt::Result {
        match std::mem::take(&mut self.next) {
            NextText::Any => {
                self.quote();
                self.push_text(text);
                self.quote();
            }
            NextText::Plain => self.push_plain(text),
            NextText::Written => self.text.push_str(text),
        }
        Ok(())
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> fmt::Result {
        self.quote();
        write!(TextWriter(&mut *self), "{value}")?;
        self.quote();
        Ok(())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> fmt::Result {
        self.collect_seq(bytes)
    }

    fn serialize_none(self) -> fmt::Result {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> fmt::Result {
        value.serialize(self)
    }

    fn serialize_unit(self) -> fmt::Result {
        self.text.push_str("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> fmt::Result {
        self.serialize_unit()
    }

    /// The names of variants hold nothing to escape.
    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> fmt::Result {
        self.push_plain(name);
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> fmt::Result {
        self.next = match name {
            PLAIN => NextText::Plain,
            WRITTEN => NextText::Written,
            _ => NextText::Any,
        };
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        value: &T,
    ) -> fmt::Result {
        let mut members = self.begin('{', '}');
        members.serialize_entry(name, value)?;
        members.finish();
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Members<'a>, fmt::Error> {
        Ok(self.begin('[', ']'))
    }

    fn serialize_tuple(self, _: usize) -> Result<Members<'a>, fmt::Error> {
        Ok(self.begin('[', ']'))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Members<'a>, fmt::Error> {
        Ok(self.begin('[', ']'))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Members<'a>, fmt::Error> {
        Ok(self.begin('{', '}'))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members<'a>, fmt::Error> {
        Ok(self.begin('{', '}'))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, fmt::Error> {
        Err(fmt::Error)
    }
}

macro_rules! lists {
    ($($list:ident: $method:ident),*) => {
        $(impl $list for Members<'_> {
            type Ok = ();
            type Error = fmt::Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> fmt::Result {
                self.item(value)
            }

            fn end(self) -> fmt::Result {
                self.finish();
                Ok(())
            }
        })*
    };
}

lists! {
    SerializeSeq: serialize_element, SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field
}

impl SerializeMap for Members<'_> {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> fmt::Result {
        self.item(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> fmt::Result {
        self.writer.text.push(':');
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> fmt::Result {
        self.finish();
        Ok(())
    }
}

impl SerializeStruct for Members<'_> {
    type Ok = ();
    type Error = fmt::Error;

    /// The names of fields hold nothing to escape.
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> fmt::Result {
        self.next().push_plain(key);
        self.serialize_value(value)
    }

    fn end(self) -> fmt::Result {
        self.finish();
        Ok(())
    }
}
