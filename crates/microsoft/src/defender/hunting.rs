//! Advanced hunting: events about observables, and the network adapters of devices.
//!
//! Source: docs/relays/defender-atp.md#hunting; Microsoft's page "Advanced hunting API".

use std::{collections::HashMap, iter, sync::Arc, time::Duration};

use relay_core::{
    Error, ErrorKind, Observable, Partial, Request, Result, fewer_after, lenient::List, try_again,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::time::sleep;

use super::{
    Adapter, DefenderClient, DeviceEvent, EventKey, Lookup, cache::split_cached,
    events::DeviceAdapters, query, quota::RequestGroup,
};
use crate::{
    SearchOptions,
    halves::in_halves,
    kql::{self, MAX_LIST_VALUES},
    spelling,
};

/// The time for one query; the service itself stops after 200 seconds.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
/// The time that a query itself needs; a longer wait for its turn is not worth it.
const MIN_QUERY_TIME: Duration = Duration::from_secs(2);
/// Rows of one query: as many as one answer can carry.
const MAX_ROWS: usize = 5000;

const HUNTING_FAILED: &str =
    "Hunting failed, so events and some addresses of devices are missing from the answer.";

/// Where hunting queries go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HuntingMode {
    /// To Graph; to the product's own API for a day where Graph refuses the caller.
    Auto,
    /// To one API only.
    Only(HuntingApi),
    /// Nowhere: there are no events, and no adapters of devices.
    Off,
}

impl HuntingMode {
    /// The words of the setting and the claim `DEFENDER_HUNTING`.
    pub const WORDS: [(&str, Self); 4] = [
        ("auto", Self::Auto),
        ("graph", Self::Only(HuntingApi::Graph)),
        ("mde", Self::Only(HuntingApi::Defender)),
        ("off", Self::Off),
    ];
}

/// An API that runs hunting queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HuntingApi {
    /// Graph's `runHuntingQuery`.
    Graph,
    /// The product's own `advancedqueries/run`, which Microsoft is retiring.
    Defender,
}

#[derive(Serialize)]
struct HuntingRequest<'a> {
    #[serde(rename = "Query")]
    query: &'a str,
}

#[derive(Deserialize)]
#[serde(bound = "Row: DeserializeOwned")]
struct HuntingRows<Row> {
    #[serde(rename = "Results", alias = "results")]
    results: List<Row>,
}

impl<C: Sync> DefenderClient<'_, C> {
    /// Returns whether there is no hunting for this call.
    pub fn hunting_is_off(&self) -> bool {
        self.hunting == HuntingMode::Off
    }

    /// Returns whether Graph may run the query: the product's own API has no table of alerts.
    pub fn hunts_at_graph(&self) -> bool {
        match self.hunting {
            HuntingMode::Auto => !self.cache.is_refused_by_graph(),
            HuntingMode::Only(api) => api == HuntingApi::Graph,
            HuntingMode::Off => false,
        }
    }

    /// Returns the newest events of each key: at most `limit` of each, and fewer where there are so
    /// many keys that one answer could not carry them. A query whose rows are too many to be read is
    /// asked in halves.
    pub async fn events(
        &self,
        keys: &[EventKey],
        limit: usize,
    ) -> Partial<Lookup<EventKey, Vec<DeviceEvent>>> {
        let per_key = limit.min(MAX_ROWS / keys.len().max(1)).max(1);
        let groups = query::groups(keys);
        let ask = |keys| self.events_of(keys, per_key);
        let mut events = Lookup::default();
        let mut rows_of_all = Vec::new();
        for (keys, outcome) in in_halves(groups.iter().map(Vec::as_slice), ask, is_too_large).await
        {
            let keys = keys.iter().map(|key| (*key).clone());
            match outcome {
                Ok((rows, count)) => {
                    rows_of_all.extend(rows);
                    events.cut.extend(keys.filter(|_| count < per_key).map(|key| (key, count)));
                }
                Err(error) => {
                    let error = error.with_preface(HUNTING_FAILED);
                    events.failed.extend(keys.map(|key| (key, error.clone())));
                }
            }
        }
        events.found = events_by_key(keys, rows_of_all);
        let is_cut = per_key < limit && events.found.values().any(|rows| rows.len() >= per_key);
        Partial {
            data: events,
            errors: is_cut.then(|| fewer_events(per_key)).into_iter().collect(),
        }
    }

    /// The newest rows of each key, and how many were requested: fewer where those of one key alone
    /// are too large.
    async fn events_of(
        &self,
        keys: &[&EventKey],
        per_key: usize,
    ) -> Result<(Vec<DeviceEvent>, usize)> {
        let mut rows = per_key;
        loop {
            let outcome = self.run(&query::events(keys, rows)).await;
            match fewer_after(&outcome, rows).filter(|_| keys.len() == 1) {
                Some(fewer) => rows = fewer,
                None => return Ok((outcome?, rows)),
            }
        }
    }

    /// Returns the network adapters of these devices, by the device's id; none without hunting.
    /// Cached for a quarter of an hour.
    pub async fn adapters<'i>(
        &self,
        ids: impl IntoIterator<Item = &'i str>,
    ) -> Partial<HashMap<String, Arc<[Adapter]>>> {
        let (mut adapters, missing) = split_cached(ids, |id| self.cache.adapters(id));
        if missing.is_empty() || self.hunting_is_off() {
            return adapters.into();
        }
        let rows = self.adapter_rows(&missing).await;
        let found = rows.data.into_iter();
        let found =
            found.filter_map(|row| Some((row.device_id.into_inner()?, row.adapters.into_inner())));
        let mut found: HashMap<_, _> = found.collect();
        for id in missing {
            let of_device: Arc<[Adapter]> = found.remove(id).unwrap_or_default().into();
            if rows.errors.is_empty() {
                self.cache.keep_adapters(id, of_device.clone());
            }
            adapters.insert(id.to_owned(), of_device);
        }
        Partial { data: adapters, errors: rows.errors }
    }

    /// Returns the ids of the alerts about each observable within the last 30 days, from Graph's
    /// hunting tables.
    pub async fn hunted_alert_ids(
        &self,
        options: &SearchOptions<'_>,
        observables: &[Observable],
    ) -> Partial<Vec<Vec<String>>> {
        let _slot = self.slot().await;
        self.graph().alert_ids_of_each(options, observables).await
    }

    async fn adapter_rows(&self, devices: &[&str]) -> Partial<Vec<DeviceAdapters>> {
        let ask = |devices| self.adapters_of(devices);
        let mut rows: Partial<Vec<DeviceAdapters>> = Partial::default();
        for (_, found) in in_halves(devices.chunks(MAX_LIST_VALUES), ask, is_too_large).await {
            match found {
                Ok(found) => rows.data.extend(found),
                Err(error) => rows.errors.push(error.with_preface(HUNTING_FAILED)),
            }
        }
        rows
    }

    async fn adapters_of(&self, devices: &[&str]) -> Result<Vec<DeviceAdapters>> {
        self.run(&query::adapters(devices)).await
    }

    async fn run<Row: DeserializeOwned>(&self, query: &str) -> Result<Vec<Row>> {
        match self.hunting {
            HuntingMode::Off => Ok(Vec::new()),
            HuntingMode::Only(HuntingApi::Graph) => self.run_at_graph(query).await,
            HuntingMode::Only(HuntingApi::Defender) => self.run_at_defender(query).await,
            HuntingMode::Auto => self.run_at_either(query).await,
        }
    }

    /// At the own API once Graph has refused the caller; when both refuse, the next call asks Graph
    /// first again.
    async fn run_at_either<Row: DeserializeOwned>(&self, query: &str) -> Result<Vec<Row>> {
        if !self.cache.is_refused_by_graph() {
            match self.run_at_graph(query).await {
                Err(error) if is_refusal(&error) => self.cache.keep_refused_by_graph(),
                outcome => return outcome,
            }
        }
        self.run_at_defender(query).await.map_err(|error| {
            if !is_refusal(&error) {
                return error;
            }
            self.cache.forget_refused_by_graph();
            refused_by_both(error)
        })
    }

    async fn run_at_graph<Row: DeserializeOwned>(&self, query: &str) -> Result<Vec<Row>> {
        self.wait_for_turn().await?;
        let _slot = self.slot().await;
        let outcome = self.graph().run_hunting_query(query).await;
        outcome.inspect_err(|error| self.note_pause(error))
    }

    async fn run_at_defender<Row: DeserializeOwned>(&self, query: &str) -> Result<Vec<Row>> {
        self.wait_for_turn().await?;
        let request = Request::post(self.address(&["advancedqueries", "run"])?)
            .json(&HuntingRequest { query })?
            .repeatable()
            .within(REQUEST_TIMEOUT);
        let outcome = self.send(RequestGroup::Hunting, request).await.map_err(Error::from);
        let response = outcome.inspect_err(|error| self.note_pause(error))?;
        Ok(response.json::<HuntingRows<Row>>()?.results.into_inner())
    }

    /// Waits until the product takes hunting queries of the caller again, if that is soon enough.
    async fn wait_for_turn(&self) -> Result<()> {
        if let Some(error) = self.hunting_pause.get() {
            return Err(error.clone());
        }
        let Some(wait) = self.cache.hunting_pause(self.call.moment()) else { return Ok(()) };
        if wait + MIN_QUERY_TIME > self.call.time_left() {
            return Err(paused(wait));
        }
        sleep(wait).await;
        Ok(())
    }

    /// Remembers how long the product wants no further query.
    fn note_pause(&self, error: &Error) {
        if let ErrorKind::RateLimited { after: Some(wait) } = error.kind() {
            self.cache.keep_hunting_pause(self.call.moment(), wait);
            // Where the wait fits the deadline, the request was repeated already.
            self.hunting_pause.get_or_init(|| error.clone());
        }
    }
}

/// Rows name what they were found by in the spelling of their table. The rows of one key follow each other,
/// so that it is read once for all of them.
fn events_by_key(keys: &[EventKey], rows: Vec<DeviceEvent>) -> HashMap<EventKey, Vec<DeviceEvent>> {
    let mut by_text: HashMap<String, Vec<DeviceEvent>> = HashMap::new();
    let mut rows = rows.into_iter().peekable();
    while let Some(event) = rows.next() {
        let spelled = event.key.clone();
        let key = spelled.as_deref().and_then(kql::read_key);
        if let Some(key) = key.and_then(|(kind, value)| spelling::key(kind, value)) {
            let others = iter::from_fn(|| rows.next_if(|row| row.key == spelled));
            by_text.entry(key).or_default().extend(iter::once(event).chain(others));
        }
    }
    keys.iter().filter_map(|key| Some((key.clone(), by_text.remove(&key.text())?))).collect()
}

fn is_too_large(error: &Error) -> bool {
    error.kind() == ErrorKind::TooLarge
}

fn fewer_events(count: usize) -> Error {
    let text = format!(
        "Only the newest {count} events of each observable were requested; ask about fewer observables at a time."
    );
    Error::new(ErrorKind::Unexpected, text)
}

/// The query was not sent, because the product wants none yet.
fn paused(wait: Duration) -> Error {
    let after = Some(wait);
    let text = format!(
        "Microsoft's limit of hunting queries is reached; {} for the events.",
        try_again(after)
    );
    Error::new(ErrorKind::RateLimited { after }, text)
}

/// Whether the other API may accept the caller.
fn is_refusal(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::Forbidden | ErrorKind::NotFound)
}

fn refused_by_both(error: Error) -> Error {
    let text = "Microsoft refuses hunting to the application in the token; grant it ThreatHunting.Read.All of Microsoft Graph, or AdvancedQuery.Read.All of the product's own API, with admin consent.";
    Error::new(error.kind(), text).with_source(error)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_are_found_by_every_spelling_of_their_key() {
        let keys = ["Sha1|AA", "sha1|aa", "sha1|aa", "sha1|bb", "sha1|AA", "?", "?", "sha1|bb"];
        let rows = keys.map(|key| json!({"K": key, "ReportId": 7})).to_vec();
        let rows = serde_json::from_value([rows, vec![json!({})]].concat().into()).unwrap();
        let [aa, bb, cc] = ["aa", "BB", "cc"].map(|value| EventKey::sha1(value.to_owned()));
        let found = events_by_key(&[aa.clone(), bb.clone(), cc.clone()], rows);
        let count = |key| found.get(key).map(Vec::len);
        assert_eq!([count(&aa), count(&bb), count(&cc)], [Some(3), Some(2), None]);
    }
}
