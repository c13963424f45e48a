//! Speaks CTIM: what Qualys' events say about one observable. Pure functions.

mod judgement;
mod score;
mod sighting;

use std::{cmp::Reverse, collections::HashSet};

use relay_core::{
    Bundle, Namespace, Observable, Time,
    ctim::{
        Confidence, Id, Indicator, MediumText, Relationship, RelationshipType, ShortText, Uri,
        ValidTime,
    },
};

use crate::client::Event;
pub(crate) use judgement::CleanJudgements;

/// What mapping has to know besides the events.
#[derive(Debug)]
pub(crate) struct View {
    /// The product's name.
    pub(crate) source: &'static str,
    pub(crate) namespace: Namespace,
    /// Where the observable is looked up in the console.
    pub(crate) link: Option<Uri>,
    /// The most sightings, indicators and judgements of one observable.
    pub(crate) limit: usize,
    pub(crate) clean_judgements: CleanJudgements,
}

/// An event with its time, and whether it is of an object that exists now, if that is known.
#[derive(Debug)]
pub(crate) struct Seen {
    event: Event,
    at: Time,
    is_active: Option<bool>,
}

/// The events of both passes.
#[derive(Debug)]
pub(crate) struct Merged {
    /// Active ones first, each in Qualys' order, none twice.
    pub(crate) events: Vec<Seen>,
    /// Whether events were dropped because they say no time.
    pub(crate) lost_some: bool,
}

/// Joins what the two passes found; a pass that failed is `None`.
///
/// An event in both is active. While the active pass is missing, nobody knows which of the
/// historical events are.
pub(crate) fn merged(active: Option<Vec<Event>>, historical: Option<Vec<Event>>) -> Merged {
    let past = active.is_some().then_some(false);
    let active = active.into_iter().flatten().map(|event| (event, Some(true)));
    let historical = historical.into_iter().flatten().map(|event| (event, past));
    let mut known = HashSet::new();
    let mut merged = Merged { events: Vec::new(), lost_some: false };
    for (event, is_active) in active.chain(historical) {
        if !known.insert(event.key.clone()) {
            continue;
        }
        match event.time() {
            Some(at) => merged.events.push(Seen { event, at, is_active }),
            None => merged.lost_some = true,
        }
    }
    merged
}

/// All entities about one observable, within the limit, newest first, each relationship with both
/// its ends. Events of active objects have the first claim to the limit.
pub(crate) fn entities(asked: &Observable, events: &[Seen], view: &View) -> Bundle {
    let mut bundle = Bundle::default();
    let mut judgements_left = view.limit;
    let mut kept: Vec<_> = events.iter().take(view.limit).collect();
    kept.sort_by_key(|seen| Reverse(seen.at));
    for seen in kept {
        let sighting = sighting::sighting(asked, seen, view);
        let indicator = indicator(seen, view);
        let relate =
            |from: Id, kind, to: Id| Relationship::of(view.namespace, view.source, from, kind, to);
        for judgement in judgement::judgements(asked, seen, view).take(judgements_left) {
            judgements_left -= 1;
            if let Some(indicator) = &indicator {
                let based = relate(judgement.id(), RelationshipType::BasedOn, indicator.id());
                bundle.add_relationship(based);
            }
            let based = relate(sighting.id(), RelationshipType::BasedOn, judgement.id());
            bundle.add_relationship(based);
            bundle.add_judgement(judgement);
        }
        if let Some(indicator) = indicator {
            let of = relate(sighting.id(), RelationshipType::SightingOf, indicator.id());
            bundle.add_relationship(of);
            bundle.add_indicator(indicator);
        }
        bundle.add_sighting(sighting);
    }
    bundle
}

/// What Qualys thinks has happened; none for an event without a score. Source: spec §4.4.
fn indicator(seen: &Seen, view: &View) -> Option<Indicator> {
    let Seen { event, at, .. } = seen;
    let score = event.score?;
    // The earlier relay made these ids of the bare event id, in the X.500 namespace.
    let id = Namespace::X500.indicator_of_name(&event.key);
    Some(Indicator {
        title: Some(score::title(score, event.kind.as_deref()).into()),
        short_description: happening(event),
        severity: Some(score::severity(Some(score))),
        confidence: Some(Confidence::High),
        valid_time: ValidTime::from(Some(*at)),
        external_ids: external_ids(event),
        ..Indicator::of(id, view.source)
    })
}

/// `FILE event CREATED`, as far as it is known.
fn happening(event: &Event) -> Option<MediumText> {
    let known = event.kind.is_some() || event.action.is_some();
    let words = [event.kind.as_deref(), Some("event"), event.action.as_deref()];
    known.then(|| words.into_iter().flatten().collect::<Vec<_>>().join(" ").into())
}

fn external_ids(event: &Event) -> Vec<ShortText> {
    event.id.iter().map(ShortText::from).collect()
}
