//! Bodies of the searches, docs/relays/misp.md#requests.

use std::ops::RangeInclusive;

use serde::Serialize;

/// Attributes that one search asks for, at the least and at the most.
pub(super) const PAGE_SIZES: RangeInclusive<usize> = 500..=5000;
/// MISP objects that one search asks for.
const MAX_OBJECTS: usize = 500;
/// What is cut from a page must be the oldest. Servers before 2.4.179 do not know it.
const NEWEST_FIRST: &str = "Attribute.timestamp desc";

/// The body of `POST /attributes/restSearch`.
#[derive(Serialize)]
pub(super) struct Search<'a> {
    #[serde(rename = "returnFormat")]
    return_format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<AnyOf<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    eventid: &'a [String],
    #[serde(rename = "type", skip_serializing_if = "<[_]>::is_empty")]
    attribute_types: &'a [&'a str],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    threat_level_id: &'a [&'a str],
    #[serde(rename = "includeContext", skip_serializing_if = "is_zero")]
    include_context: u8,
    #[serde(rename = "includeEventTags", skip_serializing_if = "is_zero")]
    include_event_tags: u8,
    #[serde(rename = "includeAllTags", skip_serializing_if = "is_zero")]
    include_all_tags: u8,
    #[serde(rename = "includeWarninglistHits", skip_serializing_if = "is_zero")]
    include_warninglist_hits: u8,
    #[serde(rename = "includeSightings", skip_serializing_if = "is_zero")]
    include_sightings: u8,
    order: &'static str,
    pub(super) limit: usize,
    page: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u8) -> bool {
    *number == 0
}

/// The body of `POST /objects/restSearch`: the MISP objects that hold one of the values.
#[derive(Serialize)]
pub(super) struct ObjectSearch<'a> {
    #[serde(rename = "returnFormat")]
    return_format: &'static str,
    value: AnyOf<'a>,
    eventid: &'a [String],
    limit: usize,
}

impl<'a> ObjectSearch<'a> {
    pub(super) fn by_values(values: &'a [String], event_ids: &'a [String]) -> Self {
        let value = AnyOf { values };
        Self { return_format: "json", value, eventid: event_ids, limit: MAX_OBJECTS }
    }
}

/// A list of values. In this form MISP reads neither `!` as negation nor `&&` as a list.
#[derive(Serialize)]
struct AnyOf<'a> {
    #[serde(rename = "OR")]
    values: &'a [String],
}

/// Whether attributes come with the tags of their events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventTags {
    Include,
    Omit,
}

impl<'a> Search<'a> {
    const EMPTY: Self = Self {
        return_format: "json",
        value: None,
        eventid: &[],
        attribute_types: &[],
        threat_level_id: &[],
        include_context: 0,
        include_event_tags: 0,
        include_all_tags: 0,
        include_warninglist_hits: 0,
        include_sightings: 0,
        order: NEWEST_FIRST,
        limit: 0,
        page: 1,
    };

    /// Searches for attributes that hold one of `values`, in events of these threat levels, or of
    /// all if there are none.
    pub(super) fn by_values(
        values: &'a [String],
        threat_levels: &'a [&'a str],
        limit: usize,
        tags: EventTags,
    ) -> Self {
        let include_tags = u8::from(tags == EventTags::Include);
        Self {
            value: Some(AnyOf { values }),
            threat_level_id: threat_levels,
            include_context: 1,
            include_event_tags: include_tags,
            include_all_tags: include_tags,
            limit,
            ..Self::EMPTY
        }
    }

    /// Searches for the attributes of these types in events.
    pub(super) fn by_events(
        ids: &'a [String],
        attribute_types: &'a [&'a str],
        limit: usize,
    ) -> Self {
        Self { eventid: ids, attribute_types, include_all_tags: 1, limit, ..Self::EMPTY }
    }

    /// Searches for the attributes that hold one of `values` in events, with what MISP knows about
    /// their worth.
    pub(super) fn of_worth(values: &'a [String], event_ids: &'a [String], limit: usize) -> Self {
        Self {
            value: Some(AnyOf { values }),
            eventid: event_ids,
            include_warninglist_hits: 1,
            include_sightings: 1,
            limit,
            ..Self::EMPTY
        }
    }

    pub(super) fn is_by_values(&self) -> bool {
        self.value.is_some()
    }
}

/// Returns the number of attributes to ask for, so that each observable may have `entity_limit`.
pub(super) fn page_size(entity_limit: usize, observables: usize) -> usize {
    (entity_limit * observables).clamp(*PAGE_SIZES.start(), *PAGE_SIZES.end())
}
