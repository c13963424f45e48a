//! What was seen of the observables: alerts and events side by side, joined in the order asked.

mod alerts;
mod details;
mod events;
mod rations;

use std::collections::HashMap;

use futures::future::join;
use relay_core::{Error, Findings, Observable};
use tokio::sync::oneshot;

use crate::{desk::Desk, subject::Subject};

/// SHA-1 hashes of files by another of their hashes.
type Sha1s = HashMap<String, String>;

impl Desk<'_> {
    /// For each observable its alerts, then its events, together no more than the limit.
    pub(crate) async fn observe(&self, wanted: &[Observable]) -> Findings {
        let subjects = wanted.iter().filter_map(Subject::of).filter(Subject::is_observed);
        let subjects: Vec<_> = subjects.collect();
        if subjects.is_empty() {
            return Findings::default();
        }
        let (tell_sha1s, sha1s) = oneshot::channel();
        // Hunting takes its place first: nothing else is as slow.
        let (events, alerts) =
            join(self.events(&subjects, sha1s), self.alerts(&subjects, tell_sha1s)).await;
        let mut findings = Findings::default();
        let reporter = self.reporter();
        for ((subject, alerts), events) in subjects.iter().zip(alerts.data).zip(events.data) {
            let room = self.call.limit.saturating_sub(alerts.len());
            let events = events.iter().filter_map(|event| reporter.event(subject, event));
            alerts.into_iter().for_each(|sighting| findings.data.add_sighting(sighting));
            events.take(room).for_each(|sighting| findings.data.add_sighting(sighting));
        }
        let news = events.errors.into_iter().filter(|hunting| !is_told(hunting, &alerts.errors));
        findings.errors.extend(news.map(|hunting| events::missing(hunting).as_warning()));
        findings.errors.splice(0..0, alerts.errors);
        findings
    }
}

/// Whether the alerts failed for the very same reason.
fn is_told(hunting: &Error, alerts: &[Error]) -> bool {
    alerts.iter().any(|told| told.message() == hunting.message())
}
