//! An alert or a hunting event as a sighting: docs/relays/defender-atp.md#alert-to-sighting,
//! docs/relays/defender-atp.md#event-to-sighting.

use microsoft::defender::{
    Alert, DeviceDetails, DeviceEvent, NormalizedObservable, alert_target, event_relations,
    event_target,
};
use relay_core::{
    Time,
    ctim::{
        Cell, ExternalReference, LongText, ObservedTime, Sensor, ShortText, Sighting, Table, Uri,
    },
    lenient::Text,
    url::escaped,
};

use super::{Mapper, relations, vocabulary};

impl Mapper<'_> {
    /// None for an alert without id or without any time.
    pub(crate) fn alert(
        &self,
        observable: &NormalizedObservable<'_>,
        alert: &Alert,
        device: DeviceDetails<'_>,
    ) -> Option<Sighting> {
        let id = alert.id.as_deref()?;
        let observed = observed_time(alert)?;
        let observable = observable.observable;
        let parts = [self.tenant, id];
        let sighting_id =
            self.namespace.sighting(&parts, observable.kind.as_str(), &observable.value);
        Some(Sighting {
            source_uri: self.alert_page(id),
            title: ShortText::present(alert.title.clone().into_inner()),
            description: LongText::present(alert.description.clone().into_inner()),
            severity: Some(vocabulary::severity(alert)),
            internal: Some(true),
            resolution: Some(vocabulary::resolution(alert)),
            sensor: Some(vocabulary::sensor(alert, self.has_fine_sensors)),
            targets: alert_target(alert, device, observed).into_iter().collect(),
            relations: relations::of_alert(alert, observable, self.product),
            timestamp: time(&alert.last_update_time).or_else(|| time(&alert.alert_creation_time)),
            external_ids: vec![id.into()],
            external_references: self.incident(alert).into_iter().collect(),
            data: alert_data(alert),
            ..Sighting::of(sighting_id, self.product, observable.clone(), observed)
        })
    }

    /// The alert's page in the console.
    fn alert_page(&self, id: &str) -> Option<Uri> {
        let (portal, tenant) = (self.portal.base(), escaped(self.tenant));
        Uri::parse(&format!("{portal}/alerts/{}?tid={tenant}", escaped(id)))
    }

    /// The page of the incident that the alert belongs to.
    fn incident(&self, alert: &Alert) -> Option<ExternalReference> {
        let number = (*alert.incident_id)?.to_string();
        let (portal, tenant) = (self.portal.base(), escaped(self.tenant));
        Some(ExternalReference {
            url: Uri::parse(&format!("{portal}/incidents/{number}?tid={tenant}")),
            external_id: Some(number.into()),
            ..ExternalReference::to(self.product)
        })
    }

    /// None for an event without a time.
    pub(crate) fn event(
        &self,
        observable: &NormalizedObservable<'_>,
        event: &DeviceEvent,
    ) -> Option<Sighting> {
        // Addresses and domains are searched for in network events, hashes in file events.
        let is_network = observable.kind().hash_digits().is_none();
        let timestamp = event.timestamp.as_deref()?;
        let at = Time::parse(timestamp)?;
        let observed = ObservedTime::at(at);
        let observable = observable.observable;
        let text = |text: &Text| text.clone().into_inner().unwrap_or_default();
        let (device, report) = (text(&event.device_id), text(&event.report_id));
        let parts = [self.tenant, &device, &report, timestamp, &text(&event.action_type)];
        let id = self.namespace.sighting(&parts, observable.kind.as_str(), &observable.value);
        Some(Sighting {
            title: title(event),
            internal: Some(true),
            sensor: Some(Sensor::Endpoint),
            targets: event_target(event, observed).into_iter().collect(),
            relations: event_relations(event, is_network, self.product),
            data: data(event, is_network),
            timestamp: Some(at),
            ..Sighting::of(id, self.product, observable.clone(), observed)
        })
    }
}

fn time(text: &Text) -> Option<Time> {
    text.as_deref().and_then(Time::parse)
}

/// Each end that is missing is when the alert was raised.
fn observed_time(alert: &Alert) -> Option<ObservedTime> {
    let raised = time(&alert.alert_creation_time);
    let end = time(&alert.last_event_time).or(raised);
    let start = time(&alert.first_event_time).or(raised).or(end)?;
    Some(ObservedTime::from_until(start, end))
}

fn title(event: &DeviceEvent) -> Option<ShortText> {
    let parts = [event.action_type.as_deref(), event.device_name.as_deref()];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    ShortText::present(Some(parts.join(" on ")))
}

/// What the product says of an alert beside its text; without cells that would be empty.
fn alert_data(alert: &Alert) -> Option<Table> {
    let text = |text: &Text| text.clone().into_inner();
    let techniques = alert.mitre_techniques.join(", ");
    let cells = [
        ("Category", text(&alert.category)),
        ("Status", text(&alert.status)),
        ("MITRE techniques", Some(techniques).filter(|all| !all.is_empty())),
        ("Threat family", text(&alert.threat_family_name)),
        ("Incident", alert.incident_id.map(|number| number.to_string())),
    ];
    Table::of_one_row(cells.into_iter().filter_map(|(name, text)| Some((name, Cell::Text(text?)))))
}

fn data(event: &DeviceEvent, is_network: bool) -> Option<Table> {
    let cell = |text: &Text| Cell::Text(text.clone().into_inner().unwrap_or_default());
    let mut cells = vec![("ActionType", cell(&event.action_type))];
    if is_network {
        cells.push(("Protocol", cell(&event.protocol)));
        cells.push(("RemotePort", cell(&event.remote_port)));
    }
    Table::of_one_row(cells)
}

#[cfg(test)]
mod tests {
    use relay_core::{
        Environment, Observable,
        ObservableType::{self, Domain, Ip, Sha1},
    };
    use serde_json::{Value, json};

    use super::*;
    use crate::config::Config;

    const FILE: &str = "36b3216fdaeeb975729fae923d5a4fd12aabfe22";

    /// What the mapper makes of an observable.
    fn mapped(
        sensors: &str,
        (kind, value): (ObservableType, &str),
        sighting: impl FnOnce(&Mapper<'_>, &NormalizedObservable<'_>) -> Option<Sighting>,
    ) -> Option<Value> {
        let environment =
            Environment::of([("DEFENDER_SENSORS", sensors), ("DEFENDER_PRODUCT_NAME", "Defender")]);
        let config = Config::from_environment(&environment).unwrap();
        let observable = Observable::new(kind, value);
        let mapper = Mapper::for_tenant(&config, "contoso.example");
        let sighting = sighting(&mapper, &NormalizedObservable::new(&observable).unwrap())?;
        Some(serde_json::to_value(sighting).unwrap())
    }

    fn sighting_with(sensors: &str, alert: &Value) -> Option<Value> {
        let alert = serde_json::from_str(&alert.to_string()).unwrap();
        mapped(sensors, (Ip, "203.0.113.80"), |mapper, observable| {
            mapper.alert(observable, &alert, DeviceDetails::default())
        })
    }

    fn event(kind: ObservableType, value: &str, members: Value) -> Option<Value> {
        let event = serde_json::from_str(&members.to_string()).unwrap();
        mapped("endpoint", (kind, value), |mapper, observable| mapper.event(observable, &event))
    }

    fn with_time(mut members: Value) -> Value {
        members["Timestamp"] = "2026-10-29T11:06:58.4Z".into();
        members
    }

    /// The sighting of an alert with these members beside an id and a time.
    fn sighting(members: Value) -> Value {
        let mut alert = json!({"id": "da1", "alertCreationTime": "2026-10-30T06:00:00Z"});
        let members = members.as_object().unwrap().clone();
        alert.as_object_mut().unwrap().extend(members);
        sighting_with("endpoint", &alert).unwrap()
    }

    #[test]
    fn severities_are_known_words_or_unknown() {
        for (word, expected) in [
            (json!("Informational"), "Info"),
            (json!("Low"), "Low"),
            (json!("Medium"), "Medium"),
            (json!("High"), "High"),
            (json!("UnSpecified"), "Unknown"),
            (json!("Critical"), "Unknown"),
            (json!(null), "Unknown"),
        ] {
            assert_eq!(sighting(json!({"severity": word}))["severity"], expected, "{word}");
        }
    }

    #[test]
    fn each_end_of_the_time_falls_back_by_itself() {
        let check = |first: Value, last: Value, start: &str, end: Option<&str>| {
            let sighting = sighting(json!({"firstEventTime": first, "lastEventTime": last}));
            let observed = &sighting["observed_time"];
            assert_eq!(observed["start_time"], start, "{first} {last}");
            assert_eq!(observed["end_time"].as_str(), end, "{first} {last}");
        };
        let (early, raised) = ("2026-10-30T05:00:00.000Z", "2026-10-30T06:00:00.000Z");
        check(json!(early), json!(raised), early, Some(raised));
        check(json!(early), json!(early), early, Some(early));
        check(json!(early), json!(null), early, Some(raised));
        check(json!(null), json!(null), raised, Some(raised));
        check(json!(null), json!(early), raised, None);
        check(
            json!("soon"),
            json!("2026-10-30T07:00:00Z"),
            raised,
            Some("2026-10-30T07:00:00.000Z"),
        );
    }

    #[test]
    fn an_alert_without_id_or_time_is_left_out() {
        let time = "2026-10-30T06:00:00Z";
        assert!(sighting_with("fine", &json!({"alertCreationTime": time})).is_none());
        assert!(sighting_with("fine", &json!({"id": "da1"})).is_none());
        let last = sighting_with("fine", &json!({"id": "da1", "lastEventTime": time})).unwrap();
        assert_eq!(last["observed_time"]["start_time"], "2026-10-30T06:00:00.000Z");
        assert_eq!(last.get("timestamp"), None);
    }

    #[test]
    fn the_timestamp_is_of_the_last_update_or_of_the_creation() {
        let changed = sighting(json!({"lastUpdateTime": "2026-10-30T07:00:00.1234567Z"}));
        assert_eq!(changed["timestamp"], "2026-10-30T07:00:00.123Z");
        assert_eq!(sighting(json!({}))["timestamp"], "2026-10-30T06:00:00.000Z");
    }

    #[test]
    fn evidence_that_was_stopped_is_blocked() {
        let check = |statuses: &[&str], expected: &str| {
            let entries = statuses.iter().map(|status| json!({"detectionStatus": status}));
            let evidence: Value = entries.collect();
            assert_eq!(sighting(json!({"evidence": evidence}))["resolution"], expected);
        };
        check(&[], "detected");
        check(&["Detected", "Quarantined"], "detected");
        check(&["Detected", "Blocked"], "blocked");
        check(&["Prevented"], "blocked");
    }

    #[test]
    fn sensors_are_fine_only_on_request() {
        let check = |setting: &str, source: Value, expected: &str| {
            let time = "2026-10-30T06:00:00Z";
            let alert = json!({"id": "a", "alertCreationTime": time, "detectionSource": source});
            assert_eq!(sighting_with(setting, &alert).unwrap()["sensor"], expected, "{source}");
        };
        check("fine", json!("WindowsDefenderAv"), "process.anti-virus-scanner");
        check("fine", json!("WindowsDefenderSmartScreen"), "process.reputation-service");
        check("fine", json!("WindowsDefenderAtp"), "endpoint");
        check("fine", json!(null), "endpoint");
        check("endpoint", json!("WindowsDefenderAv"), "endpoint");
    }

    #[test]
    fn the_page_of_an_alert_is_escaped() {
        assert_eq!(
            sighting(json!({"id": "da 1/../x?y"}))["source_uri"],
            "https://security.microsoft.com/alerts/da%201%2F..%2Fx%3Fy?tid=contoso.example"
        );
    }

    #[test]
    fn texts_are_cut_and_empty_ones_left_out() {
        let long = sighting(json!({"title": "t".repeat(2000), "description": "d".repeat(6000)}));
        assert_eq!(long["title"].as_str().unwrap().len(), 1024);
        assert_eq!(long["description"].as_str().unwrap().len(), 5000);
        let empty = sighting(json!({"title": "", "description": null}));
        assert_eq!((empty.get("title"), empty.get("description")), (None, None));
    }

    #[test]
    fn the_table_holds_action_protocol_and_port() {
        let network =
            json!({"ActionType": "ConnectionSuccess", "Protocol": null, "RemotePort": 443});
        let data = event(Domain, "bad.example", with_time(network)).unwrap()["data"].clone();
        assert_eq!(data["rows"], json!([["ConnectionSuccess", "", "443"]]));
        let names: Vec<_> =
            data["columns"].as_array().unwrap().iter().map(|column| &column["name"]).collect();
        assert_eq!(names, ["ActionType", "Protocol", "RemotePort"]);
        let file = event(Sha1, FILE, with_time(json!({"ActionType": "FileCreated"}))).unwrap();
        assert_eq!(file["data"]["rows"], json!([["FileCreated"]]));
    }

    #[test]
    fn titles_leave_out_what_is_missing() {
        let title = |members: Value| {
            event(Sha1, FILE, with_time(members)).unwrap()["title"].as_str().map(str::to_owned)
        };
        let both = json!({"ActionType": "FileCreated", "DeviceName": "ws-204.contoso.example"});
        assert_eq!(title(both).as_deref(), Some("FileCreated on ws-204.contoso.example"));
        assert_eq!(title(json!({"ActionType": "FileCreated"})).as_deref(), Some("FileCreated"));
        assert_eq!(title(json!({})), None);
    }

    #[test]
    fn an_event_without_time_or_device_costs_what_is_missing() {
        assert!(event(Sha1, FILE, json!({"ActionType": "FileCreated"})).is_none());
        assert!(event(Sha1, FILE, json!({"Timestamp": "yesterday"})).is_none());
        let bare = event(Sha1, FILE, with_time(json!({"OSPlatform": "Windows11"}))).unwrap();
        assert_eq!((bare.get("targets"), bare.get("source_uri")), (None, None));
        assert_eq!((bare.get("severity"), bare.get("resolution")), (None, None));
    }
}
