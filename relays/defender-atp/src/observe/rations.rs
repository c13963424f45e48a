//! What one request may ask one by one, and the rest: hunting names its alerts, which are then
//! read many at once (spec §10). Hunting sees thirty days, so that a warning says so.

use std::collections::{BTreeSet, HashMap};

use relay_core::{
    Error, ErrorKind, Observable,
    ObservableType::{Domain, Ip, Sha1, Sha256},
    Partial,
};

use super::alerts::Wave;
use crate::{
    client::{Alert, Entity, MOST_CALLS},
    config::{Hunting, HuntingWay},
    desk::Desk,
    subject::Subject,
};

/// The list that file profiles are counted with.
const FILES: &str = "files";

/// How many calls this request has planned for each list.
#[derive(Debug, Default)]
pub(super) struct Rations(HashMap<&'static str, usize>);

/// What is asked one by one, and the rest.
#[derive(Debug)]
pub(super) struct Share {
    pub(super) within: Vec<Entity>,
    pub(super) beyond: Vec<Entity>,
}

/// Files whose profile is asked for by these hashes, and the rest.
#[derive(Debug)]
pub(super) struct Profiles<'s> {
    pub(super) asked: Vec<&'s str>,
    /// Those whose alerts hunting can name.
    pub(super) named: Vec<Entity>,
    /// How many others there are: no table of alerts knows MD5.
    pub(super) nameless: usize,
}

impl Rations {
    /// Plans one call for a list, if the product's rate limit leaves room for it.
    fn take(&mut self, list: &'static str) -> bool {
        let planned = self.0.entry(list).or_default();
        let fits = *planned < MOST_CALLS;
        *planned += usize::from(fits);
        fits
    }

    pub(super) fn share(&mut self, entities: Vec<Entity>) -> Share {
        let fits = |entity: &Entity| entity.list().is_some_and(|list| self.take(list));
        let (within, beyond) = entities.into_iter().partition(fits);
        Share { within, beyond }
    }

    pub(super) fn share_profiles<'s>(&mut self, files: Vec<&'s Subject<'s>>) -> Profiles<'s> {
        let (asked, rest): (Vec<_>, Vec<_>) = files.into_iter().partition(|_| self.take(FILES));
        let named: Vec<_> = rest.iter().filter_map(|file| Entity::of(file)).collect();
        let nameless = rest.len() - named.len();
        Profiles { asked: asked.into_iter().map(|it| it.value.as_str()).collect(), named, nameless }
    }
}

impl Share {
    pub(super) fn holds(&self, entity: &Entity) -> bool {
        self.within.contains(entity) || self.beyond.contains(entity)
    }
}

impl Desk<'_> {
    /// The alerts about entities that are not asked for one by one: their ids, then the alerts.
    pub(super) async fn hunted(&self, entities: &[Entity]) -> Partial<Wave> {
        if entities.is_empty() {
            return Partial::default();
        }
        if !self.hunts_at_graph() {
            return left_out(entities.len()).into();
        }
        let wanted: Vec<_> = entities.iter().map(observable).collect();
        let ids = self.alert_ids(&wanted).await;
        let distinct: BTreeSet<&str> = ids.data.iter().flatten().map(String::as_str).collect();
        let distinct: Vec<_> = distinct.into_iter().collect();
        let read = self.api.alerts_with_evidence(&distinct).await;
        let known = read.data.into_iter().filter_map(|alert| Some((alert.id.clone()?, alert)));
        let known: HashMap<String, Alert> = known.collect();
        let alerts = |ids: &Vec<String>| {
            let known = ids.iter().filter_map(|id| known.get(id));
            known.take(self.call.limit).cloned().collect()
        };
        let data = entities.iter().cloned().zip(ids.data.iter().map(alerts)).collect();
        let note = if ids.errors.is_empty() { recent_only } else { left_out };
        let failures = ids.errors.into_iter().chain(read.errors).map(Error::as_warning);
        Partial { data, errors: [note(entities.len())].into_iter().chain(failures).collect() }
    }

    async fn alert_ids(&self, wanted: &[Observable]) -> Partial<Vec<Vec<String>>> {
        let _place = self.api.place().await;
        self.graph.alert_ids_of_each(&self.graph_options(), wanted).await
    }

    /// Whether Graph may hunt: the product's own endpoint has no table of alerts.
    fn hunts_at_graph(&self) -> bool {
        match self.hunter().mode {
            Hunting::Auto => !self.recall.hunts_at_endpoint(),
            Hunting::Only(way) => way == HuntingWay::Graph,
            Hunting::Off => false,
        }
    }
}

fn observable(entity: &Entity) -> Observable {
    let (kind, value) = match entity {
        Entity::File(sha1) => (Sha1, sha1),
        Entity::UnprofiledFile(sha256) => (Sha256, sha256),
        Entity::Ip(ip) => (Ip, ip),
        Entity::Domain(name) => (Domain, name),
    };
    Observable::new(kind, value)
}

fn recent_only(count: usize) -> Error {
    let text = format!(
        "For {count} observables only the alerts of the last 30 days were looked for, so that the product's rate limit holds; ask about fewer observables at a time."
    );
    Error::new(ErrorKind::RateLimited { after: None }, text).as_warning()
}

/// What is said where hunting cannot help.
pub(super) fn left_out(count: usize) -> Error {
    let text = format!(
        "The alerts about {count} observables were not asked for, so that the product's rate limit holds; ask about fewer observables at a time."
    );
    Error::new(ErrorKind::RateLimited { after: None }, text).as_warning()
}

#[cfg(test)]
mod tests {
    use relay_core::ObservableType::Md5;

    use super::*;

    #[test]
    fn each_list_has_forty_calls() {
        let ips = (0..41).map(|n| Entity::Ip(format!("192.0.2.{n}")));
        let files = (0..30).map(|n| Entity::File(format!("{n:040x}")));
        let mut rations = Rations::default();
        let share = rations.share(ips.chain(files).collect());
        assert_eq!((share.within.len(), share.beyond.len()), (70, 1));

        let asked: Vec<_> = (0..15)
            .map(|n| match n % 2 {
                0 => Observable::new(Sha256, format!("{n:064x}")),
                _ => Observable::new(Md5, format!("{n:032x}")),
            })
            .collect();
        let asked: Vec<_> = asked.iter().filter_map(Subject::of).collect();
        let profiles = rations.share_profiles(asked.iter().collect());
        assert_eq!((profiles.asked.len(), profiles.named.len(), profiles.nameless), (10, 3, 2));
        let late = rations.share(vec![Entity::File("x".to_owned())]);
        assert_eq!((late.within.len(), late.beyond.len()), (0, 1));
    }
}
