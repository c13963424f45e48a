//! Advanced hunting: events about observables, and the network adapters of devices.
//!
//! Source: docs/relays/defender-atp.md#hunting; Microsoft's page "Advanced hunting API".

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures::future::join_all;
use relay_core::{
    Error, ErrorKind, Observable, Partial, Request, Result, lenient::List, try_again,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    Adapter, DefenderClient, DeviceEvent, EventKey, cache::split_cached, events::DeviceAdapters,
    query, quota::RequestGroup,
};
use crate::SearchOptions;

/// The time for one query; the service itself stops after 200 seconds.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
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
        let per_key = limit.min(MAX_ROWS / keys.len().max(1)).max(1);
        let rows: Partial<Vec<DeviceEvent>> = self.run_all(&query::events(keys, per_key)).await;
        let Partial { data: rows, mut errors } = rows;
        let mut events: HashMap<String, Vec<DeviceEvent>> = HashMap::new();
        for event in rows {
            if let Some(key) = event.key.as_deref().map(str::to_lowercase) {
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
        self.cache.try_hunt().map_err(rate_limited)?;
        let _slot = self.slot().await;
        self.graph().run_hunting_query(query).await
    }

    async fn run_at_defender<Row: DeserializeOwned>(&self, query: &str) -> Result<Vec<Row>> {
        self.cache.try_hunt().map_err(rate_limited)?;
        let request = Request::post(self.address(&["advancedqueries", "run"])?)
            .json(&HuntingRequest { query })?
            .repeatable()
            .within(REQUEST_TIMEOUT);
        let response = self.send(RequestGroup::Hunting, request).await?;
        Ok(response.json::<HuntingRows<Row>>()?.results.into_inner())
    }
}

fn fewer_events(count: usize) -> Error {
    let text = format!(
        "Only the newest {count} events of each observable were requested; ask about fewer observables at a time."
    );
    Error::new(ErrorKind::Unexpected, text)
}

/// The query was not sent, because the caller's minute is used up.
fn rate_limited(wait: Duration) -> Error {
    let after = Some(wait);
    let text = format!(
        "Hunting pauses to stay below Microsoft's 45 queries a minute; {} for the events.",
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
