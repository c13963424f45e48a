//! The responses that hold events.

use relay_core::{Response, Result, lenient::Object};
use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

use super::{
    Event,
    reading::{list_or_null, raw_list_or_null, read_list_or_null},
};

/// Returns no more than `limit` events of the event search. Errors: `Malformed`.
pub(in crate::client) fn searched_events(response: &Response, limit: usize) -> Result<Vec<Event>> {
    #[derive(Deserialize)]
    struct Body {
        #[serde(deserialize_with = "list_or_null")]
        events: Vec<Event>,
    }
    response.json_of::<Body>(limit).map(|body| body.events)
}

/// An event, and its text.
pub(in crate::client) struct RawEvent<'a> {
    pub(in crate::client) event: Event,
    pub(in crate::client) raw: &'a RawValue,
}

impl<'de> Deserialize<'de> for RawEvent<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        let event = serde_json::from_str(raw.get()).map_err(de::Error::custom)?;
        Ok(Self { event, raw })
    }
}

/// Returns no more than `limit` events of the event search with their texts. Errors: `Malformed`.
pub(in crate::client) fn raw_events(
    response: &Response,
    limit: usize,
) -> Result<Vec<RawEvent<'_>>> {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow, deserialize_with = "read_list_or_null")]
        events: Vec<RawEvent<'a>>,
    }
    response.json_of::<Body<'_>>(limit).map(|body| body.events)
}

/// Returns the events that `matches` accepts among the first `limit` of a detection, and how many
/// there are. Errors: `Malformed`.
pub(in crate::client) fn detection_events(
    response: &Response,
    limit: usize,
    matches: impl Fn(&RawValue) -> bool,
) -> Result<(Vec<Event>, usize)> {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow, deserialize_with = "raw_list_or_null")]
        events: Vec<&'a RawValue>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Item<'a> {
        #[serde(borrow)]
        event: Option<&'a RawValue>,
    }
    // Rules look at members that `Event` does not have, so the event is looked at before it is read.
    let event = |item: &RawValue| {
        let item = serde_json::from_str::<Object<Item<'_>>>(item.get()).ok()?;
        let event = item.into_inner()?.event.filter(|event| matches(event))?;
        response.part::<Object<Event>>(event)?.into_inner()
    };
    let items = response.json_of::<Body<'_>>(limit)?.events;
    let received = items.len();
    Ok((items.into_iter().filter_map(event).collect(), received))
}
