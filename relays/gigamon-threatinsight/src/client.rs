//! Speaks ThreatINSIGHT: detections, their events, the event search and the device look-up.
//! Source: spec §3.

mod detection;
mod device;
mod event;
mod family;
mod refusal;
mod search;

use std::time::Duration;

use http::{HeaderValue, header};
use relay_core::{Call, Error, ErrorKind, Partial, Request, Response, Result};
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::{Credentials, config::Settings, memory::Memory};
pub(crate) use detection::{Detection, Detections, Rule};
pub(crate) use device::Lease;
pub(crate) use event::{Event, File, Named, Side};
use family::Family;

/// What one call may take.
const LONGEST: Duration = Duration::from_secs(12);

/// The interface as one caller sees it, for the time of one request.
pub(crate) struct Gigamon<'a> {
    call: &'a Call<'a, Credentials>,
    memory: &'a Memory,
    authorization: HeaderValue,
    permits: Semaphore,
    event_days: usize,
    detections: Family,
    events: Option<Family>,
    devices: Option<Family>,
}

impl<'a> Gigamon<'a> {
    /// Errors: `InvalidInput` for a key that no header can carry.
    pub(crate) fn of(
        call: &'a Call<'a, Credentials>,
        settings: &Settings,
        memory: &'a Memory,
    ) -> Result<Self> {
        let Credentials { key, region, .. } = call.credentials;
        let bases = settings.bases(*region);
        let family = |base: &_| Family::of(base, key);
        Ok(Self {
            call,
            memory,
            authorization: key.header("IBToken ")?,
            permits: Semaphore::new(settings.calls_at_once),
            event_days: settings.event_days,
            detections: family(&bases.detections),
            events: bases.events.as_ref().map(family),
            devices: bases.entity.as_ref().map(family),
        })
    }

    /// Asks a family that may not be there; then there is a warning instead of a failure.
    async fn ask_optional(
        &self,
        family: &Family,
        path: &'static str,
        body: &Value,
        missing: &'static str,
    ) -> Option<Result<Response>> {
        let gone = || Error::new(ErrorKind::NotFound, missing).as_warning();
        if self.memory.holds(family.is_missing, self.call.now) {
            return Some(Err(gone()));
        }
        // A search changes nothing.
        let request = Request::post(family.base.path(path)).repeatable();
        let answer = match request.json(body) {
            Ok(request) => self.send(family, request).await?,
            Err(error) => Err(error),
        };
        Some(answer.map_err(|error| {
            if family::is_missing(&error) {
                self.leave_alone(family);
                gone().with_source(error)
            } else {
                error
            }
        }))
    }

    /// A family that is missing is not asked again, in this request and for a while after it.
    fn leave_alone(&self, family: &Family) {
        family.halt.set();
        self.memory.set(family.is_missing, self.call.now.plus_seconds(family::REST_SECONDS));
    }

    /// One call, when its turn comes; nothing when an earlier failure makes it useless.
    async fn send(&self, family: &Family, request: Request) -> Option<Result<Response>> {
        // Nobody closes it.
        let _permit = self.permits.acquire().await.ok()?;
        family.halt.guard(self.exchange(request)).await
    }

    async fn exchange(&self, request: Request) -> Result<Response> {
        let request = request.header(header::AUTHORIZATION, self.authorization.clone());
        let response = self.call.send(request.within(LONGEST)).await?;
        if response.is_success() { Ok(response) } else { Err(refusal::refusal(&response)) }
    }
}

/// What several calls brought together; no data when none was answered.
fn joined<T>(answers: impl IntoIterator<Item = Option<Result<Vec<T>>>>) -> Partial<Option<Vec<T>>> {
    let mut all = Partial::<Option<Vec<T>>>::default();
    for answer in answers.into_iter().flatten() {
        match answer {
            Ok(found) => all.data.get_or_insert_default().extend(found),
            Err(error) => all.errors.push(error),
        }
    }
    all
}
