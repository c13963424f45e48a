//! Sightings, docs/relays/misp.md#entities.

use relay_core::{
    Time,
    ctim::{MediumText, ObservedTime, Sighting, Uri},
    lenient::Text,
};

use super::{Mapper, MatchedObservable, Neighbours, types::MatchedEvent, vocabulary};
use crate::client::types::{Attribute, Event};

impl Mapper<'_> {
    pub(super) fn sighting(
        &self,
        of: &MatchedObservable,
        matched: &MatchedEvent,
        neighbours: &Neighbours,
        page: Option<Uri>,
    ) -> Sighting {
        let event = matched.event();
        let observable = &of.observable;
        let kind = observable.kind.as_str();
        let id = self.namespace.sighting(&[matched.key()], kind, &observable.value);
        let observed_time = observed_time(matched, self.now);
        let (relations, is_cut) =
            neighbours.relations(self.source, of, matched, self.relations_limit);
        let cut = (is_cut && !relations.is_empty())
            .then(|| format!("Relations: the nearest {} of the event.", relations.len()));
        Sighting {
            title: Some(matched.title()),
            short_description: listing(matched).map(MediumText::from),
            description: description(matched, cut).map(Into::into),
            severity: Some(vocabulary::severity(*event.threat_level_id)),
            relations,
            timestamp: event.changed(),
            tlp: matched.tlp(),
            source_uri: page.clone(),
            external_ids: vec![matched.key().into()],
            external_references: self.references(matched, page),
            ..Sighting::of(id, self.source, observable.clone(), observed_time)
        }
    }
}

/// Returns who listed the value and as what, such as
/// `Listed by CERT-EX as ip-dst, threat level High`.
fn listing(matched: &MatchedEvent) -> Option<String> {
    let event = matched.event();
    let creator = event.creator.as_ref().and_then(|creator| creator.name.as_deref());
    let attribute_type = matched.attributes().find_map(|one| one.attribute_type.as_deref());
    let level = vocabulary::level(*event.threat_level_id);
    let parts = [(" by ", creator), (" as ", attribute_type), (", threat level ", level)];
    let known = parts.into_iter().filter_map(|(before, part)| Some([before, part?]));
    let words: Vec<&str> = ["Listed"].into_iter().chain(known.flatten()).collect();
    (words.len() > 1).then(|| words.concat())
}

fn description(matched: &MatchedEvent, cut: Option<String>) -> Option<String> {
    let newest = matched.attributes().next()?;
    let category = newest.category.as_ref().map(|category| ["Category: ", category].concat());
    let comment = newest.comment.as_ref().map(|comment| ["Comment: ", comment].concat());
    let networks = matched.networks();
    let network = (!networks.is_empty()).then(|| format!("Network: {}", networks.join(", ")));
    let doubt = matched.doubt().map(ToString::to_string);
    let lines: Vec<_> = [category, comment, network, doubt, cut].into_iter().flatten().collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// docs/relays/misp.md#times
fn observed_time(matched: &MatchedEvent, now: Time) -> ObservedTime {
    let event = matched.event();
    let changed = |one: &Attribute| one.timestamp.and_then(Time::from_unix_seconds);
    let seen = |text: &Text| text.as_deref().and_then(Time::parse);
    let starts = matched.attributes().filter_map(|one| seen(&one.first_seen).or(changed(one)));
    let ends = matched.attributes().filter_map(|one| seen(&one.last_seen).or(changed(one)));
    let start = starts.min();
    let end = ends.max().or(start).or_else(|| event.day().or(event.changed())).unwrap_or(now);
    ObservedTime::between(start.unwrap_or(end), end)
}

impl Event {
    /// Returns the event's date, at midnight UTC.
    pub(super) fn day(&self) -> Option<Time> {
        self.date.as_deref().and_then(Time::parse_day)
    }

    /// Returns the time of the last change.
    pub(super) fn changed(&self) -> Option<Time> {
        self.timestamp.and_then(Time::from_unix_seconds)
    }
}
