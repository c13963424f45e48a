//! A hunting event as a sighting: docs/relays/defender-atp.md#event-to-sighting.

use microsoft::{
    defender::{DeviceEvent, NormalizedObservable, event_relations, event_target},
    facts,
};
use relay_core::{
    Time,
    ctim::{ObservedTime, Sensor, Sighting, Table, Uri},
    lenient::Text,
};

use super::{Mapper, event_text::EventText, vocabulary};

impl Mapper<'_> {
    /// `at` is the event's time.
    pub(crate) fn event(
        &self,
        observable: &NormalizedObservable<'_>,
        event: &DeviceEvent,
        at: Time,
    ) -> Sighting {
        // Addresses and domains are searched for in network events, hashes in file events.
        let is_network = observable.kind().hash_digits().is_none();
        let observed = ObservedTime::at(at);
        let [device, report, timestamp, action] = event.identity().map(Option::unwrap_or_default);
        let parts = [self.tenant, device, report, timestamp, action];
        let words = EventText::new(event, is_network);
        let given = observable.observable;
        let id = self.namespace.sighting(&parts, given.kind.as_str(), &given.value);
        Sighting {
            source_uri: self.event_page(event, observable, at),
            title: Some(words.title()),
            description: words.description(),
            internal: Some(true),
            resolution: vocabulary::event_resolution(event),
            sensor: Some(Sensor::Endpoint),
            targets: event_target(event, observed).into_iter().collect(),
            relations: event_relations(event, is_network, self.product),
            data: data(event, is_network),
            timestamp: Some(at),
            ..Sighting::of(id, self.product, given.clone(), observed)
        }
    }

    /// The device's timeline around the event; of an event without a device the observable's page.
    fn event_page(
        &self,
        event: &DeviceEvent,
        observable: &NormalizedObservable<'_>,
        at: Time,
    ) -> Option<Uri> {
        match event.device_id.as_deref() {
            Some(device) => self.portal().timeline(device, at, self.tenant),
            None => self.link(observable).map(|link| link.url),
        }
    }
}

/// The columns of the hunting tables that targets and relations do not show.
fn data(event: &DeviceEvent, is_network: bool) -> Option<Table> {
    let fact = |text: &Text| text.clone().into_inner();
    let of_network = |text: &Text| text.clone().into_inner().filter(|_| is_network);
    facts([
        ("ActionType", fact(&event.action_type)),
        ("Protocol", of_network(&event.protocol)),
        ("RemotePort", of_network(&event.remote_port)),
        ("ThreatName", fact(&event.threat_name)),
        ("InitiatingProcessCommandLine", fact(&event.initiating_process_command_line)),
        ("ProcessCommandLine", fact(&event.process_command_line)),
    ])
}

#[cfg(test)]
mod tests {
    use relay_core::ObservableType::{self, Domain, Sha1};
    use serde_json::{Value, json};

    use super::*;
    use crate::mapping::test_mapper::{cells, mapped, table};

    const FILE: &str = "36b3216fdaeeb975729fae923d5a4fd12aabfe22";

    fn event(kind: ObservableType, value: &str, members: Value) -> Option<Value> {
        let event: DeviceEvent = serde_json::from_str(&members.to_string()).unwrap();
        let time = event.time()?;
        mapped("endpoint", (kind, value), |mapper, observable| {
            Some(mapper.event(observable, &event, time))
        })
    }

    fn with_time(mut members: Value) -> Value {
        members["Timestamp"] = "2026-10-29T11:06:58.4Z".into();
        members
    }

    #[test]
    fn an_events_table_has_no_empty_cell() {
        let network = json!({
            "ActionType": "ConnectionSuccess",
            "Protocol": null,
            "RemotePort": 443,
            "InitiatingProcessCommandLine": "powershell -enc SQBFAFgA",
        });
        let found = event(Domain, "bad.example", with_time(network)).unwrap();
        let expected = cells(&[
            ("ActionType", "ConnectionSuccess"),
            ("RemotePort", "443"),
            ("InitiatingProcessCommandLine", "powershell -enc SQBFAFgA"),
        ]);
        assert_eq!(table(&found), expected);
        let file = json!({"ActionType": "FileCreated", "Protocol": "Tcp"});
        let file = event(Sha1, FILE, with_time(file)).unwrap();
        assert_eq!(table(&file), cells(&[("ActionType", "FileCreated")]));
        assert_eq!(event(Sha1, FILE, with_time(json!({}))).unwrap().get("data"), None);
    }

    #[test]
    fn an_event_leads_to_its_devices_timeline() {
        let uri = |members: Value| {
            event(Sha1, FILE, with_time(members)).unwrap()["source_uri"].as_str().map(str::to_owned)
        };
        let timeline = "https://security.microsoft.com/machines/f506/timeline?from=2026-10-29T11:05:58.400Z&to=2026-10-29T11:07:58.400Z&tid=contoso.example";
        assert_eq!(uri(json!({"DeviceId": "f506"})).as_deref(), Some(timeline));
        let page = format!("https://security.microsoft.com/file/{FILE}/?tid=contoso.example");
        assert_eq!(uri(json!({})), Some(page));
    }

    #[test]
    fn what_the_product_blocked_is_blocked() {
        let resolution = |action: &str| {
            let found = event(Sha1, FILE, with_time(json!({"ActionType": action}))).unwrap();
            found["resolution"].as_str().map(str::to_owned)
        };
        assert_eq!(resolution("ExploitGuardNetworkProtectionBlocked").as_deref(), Some("blocked"));
        assert_eq!(resolution("FileCreated"), None);
    }

    #[test]
    fn an_event_without_time_or_device_costs_what_is_missing() {
        assert!(event(Sha1, FILE, json!({"ActionType": "FileCreated"})).is_none());
        assert!(event(Sha1, FILE, json!({"Timestamp": "yesterday"})).is_none());
        let bare = event(Sha1, FILE, with_time(json!({"OSPlatform": "Windows11"}))).unwrap();
        assert_eq!((bare.get("targets"), bare.get("severity")), (None, None));
    }
}
