//! Objects and lists of whatever JSON there is in their place.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor, value::SeqAccessDeserializer,
    },
};
use serde_json::value::RawValue;

use super::{
    ObjectOrList,
    members::Members,
    reading::{self, OpenList},
    scalar::Scalar,
};

/// Reads a value of one kind; `None` for a value of any other kind.
pub(super) trait Shape<'de>: Sized {
    /// Reads the value as it comes.
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error>;

    /// Reads the text of a value, which may be malformed beneath its surface.
    fn read_text(json: &'de str) -> Option<Self>;
}

/// What fills a struct: an object only, although serde would take a list, too.
pub(super) struct ObjectOf<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Shape<'de> for ObjectOf<T> {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        deserializer.deserialize_any(ObjectVisitor(PhantomData))
    }

    fn read_text(json: &'de str) -> Option<Self> {
        json.starts_with('{').then(|| serde_json::from_str(json).ok().map(Self))?
    }
}

/// What fills a struct that is read from its text.
pub(super) struct RawObjectOf<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Shape<'de> for RawObjectOf<T> {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        <&RawValue>::deserialize(deserializer).map(|raw| Self::read_text(raw.get()))
    }

    fn read_text(json: &'de str) -> Option<Self> {
        ObjectOf::read_text(json).map(|ObjectOf(object)| Self(object))
    }
}

/// What fills a struct, or nothing: every item of a list has its slot.
pub(super) struct SlotOf<T>(pub(super) Option<T>);

impl<'de, T: Deserialize<'de>> Shape<'de> for SlotOf<T> {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        ObjectOf::read(deserializer).map(|object| Some(object.into()))
    }

    fn read_text(json: &'de str) -> Option<Self> {
        Some(ObjectOf::read_text(json).into())
    }
}

impl<T> From<Option<ObjectOf<T>>> for SlotOf<T> {
    fn from(object: Option<ObjectOf<T>>) -> Self {
        Self(object.map(|ObjectOf(object)| object))
    }
}

impl<'de> Shape<'de> for &'de RawValue {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        Self::deserialize(deserializer).map(Some)
    }

    fn read_text(json: &'de str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }
}

impl<'de> Shape<'de> for Scalar<'de> {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        Self::deserialize(deserializer).map(Some)
    }

    fn read_text(json: &'de str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }
}

/// Reads a value, with care where the read that is under way asks for it.
pub(super) fn read<'de, S: Shape<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<S>, D::Error> {
    if reading::is_careful() {
        <&RawValue>::deserialize(deserializer).map(|raw| S::read_text(raw.get()))
    } else {
        S::read(deserializer)
    }
}

/// Reads the items that `keep` makes something of; no item of anything but a list.
pub(super) fn items<'de, S, T, D>(
    deserializer: D,
    keep: impl Fn(S) -> Option<T>,
) -> Result<Option<Vec<T>>, D::Error>
where
    S: Shape<'de>,
    D: Deserializer<'de>,
{
    if reading::is_careful() {
        // A list may hold what cannot be read, so that only its surface is sure.
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let mut list = serde_json::Deserializer::from_str(raw);
        return Ok(list.deserialize_any(ItemsVisitor { keep, shape: PhantomData }).ok().flatten());
    }
    deserializer.deserialize_any(ItemsVisitor { keep, shape: PhantomData })
}

/// Reads an item into the list, from where it need not be moved again.
struct NextItem<'a, S, T, K> {
    kept: &'a mut Vec<T>,
    keep: &'a K,
    shape: PhantomData<S>,
}

impl<'de, S, T, K> DeserializeSeed<'de> for NextItem<'_, S, T, K>
where
    S: Shape<'de>,
    K: Fn(S) -> Option<T>,
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Some(item) = read(deserializer)?.and_then(self.keep) else { return Ok(()) };
        // An item that used up the memory is not whole.
        if reading::keep(size_of::<T>()) {
            self.kept.push(item);
        }
        Ok(())
    }
}

/// Defines the visitor's methods for values that have no parts: they are of no other kind.
macro_rules! nothing_else {
    ($($method:ident: $kind:ty),*) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("anything")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        $(fn $method<E>(self, _: $kind) -> Result<Self::Value, E> {
            Ok(None)
        })*
    };
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Option<ObjectOf<T>>;

    nothing_else!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        T::deserialize(Members(members)).map(|object| Some(ObjectOf(object)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
        IgnoredAny.visit_seq(items).map(|_| None)
    }
}

struct ItemsVisitor<S, K> {
    keep: K,
    shape: PhantomData<S>,
}

impl<'de, S: Shape<'de>, T, K: Fn(S) -> Option<T>> Visitor<'de> for ItemsVisitor<S, K> {
    type Value = Option<Vec<T>>;

    nothing_else!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        IgnoredAny.visit_map(members).map(|_| None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let list = OpenList::begin();
        let mut kept = Vec::new();
        while list.wants_more_than(kept.len()) {
            let next = NextItem { kept: &mut kept, keep: &self.keep, shape: self.shape };
            if items.next_element_seed(next)?.is_none() {
                return Ok(Some(kept));
            }
        }
        if items.next_element::<IgnoredAny>()?.is_some() {
            list.note_rest();
            IgnoredAny.visit_seq(items)?;
        }
        Ok(Some(kept))
    }
}

pub(super) struct ObjectOrListVisitor<T, L>(pub(super) PhantomData<(T, L)>);

impl<'de, T: Deserialize<'de>, L: Deserialize<'de>> Visitor<'de> for ObjectOrListVisitor<T, L> {
    type Value = ObjectOrList<T, L>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        T::deserialize(Members(members)).map(ObjectOrList::Object)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
        L::deserialize(SeqAccessDeserializer::new(items)).map(ObjectOrList::List)
    }
}
