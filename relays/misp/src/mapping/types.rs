//! Which attribute names which observable, and which events an observable keeps,
//! docs/relays/misp.md#matching.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    sync::{Arc, LazyLock},
};

use relay_core::{
    Observable,
    ctim::{Disposition, ShortText, Tlp},
};

use super::{doubt::Doubt, vocabulary};
use crate::{
    client::{
        search::FoundAttribute,
        types::{Attribute, Event},
    },
    equality::{Match, network_of},
};

/// Stands in for the head of an event that the server did not send.
static UNKNOWN_EVENT: LazyLock<Event> = LazyLock::new(Event::default);

/// An observable and the events that it was found in, worst first.
pub(crate) struct MatchedObservable {
    pub(crate) observable: Observable,
    /// Its number among the observables of the call.
    pub(crate) number: usize,
    pub(crate) events: Vec<MatchedEvent>,
}

/// An event in which an observable was found, and the attributes that name it, newest first.
pub(crate) struct MatchedEvent {
    key: String,
    attributes: Vec<MatchedAttribute>,
    tlp: Option<Tlp>,
}

/// An attribute that names an observable.
#[derive(Clone)]
pub(crate) struct MatchedAttribute {
    pub(crate) attribute: Arc<Attribute>,
    pub(crate) how: Match,
    /// Why it does not make the observable bad, whatever the threat level of its event.
    pub(crate) doubt: Option<Doubt>,
}

impl MatchedObservable {
    /// Gives each attribute to the observables that it names and groups them by event. The order is
    /// that of the observables, which have the numbers from `first` on.
    pub(crate) fn all(
        observables: &[Observable],
        first: usize,
        attributes: &[FoundAttribute],
    ) -> Vec<Self> {
        let mut matches: Vec<Vec<MatchedAttribute>> = vec![Vec::new(); observables.len()];
        for FoundAttribute { attribute, named } in attributes {
            for (place, how) in named {
                let attribute = attribute.clone();
                matches[*place].push(MatchedAttribute { attribute, how: *how, doubt: None });
            }
        }
        let of_observable = |(number, (observable, attributes)): (usize, (&Observable, _))| Self {
            observable: observable.clone(),
            number,
            events: MatchedEvent::all(attributes),
        };
        (first..).zip(observables.iter().zip(matches)).map(of_observable).collect()
    }

    /// Puts the worst events first, docs/relays/misp.md#selection-of-events.
    pub(crate) fn sort(&mut self) {
        self.events.sort_by_cached_key(|matched| {
            let event = matched.event();
            let level = event.threat_level_id.filter(|level| (1..=4).contains(level)).unwrap_or(5);
            (!matched.is_bad(), level, Reverse(*event.timestamp), matched.key().to_owned())
        });
    }

    /// Returns the attributes that name the observable.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.events.iter().flat_map(MatchedEvent::attributes)
    }
}

impl MatchedEvent {
    fn all(attributes: Vec<MatchedAttribute>) -> Vec<Self> {
        let mut by_event: HashMap<String, Vec<MatchedAttribute>> = HashMap::new();
        for matched in attributes {
            if let Some(key) = matched.attribute.event_key().map(str::to_lowercase) {
                by_event.entry(key).or_default().push(matched);
            }
        }
        by_event.into_iter().map(|(key, attributes)| Self::new(key, attributes)).collect()
    }

    fn new(key: String, mut attributes: Vec<MatchedAttribute>) -> Self {
        attributes.sort_by_key(|one| (Reverse(*one.attribute.timestamp), *one.attribute.id));
        let mut new = Self { key, attributes, tlp: None };
        let tags = new.attributes().flat_map(Attribute::tag_names);
        new.tlp = vocabulary::strictest_tlp(tags.chain(new.event().tag_names()));
        new
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
        self.attributes.iter().map(|matched| matched.attribute.as_ref())
    }

    pub(super) fn matched_attributes(&mut self) -> impl Iterator<Item = &mut MatchedAttribute> {
        self.attributes.iter_mut()
    }

    /// Returns the event's title, or else its number.
    pub(super) fn title(&self) -> ShortText {
        let info = self.event().info.as_deref().filter(|info| !info.trim().is_empty());
        let number = || format!("MISP event {}", self.event_id().unwrap_or(self.key()));
        info.map_or_else(|| number().into(), ShortText::from)
    }

    /// Returns the event's id on its server, by which its other attributes are searched.
    pub(crate) fn event_id(&self) -> Option<&str> {
        let of_attribute = || self.attributes().find_map(|one| one.event_id.as_deref());
        self.event().id.as_deref().or_else(of_attribute)
    }

    /// Returns the strictest TLP of the attributes and the event.
    pub(super) fn tlp(&self) -> Option<Tlp> {
        self.tlp
    }

    /// Returns why the event does not make the observable bad, if that is so for every attribute.
    pub(super) fn doubt(&self) -> Option<&Doubt> {
        let first = self.attributes.first()?.doubt.as_ref()?;
        self.attributes.iter().all(|one| one.doubt.is_some()).then_some(first)
    }

    /// Returns the networks of MISP in which the address lies, each once.
    pub(super) fn networks(&self) -> Vec<&str> {
        let mut networks = Vec::new();
        for matched in self.attributes.iter().filter(|one| one.how == Match::Network) {
            let network = network_of(&matched.attribute);
            networks.extend(network.filter(|network| !networks.contains(network)));
        }
        networks
    }

    /// Returns why a bad event does not make the observable bad.
    pub(super) fn objection(&self) -> Option<&Doubt> {
        self.doubt().filter(|_| is_bad(self.level_disposition()))
    }

    fn level_disposition(&self) -> Disposition {
        vocabulary::disposition(*self.event().threat_level_id)
    }

    /// Returns what the event says of the observable, docs/relays/misp.md#verdicts.
    pub(super) fn disposition(&self) -> Disposition {
        match self.objection() {
            Some(_) => Disposition::Unknown,
            None => self.level_disposition(),
        }
    }

    /// Returns whether the event makes the observable malicious or suspicious.
    pub(crate) fn is_bad(&self) -> bool {
        is_bad(self.disposition())
    }
}

fn is_bad(disposition: Disposition) -> bool {
    matches!(disposition, Disposition::Malicious | Disposition::Suspicious)
}

/// Returns the ids of all attributes that were found, each once.
pub(crate) fn attribute_ids(matches: &[MatchedObservable]) -> Vec<i64> {
    let mut seen = HashSet::new();
    let ids = matches.iter().flat_map(MatchedObservable::attributes).filter_map(|one| *one.id);
    ids.filter(|id| seen.insert(*id)).collect()
}

impl Attribute {
    /// Returns what names the event of the attribute: its UUID, else its id on this server.
    fn event_key(&self) -> Option<&str> {
        let event = self.event.as_ref();
        let key = event.and_then(|event| event.uuid.as_deref().or(event.id.as_deref()));
        key.or(self.event_id.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use relay_core::ObservableType as Type;
    use serde_json::{Value, json};

    use super::*;
    use crate::equality::Index;

    fn attribute(id: i64, attribute_type: &str, value: &str, event: &Value) -> Attribute {
        let attribute = json!({"id": id, "type": attribute_type, "value": value, "timestamp": id,
            "Event": event});
        serde_json::from_str(&attribute.to_string()).unwrap()
    }

    fn found(
        observables: &[Observable],
        attributes: impl IntoIterator<Item = Attribute>,
    ) -> Vec<MatchedObservable> {
        let index = Index::new(observables);
        let found = attributes.into_iter().map(|attribute| {
            let named = index.named(&attribute);
            FoundAttribute { attribute: Arc::new(attribute), named }
        });
        let mut matches = MatchedObservable::all(observables, 0, &found.collect::<Vec<_>>());
        matches.iter_mut().for_each(MatchedObservable::sort);
        matches
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
        let matches = found(&observables, attributes);
        let mut keys: Vec<_> = matches.iter().map(keys).collect();
        keys.iter_mut().for_each(|keys| keys.sort_unstable());
        assert_eq!(keys, [vec!["a"], vec!["a"], vec!["c", "d"], vec!["b"]]);
    }

    #[test]
    fn the_worst_and_newest_events_come_first() {
        let observables = [Observable::new(Type::Domain, "bad.example")];
        let events = [
            ("low", json!("3"), 9),
            ("other", json!("7"), 9),
            ("none", json!(null), 9),
            ("old", json!("1"), 1),
            ("new-b", json!(1), 2),
            ("new-a", json!(1), 2),
        ];
        let attributes = events.iter().map(|(uuid, level, timestamp)| {
            let event = json!({"uuid": uuid, "threat_level_id": level,
                "timestamp": timestamp.to_string()});
            attribute(1, "domain", "bad.example", &event)
        });
        let matches = found(&observables, attributes);
        assert_eq!(keys(&matches[0]), ["new-a", "new-b", "old", "low", "none", "other"]);
    }
}
