//! The hunting events about each observable.

use std::cmp::Reverse;

use relay_core::{Error, Partial, Time};
use tokio::sync::oneshot;

use super::Sha1s;
use crate::{
    client::{Event, Events, Key},
    desk::Desk,
    subject::Subject,
};

impl Desk<'_> {
    /// The events of each observable, the newest first. One query asks for all; files that the
    /// tables do not know by the hash that was asked are looked for by their SHA-1 once more.
    pub(super) async fn events(
        &self,
        subjects: &[Subject<'_>],
        sha1s: oneshot::Receiver<Sha1s>,
    ) -> Partial<Vec<Vec<Event>>> {
        let hunter = self.hunter();
        if hunter.is_off() {
            return subjects.iter().map(|_| Vec::new()).collect::<Vec<_>>().into();
        }
        let keys = distinct(subjects.iter().filter_map(Key::of));
        let Partial { data: mut events, mut errors } = hunter.events(&keys, self.call.limit).await;
        let missing =
            subjects.iter().filter(|it| it.needs_profile() && found(&events, it).is_none());
        let missing: Vec<_> = missing.collect();
        let mut sha1s_of = Sha1s::new();
        if !missing.is_empty() && errors.is_empty() {
            // The sender is dropped without a word where alerts come from Graph.
            sha1s_of = sha1s.await.unwrap_or_default();
            let late = missing.iter().filter_map(|it| sha1s_of.get(&it.value).cloned());
            let late = distinct(late.map(Key::sha1).filter(|key| !keys.contains(key)));
            if !late.is_empty() {
                let more = hunter.events(&late, self.call.limit).await;
                events.extend(more.data);
                errors.extend(more.errors);
            }
        }
        let of_subject = |subject: &Subject<'_>| {
            let by_sha1 = || {
                let sha1 = sha1s_of.get(&subject.value)?.clone();
                events.get(&Key::sha1(sha1).text())
            };
            newest_first(found(&events, subject).or_else(by_sha1).cloned().unwrap_or_default())
        };
        let data = subjects.iter().map(of_subject).collect();
        Partial { data, errors }
    }
}

/// What a hunting failure costs.
pub(super) fn missing(error: Error) -> Error {
    error.with_preface(
        "Hunting failed, so events and some addresses of devices are missing from the answer.",
    )
}

fn found<'e>(events: &'e Events, subject: &Subject<'_>) -> Option<&'e Vec<Event>> {
    events.get(&Key::of(subject)?.text())
}

fn distinct(keys: impl Iterator<Item = Key>) -> Vec<Key> {
    let mut kept = Vec::new();
    for key in keys {
        if !kept.contains(&key) {
            kept.push(key);
        }
    }
    kept
}

fn newest_first(mut events: Vec<Event>) -> Vec<Event> {
    events.sort_by_cached_key(|event| Reverse(event.timestamp.as_deref().and_then(Time::parse)));
    events
}
