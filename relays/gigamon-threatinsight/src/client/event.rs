//! Events: what a sensor saw in the traffic. One shape for all types; a type fills what it has.
//! Source: FortiNDR Cloud user guide, "Event fields"; spec §3.2, §3.3.

use relay_core::{Response, Result, Time, lenient};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Value, value::RawValue};

use super::detection::time;

/// Something that a sensor saw.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Event {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) uuid: Option<String>,
    /// `flow`, `dns`, `http`, `ssl`, `x509`, `ssh`, `suricata`, `pe` …
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) event_type: Option<String>,
    /// The code of the account.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) customer_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    sensor_id: Option<String>,
    #[serde(deserialize_with = "lenient::texts")]
    sensor_ids: Vec<String>,
    #[serde(deserialize_with = "time")]
    pub(crate) timestamp: Option<Time>,
    #[serde(deserialize_with = "lenient::object")]
    src: Option<Side>,
    #[serde(deserialize_with = "lenient::object")]
    dst: Option<Side>,
    #[serde(deserialize_with = "lenient::text")]
    src_ip: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    src_ip_enrichments: Option<Side>,
    #[serde(deserialize_with = "lenient::text")]
    dst_ip: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    dst_ip_enrichments: Option<Side>,

    // Flows.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) flow_state: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) proto: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) service: Option<String>,
    #[serde(deserialize_with = "lenient::integer")]
    pub(crate) total_pkts: Option<i64>,

    // DNS.
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) query: Option<Named>,
    #[serde(deserialize_with = "lenient::integer")]
    pub(crate) qtype: Option<i64>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) qtype_name: Option<String>,
    #[serde(deserialize_with = "lenient::integer")]
    pub(crate) rcode: Option<i64>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) rcode_name: Option<String>,
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) rejected: Option<bool>,
    #[serde(deserialize_with = "lenient::objects")]
    pub(crate) answers: Vec<Named>,

    // HTTP.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) method: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) host: Option<Named>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) uri: Option<RequestUri>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) user_agent: Option<String>,
    #[serde(deserialize_with = "lenient::integer")]
    pub(crate) status_code: Option<i64>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) status_msg: Option<String>,
    /// An empty list is not the same as none.
    #[serde(deserialize_with = "maybe_objects")]
    pub(crate) files: Option<Vec<File>>,

    // SSH.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) direction: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) client: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) server: Option<String>,

    // Suricata.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) sig_name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) sig_category: Option<String>,
    #[serde(deserialize_with = "lenient::integer")]
    pub(crate) sig_id: Option<i64>,
    #[serde(deserialize_with = "lenient::number")]
    pub(crate) sig_rev: Option<f64>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) http: Option<HttpOfAlert>,

    // TLS and certificates.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) version: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) cipher: Option<String>,
    #[serde(rename = "server_name_indication", deserialize_with = "name")]
    pub(crate) server_name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) ja3: Option<String>,
    /// The names of a certificate; an empty list is not the same as none.
    #[serde(deserialize_with = "maybe_names")]
    pub(crate) san_dns: Option<Vec<String>>,

    // Programs.
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) file: Option<File>,
}

/// One end of the traffic.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Side {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) ip: Option<String>,
    /// Whether it is inside the customer's network.
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) internal: Option<bool>,
}

/// A host by name, by address, or both.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Named {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) domain: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) ip: Option<String>,
}

/// What an HTTP request asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RequestUri {
    /// As sent: mostly a path, sometimes absolute.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) uri: Option<String>,
}

/// A file in the traffic.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct File {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) md5: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) sha1: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) sha256: Option<String>,
}

/// The request that an alert is about.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct HttpOfAlert {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) hostname: Option<String>,
}

impl Event {
    /// Where the traffic came from; flat events say it in other words.
    pub(crate) fn source(&self) -> Side {
        side(&self.src, &self.src_ip, &self.src_ip_enrichments)
    }

    /// Where it went.
    pub(crate) fn destination(&self) -> Side {
        side(&self.dst, &self.dst_ip, &self.dst_ip_enrichments)
    }

    /// The sensor that saw it, or the first of them.
    pub(crate) fn sensor(&self) -> Option<&str> {
        self.sensor_id.as_deref().or_else(|| self.sensor_ids.first().map(String::as_str))
    }
}

fn side(nested: &Option<Side>, ip: &Option<String>, enrichments: &Option<Side>) -> Side {
    let nested = nested.clone().unwrap_or_default();
    let internal = enrichments.as_ref().and_then(|enrichments| enrichments.internal);
    Side { ip: nested.ip.or_else(|| ip.clone()), internal: nested.internal.or(internal) }
}

/// The events of a search. Errors: `Malformed`.
pub(super) fn plain(response: &Response) -> Result<Vec<Event>> {
    Ok(items(response)?.into_iter().filter_map(read).collect())
}

/// The events of a detection, each wrapped, as far as `keeps` wants them. Errors: `Malformed`.
pub(super) fn wrapped(response: &Response, keeps: impl Fn(&Value) -> bool) -> Result<Vec<Event>> {
    // Rules look at fields that no type here knows, so the whole event is held against them.
    let is_kept = |raw: &&RawValue| serde_json::from_str(raw.get()).is_ok_and(|all| keeps(&all));
    let events = items(response)?.into_iter().filter_map(unwrapped);
    Ok(events.filter(is_kept).filter_map(read).collect())
}

/// The items of `events`; null is no event, and an answer without the member is none.
fn items(response: &Response) -> Result<Vec<&RawValue>> {
    #[derive(Deserialize)]
    struct Answer<'a> {
        #[serde(borrow, deserialize_with = "Option::deserialize")]
        events: Option<Vec<&'a RawValue>>,
    }
    let answer: Option<Answer<'_>> = serde_json::from_slice(response.body()).ok();
    Ok(answer.ok_or_else(|| response.malformed())?.events.unwrap_or_default())
}

fn unwrapped(raw: &RawValue) -> Option<&RawValue> {
    #[derive(Deserialize)]
    struct Item<'a> {
        #[serde(borrow)]
        event: &'a RawValue,
    }
    serde_json::from_str::<Item<'_>>(raw.get()).ok().map(|item| item.event)
}

fn read(raw: &RawValue) -> Option<Event> {
    raw.get().starts_with('{').then(|| serde_json::from_str(raw.get()).ok())?
}

/// The objects of a list; null is an empty one. Errors: anything else.
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let raw = <&RawValue>::deserialize(deserializer)?;
    match raw.get() {
        "null" => Ok(Vec::new()),
        _ => objects(raw).ok_or_else(|| de::Error::custom("not a list")),
    }
}

fn maybe_objects<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(objects(<&RawValue>::deserialize(deserializer)?))
}

fn objects<'de, T: Deserialize<'de>>(raw: &'de RawValue) -> Option<Vec<T>> {
    let all = || lenient::objects(&mut serde_json::Deserializer::from_str(raw.get())).ok();
    raw.get().starts_with('[').then(all)?
}

/// A name as text, or as an object with its `domain`.
fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(name_of(&Value::deserialize(deserializer)?))
}

fn maybe_names<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<String>>, D::Error> {
    let names = Value::deserialize(deserializer)?;
    Ok(names.as_array().map(|names| names.iter().filter_map(name_of).collect()))
}

fn name_of(value: &Value) -> Option<String> {
    let name = value.as_str().or_else(|| value.get("domain")?.as_str());
    name.filter(|name| !name.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(json: &str) -> Event {
        read(serde_json::from_str(json).unwrap()).unwrap()
    }

    #[test]
    fn no06_odd_parts_are_absent_and_cost_nothing_else() {
        let event = event(
            r#"{"uuid":"e","event_type":null,"src":null,"dst":[],"answers":null,"host":null,
                "service":null,"files":7,"san_dns":null,"query":"text","timestamp":"soon",
                "uri":{"uri":null},"http":"x","server_name_indication":{"domain":null}}"#,
        );
        assert_eq!((event.uuid.as_deref(), event.event_type.as_deref()), (Some("e"), None));
        assert!(event.source().ip.is_none() && event.destination().internal.is_none());
        assert!(event.answers.is_empty() && event.host.is_none() && event.query.is_none());
        assert!(event.files.is_none() && event.san_dns.is_none() && event.server_name.is_none());
        assert!(event.timestamp.is_none());
    }

    #[test]
    fn flat_events_say_the_same_in_other_words() {
        let flat = event(
            r#"{"src_ip":"10.20.30.48","src_ip_enrichments":{"internal":true},
                "dst_ip":"198.51.100.26","dst_ip_enrichments":{"internal":false},
                "sensor_ids":["cst2","cst3"]}"#,
        );
        let (source, destination) = (flat.source(), flat.destination());
        assert_eq!((source.ip.as_deref(), source.internal), (Some("10.20.30.48"), Some(true)));
        assert_eq!(destination.ip.as_deref(), Some("198.51.100.26"));
        assert_eq!((destination.internal, flat.sensor()), (Some(false), Some("cst2")));
    }

    #[test]
    fn names_and_lists_come_in_two_forms() {
        let names = |json: &str| event(&format!(r#"{{"san_dns":{json}}}"#)).san_dns;
        assert_eq!(
            names(r#"["a.example",{"domain":"b.example"},7,null,""]"#).unwrap(),
            ["a.example", "b.example"]
        );
        assert_eq!(names("[]"), Some(Vec::new()));
        assert_eq!(names("{}"), None);
        let server =
            |json: &str| event(&format!(r#"{{"server_name_indication":{json}}}"#)).server_name;
        assert_eq!(server(r#""a.example""#), server(r#"{"domain":"a.example"}"#));
        assert_eq!(event(r#"{"files":[]}"#).files.unwrap().len(), 0);
        assert_eq!(event(r#"{"files":[{"md5":"0f"},null]}"#).files.unwrap().len(), 1);
    }
}
