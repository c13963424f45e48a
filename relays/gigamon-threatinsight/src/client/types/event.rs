//! Events, and the responses that hold them.

use relay_core::{
    Response, Result, Time,
    lenient::{Flag, Integer, List, Number, Object, Text, Texts},
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::reading::{files, list_or_null, name, names, raw_list_or_null, time};

/// What a sensor saw in the traffic. All event types share one struct; each fills its own fields.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Event {
    pub(crate) uuid: Text,
    /// `flow`, `dns`, `http`, `ssl`, `x509`, `ssh`, `suricata`, `pe` …
    pub(crate) event_type: Text,
    /// The code of the account.
    pub(crate) customer_id: Text,
    sensor_id: Text,
    sensor_ids: Texts,
    #[serde(deserialize_with = "time")]
    pub(crate) timestamp: Option<Time>,
    src: Object<Side>,
    dst: Object<Side>,
    src_ip: Text,
    src_ip_enrichments: Object<Side>,
    dst_ip: Text,
    dst_ip_enrichments: Object<Side>,
    // flow
    pub(crate) flow_state: Text,
    pub(crate) proto: Text,
    pub(crate) service: Text,
    pub(crate) total_pkts: Integer,
    // dns
    pub(crate) query: Object<Host>,
    pub(crate) qtype: Integer,
    pub(crate) qtype_name: Text,
    pub(crate) rcode: Integer,
    pub(crate) rcode_name: Text,
    pub(crate) rejected: Flag,
    pub(crate) answers: List<Host>,
    // http
    pub(crate) method: Text,
    pub(crate) host: Object<Host>,
    pub(crate) uri: Object<RequestUri>,
    pub(crate) user_agent: Text,
    pub(crate) status_code: Integer,
    pub(crate) status_msg: Text,
    /// An empty list is counted in the table, no list is not.
    #[serde(deserialize_with = "files")]
    pub(crate) files: Option<Vec<File>>,
    // ssh
    pub(crate) direction: Text,
    pub(crate) client: Text,
    pub(crate) server: Text,
    // suricata
    pub(crate) sig_name: Text,
    pub(crate) sig_category: Text,
    pub(crate) sig_id: Integer,
    pub(crate) sig_rev: Number,
    pub(crate) http: Object<AlertedRequest>,
    // ssl, x509
    pub(crate) version: Text,
    pub(crate) cipher: Text,
    #[serde(rename = "server_name_indication", deserialize_with = "name")]
    pub(crate) server_name: Option<String>,
    pub(crate) ja3: Text,
    /// The names of a certificate; an empty list names nothing, no list is unknown.
    #[serde(deserialize_with = "names")]
    pub(crate) san_dns: Option<Vec<String>>,
    // pe
    pub(crate) file: Object<File>,
}

/// One end of the traffic.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Side {
    pub(crate) ip: Text,
    /// Whether the address is inside the customer's network.
    pub(crate) internal: Flag,
}

/// A host by name, by address, or both.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Host {
    pub(crate) domain: Text,
    pub(crate) ip: Text,
}

/// The target of an HTTP request.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RequestUri {
    /// As sent: mostly a path, sometimes absolute.
    pub(crate) uri: Text,
}

/// A file in the traffic.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct File {
    pub(crate) md5: Text,
    pub(crate) sha1: Text,
    pub(crate) sha256: Text,
}

/// The HTTP request of a Suricata alert.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AlertedRequest {
    pub(crate) hostname: Text,
}

impl Event {
    /// Returns the end that the traffic came from.
    pub(crate) fn source(&self) -> Side {
        side(&self.src, &self.src_ip, &self.src_ip_enrichments)
    }

    /// Returns the end that the traffic went to.
    pub(crate) fn destination(&self) -> Side {
        side(&self.dst, &self.dst_ip, &self.dst_ip_enrichments)
    }

    /// Returns the id of the sensor that saw it, or of the first of several.
    pub(crate) fn sensor(&self) -> Option<&str> {
        self.sensor_id.as_deref().or_else(|| self.sensor_ids.first().map(String::as_str))
    }
}

/// Returns one end, from its object or from the fields of a flat event.
fn side(nested: &Object<Side>, ip: &Text, enrichments: &Object<Side>) -> Side {
    let nested = nested.as_ref().cloned().unwrap_or_default();
    let internal = enrichments.as_ref().and_then(|enrichments| *enrichments.internal);
    Side {
        ip: nested.ip.into_inner().or_else(|| ip.to_owned().into_inner()).into(),
        internal: nested.internal.or(internal).into(),
    }
}

/// Returns no more than `limit` events of the event search. Errors: `Malformed`.
pub(in crate::client) fn searched_events(response: &Response, limit: usize) -> Result<Vec<Event>> {
    #[derive(Deserialize)]
    struct Body {
        #[serde(deserialize_with = "list_or_null")]
        events: Vec<Event>,
    }
    response.json_of::<Body>(limit).map(|body| body.events)
}

/// Returns no more than `limit` events of a detection that `matches` accepts. Errors: `Malformed`.
pub(in crate::client) fn detection_events(
    response: &Response,
    limit: usize,
    matches: impl Fn(&RawValue) -> bool,
) -> Result<Vec<Event>> {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow, deserialize_with = "raw_list_or_null")]
        events: Vec<&'a RawValue>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Item<'a> {
        #[serde(borrow)]
        event: Option<&'a RawValue>,
    }
    // Rules look at members that `Event` does not have, so the event is looked at before it is read.
    let event = |item: &RawValue| {
        let item = serde_json::from_str::<Object<Item<'_>>>(item.get()).ok()?;
        let event = item.into_inner()?.event.filter(|event| matches(event))?;
        response.part::<Object<Event>>(event)?.into_inner()
    };
    let body: Body<'_> = response.json_of(limit)?;
    Ok(body.events.into_iter().filter_map(event).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(json: &str) -> Event {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn malformed_fields_are_absent_and_cost_nothing_else() {
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
    fn flat_events_have_the_same_ends() {
        let flat = event(
            r#"{"src_ip":"10.20.30.48","src_ip_enrichments":{"internal":true},
                "dst_ip":"198.51.100.26","dst_ip_enrichments":{"internal":false},
                "sensor_ids":["cst2","cst3"]}"#,
        );
        let (source, destination) = (flat.source(), flat.destination());
        assert_eq!((source.ip.as_deref(), *source.internal), (Some("10.20.30.48"), Some(true)));
        assert_eq!(destination.ip.as_deref(), Some("198.51.100.26"));
        assert_eq!((*destination.internal, flat.sensor()), (Some(false), Some("cst2")));
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
