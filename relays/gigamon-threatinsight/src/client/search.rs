//! The event search: by value, over the last days. Source: spec §3.3.

use futures::future::join_all;
use relay_core::{ErrorKind, Partial, Result, Time};
use serde_json::json;

use super::{Event, Gigamon, event, family::Family, joined};
use crate::iql::Wanted;

const DAY_SECONDS: i64 = 86_400;
/// What the answer says where there is no such family.
const MISSING: &str = "The event search of Gigamon ThreatINSIGHT does not answer at its address; only detections are shown.";

impl Gigamon<'_> {
    /// The events of the last days with this value; no data when no part of the time was searched.
    ///
    /// One search for all days; where the product refuses that, one for each day from then on.
    pub(crate) async fn search(&self, wanted: &Wanted<'_>) -> Partial<Option<Vec<Event>>> {
        let Some(family) = &self.events else { return Partial::default() };
        let days = self.event_days;
        if !self.memory.holds(family.takes_days_only, self.call.now) {
            let whole = self.window(family, wanted, days, 0).await;
            if days == 1 || !is_refused(&whole) {
                return joined([whole]);
            }
        }
        let windows = (0..days).map(|day| self.window(family, wanted, day + 1, day));
        let found = joined(join_all(windows).await);
        if found.data.is_some() {
            self.memory.set(family.takes_days_only, Time::never());
        }
        found
    }

    /// The events from so many days ago until so many days ago.
    async fn window(
        &self,
        family: &Family,
        wanted: &Wanted<'_>,
        from: usize,
        until: usize,
    ) -> Option<Result<Vec<Event>>> {
        let body = json!({
            "query": wanted.condition(),
            "start_date": self.days_ago(from),
            "end_date": self.days_ago(until),
            "limit": self.call.limit,
            "order_by": "timestamp",
            "order": "desc",
        });
        let answer = self.ask_optional(family, "/query", &body, MISSING).await?;
        Some(answer.and_then(|response| event::plain(&response)))
    }

    fn days_ago(&self, days: usize) -> String {
        let seconds = i64::try_from(days).unwrap_or(0) * DAY_SECONDS;
        self.call.now.plus_seconds(-seconds).with_decimals().to_string()
    }
}

/// Whether the product takes no window as long as this.
fn is_refused<T>(answer: &Option<Result<T>>) -> bool {
    let error = answer.as_ref().and_then(|answer| answer.as_ref().err());
    error.is_some_and(|error| error.kind() == ErrorKind::InvalidInput)
}
