//! The requests for detections and their events.
//! Specification: docs/relays/gigamon-threatinsight.md#detections.

use std::{collections::HashSet, sync::Arc};

use futures::future::join_all;
use relay_core::{BaseUrl, Partial, Request, Response, Result};

use super::{
    Client, Detected, Detection, Event, downgrade_if,
    page::{Listing, Page, Slice},
    query::SearchTerm,
    types,
};

/// The demo and training accounts, by code and by uuid.
/// Specification: docs/relays/gigamon-threatinsight.md#test-accounts.
const TEST_ACCOUNTS: [&str; 4] =
    ["dmo", "chg", "6bc3d2f1-af77-4236-a9db-17dacd06e4d9", "f6f6f836-8bcd-4f5d-bd61-68d303c4f634"];

impl Client<'_> {
    /// Returns the active detections of an observable with their events, newest first; no data if
    /// the detections failed.
    pub(super) async fn detected(&self, term: &SearchTerm<'_>) -> Partial<Option<Vec<Detected>>> {
        let found = self.records(&self.detections, term, &OfValue { client: self, term }).await;
        let Partial { data: Some(mut detections), mut errors } = found else {
            return Partial { data: None, errors: found.errors };
        };
        let mut seen = HashSet::new();
        detections.retain(|one| one.uuid.as_ref().is_none_or(|uuid| seen.insert(uuid.clone())));
        detections.truncate(self.call.limit);
        let events = join_all(detections.iter().map(|one| self.detection_events(one, term))).await;
        let mut all = Vec::new();
        for (detection, events) in detections.into_iter().zip(events) {
            errors.extend(downgrade_if(true, events.errors));
            all.push(Detected { detection, events: events.data });
        }
        Partial { data: Some(all), errors }
    }

    /// Returns the events of a detection that are about the observable.
    async fn detection_events(
        &self,
        detection: &Detection,
        term: &SearchTerm<'_>,
    ) -> Partial<Vec<Arc<Event>>> {
        let Some(uuid) = detection.uuid.as_deref() else { return Partial::default() };
        let listing = OfDetection { client: self, detection, uuid, term };
        let Partial { data, errors } = self.records(&self.detections, term, &listing).await;
        Partial { data: data.unwrap_or_default(), errors }
    }

    /// Returns whether findings of an account, named by code or uuid, are shown.
    pub(super) fn is_allowed(&self, account: Option<&str>) -> bool {
        let is_test = |id: &str| TEST_ACCOUNTS.iter().any(|test| id.eq_ignore_ascii_case(test));
        self.allow_test_accounts || !account.is_some_and(is_test)
    }

    fn detections_base(&self) -> &BaseUrl {
        &self.detections.base
    }
}

/// The active detections of an observable.
struct OfValue<'a> {
    client: &'a Client<'a>,
    term: &'a SearchTerm<'a>,
}

impl Listing for OfValue<'_> {
    type Record = Detection;
    const MAX_RECORDS: usize = 1000;

    fn request(&self, slice: Slice) -> Result<Request> {
        let request = Request::get(self.client.detections_base().path("/detections"))
            .query("indicator_value", self.term.value())
            .query("status", "active")
            .query("include", "indicators")
            .query("include", "rules");
        let request = slice.in_query(request);
        Ok(request.query("sort_by", "last_seen").query("sort_order", "desc"))
    }

    fn read(&self, response: &Response, limit: usize) -> Result<Page<Detection>> {
        let mut kept = types::detections(response, limit)?;
        let received = kept.len();
        kept.retain(|detection| self.client.is_allowed(detection.account_uuid.as_deref()));
        Ok(Page { kept, received })
    }
}

/// The events of a detection.
struct OfDetection<'a> {
    client: &'a Client<'a>,
    detection: &'a Detection,
    uuid: &'a str,
    term: &'a SearchTerm<'a>,
}

impl Listing for OfDetection<'_> {
    type Record = Arc<Event>;
    const MAX_RECORDS: usize = 1000;

    fn request(&self, slice: Slice) -> Result<Request> {
        let request = Request::get(self.client.detections_base().path("/events"));
        Ok(slice.in_query(request.query("detection_uuid", self.uuid)))
    }

    fn read(&self, response: &Response, limit: usize) -> Result<Page<Arc<Event>>> {
        let is_about = |event: &_| self.term.matches_event(self.detection, event);
        let (mut kept, received) = types::detection_events(response, limit, is_about)?;
        kept.retain(|event| self.client.is_allowed(event.customer_id.as_deref()));
        Ok(Page { kept: kept.into_iter().map(Arc::new).collect(), received })
    }
}
