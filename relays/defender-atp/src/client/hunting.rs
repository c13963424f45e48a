//! Advanced hunting: events about observables, and the network adapters of devices.
//!
//! Graph is asked first; where it refuses the caller, the product's own endpoint, which Microsoft
//! retires, and the choice is remembered. Source: spec §4.4, §3.4; page "Advanced hunting API".

use std::{collections::HashMap, time::Duration};

use futures::future::join_all;
use microsoft::GraphClient;
use relay_core::{Error, ErrorKind, Partial, Request, Result, http::try_again, lenient};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{
    Adapter, Api, Group,
    query::{self, Key},
};
use crate::{
    Credentials,
    config::{Hunting, HuntingWay},
    memory::Recall,
};

/// What a query may take; the service itself stops after 200 seconds.
const LONGEST: Duration = Duration::from_secs(20);
/// As many rows as one answer can carry and one relay should hold.
const MOST_ROWS: usize = 5000;

/// An event on a device: something happened to a file, or a connection was seen. Empty texts
/// count as missing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Event {
    /// `sha1:…`, `ip:…`: what the event was looked for by.
    #[serde(rename = "K", deserialize_with = "lenient::text")]
    pub(crate) key: Option<String>,
    /// RFC 3339, UTC.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) timestamp: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) device_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) device_name: Option<String>,
    /// `FileCreated`, `ConnectionSuccess`, …
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) action_type: Option<String>,
    /// Tells events of one device and time apart, together with the action.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) report_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) file_name: Option<String>,
    /// The whole path; sometimes without the name.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) folder_path: Option<String>,
    #[serde(rename = "SHA1", deserialize_with = "lenient::text")]
    pub(crate) sha1: Option<String>,
    #[serde(rename = "SHA256", deserialize_with = "lenient::text")]
    pub(crate) sha256: Option<String>,
    #[serde(rename = "MD5", deserialize_with = "lenient::text")]
    pub(crate) md5: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) file_origin_url: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) file_origin_referrer_url: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) previous_file_name: Option<String>,
    #[serde(rename = "RemoteIP", deserialize_with = "lenient::text")]
    pub(crate) remote_ip: Option<String>,
    /// A URL, or a host alone.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) remote_url: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) remote_port: Option<String>,
    #[serde(rename = "LocalIP", deserialize_with = "lenient::text")]
    pub(crate) local_ip: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) protocol: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) initiating_process_file_name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) initiating_process_folder_path: Option<String>,
    #[serde(rename = "InitiatingProcessSHA1", deserialize_with = "lenient::text")]
    pub(crate) initiating_process_sha1: Option<String>,
    #[serde(rename = "InitiatingProcessSHA256", deserialize_with = "lenient::text")]
    pub(crate) initiating_process_sha256: Option<String>,
    #[serde(rename = "InitiatingProcessMD5", deserialize_with = "lenient::text")]
    pub(crate) initiating_process_md5: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) initiating_process_parent_file_name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) initiating_process_account_name: Option<String>,
    #[serde(rename = "OSPlatform", deserialize_with = "lenient::text")]
    pub(crate) os_platform: Option<String>,
    #[serde(rename = "OSArchitecture", deserialize_with = "lenient::text")]
    pub(crate) os_architecture: Option<String>,
    #[serde(rename = "OSVersion", deserialize_with = "lenient::text")]
    pub(crate) os_version: Option<String>,
    #[serde(deserialize_with = "adapters")]
    pub(crate) adapters: Vec<Adapter>,
}

/// Events by the text of the key that they were looked for by.
pub(crate) type Events = HashMap<String, Vec<Event>>;

/// The adapters of one device.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct DeviceAdapters {
    #[serde(deserialize_with = "lenient::text")]
    device_id: Option<String>,
    #[serde(deserialize_with = "adapters")]
    adapters: Vec<Adapter>,
}

/// Hunts for one request.
#[derive(Clone, Copy)]
pub(crate) struct Hunter<'a> {
    pub(crate) api: &'a Api<'a>,
    pub(crate) graph: &'a GraphClient<'a, Credentials>,
    pub(crate) mode: Hunting,
    pub(crate) recall: Recall<'a>,
}

impl Hunter<'_> {
    pub(crate) fn is_off(&self) -> bool {
        self.mode == Hunting::Off
    }

    /// The newest events of each key, by the key's text; at most `limit` of each, and fewer where
    /// there are so many keys that an answer could not carry them.
    pub(crate) async fn events(&self, keys: &[Key], limit: usize) -> Partial<Events> {
        let most = limit.min(MOST_ROWS / keys.len().max(1)).max(1);
        let rows: Partial<Vec<Event>> = self.all(&query::events(keys, most)).await;
        let Partial { data: rows, mut errors } = rows;
        let mut events = Events::new();
        for event in rows {
            if let Some(key) = event.key.as_deref().map(str::to_lowercase) {
                events.entry(key).or_default().push(event);
            }
        }
        if most < limit && events.values().any(|events| events.len() >= most) {
            errors.push(thinned(most));
        }
        Partial { data: events, errors }
    }

    /// The network adapters of these devices, by the device's id.
    pub(crate) async fn adapters(&self, ids: &[&str]) -> Partial<HashMap<String, Vec<Adapter>>> {
        let queries: Vec<_> = ids.chunks(query::MOST_VALUES).map(query::adapters).collect();
        let rows: Partial<Vec<DeviceAdapters>> = self.all(&queries).await;
        let data = rows.data.into_iter().filter_map(|row| Some((row.device_id?, row.adapters)));
        Partial { data: data.collect(), errors: rows.errors }
    }

    async fn all<Row: DeserializeOwned>(&self, queries: &[String]) -> Partial<Vec<Row>> {
        let answers = join_all(queries.iter().map(|query| self.run(query))).await;
        let mut rows: Partial<Vec<Row>> = Partial::default();
        for answer in answers {
            match answer {
                Ok(brought) => rows.data.extend(brought),
                Err(error) => rows.errors.push(error),
            }
        }
        rows
    }

    async fn run<Row: DeserializeOwned>(&self, query: &str) -> Result<Vec<Row>> {
        match self.mode {
            Hunting::Off => Ok(Vec::new()),
            Hunting::Only(HuntingWay::Graph) => self.at_graph(query).await,
            Hunting::Only(HuntingWay::Endpoint) => self.at_endpoint(query).await,
            Hunting::Auto => self.either_way(query).await,
        }
    }

    /// At the endpoint once Graph has refused the caller; when both refuse, Graph is tried again
    /// the next time.
    async fn either_way<Row: DeserializeOwned>(&self, query: &str) -> Result<Vec<Row>> {
        if !self.recall.hunts_at_endpoint() {
            match self.at_graph(query).await {
                Err(refused) if is_refusal(&refused) => self.recall.hunt_at_endpoint(),
                outcome => return outcome,
            }
        }
        self.at_endpoint(query).await.map_err(|error| {
            if !is_refusal(&error) {
                return error;
            }
            self.recall.hunt_at_graph_again();
            closed(error)
        })
    }

    async fn at_graph<Row: DeserializeOwned>(&self, query: &str) -> Result<Vec<Row>> {
        self.recall.take_turn_to_hunt().map_err(paused)?;
        let _place = self.api.place().await;
        self.graph.run_hunting_query(query).await
    }

    async fn at_endpoint<Row: DeserializeOwned>(&self, query: &str) -> Result<Vec<Row>> {
        self.recall.take_turn_to_hunt().map_err(paused)?;
        let request = Request::post(self.api.address(&["advancedqueries", "run"])?)
            .json(&Question { query })?
            .repeatable()
            .within(LONGEST);
        let response = self.api.send(Group::Hunting, request).await?;
        Ok(response.json::<Answer<Row>>()?.results)
    }
}

fn thinned(most: usize) -> Error {
    let text = format!(
        "Only the newest {most} events of each observable were asked for; ask about fewer observables at a time."
    );
    Error::new(ErrorKind::Unexpected, text)
}

/// Not asked, because the tenant's quota for the minute is as good as used up.
fn paused(seconds: u64) -> Error {
    let after = Some(Duration::from_secs(seconds));
    let text = format!(
        "Hunting pauses to stay below Microsoft's 45 queries a minute; {} for the events.",
        try_again(after)
    );
    Error::new(ErrorKind::RateLimited { after }, text)
}

/// Whether another way may be open to the caller.
fn is_refusal(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::Forbidden | ErrorKind::NotFound)
}

/// Both ways are closed; the sentence says what would open each.
fn closed(error: Error) -> Error {
    let text = "Microsoft refuses hunting to the application in the token; grant it ThreatHunting.Read.All of Microsoft Graph, or AdvancedQuery.Read.All of the product's own API, with admin consent.";
    error.with_message(text)
}

#[derive(Serialize)]
struct Question<'a> {
    #[serde(rename = "Query")]
    query: &'a str,
}

#[derive(Deserialize)]
#[serde(bound = "Row: DeserializeOwned")]
struct Answer<Row> {
    #[serde(rename = "Results", alias = "results", deserialize_with = "lenient::objects")]
    results: Vec<Row>,
}

/// A list of adapters, each with its addresses; both lists may come as JSON inside a text.
fn adapters<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Adapter>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    let packed: Vec<Packed> = list(raw);
    Ok(packed.into_iter().map(Packed::opened).collect())
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Packed {
    #[serde(deserialize_with = "lenient::text")]
    mac: Option<String>,
    ips: Option<Box<RawValue>>,
}

impl Packed {
    fn opened(self) -> Adapter {
        let addresses: Vec<Addressed> = self.ips.as_deref().map(list).unwrap_or_default();
        let addresses = addresses.into_iter().filter_map(|one| one.address).collect();
        Adapter { mac: self.mac, addresses }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Addressed {
    #[serde(rename = "IPAddress", deserialize_with = "lenient::text")]
    address: Option<String>,
}

/// The objects of a list, or of a list inside a text; an empty list for anything else.
fn list<T: DeserializeOwned>(raw: &RawValue) -> Vec<T> {
    let inside = serde_json::from_str::<String>(raw.get());
    let text = inside.as_deref().unwrap_or(raw.get());
    lenient::objects(&mut serde_json::Deserializer::from_str(text)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(adapters: &str) -> Vec<(Option<String>, Vec<String>)> {
        let event: Event = serde_json::from_str(&format!(r#"{{"Adapters": {adapters}}}"#)).unwrap();
        event.adapters.into_iter().map(|adapter| (adapter.mac, adapter.addresses)).collect()
    }

    #[test]
    fn adapters_are_read_as_lists_and_as_texts() {
        let ips = r#"[{\"IPAddress\":\"10.20.4.17\",\"SubnetPrefix\":24},{\"IPAddress\":null}]"#;
        let list = format!(r#"[{{"mac": "00155D0A0B0C", "ips": "{ips}"}}]"#);
        let expected = [(Some("00155D0A0B0C".to_owned()), vec!["10.20.4.17".to_owned()])];
        assert_eq!(read(&list), expected);
        assert_eq!(read(&serde_json::to_string(&list).unwrap()), expected);
        let direct = r#"[{"mac": "00155D0A0B0C", "ips": [{"IPAddress": "10.20.4.17"}]}]"#;
        assert_eq!(read(direct), expected);
    }

    #[test]
    fn n09_odd_adapters_cost_only_themselves() {
        for odd in ["null", "\"\"", "7", "\"[\"", "{}", "[null, 3]"] {
            assert_eq!(read(odd), [], "{odd}");
        }
        let odd =
            r#"[{"mac": null, "ips": null}, {"mac": 5, "ips": ""}, {"ips": "{"}, {"ips": {}}]"#;
        let empty = |mac: Option<&str>| (mac.map(str::to_owned), Vec::new());
        assert_eq!(read(odd), [empty(None), empty(Some("5")), empty(None), empty(None)]);
    }
}
