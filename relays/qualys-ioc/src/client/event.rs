//! The parts of an event that this relay reads. Everything may be missing, null or of an odd type.
//! Source: EDR API guide, "Fetch Events Using SearchAfter"; spec §3.2.

use relay_core::{Response, Time, lenient};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, value::RawValue};

/// Something that happened on an endpoint.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Event {
    /// Qualys' id, such as `F_<agent>_<number>`.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) id: Option<String>,
    /// `FILE`, `PROCESS`, `NETWORK`, `MUTEX`, `REGISTRY` …
    #[serde(rename = "type", deserialize_with = "text")]
    pub(crate) kind: Option<String>,
    /// What happened: `CREATED`, `ESTABLISHED` …
    #[serde(deserialize_with = "text")]
    pub(crate) action: Option<String>,
    #[serde(deserialize_with = "time")]
    date_time: Option<Time>,
    #[serde(deserialize_with = "time")]
    event_processed_time: Option<Time>,
    /// Qualys' opinion of the event.
    #[serde(deserialize_with = "score")]
    pub(crate) score: Option<Score>,
    /// The file, of a file event.
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) file: Option<File>,
    /// The process, of a process or network event.
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) process: Option<Process>,
    /// The connection, of a network event.
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) network: Option<Network>,
    /// Verdicts of the detection engines, in their places; an odd element leaves its place empty.
    #[serde(rename = "indicator2", deserialize_with = "verdicts")]
    pub(crate) verdicts: Vec<Option<Verdict>>,
    /// The machine.
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) asset: Option<Asset>,
    /// What tells it from other events: its id, or all of it when it has none.
    #[serde(skip)]
    pub(crate) key: String,
}

/// The file of a file event.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct File {
    #[serde(deserialize_with = "text")]
    pub(crate) file_name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) full_path: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) md5: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) sha256: Option<String>,
}

/// The process of a process or network event.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Process {
    #[serde(deserialize_with = "text")]
    pub(crate) process_name: Option<String>,
}

/// The connection of a network event.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Network {
    #[serde(rename = "localIP", deserialize_with = "text")]
    pub(crate) local_ip: Option<String>,
    #[serde(rename = "remoteIP", deserialize_with = "text")]
    pub(crate) remote_ip: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) remote_dns: Option<String>,
}

/// What a detection engine thinks of the image of the file or process.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Verdict {
    /// `KNOWN`, `UNKNOWN`, `SUSPICIOUS`, `MALICIOUS` or `REMEDIATED`.
    #[serde(deserialize_with = "text")]
    pub(crate) verdict: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) threat_name: Option<String>,
    /// The image that was judged.
    #[serde(deserialize_with = "text")]
    pub(crate) sha256: Option<String>,
}

/// The machine.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Asset {
    #[serde(deserialize_with = "text")]
    pub(crate) net_bios_name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) host_name: Option<String>,
    #[serde(rename = "fullOSName", deserialize_with = "text")]
    pub(crate) os: Option<String>,
    #[serde(deserialize_with = "lenient::objects")]
    pub(crate) interfaces: Vec<Interface>,
}

/// A network interface of the machine.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Interface {
    #[serde(deserialize_with = "text")]
    pub(crate) ip_address: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) mac_address: Option<String>,
}

/// A score as a whole number without leading zeros, or one that no table knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Score {
    Known(u8),
    Other,
}

impl Event {
    /// When it happened, or at least when Qualys looked at it.
    pub(crate) fn time(&self) -> Option<Time> {
        self.date_time.or(self.event_processed_time)
    }

    fn read(raw: &RawValue) -> Option<Self> {
        if !raw.get().starts_with('{') {
            return None;
        }
        let mut event: Self = serde_json::from_str(raw.get()).ok()?;
        event.key = match &event.id {
            Some(id) => id.clone(),
            // Members in alphabetical order, so that equal events have equal keys.
            None => serde_json::from_str::<Value>(raw.get()).ok()?.to_string(),
        };
        Some(event)
    }
}

/// The events of an answer: a list, a list under `events` or `data`, or nothing at all; none when
/// it is something else. Items that are no objects are passed over.
pub(crate) fn list(response: &Response) -> Option<Vec<Event>> {
    if response.status() == 204 {
        return Some(Vec::new());
    }
    let items = items(response.body())?;
    Some(items.into_iter().filter_map(Event::read).collect())
}

fn items(body: &[u8]) -> Option<Vec<&RawValue>> {
    #[derive(Deserialize)]
    struct Wrapped<'a> {
        #[serde(borrow)]
        events: Option<&'a RawValue>,
        #[serde(borrow)]
        data: Option<&'a RawValue>,
    }
    if let Ok(bare) = serde_json::from_slice::<Option<Vec<&RawValue>>>(body) {
        return Some(bare.unwrap_or_default());
    }
    let wrapped: Wrapped<'_> = serde_json::from_slice(body).ok()?;
    wrapped.events.and_then(listed).or_else(|| wrapped.data.and_then(listed))
}

fn listed(raw: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(raw.get()).ok()
}

/// A text that is not empty. A number where a name, hash or address should be is none.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) if !text.is_empty() => Some(text),
        _ => None,
    })
}

/// An ISO 8601 text, or milliseconds since 1970 as a number or its digits.
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Time>, D::Error> {
    let text = lenient::text(deserializer)?.unwrap_or_default();
    Ok(Time::parse(&text).or_else(|| Time::from_unix_milliseconds(text.trim().parse().ok()?)))
}

/// A text or a number; anything else is no score at all.
fn score<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Score>, D::Error> {
    let text = match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        _ => return Ok(None),
    };
    let known = (0..=10).find(|score: &u8| score.to_string() == text).map(Score::Known);
    Ok((!text.is_empty()).then(|| known.unwrap_or(Score::Other)))
}

fn verdicts<'de, D>(deserializer: D) -> Result<Vec<Option<Verdict>>, D::Error>
where
    D: Deserializer<'de>,
{
    #[derive(Deserialize)]
    struct Place(#[serde(deserialize_with = "lenient::object")] Option<Verdict>);
    let raw = <&RawValue>::deserialize(deserializer)?;
    let places: Vec<Place> = serde_json::from_str(raw.get()).unwrap_or_default();
    Ok(places.into_iter().map(|place| place.0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(json: &str) -> Event {
        Event::read(serde_json::from_str(json).unwrap()).unwrap()
    }

    #[test]
    fn no13_times_of_every_form_are_read() {
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
    fn no11_scores_are_texts_or_whole_numbers() {
        let check = |json: &str, expected: Option<Score>| {
            assert_eq!(event(&format!(r#"{{"score":{json}}}"#)).score, expected, "{json}");
        };
        for score in 0..=10 {
            check(&score.to_string(), Some(Score::Known(score)));
            check(&format!(r#""{score}""#), Some(Score::Known(score)));
        }
        for other in [r#""08""#, "8.0", "11", "-1", r#""high""#, r#"" 8""#] {
            check(other, Some(Score::Other));
        }
        for absent in ["null", r#""""#, "true", "[8]", "{}"] {
            check(absent, None);
        }
    }

    #[test]
    fn no12_odd_parts_are_absent_and_cost_nothing_else() {
        let event = event(
            r#"{"id":"e","type":7,"action":null,"file":null,"network":[],"process":"x",
                "asset":{"hostName":5,"interfaces":[null,{"ipAddress":"10.20.30.47"},7]},
                "indicator2":[null,{"verdict":"KNOWN"},"x"]}"#,
        );
        assert_eq!((event.key.as_str(), event.kind, event.action), ("e", None, None));
        assert!(event.file.is_none() && event.network.is_none() && event.process.is_none());
        let asset = event.asset.unwrap();
        assert!(asset.host_name.is_none());
        assert_eq!(asset.interfaces.len(), 1);
        let places: Vec<_> = event.verdicts.iter().map(Option::is_some).collect();
        assert_eq!(places, [false, true, false]);
    }

    #[test]
    fn an_event_without_id_is_known_by_all_it_says() {
        let one = event(r#"{"id":null, "type":"FILE","action":"CREATED"}"#);
        let same = event(r#"{"action":"CREATED","id":null,"type":"FILE"}"#);
        let other = event(r#"{"id":"","type":"FILE","action":"CREATED"}"#);
        assert_eq!(one.key, same.key);
        assert_ne!(one.key, other.key);
    }

    #[test]
    fn answers_are_lists_bare_or_wrapped() {
        let count = |body: &str| items(body.as_bytes()).map(|items| items.len());
        assert_eq!(count("[]"), Some(0));
        assert_eq!(count("null"), Some(0));
        assert_eq!(count("[{},1,null]"), Some(3));
        assert_eq!(count(r#"{"events":[{}]}"#), Some(1));
        assert_eq!(count(r#"{"data":[{},{}],"events":null}"#), Some(2));
        assert_eq!(count(r#"{"events":{},"data":[{}]}"#), Some(1));
        for body in ["", "{}", r#"{"events":1}"#, "7", r#""[]""#, "<html>", "[{}", "[NaN]"] {
            assert_eq!(count(body), None, "{body}");
        }
    }
}
