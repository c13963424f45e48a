//! How fields are read that come in more than one form.

use relay_core::{
    Time,
    lenient::{self, Object, RawList, StrictText, Text},
};
use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

use super::File;

/// Reads an ISO 8601 text.
pub(super) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Time>, D::Error> {
    Ok(Text::deserialize(deserializer)?.as_deref().and_then(Time::parse))
}

/// Reads the objects of a list; null is an empty one. Errors: anything else.
pub(super) fn list_or_null<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    present(Option::<Items<T>>::deserialize(deserializer)?.map(|items| items.0))
}

/// Reads the items of a list as they stand in the text; null is an empty one. Errors: anything else.
pub(super) fn raw_list_or_null<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<&'de RawValue>, D::Error> {
    present(Option::<RawItems<'de>>::deserialize(deserializer)?.map(|items| items.0))
}

/// Reads the objects of a list from their texts; null is an empty one. Errors: anything else.
pub(super) fn read_list_or_null<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let Some(raw) = Option::<&RawValue>::deserialize(deserializer)? else { return Ok(Vec::new()) };
    let list = raw.get().starts_with('[').then(|| serde_json::from_str::<RawList<T>>(raw.get()));
    let list = list.transpose().map_err(de::Error::custom)?;
    present(Some(list.map(RawList::into_inner)))
}

/// Returns the items, none for null. Errors: there is something else than a list.
fn present<T, E: de::Error>(items: Option<Option<Vec<T>>>) -> Result<Vec<T>, E> {
    items.unwrap_or_else(|| Some(Vec::new())).ok_or_else(|| E::custom("not a list"))
}

/// The objects of a list; `None` for anything else.
struct Items<T>(Option<Vec<T>>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Items<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::objects(deserializer, Some).map(Self)
    }
}

/// The items of a list as they stand in the text; `None` for anything else.
struct RawItems<'a>(Option<Vec<&'a RawValue>>);

impl<'de: 'a, 'a> Deserialize<'de> for RawItems<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::raw_items(deserializer).map(Self)
    }
}

pub(super) fn files<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<File>>, D::Error> {
    lenient::objects(deserializer, Some)
}

/// Reads a name as a text, or as an object with `domain`.
pub(super) fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(name_of)
}

pub(super) fn names<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<String>>, D::Error> {
    let names = lenient::raw_items(deserializer)?;
    Ok(names.map(|names| names.into_iter().filter_map(name_of).collect()))
}

fn name_of(raw: &RawValue) -> Option<String> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Named {
        domain: StrictText,
    }
    if raw.get().starts_with('"') {
        return serde_json::from_str::<StrictText>(raw.get()).ok()?.into_inner();
    }
    serde_json::from_str::<Object<Named>>(raw.get()).ok()?.into_inner()?.domain.into_inner()
}
