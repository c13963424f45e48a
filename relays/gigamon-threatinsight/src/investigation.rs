//! One observable: its detections and the search side by side, then the events of the detections.

use std::{collections::HashSet, sync::Arc};

use futures::future::{join, join_all};
use relay_core::{Error, ErrorKind, Partial};

use crate::{
    client::{Detection, Detections, Event, Gigamon},
    iql::Wanted,
    mapping::{Finding, Seen, chosen},
    paths,
};

/// Codes and ids of the product's demo and training accounts. Source: spec §2.
const TEST_ACCOUNTS: [&str; 4] =
    ["dmo", "chg", "6bc3d2f1-af77-4236-a9db-17dacd06e4d9", "f6f6f836-8bcd-4f5d-bd61-68d303c4f634"];

/// How observables are looked into.
pub(crate) struct Investigation<'a> {
    pub(crate) gigamon: &'a Gigamon<'a>,
    /// Whether findings of test accounts show.
    pub(crate) test_accounts: bool,
    /// The most events of one observable.
    pub(crate) limit: usize,
}

impl Investigation<'_> {
    /// The events about one observable, newest first, and what could not be asked.
    ///
    /// While one of the two ways was open, the failure of the other is a warning.
    pub(crate) async fn about(&self, wanted: &Wanted<'_>) -> Partial<Vec<Seen>> {
        let (detected, searched) = join(self.detected(wanted), self.searched(wanted)).await;
        let mut errors = weighed(detected.errors, searched.data.is_some());
        errors.extend(weighed(searched.errors, detected.data.is_some()));
        let [detected, searched] = [detected.data, searched.data].map(Option::unwrap_or_default);
        let sent = detected.len() + searched.len();
        let [detected, searched] = [detected, searched].map(readable);
        errors.extend((detected.len() + searched.len() < sent).then(unreadable));
        Partial { data: chosen(detected, searched, self.limit), errors }
    }

    async fn searched(&self, wanted: &Wanted<'_>) -> Partial<Option<Vec<Sent>>> {
        let Partial { data, errors } = self.gigamon.search(wanted).await;
        let events = data.map(|events| self.allowed(events).map(|event| (event, None)).collect());
        Partial { data: events, errors }
    }

    /// The events of all detections with this value; no data when the detections are not known.
    async fn detected(&self, wanted: &Wanted<'_>) -> Partial<Option<Vec<Sent>>> {
        let mut found = match self.gigamon.detections(wanted).await {
            None => return Partial::default(),
            Some(Err(error)) => return error.into(),
            Some(Ok(found)) => found,
        };
        found.detections.retain(|it| self.allows(it.account_uuid.as_deref()));
        let all: Vec<_> = found.detections.iter().map(|it| self.events_of(it, wanted)).collect();
        let mut detected = Partial::<Vec<_>>::default();
        for (detection, answer) in found.detections.iter().zip(join_all(all).await) {
            match answer {
                None => {}
                Some(Err(error)) => detected.errors.push(error.as_warning()),
                Some(Ok(events)) => {
                    let finding = finding(detection, &found).map(Arc::new);
                    let events = self.allowed(events).map(|event| (event, finding.clone()));
                    detected.data.extend(events);
                }
            }
        }
        Partial { data: Some(detected.data), errors: detected.errors }
    }

    async fn events_of(
        &self,
        detection: &Detection,
        wanted: &Wanted<'_>,
    ) -> Option<relay_core::Result<Vec<Event>>> {
        let uuid = detection.uuid.as_deref()?;
        let keeps = |event: &serde_json::Value| paths::is_about(wanted, detection, event);
        self.gigamon.events_of(uuid, keeps).await
    }

    fn allowed(&self, events: Vec<Event>) -> impl Iterator<Item = Event> {
        events.into_iter().filter(|event| self.allows(event.customer_id.as_deref()))
    }

    fn allows(&self, account: Option<&str>) -> bool {
        let is_test = |id: &str| TEST_ACCOUNTS.iter().any(|test| id.eq_ignore_ascii_case(test));
        self.test_accounts || !account.is_some_and(is_test)
    }
}

/// An event as it was sent, and the finding that led to it, if one did.
type Sent = (Event, Option<Arc<Finding>>);

fn weighed(errors: Vec<Error>, other_way_was_open: bool) -> Vec<Error> {
    let weigh = |error: Error| if other_way_was_open { error.as_warning() } else { error };
    errors.into_iter().map(weigh).collect()
}

fn readable(sent: Vec<Sent>) -> Vec<Seen> {
    sent.into_iter().filter_map(|(event, finding)| Seen::of(event, finding)).collect()
}

/// What the detections of one rule and account say together; none when the rule is not known.
fn finding(detection: &Detection, found: &Detections) -> Option<Finding> {
    let rule = found.rule_of(detection)?;
    let alike: Vec<_> = found
        .detections
        .iter()
        .filter(|it| {
            it.rule_uuid == detection.rule_uuid && it.account_uuid == detection.account_uuid
        })
        .collect();
    let devices: HashSet<_> = alike.iter().filter_map(|it| it.device_ip.as_deref()).collect();
    let indicators = alike.iter().flat_map(|it| &it.indicators);
    let values: HashSet<_> = indicators
        .filter(|indicator| indicator.path().is_some())
        .flat_map(|indicator| &indicator.values)
        .collect();
    Some(Finding {
        rule: rule.clone(),
        account: detection.account_uuid.clone(),
        devices: devices.len(),
        values: values.len(),
    })
}

fn unreadable() -> Error {
    let text =
        "Gigamon ThreatINSIGHT sent events without an id or a readable time; they were left out.";
    Error::new(ErrorKind::Malformed, text).as_warning()
}
