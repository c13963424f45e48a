//! Advanced hunting: events about observables, and the network adapters of devices.
//!
//! Source: docs/relays/defender-atp.md#hunting; Microsoft's page "Advanced hunting API".

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures::future::join_all;
use relay_core::{
    Error, ErrorKind, Observable, Partial, Request, Result, fewer_after, lenient::List, try_again,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::time::sleep;

use super::{
    Adapter, DefenderClient, DeviceEvent, EventKey, cache::split_cached, events::DeviceAdapters,
    query, quota::RequestGroup,
};
use crate::{SearchOptions, spelling};

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

    /// Returns the newest events of each key, by the key's text: at most `limit` of each, and fewer
    /// where there are so many keys that one answer could not carry them.
    pub async fn events(
        &self,
        keys: &[EventKey],
        limit: usize,
    ) -> Partial<HashMap<String, Vec<DeviceEvent>>> {
        let mut per_key = limit.min(MAX_ROWS / keys.len().max(1)).max(1);
        let Partial { data: rows, mut errors } = loop {
            let rows: Partial<Vec<DeviceEvent>> = self.run_all(&query::events(keys, per_key)).await;
            let failed = rows.errors.iter().find(|it| it.kind() == ErrorKind::TooLarge);
            // Fewer rows of each key may not be too large.
            match fewer_after(&failed.cloned().map_or(Ok(()), Err), per_key) {
                Some(fewer) => per_key = fewer,
                None => break rows,
            }
        };
        let mut events: HashMap<String, Vec<DeviceEvent>> = HashMap::new();
        for event in rows {
            let key = event.key.as_deref().and_then(|key| key.split_once('|'));
            if let Some(key) = key.and_then(|(kind, value)| spelling::key(kind, value)) {
                events.entry(key).or_default().push(event);
            }
        }
        if per_key < limit && events.values().any(|events| events.len() >= per_key) {
            errors.push(fewer_events(per_key));
        }
        Partial { data: events, errors }
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
        let rows: Partial<Vec<DeviceAdapters>> = self.run_all(&query::adapters(&missing)).await;
        let found = rows.data.into_iter();
        let found = found.filter_map(|row| Some((row.device_id.into_inner()?, row.adapters)));
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

    /// Errors name what is missing from the answer.
    async fn run_all<Row: DeserializeOwned>(&self, queries: &[String]) -> Partial<Vec<Row>> {
        let results = join_all(queries.iter().map(|query| self.run(query))).await;
        let mut rows: Partial<Vec<Row>> = Partial::default();
        for result in results {
            match result {
                Ok(found) => rows.data.extend(found),
                Err(error) => rows.errors.push(error.with_preface(HUNTING_FAILED)),
            }
        }
        rows
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
