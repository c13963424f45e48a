//! Alerts found by hunting: one query for all observables, then each alert once.
//!
//! Source: spec §5.7.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use relay_core::{
    Error, ErrorKind, Observable, Partial, Response, Result, http::escaped, join_bounded,
};

use super::{
    Reporter,
    clues::{Clue, Row},
    form::{Form, Hash, Wanted},
    query::queries,
    search::{ALERTS, Found},
    wire::Alert,
};
use crate::{Part, Permission, Session, refusal};

/// How many hunting queries are under way at the same time.
const AT_ONCE: usize = 4;

impl<C: Sync> Session<'_, C> {
    /// Hunts, then reads the alerts that were found.
    pub(super) async fn hunt(&self, reporter: &Reporter<'_>, wanted: &[&Wanted<'_>]) -> Found {
        let mut errors: Vec<_> = unhunted(wanted).into_iter().collect();
        let clues = self.clues(reporter, wanted, &mut errors).await;
        let read = self.alerts(&clues, &mut errors).await;
        let mut by_key: HashMap<&str, Vec<&Arc<Alert>>> = HashMap::new();
        for clue in &clues {
            let alert = read.get(clue.alert_id.as_str()).filter(|alert| reporter.wants(alert));
            by_key.entry(&clue.key).or_default().extend(alert);
        }
        let of_it = |wanted: &&Wanted<'_>| {
            let alerts = by_key.get(wanted.form.key()?.as_str())?;
            let alerts = alerts.iter().take(self.call.limit).map(|alert| Arc::clone(alert));
            Some((wanted.place, alerts.collect()))
        };
        Found { alerts: wanted.iter().filter_map(of_it).collect(), errors }
    }

    /// The ids of the last thirty days' alerts about each of `wanted`, as hunting knows them, the
    /// newest first: one list in the place of each.
    pub async fn alert_ids_of_each(
        &self,
        reporter: &Reporter<'_>,
        wanted: &[Observable],
    ) -> Partial<Vec<Vec<String>>> {
        let mut ids = vec![Vec::new(); wanted.len()];
        let places = wanted.iter().enumerate();
        let wanted: Vec<_> = places.filter_map(|(at, asked)| Wanted::of(at, asked)).collect();
        let mut errors = Vec::new();
        let all: Vec<_> = wanted.iter().collect();
        let mut by_key: HashMap<String, Vec<String>> = HashMap::new();
        for clue in self.clues(reporter, &all, &mut errors).await {
            by_key.entry(clue.key).or_default().push(clue.alert_id);
        }
        for wanted in &wanted {
            let of_it = wanted.form.key().and_then(|key| by_key.get(&key));
            ids[wanted.place].extend(of_it.into_iter().flatten().cloned());
        }
        Partial { data: ids, errors }
    }

    async fn clues(
        &self,
        reporter: &Reporter<'_>,
        wanted: &[&Wanted<'_>],
        errors: &mut Vec<Error>,
    ) -> Vec<Clue> {
        let forms: Vec<_> = wanted.iter().map(|wanted| &wanted.form).collect();
        let queries = queries(&forms, reporter, self.call.limit);
        let hunts: Vec<_> =
            queries.iter().map(|query| self.run_hunting_query::<Row>(query)).collect();
        let mut clues = Vec::new();
        for rows in join_bounded(hunts, AT_ONCE).await {
            match rows {
                Ok(rows) => clues.extend(rows.into_iter().filter_map(Row::clue)),
                Err(error) => errors.push(error),
            }
        }
        clues
    }

    /// The alerts that the clues lead to, by id; those that are gone are left out.
    async fn alerts<'c>(
        &self,
        clues: &'c [Clue],
        errors: &mut Vec<Error>,
    ) -> HashMap<&'c str, Arc<Alert>> {
        let mut seen = HashSet::new();
        let ids = clues.iter().map(|clue| clue.alert_id.as_str());
        let ids: Vec<_> = ids.filter(|id| is_segment(id) && seen.insert(*id)).collect();
        let url = |id: &&str| format!("{ALERTS}/{}", escaped(id));
        let parts: Vec<_> = ids.iter().map(|id| Part::get(url(id))).collect();
        let mut alerts = HashMap::new();
        for (id, answer) in ids.into_iter().zip(self.batch(&parts).await) {
            match answer.and_then(|answer| alert(&answer)) {
                Ok(Some(alert)) => drop(alerts.insert(id, Arc::new(alert))),
                Ok(None) => {}
                Err(error) => errors.push(error),
            }
        }
        alerts
    }
}

/// Whether an id can stand in a path: not one of the names that lead elsewhere.
fn is_segment(id: &str) -> bool {
    !matches!(id, "" | "." | "..")
}

fn alert(answer: &Response) -> Result<Option<Alert>> {
    match answer.status() {
        404 => Ok(None),
        _ if answer.is_success() => answer.json().map(Some),
        _ => Err(refusal(answer, Permission::ReadAlerts)),
    }
}

/// A warning for observables that no column of the hunting tables holds.
fn unhunted(wanted: &[&Wanted<'_>]) -> Option<Error> {
    let has_md5 = wanted.iter().any(|wanted| matches!(wanted.form, Form::Hash(Hash::Md5, _)));
    let text = "Microsoft Graph cannot hunt alerts by MD5; ask for the file's SHA-256 or SHA-1, or set GRAPH_V2_STRATEGY to filter.";
    has_md5.then(|| Error::new(ErrorKind::Unsupported, text).as_warning())
}
