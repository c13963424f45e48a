//! The alerts about each observable, from the product or from Graph, as sightings.

use std::collections::{HashMap, HashSet};

use futures::future::{join, join_all};
use microsoft_graph::{Reporter, Service};
use relay_core::{Observable, Partial, ctim::Sighting};
use tokio::sync::oneshot;

use super::{Sha1s, details::Details};
use crate::{
    ABOUT,
    api::{Alert, Entity},
    desk::Desk,
    settings::Backend,
    subject::Subject,
};

/// The alerts about some entities.
pub(super) type Wave = HashMap<Entity, Vec<Alert>>;

/// The sightings of each observable, in the order of the question.
type Sightings = Vec<Vec<Sighting>>;

impl Desk<'_> {
    /// `tell_sha1s` hears of the files' SHA-1 hashes as soon as they are known.
    pub(super) async fn alerts(
        &self,
        subjects: &[Subject<'_>],
        tell_sha1s: oneshot::Sender<Sha1s>,
    ) -> Partial<Sightings> {
        match self.backend() {
            Backend::Graph => self.alerts_from_graph(subjects).await,
            Backend::Own => self.own_alerts(subjects, tell_sha1s).await,
            Backend::Auto => {
                let found = self.own_alerts(subjects, tell_sha1s).await;
                if !self.api.is_gone() {
                    return found;
                }
                self.recall.leave();
                self.alerts_from_graph(subjects).await
            }
        }
    }

    async fn alerts_from_graph(&self, subjects: &[Subject<'_>]) -> Partial<Sightings> {
        let reporter = Reporter {
            source: &self.settings.name,
            namespace: ABOUT.namespace(),
            only: Some(Service::DEFENDER_FOR_ENDPOINT),
        };
        let wanted: Vec<Observable> = subjects.iter().map(|it| it.observable.clone()).collect();
        self.graph.sightings_of_each(&reporter, &wanted).await
    }

    /// Three trips at most: alerts and profiles; details, and alerts about files whose SHA-1 was
    /// not known; details of those.
    async fn own_alerts(
        &self,
        subjects: &[Subject<'_>],
        tell_sha1s: oneshot::Sender<Sha1s>,
    ) -> Partial<Sightings> {
        let (mut sha1s, unknown) = self.remembered_sha1s(subjects);
        let now = entities(subjects, &sha1s);
        let (first, profiles) = join(self.wave(&now), self.profiles(&unknown)).await;
        sha1s.extend(profiles.data);
        // Nobody listens when hunting is off.
        let _ = tell_sha1s.send(sha1s.clone());
        let mut late = entities(subjects, &sha1s);
        late.retain(|entity| !now.contains(entity));
        let (first_details, second) =
            join(self.details(&first.data, &Details::default()), self.wave(&late)).await;
        let second_details = self.details(&second.data, &first_details.data).await;
        let alerts: Wave = first.data.into_iter().chain(second.data).collect();
        let details = first_details.data.and(second_details.data);
        let errors = [
            first.errors,
            profiles.errors,
            second.errors,
            first_details.errors,
            second_details.errors,
        ];
        Partial { data: self.mapped(subjects, &sha1s, alerts, &details), errors: errors.concat() }
    }

    /// What is known of the files that were asked by another hash, and the hashes of the others.
    fn remembered_sha1s<'s>(&self, subjects: &'s [Subject<'_>]) -> (Sha1s, Vec<&'s str>) {
        let mut sha1s = Sha1s::new();
        let mut unknown = Vec::new();
        for hash in subjects.iter().filter(|it| it.needs_profile()).map(|it| it.value.as_str()) {
            match self.recall.sha1(hash) {
                Some(known) => sha1s.extend(known.map(|sha1| (hash.to_owned(), sha1))),
                None => unknown.push(hash),
            }
        }
        (sha1s, unknown)
    }

    async fn wave(&self, entities: &[Entity]) -> Partial<Wave> {
        let calls = entities.iter().map(|entity| self.api.alerts(entity));
        let mut wave: Partial<Wave> = Partial::default();
        for (entity, answer) in entities.iter().zip(join_all(calls).await) {
            match answer {
                Ok(alerts) => {
                    wave.data.insert(entity.clone(), alerts.data);
                    wave.errors.extend(alerts.errors);
                }
                Err(failure) => wave.errors.push(failure.error),
            }
        }
        wave
    }

    /// The SHA-1 of the files among these hashes, as far as the product knows them.
    async fn profiles(&self, hashes: &[&str]) -> Partial<Sha1s> {
        let calls = hashes.iter().map(|hash| self.api.sha1(hash));
        let mut sha1s: Partial<Sha1s> = Partial::default();
        for (hash, answer) in hashes.iter().zip(join_all(calls).await) {
            match answer {
                Ok(sha1) => {
                    self.recall.keep_sha1(hash, sha1.clone());
                    sha1s.data.extend(sha1.map(|sha1| ((*hash).to_owned(), sha1)));
                }
                Err(failure) => sha1s.errors.push(failure.error),
            }
        }
        sha1s
    }

    fn mapped(
        &self,
        subjects: &[Subject<'_>],
        sha1s: &Sha1s,
        mut alerts: Wave,
        details: &Details,
    ) -> Sightings {
        alerts.values_mut().flatten().for_each(|alert| details.complete(alert));
        let reporter = self.reporter();
        let of_subject = |subject: &Subject<'_>| {
            let alerts = entity(subject, sha1s).and_then(|entity| alerts.get(&entity));
            let alerts = alerts.map(Vec::as_slice).unwrap_or_default().iter();
            alerts
                .filter_map(|alert| reporter.alert(subject, alert, details.device(alert)))
                .collect()
        };
        subjects.iter().map(of_subject).collect()
    }
}

/// What an observable's alerts are listed for, as far as it is known.
fn entity(subject: &Subject<'_>, sha1s: &Sha1s) -> Option<Entity> {
    let file = || sha1s.get(&subject.value).cloned().map(Entity::File);
    Entity::of(subject).or_else(file)
}

/// Each once, in the order of the question.
fn entities(subjects: &[Subject<'_>], sha1s: &Sha1s) -> Vec<Entity> {
    let mut seen = HashSet::new();
    let known = subjects.iter().filter_map(|subject| entity(subject, sha1s));
    known.filter(|entity| seen.insert(entity.clone())).collect()
}
