//! Reads objects of a caller member by member: what is not asked for is skipped and never built.

use std::fmt;

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Number;

/// A member that should be a text.
#[derive(Default)]
pub(super) enum Member {
    #[default]
    Missing,
    Null,
    Text(String),
    /// A text of more bytes than the reader takes; it is not kept.
    TooLong,
    Number(Number),
    Other,
}

/// The members of these names, each a text of at most `max_bytes`; of several with the same name the
/// last one. `None` for what is no object.
#[derive(Clone, Copy)]
pub(super) struct Members<const COUNT: usize> {
    pub(super) names: [&'static str; COUNT],
    pub(super) max_bytes: usize,
}

/// Hands the objects of a list on, one by one; fails for what is no list.
pub(super) struct EachOf<const COUNT: usize, F> {
    pub(super) members: Members<COUNT>,
    pub(super) take: F,
}

impl<const COUNT: usize> Members<COUNT> {
    /// Reads a whole document.
    pub(super) fn read(self, json: &[u8]) -> serde_json::Result<Option<[Member; COUNT]>> {
        read(self, json)
    }
}

impl<const COUNT: usize, F: FnMut(Option<[Member; COUNT]>)> EachOf<COUNT, F> {
    /// Reads a whole document.
    pub(super) fn read(self, json: &[u8]) -> serde_json::Result<()> {
        read(self, json)
    }
}

fn read<'de, S: DeserializeSeed<'de>>(seed: S, json: &'de [u8]) -> serde_json::Result<S::Value> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let value = seed.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

impl<'de, const COUNT: usize, F> DeserializeSeed<'de> for EachOf<COUNT, F>
where
    F: FnMut(Option<[Member; COUNT]>),
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, const COUNT: usize, F> Visitor<'de> for EachOf<COUNT, F>
where
    F: FnMut(Option<[Member; COUNT]>),
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        while let Some(members) = items.next_element_seed(self.members)? {
            (self.take)(members);
        }
        Ok(())
    }
}

impl<'de, const COUNT: usize> DeserializeSeed<'de> for Members<COUNT> {
    type Value = Option<[Member; COUNT]>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Defines the visitor's methods for the kinds of values that are something else.
macro_rules! other {
    ($else:expr => $($method:ident: $kind:ty),*) => {
        $(fn $method<E>(self, _: $kind) -> Result<Self::Value, E> {
            Ok($else)
        })*

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            Ok($else)
        }
    };
}

impl<'de, const COUNT: usize> Visitor<'de> for Members<COUNT> {
    type Value = Option<[Member; COUNT]>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut found = [const { Member::Missing }; COUNT];
        while let Some(index) = members.next_key_seed(Name(&self.names))? {
            match index {
                Some(index) => found[index] = members.next_value_seed(Text(self.max_bytes))?,
                None => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Some(found))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    other!(None => visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);
}

/// A name, as its place among the known ones.
struct Name<'n>(&'n [&'static str]);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|known| *known == name))
    }
}

/// A member, whose text is kept up to so many bytes.
struct Text(usize);

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Member;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Member, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Member;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E>(self, text: &str) -> Result<Member, E> {
        let fits = text.len() <= self.0;
        Ok(if fits { Member::Text(text.to_owned()) } else { Member::TooLong })
    }

    fn visit_unit<E>(self) -> Result<Member, E> {
        Ok(Member::Null)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Member, E> {
        Ok(Member::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Member, E> {
        Ok(Member::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Member, E> {
        Ok(Number::from_f64(number).map_or(Member::Other, Member::Number))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Member, A::Error> {
        IgnoredAny.visit_map(members).map(|_| Member::Other)
    }

    other!(Member::Other => visit_bool: bool);
}
