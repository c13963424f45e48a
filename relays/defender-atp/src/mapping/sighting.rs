//! An alert as a sighting: docs/relays/defender-atp.md#alert-to-sighting.

use microsoft::{
    Incident, alert_title,
    defender::{Alert, DeviceDetails, NormalizedObservable, alert_target},
    description, facts,
};
use relay_core::{
    Time,
    ctim::{ExternalReference, ObservedTime, Sighting, Table, Uri},
    lenient::Text,
};

use super::{Mapper, relations, vocabulary};

impl Mapper<'_> {
    /// None for an alert without id or without any time.
    pub(crate) fn alert(
        &self,
        observable: &NormalizedObservable<'_>,
        alert: &Alert,
        device: DeviceDetails<'_>,
        incident: Option<&Incident>,
    ) -> Option<Sighting> {
        let id = alert.id.as_deref()?;
        let observed = observed_time(alert)?;
        let observable = observable.observable;
        let parts = [self.tenant, id];
        let sighting_id =
            self.namespace.sighting(&parts, observable.kind.as_str(), &observable.value);
        let page = self.portal().alert(id, self.tenant);
        let (title, category) = (alert.title.as_deref(), alert.category.as_deref());
        Some(Sighting {
            source_uri: page.clone(),
            title: Some(alert_title(title, category, alert.detection_source.as_deref(), id)),
            description: description(alert.description.as_deref(), title),
            severity: Some(vocabulary::severity(alert)),
            internal: Some(true),
            resolution: Some(vocabulary::resolution(alert)),
            sensor: Some(vocabulary::sensor(alert, self.has_fine_sensors)),
            targets: alert_target(alert, device, observed).into_iter().collect(),
            relations: relations::of_alert(alert, observable, self.product),
            timestamp: time(&alert.last_update_time).or_else(|| time(&alert.alert_creation_time)),
            external_ids: vec![id.into()],
            external_references: self.references(alert, page, incident),
            data: alert_data(alert, incident),
            ..Sighting::of(sighting_id, self.product, observable.clone(), observed)
        })
    }

    /// The pages of the alert and of the incident that it belongs to.
    fn references(
        &self,
        alert: &Alert,
        page: Option<Uri>,
        incident: Option<&Incident>,
    ) -> Vec<ExternalReference> {
        let of_alert = page.map(|page| ExternalReference { url: Some(page), ..self.reference() });
        let of_incident = alert.incident_id.map(|number| ExternalReference {
            url: self.portal().incident(number, self.tenant),
            external_id: Some(number.to_string().into()),
            description: incident.and_then(|it| it.display_name.as_deref()).map(Into::into),
            ..self.reference()
        });
        of_alert.into_iter().chain(of_incident).collect()
    }

    fn reference(&self) -> ExternalReference {
        ExternalReference::to(self.product)
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

/// What the product says of an alert beside its text.
fn alert_data(alert: &Alert, incident: Option<&Incident>) -> Option<Table> {
    let fact = |text: &Text| text.clone().into_inner();
    let of_incident = |text: fn(&Incident) -> &Text| incident.and_then(|it| fact(text(it)));
    facts([
        ("Category", fact(&alert.category)),
        ("Status", fact(&alert.status)),
        ("Classification", fact(&alert.classification)),
        ("Determination", fact(&alert.determination)),
        ("MITRE techniques", Some(alert.mitre_techniques.join(", "))),
        ("Threat", fact(&alert.threat_name)),
        ("Threat family", fact(&alert.threat_family_name)),
        ("Detected by", fact(&alert.detection_source)),
        ("Incident", alert.incident_id.map(|number| number.to_string())),
        ("Incident title", of_incident(|incident| &incident.display_name)),
        ("Incident severity", of_incident(|incident| &incident.severity)),
        ("Incident priority", incident.and_then(|it| Some((*it.priority_score)?.to_string()))),
    ])
}

#[cfg(test)]
mod tests {
    use relay_core::ObservableType::Ip;
    use serde_json::{Value, json};

    use super::*;
    use crate::mapping::test_mapper::{cells, mapped, table};

    fn sighting_with(sensors: &str, alert: &Value) -> Option<Value> {
        let alert = serde_json::from_str(&alert.to_string()).unwrap();
        mapped(sensors, (Ip, "203.0.113.80"), |mapper, observable| {
            mapper.alert(observable, &alert, DeviceDetails::default(), None)
        })
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
        let empty = sighting(json!({"title": "", "description": null, "category": "Malware"}));
        assert_eq!(
            (empty["title"].as_str(), empty.get("description")),
            (Some("Malware alert"), None)
        );
        let repeated = sighting(json!({"title": "Beacon", "description": "Beacon"}));
        assert_eq!(repeated.get("description"), None);
    }

    #[test]
    fn an_alerts_table_and_links_show_threat_and_incident() {
        let alert = json!({
            "id": "da1",
            "alertCreationTime": "2026-10-30T06:00:00Z",
            "category": "Malware",
            "status": "",
            "mitreTechniques": ["T1059.001", "T1105"],
            "threatName": "Trojan:Win32/Emotet.A",
            "threatFamilyName": "Emotet",
            "incidentId": 4711,
        });
        let incident =
            json!({"displayName": "Emotet on 2 devices", "severity": "high", "priorityScore": 92});
        let incident: Incident = serde_json::from_str(&incident.to_string()).unwrap();
        let alert: Alert = serde_json::from_str(&alert.to_string()).unwrap();
        let sighting = mapped("endpoint", (Ip, "203.0.113.80"), |mapper, observable| {
            mapper.alert(observable, &alert, DeviceDetails::default(), Some(&incident))
        });
        let sighting = sighting.unwrap();
        let expected = cells(&[
            ("Category", "Malware"),
            ("MITRE techniques", "T1059.001, T1105"),
            ("Threat", "Trojan:Win32/Emotet.A"),
            ("Threat family", "Emotet"),
            ("Incident", "4711"),
            ("Incident title", "Emotet on 2 devices"),
            ("Incident severity", "high"),
            ("Incident priority", "92"),
        ]);
        assert_eq!(table(&sighting), expected);
        let page =
            |path: &str| format!("https://security.microsoft.com/{path}?tid=contoso.example");
        assert_eq!(
            sighting["external_references"],
            json!([
                {"source_name": "Defender", "url": page("alerts/da1")},
                {"source_name": "Defender", "url": page("incidents/4711"), "external_id": "4711",
                    "description": "Emotet on 2 devices"},
            ])
        );
    }
}
