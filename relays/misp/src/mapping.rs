//! Speaks CTIM: from events and their attributes to entities (spec §4). No I/O, no clock.

mod relations;
mod types;
mod vocabulary;

use std::{collections::HashSet, sync::Arc};

use relay_core::{
    Bundle, Namespace, Observable, Time,
    ctim::{
        Confidence, Disposition, ExternalReference, Id, Indicator, Judgement, MediumText,
        ObservedTime, Relationship, RelationshipType, Severity, ShortText, Sighting, Tlp, Uri,
        ValidTime, Verdict,
    },
    http::escaped,
};

pub(crate) use relations::Neighbourhood;
pub(crate) use types::subjects;

use crate::client::{Event, Row};

/// For how long a verdict about something other than a file holds.
const VALID_DAYS: i64 = 7;
/// What the newest Python relay gave its judgements.
const PRIORITY: u8 = 85;

/// An observable and the events it was found in, worst first.
pub(crate) struct Subject {
    pub(crate) asked: Observable,
    pub(crate) hits: Vec<Hit>,
}

/// One event in which an observable was found, and the attributes that name it, newest first.
pub(crate) struct Hit {
    key: String,
    rows: Vec<Arc<Row>>,
}

impl Hit {
    pub(crate) fn new(key: String, mut rows: Vec<Arc<Row>>) -> Self {
        rows.sort_by_key(|row| (std::cmp::Reverse(row.timestamp), row.id));
        Self { key, rows }
    }

    /// The event's UUID, else its id, in lower case.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// The event's head; an empty one if the server did not send it.
    pub(crate) fn event(&self) -> &Event {
        const UNKNOWN: &Event = &Event::UNKNOWN;
        self.rows.iter().find_map(|row| row.event.as_ref()).unwrap_or(UNKNOWN)
    }

    /// The event's id on its server, by which its other attributes are asked for.
    pub(crate) fn event_id(&self) -> Option<&str> {
        self.event()
            .id
            .as_deref()
            .or_else(|| self.rows.iter().find_map(|row| row.event_id.as_deref()))
    }

    fn tlp(&self) -> Option<Tlp> {
        let of_rows = self.rows.iter().flat_map(|row| &row.tags);
        strictest(of_rows.chain(&self.event().tags).filter_map(|tag| tag.name.as_deref()))
    }

    fn category(&self) -> Option<&str> {
        self.rows.iter().find_map(|row| row.category.as_deref())
    }

    fn description(&self) -> Option<String> {
        let first = self.rows.first()?;
        let category = first.category.as_ref().map(|category| format!("Category: {category}"));
        let comment = first.comment.as_ref().map(|comment| format!("Comment: {comment}"));
        let lines: Vec<_> = category.into_iter().chain(comment).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// From the earliest to the latest time that the attributes tell; else the event's day.
    fn observed_time(&self, now: Time) -> ObservedTime {
        let changed = |row: &Row| row.timestamp.and_then(Time::from_unix_seconds);
        let read = |text: &Option<String>| text.as_deref().and_then(Time::parse);
        let starts = self.rows.iter().filter_map(|row| read(&row.first_seen).or(changed(row)));
        let ends = self.rows.iter().filter_map(|row| read(&row.last_seen).or(changed(row)));
        let day = || self.event().day().or(self.event().changed()).unwrap_or(now);
        let start = starts.min();
        let end = ends.max().or(start).unwrap_or_else(day);
        ObservedTime::between(start.unwrap_or(end), end)
    }
}

/// The ids of the events kept, each once.
pub(crate) fn event_ids(subjects: &[Subject]) -> Vec<String> {
    let mut seen = HashSet::new();
    let ids = subjects.iter().flat_map(|subject| &subject.hits).filter_map(Hit::event_id);
    ids.filter(|id| seen.insert(*id)).map(str::to_owned).collect()
}

impl Event {
    const UNKNOWN: Self = Self {
        id: None,
        uuid: None,
        info: None,
        date: None,
        threat_level_id: None,
        timestamp: None,
        creator: None,
        tags: Vec::new(),
    };

    fn day(&self) -> Option<Time> {
        self.date.as_deref().and_then(Time::parse_day)
    }

    fn changed(&self) -> Option<Time> {
        self.timestamp.and_then(Time::from_unix_seconds)
    }

    /// "Low" is a low threat, not a known good: Common, never Clean.
    fn disposition(&self) -> Disposition {
        match self.threat_level_id {
            Some(1) => Disposition::Malicious,
            Some(2) => Disposition::Suspicious,
            Some(3) => Disposition::Common,
            _ => Disposition::Unknown,
        }
    }

    fn severity(&self) -> Severity {
        match self.threat_level_id {
            Some(1) => Severity::High,
            Some(2) => Severity::Medium,
            Some(3) => Severity::Low,
            _ => Severity::Unknown,
        }
    }

    fn tag_names(&self) -> Vec<ShortText> {
        let mut names: Vec<ShortText> = Vec::new();
        for name in self.tags.iter().filter_map(|tag| tag.name.as_deref()) {
            let name = name.into();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

fn strictest<'a>(names: impl Iterator<Item = &'a str>) -> Option<Tlp> {
    let tlp = |name: &str| match name.to_ascii_lowercase().strip_prefix("tlp:")? {
        "red" => Some(Tlp::Red),
        "amber" | "amber+strict" => Some(Tlp::Amber),
        "green" => Some(Tlp::Green),
        "white" | "clear" => Some(Tlp::White),
        _ => None,
    };
    names.filter_map(tlp).max()
}

/// Makes one answer's entities.
pub(crate) struct Maker {
    pub(crate) namespace: Namespace,
    pub(crate) source: &'static str,
    /// The caller's MISP, without trailing slash.
    pub(crate) host: String,
    pub(crate) now: Time,
    pub(crate) relations_limit: usize,
}

impl Maker {
    /// Verdicts, judgements, sightings, indicators and relationships.
    pub(crate) fn observed(&self, subjects: &[Subject], around: &Neighbourhood<'_>) -> Bundle {
        let mut bundle = Bundle::default();
        for subject in subjects {
            if let Some(worst) = subject.hits.first() {
                let judgement = self.judgement_id(&subject.asked, worst);
                bundle.add_verdict(self.verdict(&subject.asked, worst, Some(judgement)));
            }
            for hit in &subject.hits {
                self.add_hit(&mut bundle, &subject.asked, hit, around);
            }
        }
        bundle
    }

    /// Verdicts alone.
    pub(crate) fn deliberated(&self, subjects: &[Subject]) -> Bundle {
        let mut bundle = Bundle::default();
        for subject in subjects {
            if let Some(worst) = subject.hits.first() {
                bundle.add_verdict(self.verdict(&subject.asked, worst, None));
            }
        }
        bundle
    }

    fn add_hit(
        &self,
        bundle: &mut Bundle,
        asked: &Observable,
        hit: &Hit,
        around: &Neighbourhood<'_>,
    ) {
        let judgement = self.judgement(asked, hit);
        let sighting = self.sighting(asked, hit, around);
        let indicator = self.indicator(hit);
        let of =
            |from, kind| Relationship::of(self.namespace, self.source, from, kind, indicator.id());
        bundle.add_relationship(of(sighting.id(), RelationshipType::SightingOf));
        bundle.add_relationship(of(judgement.id(), RelationshipType::ElementOf));
        bundle.add_judgement(judgement);
        bundle.add_sighting(sighting);
        bundle.add_indicator(indicator);
    }

    fn verdict(&self, asked: &Observable, worst: &Hit, judgement: Option<Id>) -> Verdict {
        let disposition = worst.event().disposition();
        Verdict::of(asked.clone(), disposition, self.valid_time(asked), judgement)
    }

    fn judgement_id(&self, asked: &Observable, hit: &Hit) -> Id {
        self.namespace.judgement(&[hit.key()], asked.kind.as_str(), &asked.value)
    }

    fn judgement(&self, asked: &Observable, hit: &Hit) -> Judgement {
        let event = hit.event();
        let id = self.judgement_id(asked, hit);
        Judgement {
            reason: ShortText::present(event.info.clone()),
            severity: event.severity(),
            confidence: Confidence::Medium,
            priority: PRIORITY,
            valid_time: self.valid_time(asked),
            tlp: hit.tlp(),
            source_uri: self.link(hit),
            external_ids: vec![hit.key().into()],
            external_references: self.references(hit),
            ..Judgement::of(id, self.source, asked.clone(), event.disposition())
        }
    }

    fn sighting(&self, asked: &Observable, hit: &Hit, around: &Neighbourhood<'_>) -> Sighting {
        let event = hit.event();
        let id = self.namespace.sighting(&[hit.key()], asked.kind.as_str(), &asked.value);
        Sighting {
            title: ShortText::present(event.info.clone()),
            short_description: MediumText::present(event.info.clone()),
            description: hit.description().map(Into::into),
            severity: Some(event.severity()),
            relations: around.relations(self.source, asked, hit.event_id(), self.relations_limit),
            timestamp: event.changed(),
            tlp: hit.tlp(),
            source_uri: self.link(hit),
            external_ids: vec![hit.key().into()],
            external_references: self.references(hit),
            ..Sighting::of(id, self.source, asked.clone(), hit.observed_time(self.now))
        }
    }

    fn indicator(&self, hit: &Hit) -> Indicator {
        let event = hit.event();
        let id = Id::indicator_of_uuid(hit.key())
            .unwrap_or_else(|| self.namespace.indicator(&[&self.host, hit.key()]));
        let producer = event.creator.as_ref().and_then(|creator| creator.name.as_deref());
        let category = hit.category().map(|category| format!("Category: {category}"));
        Indicator {
            producer: producer.unwrap_or(self.source).into(),
            title: ShortText::present(event.info.clone()),
            short_description: category.map(Into::into),
            valid_time: ValidTime::from(event.day()),
            tags: event.tag_names(),
            confidence: Some(Confidence::High),
            severity: Some(event.severity()),
            timestamp: event.changed(),
            tlp: strictest(event.tags.iter().filter_map(|tag| tag.name.as_deref())),
            source_uri: self.link(hit),
            external_ids: vec![hit.key().into()],
            external_references: self.references(hit),
            ..Indicator::of(id, self.source)
        }
    }

    /// A file's hash never changes its meaning; everything else may change hands.
    fn valid_time(&self, asked: &Observable) -> ValidTime {
        if asked.kind.hash_digits().is_some() {
            return ValidTime { start_time: Some(self.now), end_time: Some(Time::never()) };
        }
        ValidTime::for_days(self.now, VALID_DAYS)
    }

    fn link(&self, hit: &Hit) -> Option<Uri> {
        Uri::parse(&format!("{}/events/view/{}", self.host, escaped(hit.key())))
    }

    fn references(&self, hit: &Hit) -> Vec<ExternalReference> {
        vec![ExternalReference {
            external_id: Some(hit.key().into()),
            url: self.link(hit),
            ..ExternalReference::to(self.source)
        }]
    }
}
