//! Walks all texts of an event, without building the event.

use std::fmt;

use serde::{
    Deserializer,
    de::{DeserializeSeed, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// Shows each text of an event to `visit`, with the name of the member that it stands in. Those in a
/// list stand in the list's member.
pub(super) fn walk(event: &RawValue, mut visit: impl FnMut(&str, &str)) {
    let texts = Texts { name: "", visit: &mut visit };
    // Of an event that cannot be read to its end, what was found before counts.
    let _ = texts.deserialize(&mut serde_json::Deserializer::from_str(event.get()));
}

/// The texts in one value.
struct Texts<'w, F> {
    name: &'w str,
    visit: &'w mut F,
}

impl<'de, F: FnMut(&str, &str)> DeserializeSeed<'de> for Texts<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, F: FnMut(&str, &str)> Visitor<'de> for Texts<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        (self.visit)(self.name, text);
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Texts { name: self.name, visit: self.visit })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            members.next_value_seed(Texts { name: &name, visit: self.visit })?;
        }
        Ok(())
    }
}
