//! An alert as a sighting (spec §5).

use std::collections::HashMap;

use relay_core::{
    Observable,
    ObservableType::{Sha1, Sha256},
    Time,
    ctim::{
        LongText, ObservedTime, RelationName, Relations, Resolution, Sensor, Severity, ShortText,
        Sighting, Uri,
    },
    http::escaped,
};

use super::{
    Reporter,
    target::{self, Device},
    value::{address, file_name, file_path, hash, url_or_host},
};
use crate::{
    client::{Alert, Evidence},
    subject::Subject,
};

impl Reporter<'_> {
    /// None for an alert without id or without any time.
    pub(crate) fn alert(
        &self,
        subject: &Subject<'_>,
        alert: &Alert,
        device: Device<'_>,
    ) -> Option<Sighting> {
        let id = alert.id.as_deref()?;
        let observed = observed_time(alert)?;
        let asked = subject.observable;
        let ids = [self.tenant, id];
        let sighting_id = self.namespace.sighting(&ids, asked.kind.as_str(), &asked.value);
        Some(Sighting {
            source_uri: self.page(id),
            title: ShortText::present(alert.title.clone()),
            description: LongText::present(alert.description.clone()),
            severity: Some(severity(alert)),
            internal: Some(true),
            resolution: Some(resolution(alert)),
            sensor: Some(self.sensor(alert)),
            targets: target::of_alert(alert, device, observed).into_iter().collect(),
            relations: self.relations(alert),
            timestamp: time(&alert.last_update_time).or_else(|| time(&alert.alert_creation_time)),
            external_ids: vec![id.into()],
            ..Sighting::of(sighting_id, self.product, asked.clone(), observed)
        })
    }

    /// The alert's page in the console.
    fn page(&self, id: &str) -> Option<Uri> {
        let (portal, tenant) = (self.portal.base(), escaped(self.tenant));
        Uri::parse(&format!("{portal}/alerts/{}?tid={tenant}", escaped(id)))
    }

    fn sensor(&self, alert: &Alert) -> Sensor {
        match alert.detection_source.as_deref() {
            Some("WindowsDefenderAv") if self.fine_sensors => Sensor::ProcessAntiVirusScanner,
            Some("WindowsDefenderSmartScreen") if self.fine_sensors => {
                Sensor::ProcessReputationService
            }
            _ => Sensor::Endpoint,
        }
    }

    /// What each entry of the evidence says of itself, and which process started which.
    fn relations(&self, alert: &Alert) -> Relations {
        let origin = alert.detection_source.as_deref().unwrap_or(self.product);
        let mut relations = Relations::from_origin(origin);
        alert.evidence.iter().for_each(|entry| add_entry(&mut relations, entry));
        add_parents(&mut relations, &alert.evidence);
        relations
    }
}

fn time(text: &Option<String>) -> Option<Time> {
    text.as_deref().and_then(Time::parse)
}

/// Each end that is missing falls back to when the alert was raised.
fn observed_time(alert: &Alert) -> Option<ObservedTime> {
    let raised = time(&alert.alert_creation_time);
    let end = time(&alert.last_event_time).or(raised);
    let start = time(&alert.first_event_time).or(raised).or(end)?;
    Some(ObservedTime::from_until(start, end))
}

fn severity(alert: &Alert) -> Severity {
    match alert.severity.as_deref() {
        Some("Informational") => Severity::Info,
        Some("Low") => Severity::Low,
        Some("Medium") => Severity::Medium,
        Some("High") => Severity::High,
        _ => Severity::Unknown,
    }
}

fn resolution(alert: &Alert) -> Resolution {
    let mut statuses = alert.evidence.iter().filter_map(|entry| entry.detection_status.as_deref());
    let blocked = statuses.any(|status| matches!(status, "Blocked" | "Prevented"));
    if blocked { Resolution::Blocked } else { Resolution::Detected }
}

fn hashes(entry: &Evidence) -> Vec<Observable> {
    let hashes = [hash(Sha1, entry.sha1.as_deref()), hash(Sha256, entry.sha256.as_deref())];
    hashes.into_iter().flatten().collect()
}

fn add_entry(relations: &mut Relations, entry: &Evidence) {
    let name = file_name(entry.file_name.as_deref());
    let path = file_path(entry.file_path.as_deref(), entry.file_name.as_deref());
    let peers = [address(entry.ip_address.as_deref()), url_or_host(entry.url.as_deref())];
    let hashes = hashes(entry);
    for hash in &hashes {
        relations.add(name.clone(), RelationName::FileNameOf, Some(hash.clone()));
    }
    for hash in &hashes {
        relations.add(path.clone(), RelationName::FilePathOf, Some(hash.clone()));
    }
    for peer in peers {
        for hash in &hashes {
            relations.add(Some(hash.clone()), RelationName::ConnectedTo, peer.clone());
        }
    }
}

/// A process's parent is the entry with its number; numbers are used again, so that the times of
/// creation have to agree where both are known.
fn add_parents(relations: &mut Relations, evidence: &[Evidence]) {
    let mut by_number: HashMap<i64, Vec<&Evidence>> = HashMap::new();
    for entry in evidence {
        if let Some(number) = entry.process_id {
            by_number.entry(number).or_default().push(entry);
        }
    }
    for child in evidence {
        let Some(number) = child.parent_process_id else { continue };
        let known = by_number.get(&number).map(Vec::as_slice).unwrap_or_default();
        let parents: Vec<_> = known.iter().filter(|parent| is_parent(parent, child)).collect();
        for parent in &parents {
            relations.add(process(parent), RelationName::ParentOf, process(child));
        }
        if parents.is_empty() {
            let parent = file_name(child.parent_process_file_name.as_deref());
            relations.add(parent, RelationName::ParentOf, process(child));
        }
    }
}

fn is_parent(parent: &Evidence, child: &Evidence) -> bool {
    match (time(&parent.process_creation_time), time(&child.parent_process_creation_time)) {
        (Some(created), Some(expected)) => created == expected,
        _ => true,
    }
}

/// The best name of a process: its file's SHA-256, SHA-1, or name.
fn process(entry: &Evidence) -> Option<Observable> {
    hash(Sha256, entry.sha256.as_deref())
        .or_else(|| hash(Sha1, entry.sha1.as_deref()))
        .or_else(|| file_name(entry.file_name.as_deref()))
}

#[cfg(test)]
mod tests {
    use relay_core::{Environment, Namespace, ObservableType::Ip};
    use serde_json::{Value, json};

    use super::*;
    use crate::config::Settings;

    const CHILD: &str = "8f219e9cb0eb53f16947ccf25ec84d8dbc74254770f58904dba41ecccc3fc162";
    const PARENT: &str = "36b3216fdaeeb975729fae923d5a4fd12aabfe22";

    fn settings(sensors: &str) -> Settings {
        Settings::new(&Environment::of([("DEFENDER_SENSORS", sensors)])).unwrap()
    }

    fn sighting_with(sensors: &str, alert: &Value) -> Option<Value> {
        let settings = settings(sensors);
        let reporter = Reporter {
            namespace: Namespace::of("defender-atp"),
            tenant: "contoso.example",
            product: "Defender",
            portal: &settings.portal,
            fine_sensors: settings.fine_sensors,
        };
        let asked = Observable::new(Ip, "203.0.113.80");
        let subject = Subject::of(&asked).unwrap();
        let alert = serde_json::from_str(&alert.to_string()).unwrap();
        let sighting = reporter.alert(&subject, &alert, Device::default())?;
        Some(serde_json::to_value(sighting).unwrap())
    }

    /// The sighting of an alert with these members beside an id and a time.
    fn sighting(members: Value) -> Value {
        let mut alert = json!({"id": "da1", "alertCreationTime": "2026-10-30T06:00:00Z"});
        let members = members.as_object().unwrap().clone();
        alert.as_object_mut().unwrap().extend(members);
        sighting_with("endpoint", &alert).unwrap()
    }

    /// `source relation related` of each relation, by values.
    fn relations(evidence: Value) -> Vec<String> {
        let sighting = sighting(json!({"detectionSource": "Scanner", "evidence": evidence}));
        let relations = sighting["relations"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        relations
            .iter()
            .map(|it| {
                assert_eq!(it["origin"], "Scanner");
                let (source, related) =
                    (text(&it["source"]["value"]), text(&it["related"]["value"]));
                format!("{source} {} {related}", text(&it["relation"]))
            })
            .collect()
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
    fn timestamps_are_of_the_last_change_or_of_the_raising() {
        let changed = sighting(json!({"lastUpdateTime": "2026-10-30T07:00:00.1234567Z"}));
        assert_eq!(changed["timestamp"], "2026-10-30T07:00:00.123Z");
        assert_eq!(sighting(json!({}))["timestamp"], "2026-10-30T06:00:00.000Z");
    }

    #[test]
    fn what_was_stopped_is_blocked() {
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
    fn a_files_name_and_path_belong_to_each_of_its_hashes() {
        let file =
            json!([{"sha1": PARENT, "sha256": CHILD, "fileName": "a.exe", "filePath": "C:\\x"}]);
        assert_eq!(
            relations(file),
            [
                format!("a.exe File_Name_Of {PARENT}"),
                format!("a.exe File_Name_Of {CHILD}"),
                format!(r"C:\x\a.exe File_Path_Of {PARENT}"),
                format!(r"C:\x\a.exe File_Path_Of {CHILD}"),
            ]
        );
        assert_eq!(relations(json!([{"fileName": "a.exe", "filePath": "C:\\x"}])), [""; 0]);
        assert_eq!(relations(json!([{"sha1": "short", "fileName": "a.exe"}])), [""; 0]);
    }

    #[test]
    fn no03_only_what_one_entry_holds_together_is_connected() {
        let apart =
            json!([{"sha1": PARENT}, {"ipAddress": "203.0.113.80"}, {"url": "bad.example"}]);
        assert_eq!(relations(apart), [""; 0]);
        let together =
            json!([{"sha1": PARENT, "ipAddress": "2001:db8::80", "url": "bad.example/x"}]);
        assert_eq!(
            relations(together),
            [
                format!("{PARENT} Connected_To 2001:db8::80"),
                format!("{PARENT} Connected_To bad.example"),
            ]
        );
    }

    #[test]
    fn parents_are_found_by_number_and_time() {
        let parent =
            |time: Value| json!({"sha1": PARENT, "processId": 7, "processCreationTime": time});
        let child = |time: Value| {
            json!({
                "sha256": CHILD,
                "processId": 8,
                "parentProcessId": 7,
                "parentProcessCreationTime": time,
                "parentProcessFileName": "explorer.exe",
            })
        };
        let (one, same, other) =
            ("2026-10-30T05:50:00Z", "2026-10-30T05:50:00.000Z", "2026-10-30T05:51:00Z");
        let by_hash = [format!("{PARENT} Parent_Of {CHILD}")];
        let by_name = [format!("explorer.exe Parent_Of {CHILD}")];
        for (created, expected, found) in [
            (json!(one), json!(same), &by_hash),
            (json!(one), json!(null), &by_hash),
            (json!(null), json!(one), &by_hash),
            (json!(one), json!(other), &by_name),
        ] {
            assert_eq!(relations(json!([child(expected), parent(created)])), *found);
        }
        assert_eq!(relations(json!([child(json!(one))])), by_name);
    }

    #[test]
    fn processes_without_hashes_go_by_name() {
        let family = json!([
            {"fileName": "zsh", "processId": 7},
            {"fileName": "Updater", "processId": 8, "parentProcessId": 7},
            {"fileName": "Updater", "processId": 9, "parentProcessId": 1},
        ]);
        assert_eq!(relations(family), ["zsh Parent_Of Updater"]);
    }

    #[test]
    fn an_alert_without_source_has_its_relations_from_the_product() {
        let sighting = sighting(json!({"evidence": [{"sha1": PARENT, "fileName": "a.exe"}]}));
        assert_eq!(sighting["relations"][0]["origin"], "Defender");
    }
}
