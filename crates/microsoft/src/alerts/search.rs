//! From observables to sightings: which strategy for which type, and what filtered lists bring.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use futures::future::join;
use relay_core::{
    Error, ErrorKind, Findings, Observable, ObservableType, Partial, ctim::Sighting,
    oauth::TokenSource,
};

use super::{Reporter, Strategy, form::Wanted, sighting::sighting, wire::Alert};
use crate::{End, Permission, Session, odata};

pub(super) const ALERTS: &str = "/security/alerts_v2";
/// The most rows of one page that are asked for.
const PAGE: usize = 100;

/// The alerts about some of the observables, by their places in the question.
#[derive(Default)]
pub(super) struct Found {
    pub(super) alerts: HashMap<usize, Vec<Arc<Alert>>>,
    pub(super) errors: Vec<Error>,
}

impl<C: Sync> Session<'_, C> {
    /// The alerts about `wanted` as sightings, in the order of the question; no more for each
    /// observable than the call's limit.
    ///
    /// What fails is among the errors, beside what was found. Mapping: spec §6.3, §6.4.
    pub async fn sightings(&self, reporter: &Reporter<'_>, wanted: &[Observable]) -> Findings {
        let Partial { data, errors } = self.sightings_of_each(reporter, wanted).await;
        let mut findings = Findings { errors, ..Findings::default() };
        data.into_iter().flatten().for_each(|sighting| findings.data.add_sighting(sighting));
        findings
    }

    /// The same, apart for each observable: one list in the place of each of `wanted`.
    pub async fn sightings_of_each(
        &self,
        reporter: &Reporter<'_>,
        wanted: &[Observable],
    ) -> Partial<Vec<Vec<Sighting>>> {
        let mut data = vec![Vec::new(); wanted.len()];
        let places = wanted.iter().enumerate();
        let wanted: Vec<_> = places.filter_map(|(at, asked)| Wanted::of(at, asked)).collect();
        let found = self.search(reporter, &wanted).await;
        for wanted in &wanted {
            let alerts = found.alerts.get(&wanted.place).into_iter().flatten();
            let tenant = self.account.tenant.as_str();
            let sightings = alerts.filter_map(|alert| sighting(reporter, tenant, wanted, alert));
            data[wanted.place].extend(sightings);
        }
        Partial { data, errors: found.errors }
    }

    async fn search(&self, reporter: &Reporter<'_>, wanted: &[Wanted<'_>]) -> Found {
        let (hunted, filtered): (Vec<_>, Vec<_>) =
            wanted.iter().partition(|wanted| self.must_hunt(wanted));
        let (hunted, (filtered, refused)) =
            join(self.hunt(reporter, &hunted), self.filter(reporter, &filtered)).await;
        let late = self.hunt(reporter, &refused).await;
        hunted.and(filtered).and(late)
    }

    fn must_hunt(&self, wanted: &Wanted<'_>) -> bool {
        match self.graph.strategy {
            Strategy::Filter => false,
            Strategy::Hunting => true,
            Strategy::Auto => {
                self.graph.learnt.must_hunt(self.login.key(), wanted.asked.kind, self.call.now)
            }
        }
    }

    /// Reads filtered lists. Gives also the observables that must be hunted, because the service
    /// cannot filter by their types; the types are remembered.
    async fn filter<'w>(
        &self,
        reporter: &Reporter<'_>,
        wanted: &[&'w Wanted<'w>],
    ) -> (Found, Vec<&'w Wanted<'w>>) {
        let limit = self.call.limit;
        let filters = wanted.iter().map(|wanted| wanted.filter(reporter));
        let urls = filters.map(|filter| odata::list(ALERTS, &filter, limit.min(PAGE))).collect();
        let judge = |at: usize, alert: &Alert| wanted[at].form.judge(alert, reporter);
        let lists = self.lists(urls, limit, Permission::ReadAlerts, judge).await;

        let ends = wanted.iter().zip(&lists).map(|(wanted, list)| (wanted.asked.kind, &list.end));
        let unfiltered = self.learn(ends);
        let mut found = Found::default();
        let mut refused = Vec::new();
        for (wanted, list) in wanted.iter().zip(lists) {
            if unfiltered.contains(&wanted.asked.kind) {
                refused.push(*wanted);
                continue;
            }
            found.errors.extend(error(list.end));
            found.alerts.insert(wanted.place, list.rows.into_iter().map(Arc::new).collect());
        }
        (found, refused)
    }

    /// The types whose filter the service refuses or does not look at, if they may be hunted.
    fn learn<'e>(
        &self,
        ends: impl Iterator<Item = (ObservableType, &'e End)>,
    ) -> HashSet<ObservableType> {
        if self.graph.strategy != Strategy::Auto {
            return HashSet::new();
        }
        let fails = |end: &End| matches!(end, End::Unfiltered | End::Refused(400 | 501, _));
        let types: HashSet<_> = ends.filter(|(_, end)| fails(end)).map(|(kind, _)| kind).collect();
        for kind in &types {
            self.graph.learnt.hunt_from(self.login.key(), *kind, self.call.now);
        }
        types
    }
}

impl Found {
    fn and(mut self, other: Self) -> Self {
        self.alerts.extend(other.alerts);
        self.errors.extend(other.errors);
        self
    }
}

fn error(end: End) -> Option<Error> {
    match end {
        End::Reached => None,
        End::Refused(_, error) | End::Broken(error) => Some(error),
        End::Unfiltered => {
            let text = "Microsoft Graph does not filter alerts by evidence for this tenant, so the answer may be incomplete; set GRAPH_V2_STRATEGY to auto or hunting.";
            Some(Error::new(ErrorKind::Unsupported, text).as_warning())
        }
    }
}
