//! The members of an object as a deserializer for its struct: unknown and repeated ones are skipped,
//! so that neither can make the struct fail.

use std::fmt;

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, IntoDeserializer, MapAccess, Visitor},
    forward_to_deserialize_any,
};

pub(super) struct Members<A>(pub(super) A);

impl<'de, A: MapAccess<'de>> Deserializer<'de> for Members<A> {
    type Error = A::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
        visitor.visit_map(self.0)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        visitor.visit_map(Known { members: self.0, fields, next: 0, seen: 0 })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The members that the struct has, each once: of several with the same name the first.
struct Known<A> {
    members: A,
    fields: &'static [&'static str],
    /// The field that is looked at first: products mostly write members in one order.
    next: usize,
    /// One bit for each field. No struct has more fields than bits.
    seen: u128,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Known<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        loop {
            let place = FieldPlace { fields: self.fields, first: self.next };
            let Some(index) = self.members.next_key_seed(place)? else { return Ok(None) };
            let bit = index.and_then(|index| 1_u128.checked_shl(u32::try_from(index).ok()?));
            match index.zip(bit.filter(|bit| self.seen & bit == 0)) {
                Some((index, bit)) => {
                    self.seen |= bit;
                    self.next = index + 1;
                    return seed.deserialize(self.fields[index].into_deserializer()).map(Some);
                }
                None => drop(self.members.next_value::<IgnoredAny>()?),
            }
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.members.next_value_seed(seed)
    }
}

/// Reads a name as its place among the fields.
struct FieldPlace {
    fields: &'static [&'static str],
    first: usize,
}

impl<'de> DeserializeSeed<'de> for FieldPlace {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for FieldPlace {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        let (before, from) = self.fields.split_at(self.first.min(self.fields.len()));
        let place = |fields: &[&str]| fields.iter().position(|field| *field == name);
        Ok(place(from).map(|place| before.len() + place).or_else(|| place(before)))
    }
}
