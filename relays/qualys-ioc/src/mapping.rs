//! Turns events into CTIM entities and observables into links, without I/O.
//! Specification: docs/relays/qualys-ioc.md#mapping.

mod pages;
mod relations;
mod sighting;
mod vocabulary;
mod wording;

use std::{cmp::Reverse, collections::HashSet, sync::Arc};

use relay_core::{
    Bundle, Call, Error, ErrorKind, Findings, Namespace, Observable,
    ObservableType::{Domain, Ip, Ipv6, Mutex, Sha256},
    Relay, Time,
    ctim::{
        Confidence, Disposition, Id, Indicator, Judgement, Relationship, RelationshipType,
        ShortText, Uri, ValidTime,
    },
};

use crate::{
    Credentials, QualysIoc,
    client::{Event, FoundEvents, Verdict, query::SearchTerm},
    config::{CleanJudgements, Config},
};

pub(crate) use pages::links;
use wording::Words;

/// The product's name in `source`, `producer` and `origin`.
const SOURCE: &str = QualysIoc::ABOUT.name;

/// The mapper of one call.
pub(crate) struct Mapper<'a> {
    config: &'a Config,
    namespace: Namespace,
    /// The console's hunting page, without the query that ends its link.
    hunting: Option<Uri>,
    /// How many sightings, indicators and judgements one observable may have.
    limit: usize,
}

/// An event with its time; whether its object exists now, if that is known.
#[derive(Debug)]
struct DatedEvent {
    event: Arc<Event>,
    time: Time,
    is_active: Option<bool>,
}

impl<'a> Mapper<'a> {
    /// Creates the mapper of one call.
    pub(crate) fn new(config: &'a Config, call: &Call<'_, Credentials>) -> Self {
        Self {
            config,
            namespace: QualysIoc::ABOUT.namespace(),
            hunting: config.platform_url(call).as_ref().and_then(pages::hunting),
            limit: call.limit,
        }
    }

    /// Returns the entities of one observable, newest event first. Active events have the first
    /// claim to the limit. Errors: a warning about events without a readable time.
    pub(crate) fn entities(&self, term: &SearchTerm<'_>, found: FoundEvents) -> Findings {
        let (mut events, has_undated) = merge(found);
        events.truncate(self.limit);
        events.sort_by_key(|event| Reverse(event.time));
        let page = self.hunting.as_ref().and_then(|hunting| hunting.with_value(&term.query));
        let mut bundle = Bundle::default();
        let mut judgements_left = self.limit;
        for event in &events {
            let judgements = self.judgements(term.observable, event).take(judgements_left);
            judgements_left -=
                self.add_event(&mut bundle, term.observable, event, page.clone(), judgements);
        }
        Findings { data: bundle, errors: has_undated.then(undated_events).into_iter().collect() }
    }

    /// Adds the entities of an event; returns the number of judgements.
    fn add_event(
        &self,
        bundle: &mut Bundle,
        observable: &Observable,
        event: &DatedEvent,
        page: Option<Uri>,
        judgements: impl Iterator<Item = Judgement>,
    ) -> usize {
        let words = Words::of(&event.event);
        let indicator = self.indicator(event, &words);
        let sighting = self.sighting(observable, event, page, words);
        let mut count = 0;
        for judgement in judgements {
            count += 1;
            if let Some(indicator) = &indicator {
                bundle.add_relationship(self.relationship(
                    judgement.id(),
                    RelationshipType::BasedOn,
                    indicator.id(),
                ));
            }
            bundle.add_relationship(self.relationship(
                sighting.id(),
                RelationshipType::BasedOn,
                judgement.id(),
            ));
            bundle.add_judgement(judgement);
        }
        if let Some(indicator) = indicator {
            bundle.add_relationship(self.relationship(
                sighting.id(),
                RelationshipType::SightingOf,
                indicator.id(),
            ));
            bundle.add_indicator(indicator);
        }
        bundle.add_sighting(sighting);
        count
    }

    fn relationship(&self, from: Id, kind: RelationshipType, to: Id) -> Relationship {
        Relationship::of(self.namespace, SOURCE, from, kind, to)
    }

    /// Returns the indicator of an event with a score.
    fn indicator(
        &self,
        DatedEvent { event, time, .. }: &DatedEvent,
        words: &Words<'_>,
    ) -> Option<Indicator> {
        let score = event.score?;
        let (title, short_description) = words.of_indicator();
        // The Python relays made these ids from the bare event id, in the X.500 namespace.
        let id = Namespace::X500.indicator_of_name(&event.key);
        Some(Indicator {
            source_uri: self.hunting.as_ref().and_then(|hunting| pages::of_event(hunting, event)),
            title: Some(title),
            short_description,
            description: words.description.clone(),
            severity: Some(vocabulary::severity(Some(score))),
            confidence: Some(vocabulary::confidence(score)),
            valid_time: ValidTime::from(Some(*time)),
            tags: wording::tags(event),
            external_ids: external_ids(event),
            ..Indicator::of(id, SOURCE)
        })
    }

    /// Returns the judgements of the detection engines about an event.
    fn judgements(
        &self,
        observable: &Observable,
        event: &DatedEvent,
    ) -> impl Iterator<Item = Judgement> {
        let verdicts = event.event.verdicts.iter().enumerate();
        verdicts.filter_map(move |(position, verdict)| {
            self.judgement(observable, event, position, verdict.as_ref()?)
        })
    }

    fn judgement(
        &self,
        observable: &Observable,
        DatedEvent { event, time, .. }: &DatedEvent,
        position: usize,
        verdict: &Verdict,
    ) -> Option<Judgement> {
        let disposition = vocabulary::disposition(verdict.verdict.as_deref());
        let is_clean = disposition == Disposition::Clean;
        if is_clean && !allows_clean(self.config.clean_judgements, observable, verdict) {
            return None;
        }
        let product_ids = [event.key.as_str(), &position.to_string()];
        let id =
            self.namespace.judgement(&product_ids, observable.kind.as_str(), &observable.value);
        Some(Judgement {
            reason: ShortText::present(verdict.threat_name.as_deref()),
            // 90 is the highest priority that CTIM gives to machines.
            priority: 90,
            confidence: Confidence::High,
            severity: vocabulary::severity(event.score),
            valid_time: ValidTime::from(Some(*time)),
            external_ids: external_ids(event),
            ..Judgement::of(id, SOURCE, observable.clone(), disposition)
        })
    }
}

/// Merges both searches by event, the active copy first, each in the gateway's order. Returns the
/// events, and whether some were left out because they have no readable time.
fn merge(
    FoundEvents { active, is_active_known, historical }: FoundEvents,
) -> (Vec<DatedEvent>, bool) {
    // Without the active search it is not known which of the historical events are active.
    let is_historical_active = is_active_known.then_some(false);
    let marked = active.iter().map(|event| (event, Some(true)));
    let marked = marked.chain(historical.iter().map(|event| (event, is_historical_active)));
    let (mut keys, mut events, mut has_undated) = (HashSet::new(), Vec::new(), false);
    for (event, is_active) in marked {
        if !keys.insert(event.key.as_str()) {
            continue;
        }
        match event.time() {
            Some(time) => events.push(DatedEvent { event: event.clone(), time, is_active }),
            None => has_undated = true,
        }
    }
    (events, has_undated)
}

/// Returns whether a verdict `KNOWN` makes the observable Clean.
/// Specification: docs/relays/qualys-ioc.md#decisions.
fn allows_clean(setting: CleanJudgements, observable: &Observable, verdict: &Verdict) -> bool {
    let is_image = |sha256: &String| sha256.eq_ignore_ascii_case(observable.value.trim());
    match (setting, observable.kind) {
        (CleanJudgements::All, _) => true,
        (CleanJudgements::Matching, Ip | Ipv6 | Domain | Mutex) => false,
        (CleanJudgements::Matching, Sha256) => verdict.sha256.as_ref().is_none_or(is_image),
        // The verdict has no name, path or MD5 to compare with.
        (CleanJudgements::Matching, _) => true,
    }
}

fn external_ids(event: &Event) -> Vec<ShortText> {
    event.id.iter().map(ShortText::from).collect()
}

fn undated_events() -> Error {
    let text = "Qualys IOC sent events without a readable time; they were left out.";
    Error::new(ErrorKind::Malformed, text).as_warning()
}

#[cfg(test)]
mod tests {
    use relay_core::ObservableType::{self, FileName, FilePath, Md5};
    use serde_json::json;

    use super::*;

    #[test]
    fn the_setting_matching_allows_clean_for_the_judged_image_only() {
        let image = "ab".repeat(32);
        let check = |kind: ObservableType, value: &str, judged: Option<&str>, expected: bool| {
            let verdict = json!({"verdict": "KNOWN", "sha256": judged}).to_string();
            let verdict: Verdict = serde_json::from_str(&verdict).unwrap();
            let observable = Observable::new(kind, value);
            let allows = |setting| allows_clean(setting, &observable, &verdict);
            assert_eq!(allows(CleanJudgements::Matching), expected, "{kind}");
            assert!(allows(CleanJudgements::All), "{kind}");
        };
        check(Ip, "203.0.113.77", Some(&image), false);
        check(Ipv6, "2001:db8::77", None, false);
        check(Domain, "c2.bad.example", None, false);
        check(Mutex, "Global\\x", None, false);
        check(Sha256, &image.to_uppercase(), Some(&image), true);
        check(Sha256, &image, None, true);
        check(Sha256, &"cd".repeat(32), Some(&image), false);
        check(Md5, &"ab".repeat(16), Some(&image), true);
        check(FileName, "a.exe", Some(&image), true);
        check(FilePath, "C:\\a.exe", Some(&image), true);
    }
}
