//! From the product's hits to entities.

use relay_core::{
    Bundle, Namespace, Observable, Relay, Time,
    ctim::{
        Disposition, Indicator, Judgement, ObservedTime, Relationship, RelationshipType, Sighting,
        ValidTime, Verdict,
    },
};
use serde::Deserialize;

use super::Probe;

/// One thing that the product knows.
#[derive(Deserialize)]
pub(crate) struct Hit {
    id: String,
    note: Option<String>,
    /// What it is a sighting of.
    rule: Option<String>,
    #[serde(default)]
    malicious: bool,
}

/// The entities about one observable.
pub(crate) fn entities<'h>(
    now: Time,
    about: &Observable,
    hits: impl Iterator<Item = &'h Hit>,
) -> Bundle {
    let mut bundle = Bundle::default();
    let mut judged = None;
    for hit in hits {
        let sighting = sighting(now, about, hit);
        let judgement = hit.malicious.then(|| judgement(now, about, hit));
        if let Some(rule) = &hit.rule {
            let indicator = Indicator::of(ids().indicator(&[rule]), source());
            let mut join = |from, kind| {
                let to = indicator.id();
                bundle.add_relationship(Relationship::of(ids(), source(), from, kind, to));
            };
            join(sighting.id(), RelationshipType::SightingOf);
            judgement.iter().for_each(|it| join(it.id(), RelationshipType::ElementOf));
            bundle.add_indicator(indicator);
        }
        bundle.add_sighting(sighting);
        if let Some(judgement) = judgement {
            judged.get_or_insert(judgement.id());
            bundle.add_judgement(judgement);
        }
    }
    if let Some(judgement) = judged {
        let (about, kind) = (about.clone(), Disposition::Malicious);
        bundle.add_verdict(Verdict::of(about, kind, week(now), Some(judgement)));
    }
    bundle
}

/// A verdict on every observable.
pub(crate) fn verdicts(now: Time, wanted: &[Observable], malicious: &[String]) -> Bundle {
    let mut bundle = Bundle::default();
    for observable in wanted {
        let is_bad = malicious.contains(&observable.value);
        let kind = if is_bad { Disposition::Malicious } else { Disposition::Unknown };
        bundle.add_verdict(Verdict::of(observable.clone(), kind, week(now), None));
    }
    bundle
}

fn sighting(now: Time, about: &Observable, hit: &Hit) -> Sighting {
    let id = ids().sighting(&[&hit.id], about.kind.as_str(), &about.value);
    let description = hit.note.clone().map(Into::into);
    Sighting { description, ..Sighting::of(id, source(), about.clone(), ObservedTime::at(now)) }
}

fn judgement(now: Time, about: &Observable, hit: &Hit) -> Judgement {
    let id = ids().judgement(&[&hit.id], about.kind.as_str(), &about.value);
    Judgement {
        valid_time: week(now),
        ..Judgement::of(id, source(), about.clone(), Disposition::Malicious)
    }
}

fn week(now: Time) -> ValidTime {
    ValidTime::for_days(now, 7)
}

fn ids() -> Namespace {
    Probe::ABOUT.namespace()
}

fn source() -> &'static str {
    Probe::ABOUT.name
}
