//! The gateway's response to an event search. A field that is missing, null or of an unexpected
//! type is absent. Specification: docs/relays/qualys-ioc.md#fields-of-an-event.

use relay_core::{
    Response, Time,
    lenient::{self, Integer, List, Object, Slots, StrictText, Text},
};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::time_text::TimeText;

/// Something that happened on an endpoint.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Event {
    /// The gateway's id, such as `F_<agent>_<number>`.
    pub(crate) id: Text,
    event_id: Text,
    /// `FILE`, `PROCESS`, `NETWORK`, `MUTEX`, `REGISTRY` …
    #[serde(rename = "type")]
    pub(crate) kind: StrictText,
    event_type: StrictText,
    /// What happened: `CREATED`, `ESTABLISHED` …
    pub(crate) action: StrictText,
    date_time: TimeText,
    event_date_time: TimeText,
    event_processed_time: TimeText,
    /// How malicious the event is.
    #[serde(deserialize_with = "score")]
    pub(crate) score: Option<Score>,
    /// The file of a file event.
    pub(crate) file: Object<File>,
    /// The process of a process or network event.
    pub(crate) process: Object<Process>,
    /// The connection of a network event.
    pub(crate) network: Object<Network>,
    /// The mutex of a mutex event.
    pub(crate) handle: Object<Handle>,
    /// The key of a registry event.
    pub(crate) registry: Object<Registry>,
    /// The process that did it.
    pub(crate) actor: Object<Actor>,
    /// The verdicts of the detection engines. Positions are part of judgement ids, so a malformed
    /// verdict leaves its position empty.
    #[serde(rename = "indicator2")]
    pub(crate) verdicts: Slots<Verdict>,
    /// The endpoint.
    pub(crate) asset: Object<Asset>,
    /// The event itself, where a response wraps each of them.
    #[serde(rename = "data")]
    wrapped: Object<Box<Event>>,
    /// The deduplication key: the id, or everything that is read of the event if it has none.
    #[serde(skip)]
    pub(crate) key: String,
}

/// The file of a file event, or the image of a process.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct File {
    pub(crate) file_name: StrictText,
    pub(crate) full_path: StrictText,
    pub(crate) md5: StrictText,
    pub(crate) sha256: StrictText,
}

/// The process of a process or network event.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Process {
    pub(crate) process_name: StrictText,
    /// The path of the image; `process_file` may hold it, too.
    pub(crate) full_path: StrictText,
    pub(crate) arguments: StrictText,
    pub(crate) user_name: StrictText,
    /// The image.
    pub(crate) process_file: Object<File>,
}

/// The connection of a network event.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Network {
    /// `TCP`, `UDP`.
    pub(crate) protocol: StrictText,
    #[serde(rename = "localIP")]
    pub(crate) local_ip: StrictText,
    pub(crate) local_port: Integer,
    #[serde(rename = "remoteIP")]
    pub(crate) remote_ip: StrictText,
    pub(crate) remote_port: Integer,
    /// The remote host's name.
    pub(crate) remote_dns: StrictText,
}

/// An object of the operating system that a process holds.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Handle {
    pub(crate) name: StrictText,
}

/// A key of the registry.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Registry {
    pub(crate) key: StrictText,
    /// What was written.
    pub(crate) data: StrictText,
}

/// The process that did what an event tells.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Actor {
    pub(crate) process_name: StrictText,
    pub(crate) image_full_path: StrictText,
}

/// The verdict of a detection engine about the image of the file or process.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Verdict {
    /// `KNOWN`, `UNKNOWN`, `SUSPICIOUS`, `MALICIOUS` or `REMEDIATED`.
    pub(crate) verdict: StrictText,
    pub(crate) threat_name: StrictText,
    pub(crate) family_name: StrictText,
    /// The hash of the image.
    pub(crate) sha256: StrictText,
}

/// The endpoint.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Asset {
    pub(crate) net_bios_name: StrictText,
    pub(crate) host_name: StrictText,
    #[serde(rename = "fullOSName")]
    pub(crate) os: StrictText,
    pub(crate) interfaces: List<Interface>,
}

/// A network interface of the endpoint.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Interface {
    pub(crate) ip_address: StrictText,
    pub(crate) mac_address: StrictText,
}

/// How malicious an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Score {
    /// A whole number without leading zeros.
    Known(u8),
    /// Any other number or text.
    Other,
}

impl Event {
    /// Returns when the event happened, or else when the gateway processed it.
    pub(crate) fn time(&self) -> Option<Time> {
        self.date_time.time().or_else(|| self.event_processed_time.time())
    }

    /// Returns the event without its wrapper, members under the names of this type, with its key.
    fn normalized(mut self) -> Self {
        self.id = self.id.into_inner().or(self.event_id.take()).into();
        self.kind = self.kind.into_inner().or(self.event_type.take()).into();
        let other = std::mem::take(&mut self.event_date_time);
        if other.is_some() && self.date_time.time().is_none() {
            self.date_time = other;
        }
        let is_wrapper = self.kind.is_none() && self.time().is_none();
        if let Some(mut event) = self.wrapped.take().filter(|_| is_wrapper) {
            event.id = event.id.into_inner().or(event.event_id.take()).or(self.id.take()).into();
            return event.normalized();
        }
        self.key = match &*self.id {
            Some(id) => id.clone(),
            None => format!("{self:?}"),
        };
        self
    }
}

/// The events of a list; `None` for anything else.
struct Events(Option<Vec<Event>>);

impl<'de> Deserialize<'de> for Events {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::objects(deserializer, |event: Event| Some(event.normalized())).map(Self)
    }
}

/// Returns no more than `limit` events of a response: a list, a list under `events`, `data` or
/// `items`, or nothing; `None` for anything else. Items that are no objects are skipped.
pub(super) fn events(response: &Response, limit: usize) -> Option<Vec<Event>> {
    #[derive(Deserialize)]
    struct Wrapped {
        events: Option<Events>,
        data: Option<Events>,
        items: Option<Events>,
    }
    if response.status() == 204 {
        return Some(Vec::new());
    }
    match response.json_of::<Option<Events>>(limit).ok()? {
        None => Some(Vec::new()),
        Some(Events(Some(bare))) => Some(bare),
        Some(Events(None)) => {
            let Wrapped { events, data, items } = response.json_of(limit).ok()?;
            [events, data, items].into_iter().find_map(|list| list?.0)
        }
    }
}

/// Reads a text or a number; anything else is no score.
fn score<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Score>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    let text = match raw.as_bytes().first() {
        Some(b'"') => serde_json::from_str::<Text>(raw).unwrap_or_default().into_inner(),
        Some(b'-' | b'0'..=b'9') => Some(raw.to_owned()),
        _ => None,
    };
    Ok(text.map(|text| known_score(&text).map_or(Score::Other, Score::Known)))
}

/// Reads a whole number up to ten without leading zeros or sign.
fn known_score(text: &str) -> Option<u8> {
    let score = text.parse().ok().filter(|score| *score <= 10)?;
    (text.len() == 1 || text == "10").then_some(score)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(json: &str) -> Event {
        serde_json::from_str::<Event>(json).unwrap().normalized()
    }

    #[test]
    fn times_are_read_in_every_form() {
        let check = |date_time: &str, expected: Option<&str>| {
            let event = event(&format!(r#"{{"dateTime":{date_time}}}"#));
            assert_eq!(event.time().map(|at| at.to_string()).as_deref(), expected, "{date_time}");
        };
        let noon = Some("2026-03-01T12:19:31.000Z");
        for form in [
            r#""2026-03-01T12:19:31.000+0000""#,
            r#""2026-03-01T12:19:31.000Z""#,
            r#""2026-03-01T12:19:31+00:00""#,
            r#""2026-03-01T14:19:31.000+0200""#,
            "1772367571000",
            r#""1772367571000""#,
        ] {
            check(form, noon);
        }
        for form in ["null", r#""""#, r#""yesterday""#, "0", "-5", "{}", "[]", "true"] {
            check(form, None);
        }
        let second = r#"{"dateTime":"?","eventProcessedTime":"2026-03-01T12:19:31.000+0000"}"#;
        assert_eq!(event(second).time().map(|at| at.to_string()).as_deref(), noon);
    }

    #[test]
    fn scores_are_texts_or_whole_numbers() {
        let check = |json: &str, expected: Option<Score>| {
            assert_eq!(event(&format!(r#"{{"score":{json}}}"#)).score, expected, "{json}");
        };
        for score in 0..=10 {
            check(&score.to_string(), Some(Score::Known(score)));
            check(&format!(r#""{score}""#), Some(Score::Known(score)));
        }
        for other in [r#""08""#, "8.0", "11", "-1", r#""high""#, r#"" 8""#, r#""+8""#] {
            check(other, Some(Score::Other));
        }
        for absent in ["null", r#""""#, "true", "[8]", "{}"] {
            check(absent, None);
        }
    }

    #[test]
    fn malformed_fields_are_absent_and_cost_nothing_else() {
        let event = event(
            r#"{"id":"e","type":7,"action":null,"file":null,"network":[],"process":"x",
                "asset":{"hostName":5,"interfaces":[null,{"ipAddress":"10.20.30.47"},7]},
                "indicator2":[null,{"verdict":"KNOWN"},"x"]}"#,
        );
        assert_eq!((event.key.as_str(), &*event.kind, &*event.action), ("e", &None, &None));
        assert!(event.file.is_none() && event.network.is_none() && event.process.is_none());
        let asset = event.asset.as_ref().unwrap();
        assert!(asset.host_name.is_none());
        assert_eq!(asset.interfaces.len(), 1);
        let is_read: Vec<_> = event.verdicts.iter().map(|verdict| verdict.is_some()).collect();
        assert_eq!(is_read, [false, true, false]);
    }

    #[test]
    fn an_event_may_be_wrapped_and_its_members_renamed() {
        let check = |json: &str| {
            let event = event(json);
            let time = event.time().map(|at| at.to_string());
            assert_eq!(event.id.as_deref(), Some("e"), "{json}");
            assert_eq!(event.kind.as_deref(), Some("FILE"), "{json}");
            assert_eq!(time.as_deref(), Some("2026-03-01T12:19:31.000Z"), "{json}");
        };
        check(r#"{"id":"e","type":"FILE","dateTime":1772367571000}"#);
        check(r#"{"eventId":"e","eventType":"FILE","eventDateTime":"1772367571000"}"#);
        check(r#"{"id":"e","eventId":"x","type":"FILE","eventType":"x","dateTime":1772367571000}"#);
        check(r#"{"data":{"id":"e","type":"FILE","dateTime":1772367571000}}"#);
        check(r#"{"data":{"data":{"eventId":"e","type":"FILE","dateTime":1772367571000}}}"#);
        check(r#"{"id":"e","data":{"type":"FILE","dateTime":1772367571000}}"#);
        check(r#"{"id":"x","data":{"id":"e","type":"FILE","dateTime":1772367571000}}"#);
        check(r#"{"id":"e","type":"FILE","dateTime":1772367571000,"data":{"id":"x"}}"#);
        assert_eq!(event(r#"{"data":[{"id":"x"}],"eventId":7}"#).id.as_deref(), Some("7"));
    }

    #[test]
    fn the_key_of_an_event_without_id_is_all_that_is_read_of_it() {
        let one = event(r#"{"id":null, "type":"FILE","action":"CREATED"}"#);
        let same = event(r#"{"action":"CREATED","id":"","type":"FILE","more":[]}"#);
        let other = event(r#"{"id":null,"type":"FILE","action":"DELETED"}"#);
        assert_eq!(one.key, same.key);
        assert_ne!(one.key, other.key);
        let spelled = event(r#"{"type":"FILE","dateTime":"2026-03-01T13:19:31+01:00"}"#);
        let again = event(r#"{"type":"FILE","dateTime":"?","eventDateTime":1772367571000}"#);
        assert_eq!(spelled.key, again.key);
    }

    #[test]
    fn a_list_holds_the_events_and_nothing_else() {
        let count =
            |json: &str| serde_json::from_str::<Events>(json).unwrap().0.map(|events| events.len());
        assert_eq!(count("[]"), Some(0));
        assert_eq!(count("[{},1,null,[{}]]"), Some(1));
        for other in ["{}", "7", r#""[]""#] {
            assert_eq!(count(other), None, "{other}");
        }
    }
}
