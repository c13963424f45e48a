//! Which attribute names which observable, and which events an observable keeps,
//! docs/relays/misp.md#matching.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    net::IpAddr,
    sync::{Arc, LazyLock},
};

use relay_core::{
    Observable, ObservableType,
    ctim::Tlp,
    url::{ascii_name, normal_url},
};

use super::vocabulary;
use crate::client::{
    query::spellings,
    types::{Attribute, Event},
};

/// Stands in for the head of an event that the server did not send.
static UNKNOWN_EVENT: LazyLock<Event> = LazyLock::new(Event::default);

/// An observable and the events that it was found in, worst first.
pub(crate) struct MatchedObservable {
    pub(crate) observable: Observable,
    pub(crate) events: Vec<MatchedEvent>,
}

/// An event in which an observable was found, and the attributes that name it, newest first.
pub(crate) struct MatchedEvent {
    key: String,
    attributes: Vec<Arc<Attribute>>,
}

impl MatchedObservable {
    /// Gives each attribute to the observables that it names, groups them by event, and keeps the
    /// worst `limit` events of each observable. The order is that of the observables.
    pub(crate) fn all(
        observables: &[Observable],
        attributes: Vec<Attribute>,
        limit: usize,
    ) -> Vec<Self> {
        let mut by_value: HashMap<ComparableValue, Vec<usize>> = HashMap::new();
        for (index, observable) in observables.iter().enumerate() {
            for value in ComparableValue::of_observable(observable) {
                by_value.entry(value).or_default().push(index);
            }
        }
        let mut matches: Vec<Vec<Arc<Attribute>>> = vec![Vec::new(); observables.len()];
        for attribute in attributes.into_iter().map(Arc::new) {
            let values = attribute.values().into_iter().flat_map(ComparableValue::of_text);
            let named = values.filter_map(|value| by_value.get(&value)).flatten();
            // An attribute may name an observable by its value and by a part.
            for index in named.copied().collect::<HashSet<usize>>() {
                matches[index].push(attribute.clone());
            }
        }
        let of_observable = |(observable, attributes): (&Observable, _)| Self {
            observable: observable.clone(),
            events: MatchedEvent::worst(attributes, limit),
        };
        observables.iter().zip(matches).map(of_observable).collect()
    }
}

impl MatchedEvent {
    /// docs/relays/misp.md#selection-of-events
    fn worst(attributes: Vec<Arc<Attribute>>, limit: usize) -> Vec<Self> {
        let mut by_event: HashMap<String, Vec<Arc<Attribute>>> = HashMap::new();
        for attribute in attributes {
            if let Some(key) = attribute.event_key() {
                by_event.entry(key.to_lowercase()).or_default().push(attribute.clone());
            }
        }
        let events = by_event.into_iter().map(|(key, attributes)| Self::new(key, attributes));
        let mut events: Vec<_> = events.collect();
        events.sort_by_cached_key(|matched| {
            let event = matched.event();
            let level = event.threat_level_id.filter(|level| (1..=4).contains(level)).unwrap_or(5);
            (level, Reverse(*event.timestamp), matched.key().to_owned())
        });
        events.truncate(limit);
        events
    }

    fn new(key: String, mut attributes: Vec<Arc<Attribute>>) -> Self {
        attributes.sort_by_key(|attribute| (Reverse(*attribute.timestamp), *attribute.id));
        Self { key, attributes }
    }

    /// Returns the event's UUID, else its id, in lower case.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Returns the head of the event; an empty one if the server did not send it.
    pub(super) fn event(&self) -> &Event {
        self.attributes().find_map(|one| one.event.as_ref()).unwrap_or(&UNKNOWN_EVENT)
    }

    /// Returns the attributes that name the observable, newest first.
    pub(super) fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes.iter().map(Arc::as_ref)
    }

    /// Returns the event's id on its server, by which its other attributes are searched.
    pub(super) fn event_id(&self) -> Option<&str> {
        let of_attribute = || self.attributes().find_map(|one| one.event_id.as_deref());
        self.event().id.as_deref().or_else(of_attribute)
    }

    /// Returns the strictest TLP of the attributes and the event.
    pub(super) fn tlp(&self) -> Option<Tlp> {
        let tags = self.attributes().flat_map(|attribute| attribute.tags.iter());
        let tags = tags.chain(self.event().tags.iter());
        vocabulary::strictest_tlp(tags.filter_map(|tag| tag.name.as_deref()))
    }
}

/// Returns the ids of the events that were kept, each once.
pub(crate) fn event_ids(matches: &[MatchedObservable]) -> Vec<String> {
    let mut seen = HashSet::new();
    let events = matches.iter().flat_map(|matched| &matched.events);
    let ids = events.filter_map(MatchedEvent::event_id);
    ids.filter(|id| seen.insert(*id)).map(str::to_owned).collect()
}

impl Attribute {
    /// Returns what names the event of the attribute: its UUID, else its id on this server.
    fn event_key(&self) -> Option<&str> {
        let event = self.event.as_ref();
        let key = event.and_then(|event| event.uuid.as_deref().or(event.id.as_deref()));
        key.or(self.event_id.as_deref())
    }
}

/// A value in the form in which the spellings of MISP and of the caller are compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum ComparableValue {
    /// Compared exactly: file names and the like.
    Exact(String),
    /// Compared as URLs, whose scheme and host have no case.
    Url(String),
    /// Compared without letter case: names, hashes, mail addresses.
    Folded(String),
    /// Compared as addresses.
    Address(IpAddr),
}

impl ComparableValue {
    /// Returns the forms of an observable. An attribute that has one of them names it.
    pub(super) fn of_observable(observable: &Observable) -> Vec<Self> {
        let spellings = spellings(observable).into_iter();
        match observable.kind {
            ObservableType::Ip | ObservableType::Ipv6 => {
                spellings.filter_map(|address| Self::address(&address)).collect()
            }
            ObservableType::Url => spellings.map(Self::Url).collect(),
            ObservableType::FileName
            | ObservableType::UserAgent
            | ObservableType::Mutex
            | ObservableType::RegistryKey => spellings.map(Self::Exact).collect(),
            _ => spellings.map(|spelling| Self::folded(&spelling)).collect(),
        }
    }

    /// Returns every form in which a text of MISP may be compared.
    pub(super) fn of_text(text: &str) -> Vec<Self> {
        let url = Self::Url(normal_url(text));
        let mut forms = vec![Self::Exact(text.to_owned()), url, Self::folded(text)];
        forms.extend(Self::address(text));
        forms
    }

    /// IPv4 in IPv6's mapped form is the IPv4 address.
    fn address(text: &str) -> Option<Self> {
        text.trim().parse().ok().map(|ip: IpAddr| Self::Address(ip.to_canonical()))
    }

    fn folded(text: &str) -> Self {
        Self::Folded(ascii_name(text))
    }
}

#[cfg(test)]
mod tests {
    use relay_core::ObservableType as Type;
    use serde_json::{Value, json};

    use super::*;

    fn attribute(id: i64, attribute_type: &str, value: &str, event: &Value) -> Attribute {
        let attribute = json!({"id": id, "type": attribute_type, "value": value, "timestamp": id,
            "Event": event});
        serde_json::from_str(&attribute.to_string()).unwrap()
    }

    fn keys(matched: &MatchedObservable) -> Vec<&str> {
        matched.events.iter().map(MatchedEvent::key).collect()
    }

    #[test]
    fn an_attribute_belongs_to_every_observable_that_it_names_in_any_spelling() {
        let observables = [
            Observable::new(Type::Domain, "Bad.example"),
            Observable::new(Type::Ip, "203.0.113.7"),
            Observable::new(Type::Url, "http://bad.example"),
            Observable::new(Type::Sha256, "AB".repeat(32)),
        ];
        let file = format!("x.exe|{}", "ab".repeat(32));
        let attributes = vec![
            attribute(1, "domain|ip", "bad.EXAMPLE.|203.0.113.7", &json!({"uuid": "a"})),
            attribute(2, "filename|sha256", &file, &json!({"uuid": "b"})),
            attribute(3, "url", "http://bad.example/", &json!({"uuid": "c"})),
            attribute(4, "url", "HTTP://bad.example/", &json!({"uuid": "d"})),
            attribute(5, "comment", "unrelated", &json!({"uuid": "e"})),
            attribute(6, "domain", "bad.example", &json!(null)),
        ];
        let matches = MatchedObservable::all(&observables, attributes, 10);
        let keys: Vec<_> = matches.iter().map(keys).collect();
        assert_eq!(keys, [vec!["a"], vec!["a"], vec!["c"], vec!["b"]]);
    }

    #[test]
    fn the_worst_and_newest_events_are_kept() {
        let observables = [Observable::new(Type::Domain, "bad.example")];
        let events = [
            ("low", json!("3"), 9),
            ("other", json!("7"), 9),
            ("none", json!(null), 9),
            ("old", json!("1"), 1),
            ("new-b", json!(1), 2),
            ("new-a", json!(1), 2),
        ];
        let kept = |limit| {
            let attributes = events.iter().map(|(uuid, level, timestamp)| {
                let event = json!({"uuid": uuid, "threat_level_id": level,
                    "timestamp": timestamp.to_string()});
                attribute(1, "domain", "bad.example", &event)
            });
            MatchedObservable::all(&observables, attributes.collect(), limit)
        };
        assert_eq!(keys(&kept(10)[0]), ["new-a", "new-b", "old", "low", "none", "other"]);
        assert_eq!(keys(&kept(2)[0]), ["new-a", "new-b"]);
    }
}
