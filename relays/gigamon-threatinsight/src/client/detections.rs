//! The requests for detections and their events.
//! Specification: docs/relays/gigamon-threatinsight.md#detections.

use futures::future::join_all;
use relay_core::{Partial, Request, Response};

use super::{
    Client, DetectedEvents, Detection, Detections, Event, downgrade_if, query::SearchTerm, types,
};

/// The demo and training accounts, by code and by uuid.
/// Specification: docs/relays/gigamon-threatinsight.md#test-accounts.
const TEST_ACCOUNTS: [&str; 4] =
    ["dmo", "chg", "6bc3d2f1-af77-4236-a9db-17dacd06e4d9", "f6f6f836-8bcd-4f5d-bd61-68d303c4f634"];

impl Client<'_> {
    /// Returns the events of all detections of an observable; no data if the detections failed.
    pub(super) async fn detected(&self, term: &SearchTerm<'_>) -> Partial<Option<DetectedEvents>> {
        let Partial { data, mut errors } = self.detections(term).await;
        let Some(mut found) = data else { return Partial { data: None, errors } };
        found.detections.retain(|detection| self.is_allowed(detection.account_uuid.as_deref()));
        let events = found.detections.iter().map(|one| self.detection_events(one, term));
        let mut all = Vec::new();
        for events in join_all(events).await {
            errors.extend(downgrade_if(true, events.errors));
            all.push(self.allowed_events(events.data));
        }
        Partial { data: Some(DetectedEvents { found, events: all }), errors }
    }

    /// Returns the active detections of an observable; no data if they failed.
    async fn detections(&self, term: &SearchTerm<'_>) -> Partial<Option<Detections>> {
        let read = |response: &Response, limit| response.json_of(limit);
        let request = |limit: usize| {
            let request = Request::get(self.detections.base.path("/detections"))
                .query("indicator_value", term.value())
                .query("status", "active")
                .query("include", "indicators")
                .query("include", "rules")
                .query("limit", &limit.to_string())
                .query("sort_by", "last_seen")
                .query("sort_order", "desc");
            Ok(request)
        };
        self.fewer(&self.detections, term, request, read).await
    }

    /// Returns the events of a detection that are about the observable.
    async fn detection_events(
        &self,
        detection: &Detection,
        term: &SearchTerm<'_>,
    ) -> Partial<Vec<Event>> {
        let Some(uuid) = detection.uuid.as_deref() else { return Partial::default() };
        let request = |limit: usize| {
            Ok(Request::get(self.detections.base.path("/events"))
                .query("detection_uuid", uuid)
                .query("limit", &limit.to_string()))
        };
        let read = |response: &Response, limit| {
            types::detection_events(response, limit, |event| term.matches_event(detection, event))
        };
        let Partial { data, errors } = self.fewer(&self.detections, term, request, read).await;
        Partial { data: data.unwrap_or_default(), errors }
    }

    pub(super) fn allowed_events(&self, events: Vec<Event>) -> Vec<Event> {
        let is_allowed = |event: &Event| self.is_allowed(event.customer_id.as_deref());
        events.into_iter().filter(is_allowed).collect()
    }

    fn is_allowed(&self, account: Option<&str>) -> bool {
        let is_test = |id: &str| TEST_ACCOUNTS.iter().any(|test| id.eq_ignore_ascii_case(test));
        self.allow_test_accounts || !account.is_some_and(is_test)
    }
}
