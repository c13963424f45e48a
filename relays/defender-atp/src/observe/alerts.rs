//! The alerts about each observable, from the product or from Graph, as sightings.

use std::collections::{HashMap, HashSet};

use futures::future::{join, join_all};
use microsoft::{SearchOptions, Service};
use relay_core::{Observable, Partial, ctim::Sighting};
use tokio::sync::oneshot;

use super::{
    Sha1s,
    details::Details,
    rations::{Rations, Share, left_out},
};
use crate::{
    ABOUT,
    client::{Alert, Entity},
    config::Backend,
    desk::Desk,
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
            Backend::Graph => {
                drop(tell_sha1s);
                self.alerts_from_graph(subjects).await
            }
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
        let wanted: Vec<Observable> = subjects.iter().map(|it| it.observable.clone()).collect();
        self.graph.sightings_of_each(&self.graph_options(), &wanted).await
    }

    pub(super) fn graph_options(&self) -> SearchOptions<'_> {
        SearchOptions {
            source: &self.settings.name,
            namespace: ABOUT.namespace(),
            service: Some(Service::DEFENDER_FOR_ENDPOINT),
        }
    }

    /// Three trips at most: alerts and profiles; details, and alerts about files whose SHA-1 was
    /// not known; details of those.
    async fn own_alerts(
        &self,
        subjects: &[Subject<'_>],
        tell_sha1s: oneshot::Sender<Sha1s>,
    ) -> Partial<Sightings> {
        let (mut sha1s, unknown) = self.remembered_sha1s(subjects);
        let mut rations = Rations::default();
        let mut now = rations.share(listed(subjects, &sha1s));
        let files = rations.share_profiles(unknown);
        now.beyond.extend(files.named);
        // Places go to those who ask first, and others wait for the profiles.
        let (profiles, first) =
            join(self.profiles(&files.asked, files.nameless), self.alerts_of(&now)).await;
        sha1s.extend(profiles.data);
        // Nobody listens when hunting is off.
        let _ = tell_sha1s.send(sha1s.clone());
        let mut late = listed(subjects, &sha1s);
        late.retain(|entity| !now.holds(entity));
        let late = rations.share(late);
        let (details, second) =
            join(self.details(&first.data, &Details::default()), self.alerts_of(&late)).await;
        let late_details = self.details(&second.data, &details.data).await;
        let alerts = first.data.into_iter().chain(second.data).collect();
        let errors =
            [first.errors, profiles.errors, second.errors, details.errors, late_details.errors];
        let details = details.data.and(late_details.data);
        Partial { data: self.mapped(subjects, &sha1s, alerts, &details), errors: errors.concat() }
    }

    /// What is known of the files that were asked by another hash, and the others among them.
    fn remembered_sha1s<'s>(&self, subjects: &'s [Subject<'s>]) -> (Sha1s, Vec<&'s Subject<'s>>) {
        let mut sha1s = Sha1s::new();
        let mut unknown = Vec::new();
        for subject in subjects.iter().filter(|subject| subject.needs_profile()) {
            match self.recall.sha1(&subject.value) {
                Some(known) => sha1s.extend(known.map(|sha1| (subject.value.clone(), sha1))),
                None => unknown.push(subject),
            }
        }
        (sha1s, unknown)
    }

    /// Alerts out of lists, and out of hunting where there is no room for more lists.
    async fn alerts_of(&self, share: &Share) -> Partial<Wave> {
        let calls = join_all(share.within.iter().map(|entity| self.api.alerts(entity)));
        // What is hunted for has to be read thereafter, so it goes first.
        let (mut wave, answers) = join(self.hunted(&share.beyond), calls).await;
        for (entity, answer) in share.within.iter().zip(answers) {
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

    /// The SHA-1 of the files among these hashes, as far as the product knows them; `nameless`
    /// others are left out altogether.
    async fn profiles(&self, hashes: &[&str], nameless: usize) -> Partial<Sha1s> {
        let calls = hashes.iter().map(|hash| self.api.sha1(hash));
        let mut sha1s: Partial<Sha1s> = Partial::default();
        sha1s.errors.extend((nameless > 0).then(|| left_out(nameless)));
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
        let sightings = |subject: &Subject<'_>| {
            let alerts = entity(subject, sha1s).and_then(|entity| alerts.get(&entity));
            let alerts = alerts.into_iter().flatten();
            alerts
                .filter_map(|alert| reporter.alert(subject, alert, details.device(alert)))
                .collect()
        };
        subjects.iter().map(sightings).collect()
    }
}

/// What an observable's alerts are listed for, as far as it is known.
fn entity(subject: &Subject<'_>, sha1s: &Sha1s) -> Option<Entity> {
    let file = sha1s.get(&subject.value).cloned().map(Entity::File);
    file.or_else(|| Entity::of(subject))
}

/// What has a list of alerts, each once, in the order of the question.
fn listed(subjects: &[Subject<'_>], sha1s: &Sha1s) -> Vec<Entity> {
    let mut seen = HashSet::new();
    let known = subjects.iter().filter_map(|subject| entity(subject, sha1s));
    known.filter(|entity| entity.list().is_some() && seen.insert(entity.clone())).collect()
}
