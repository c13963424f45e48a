//! Events, and the responses that hold them.

use relay_core::{
    Time,
    lenient::{Flag, Integer, List, Number, Object, Text, Texts},
};
use serde::Deserialize;

use super::{
    Detection,
    reading::{files, name, names, time},
};

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
    /// The name that Suricata gives to `dst_ip`.
    dest_ip: Text,
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
    // ftp
    pub(crate) command: Text,
    // smb_file
    pub(crate) action: Text,
    // ssh
    pub(crate) direction: Text,
    pub(crate) client: Text,
    pub(crate) server: Text,
    // suricata
    sig_name: Text,
    sig_category: Text,
    sig_id: Integer,
    sig_rev: Number,
    alert: Object<Alert>,
    pub(crate) http: Object<AlertedRequest>,
    // observation
    pub(crate) title: Text,
    pub(crate) description: Text,
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
    pub(crate) name: Text,
    pub(crate) md5: Text,
    pub(crate) sha1: Text,
    pub(crate) sha256: Text,
}

/// The signature that a flat Suricata event names.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Alert {
    signature: Text,
    category: Text,
    signature_id: Integer,
    rev: Number,
}

/// The signature of a Suricata event.
#[derive(Debug, Default)]
pub(crate) struct Signature<'a> {
    pub(crate) name: Option<&'a str>,
    pub(crate) category: Option<&'a str>,
    pub(crate) id: Option<i64>,
    pub(crate) revision: Option<f64>,
}

/// The HTTP request of a Suricata alert.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AlertedRequest {
    pub(crate) hostname: Text,
}

impl Event {
    /// Returns what stands for a detection whose events are not known: its last event, as far as the
    /// detection tells.
    pub(crate) fn of_detection(detection: &Detection) -> Self {
        let device = Side { ip: detection.device_ip.clone(), internal: Some(true).into() };
        Self {
            uuid: detection.uuid.clone(),
            sensor_id: detection.sensor_id.clone(),
            timestamp: detection.period().map(|(_, last)| last),
            src: Some(device).into(),
            ..Self::default()
        }
    }

    /// Returns the end that the traffic came from.
    pub(crate) fn source(&self) -> Side {
        side(&self.src, &[&self.src_ip], &self.src_ip_enrichments)
    }

    /// Returns the end that the traffic went to.
    pub(crate) fn destination(&self) -> Side {
        side(&self.dst, &[&self.dst_ip, &self.dest_ip], &self.dst_ip_enrichments)
    }

    /// Returns the signature that a Suricata event is about, from its own fields or from `alert`.
    pub(crate) fn signature(&self) -> Signature<'_> {
        let alert = self.alert.as_ref();
        Signature {
            name: self.sig_name.as_deref().or_else(|| alert?.signature.as_deref()),
            category: self.sig_category.as_deref().or_else(|| alert?.category.as_deref()),
            id: self.sig_id.or_else(|| *alert?.signature_id),
            revision: self.sig_rev.or_else(|| *alert?.rev),
        }
    }

    /// Returns the id of the sensor that saw it, or of the first of several.
    pub(crate) fn sensor(&self) -> Option<&str> {
        self.sensor_id.as_deref().or_else(|| self.sensor_ids.first().map(String::as_str))
    }
}

/// Returns one end, from its object or from the fields of a flat event.
fn side(nested: &Object<Side>, flat: &[&Text], enrichments: &Object<Side>) -> Side {
    let nested = nested.as_ref().cloned().unwrap_or_default();
    let internal = enrichments.as_ref().and_then(|enrichments| *enrichments.internal);
    let flat = || flat.iter().find_map(|ip| (***ip).clone());
    Side {
        ip: nested.ip.into_inner().or_else(flat).into(),
        internal: nested.internal.or(internal).into(),
    }
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
    fn flat_alerts_have_the_same_ends_and_signature_as_nested_ones() {
        let flat = event(
            r#"{"src_ip":"10.20.30.47","dest_ip":"203.0.113.77","dst_ip":null,
                "dst_ip_enrichments":{"internal":false},"alert":{"signature":"Beacon",
                "category":"Trojan","signature_id":2019401,"rev":2,"severity":1}}"#,
        );
        let nested = event(
            r#"{"sig_name":"Beacon","sig_category":"Trojan","sig_id":2019401,"sig_rev":2.0}"#,
        );
        assert_eq!(flat.destination().ip.as_deref(), Some("203.0.113.77"));
        let both = [flat.signature(), nested.signature()];
        for signature in both {
            assert_eq!((signature.name, signature.category), (Some("Beacon"), Some("Trojan")));
            assert_eq!((signature.id, signature.revision), (Some(2_019_401), Some(2.0)));
        }
        assert_eq!(event(r#"{"alert":7}"#).signature().name, None);
    }

    #[test]
    fn a_time_without_zone_is_in_utc() {
        let time = |text: &str| event(&format!(r#"{{"timestamp":"{text}"}}"#)).timestamp;
        let expected = Time::parse("2026-03-02T08:00:11.412Z");
        for text in [
            "2026-03-02T08:00:11.412000",
            "2026-03-02 08:00:11.412",
            "2026-03-02T10:00:11.412+02:00",
        ] {
            assert_eq!(time(text), expected, "{text}");
        }
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
