//! From MISP's events and attributes to CTIM entities, docs/relays/misp.md#mapping.
//! No I/O, no clock.

mod doubt;
mod relations;
mod sighting;
mod types;
mod vocabulary;

use relay_core::{
    Bundle, Namespace, Observable, Time,
    ctim::{
        Confidence, ExternalReference, Id, Indicator, Judgement, Relationship, RelationshipType,
        ShortText, Uri, ValidTime, Verdict,
    },
};

pub(crate) use relations::Neighbours;
pub(crate) use types::{MatchedEvent, MatchedObservable, attribute_ids};
pub(crate) use vocabulary::ATTRIBUTE_TYPES;

use crate::client::types::Event;

/// Days that a verdict about something other than a file is valid.
const VALID_DAYS: i64 = 7;
/// The priority of judgements, docs/relays/misp.md#decisions.
const PRIORITY: u8 = 85;

/// Maps the events of one call to entities.
pub(crate) struct Mapper<'a> {
    pub(crate) namespace: Namespace,
    /// The product's name.
    pub(crate) source: &'static str,
    /// The base URL of the caller's MISP, without trailing slash.
    pub(crate) base_url: &'a str,
    /// Below which MISP shows each event.
    pub(crate) events_page: Option<Uri>,
    pub(crate) now: Time,
    /// The largest number of relations on one sighting.
    pub(crate) relations_limit: usize,
}

impl Mapper<'_> {
    /// Returns the verdict on an observable, and judgements, sightings, indicators and relationships of
    /// its events.
    pub(crate) fn observed(&self, found: &MatchedObservable, neighbours: &Neighbours) -> Bundle {
        let mut bundle = Bundle::default();
        let MatchedObservable { observable, events, .. } = found;
        if let Some(worst) = events.first() {
            let judgement = self.judgement_id(observable, worst);
            bundle.add_verdict(self.verdict(observable, worst, Some(judgement)));
        }
        for matched in events {
            self.add_event(&mut bundle, found, matched, neighbours);
        }
        bundle
    }

    /// Returns verdicts, without the judgements that the answer does not hold.
    pub(crate) fn deliberated(&self, matches: &[MatchedObservable]) -> Bundle {
        let mut bundle = Bundle::default();
        for MatchedObservable { observable, events, .. } in matches {
            if let Some(worst) = events.first() {
                bundle.add_verdict(self.verdict(observable, worst, None));
            }
        }
        bundle
    }

    fn add_event(
        &self,
        bundle: &mut Bundle,
        of: &MatchedObservable,
        matched: &MatchedEvent,
        neighbours: &Neighbours,
    ) {
        let page = self.event_page(matched);
        let judgement = self.judgement(&of.observable, matched, page.clone());
        let sighting = self.sighting(of, matched, neighbours, page.clone());
        let indicator = self.indicator(matched, page);
        let to_indicator = |source, relationship_type| {
            let target = indicator.id();
            Relationship::of(self.namespace, self.source, source, relationship_type, target)
        };
        bundle.add_relationship(to_indicator(sighting.id(), RelationshipType::SightingOf));
        bundle.add_relationship(to_indicator(judgement.id(), RelationshipType::ElementOf));
        bundle.add_judgement(judgement);
        bundle.add_sighting(sighting);
        bundle.add_indicator(indicator);
    }

    fn verdict(
        &self,
        observable: &Observable,
        worst: &MatchedEvent,
        judgement: Option<Id>,
    ) -> Verdict {
        Verdict::of(observable.clone(), worst.disposition(), self.valid_time(observable), judgement)
    }

    fn judgement_id(&self, observable: &Observable, matched: &MatchedEvent) -> Id {
        let kind = observable.kind.as_str();
        self.namespace.judgement(&[matched.key()], kind, &observable.value)
    }

    fn judgement(
        &self,
        observable: &Observable,
        matched: &MatchedEvent,
        page: Option<Uri>,
    ) -> Judgement {
        let event = matched.event();
        let id = self.judgement_id(observable, matched);
        let objection = matched.objection().map(|doubt| ShortText::from(doubt.to_string()));
        Judgement {
            reason: Some(objection.unwrap_or_else(|| matched.title())),
            severity: vocabulary::severity(*event.threat_level_id),
            confidence: Confidence::Medium,
            priority: PRIORITY,
            valid_time: self.valid_time(observable),
            tlp: matched.tlp(),
            source_uri: page.clone(),
            external_ids: vec![matched.key().into()],
            external_references: self.references(matched, page),
            ..Judgement::of(id, self.source, observable.clone(), matched.disposition())
        }
    }

    fn indicator(&self, matched: &MatchedEvent, page: Option<Uri>) -> Indicator {
        let event = matched.event();
        // An id without a UUID is unique on its server only.
        let id = Id::indicator_of_uuid(matched.key())
            .unwrap_or_else(|| self.namespace.indicator(&[self.base_url, matched.key()]));
        let producer = event.creator.as_ref().and_then(|creator| creator.name.as_deref());
        let category = matched.attributes().find_map(|attribute| attribute.category.as_deref());
        Indicator {
            producer: producer.unwrap_or(self.source).into(),
            title: Some(matched.title()),
            short_description: category.map(|category| ["Category: ", category].concat().into()),
            valid_time: ValidTime::from(event.day()),
            tags: tags(event),
            confidence: Some(Confidence::High),
            severity: Some(vocabulary::severity(*event.threat_level_id)),
            timestamp: event.changed(),
            // The indicator stands for the event, also for observables with other tags.
            tlp: vocabulary::strictest_tlp(event.tag_names()),
            source_uri: page.clone(),
            external_ids: vec![matched.key().into()],
            external_references: self.references(matched, page),
            ..Indicator::of(id, self.source)
        }
    }

    /// A hash names the same file for ever; everything else may change hands.
    fn valid_time(&self, observable: &Observable) -> ValidTime {
        if observable.kind.hash_digits().is_some() {
            return ValidTime { start_time: Some(self.now), end_time: Some(Time::never()) };
        }
        ValidTime::for_days(self.now, VALID_DAYS)
    }

    /// Returns the page of an event in MISP; none for a link that is too long for CTIM.
    fn event_page(&self, matched: &MatchedEvent) -> Option<Uri> {
        self.events_page.as_ref()?.below(matched.key())
    }

    fn references(&self, matched: &MatchedEvent, page: Option<Uri>) -> Vec<ExternalReference> {
        vec![ExternalReference {
            external_id: Some(matched.key().into()),
            url: page,
            ..ExternalReference::to(self.source)
        }]
    }
}

/// Returns the tags of an event, each once.
fn tags(event: &Event) -> Vec<ShortText> {
    let mut tags: Vec<ShortText> = Vec::new();
    for tag in event.tag_names().map(ShortText::from) {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}
