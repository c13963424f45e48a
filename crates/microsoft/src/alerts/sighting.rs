//! An alert of `alerts_v2` as a sighting of one observable.
//!
//! Source: docs/relays/graph-security.md#sightings.

use relay_core::{
    ctim::{ExternalReference, ObservedTime, ShortText, Sighting, Table, Uri},
    lenient::Text,
};

use super::{
    SearchOptions,
    relations::relations,
    search_term::SearchTerm,
    targets::targets,
    types::Alert,
    vocabulary::{confidence, resolution, sensor, severity},
};
use crate::{
    Portal,
    texts::{alert_title, description, facts},
};

/// Returns none when the alert has no id or no time.
pub(super) fn sighting(
    options: &SearchOptions<'_>,
    portal: Portal<'_>,
    tenant: &str,
    term: &SearchTerm<'_>,
    alert: &Alert,
) -> Option<Sighting> {
    let id = alert.id.as_deref()?;
    let observed_time = observed_time(alert)?;
    let observable = term.observable;
    let matching: Vec<_> =
        alert.evidence.iter().filter(|evidence| term.value.is_in(evidence)).collect();
    let origin = alert.product_name.as_deref().unwrap_or(options.source);
    let sighting_id =
        options.namespace.sighting(&[tenant, id], observable.kind.as_str(), &observable.value);
    let (title, category) = (alert.title.as_deref(), alert.category.as_deref());
    let raised_by = alert.detection_source.as_deref().or(alert.product_name.as_deref());
    let page = uri(&alert.alert_web_url);
    Some(Sighting {
        source_uri: page.clone().or_else(|| portal.alert(id, tenant)),
        title: Some(alert_title(title, category, raised_by, id)),
        description: description(alert.description.as_deref(), title),
        confidence: confidence(alert, &matching),
        severity: Some(severity(alert.severity.as_deref())),
        internal: Some(true),
        resolution: Some(resolution(alert, &matching)),
        sensor: Some(sensor(alert)),
        targets: targets(alert, observed_time),
        relations: relations(alert, term, origin),
        data: data(alert),
        timestamp: alert.last_update.or(*alert.created),
        external_ids: external_ids(alert, id),
        external_references: references(alert, page, origin),
        ..Sighting::of(sighting_id, options.source, observable.clone(), observed_time)
    })
}

/// Each end falls back to the alert's creation; an end before the start is left out.
fn observed_time(alert: &Alert) -> Option<ObservedTime> {
    let start = alert.first_activity.or(*alert.created)?;
    Some(ObservedTime::from_until(start, alert.last_activity.or(*alert.created)))
}

fn external_ids(alert: &Alert, id: &str) -> Vec<ShortText> {
    let others = alert.provider_alert_id.as_deref().filter(|other| *other != id);
    [id].into_iter().chain(others).map(ShortText::from).collect()
}

/// `page` is that of the alert.
fn references(alert: &Alert, page: Option<Uri>, origin: &str) -> Vec<ExternalReference> {
    let incident = alert.incident_id.as_deref().map(ShortText::from);
    let links = [(page, None), (uri(&alert.incident_web_url), incident)];
    let references = links.into_iter().filter_map(|(url, external_id)| {
        let url = Some(url?);
        Some(ExternalReference { url, external_id, ..ExternalReference::to(origin) })
    });
    references.collect()
}

fn uri(link: &Text) -> Option<Uri> {
    Uri::parse(link.as_deref()?)
}

fn data(alert: &Alert) -> Option<Table> {
    let fact = |text: &Text| text.clone().into_inner();
    facts([
        ("Category", fact(&alert.category)),
        ("Status", fact(&alert.status)),
        ("Classification", fact(&alert.classification)),
        ("Determination", fact(&alert.determination)),
        ("MITRE techniques", Some(alert.mitre_techniques.join(", "))),
        ("Threat", fact(&alert.threat_display_name)),
        ("Threat family", fact(&alert.threat_family_name)),
        ("Incident", fact(&alert.incident_id)),
    ])
}

#[cfg(test)]
mod tests {
    use relay_core::{Namespace, Observable, ObservableType};
    use serde_json::{Value, json};

    use super::*;

    const IP: &str = "#microsoft.graph.security.ipEvidence";
    const FILE: &str = "#microsoft.graph.security.fileEvidence";

    /// Maps an alert with these members to a sighting of 203.0.113.80.
    fn mapped(members: Value) -> Option<Value> {
        let mut alert = json!({"id": "a1", "createdDateTime": "2026-10-30T06:12:01.5Z"});
        for (name, value) in members.as_object().unwrap() {
            alert[name] = value.clone();
        }
        let alert: Alert = serde_json::from_str(&alert.to_string()).unwrap();
        let options =
            SearchOptions { source: "Product", namespace: Namespace::of("product"), service: None };
        let observable = Observable::new(ObservableType::Ip, "203.0.113.80");
        let sighting = sighting(
            &options,
            Portal::GLOBAL,
            "tenant",
            &SearchTerm::new(0, &observable)?,
            &alert,
        )?;
        Some(serde_json::to_value(sighting).unwrap())
    }

    #[track_caller]
    fn check(member: &str, alert: Value, expected: Value) {
        assert_eq!(mapped(alert.clone()).unwrap()[member], expected, "{alert}");
    }

    #[test]
    fn severities_are_mapped() {
        for (word, severity) in [
            ("unknown", "Unknown"),
            ("informational", "Info"),
            ("low", "Low"),
            ("medium", "Medium"),
            ("high", "High"),
            ("unknownFutureValue", "Unknown"),
        ] {
            check("severity", json!({"severity": word}), json!(severity));
        }
        check("severity", json!({"severity": null}), json!("Unknown"));
    }

    #[test]
    fn confidence_is_the_classification_or_the_worst_matching_verdict() {
        let verdicts = |classification: Option<&str>, verdicts: &[&str]| {
            let evidence: Vec<_> = verdicts
                .iter()
                .map(|it| json!({"@odata.type": IP, "ipAddress": "203.0.113.80", "verdict": it}))
                .chain([
                    json!({"@odata.type": IP, "ipAddress": "192.0.2.1", "verdict": "malicious"}),
                ])
                .collect();
            json!({"classification": classification, "evidence": evidence})
        };
        let check = |alert, expected: &str| check("confidence", alert, json!(expected));
        check(verdicts(Some("truePositive"), &["noThreatsFound"]), "High");
        check(verdicts(Some("falsePositive"), &["malicious"]), "Low");
        check(verdicts(Some("informationalExpectedActivity"), &["malicious"]), "Low");
        check(verdicts(Some("unknown"), &["suspicious", "malicious"]), "High");
        check(verdicts(None, &["noThreatsFound", "suspicious"]), "Medium");
        check(verdicts(None, &["unknown", "noThreatsFound"]), "Low");
        check(verdicts(None, &["unknown"]), "Unknown");
        check(verdicts(None, &[]), "Unknown");
    }

    #[test]
    fn the_resolution_regards_matching_evidence_files_and_processes() {
        let ip = |remediation: &str| json!({"@odata.type": IP, "ipAddress": "203.0.113.80", "remediationStatus": remediation});
        let other = |remediation: &str| json!({"@odata.type": IP, "ipAddress": "192.0.2.1", "remediationStatus": remediation});
        let file = |detection: &str| json!({"@odata.type": FILE, "detectionStatus": detection, "remediationStatus": "remediated"});
        let check = |evidence: Value, expected: &str| {
            check("resolution", json!({"evidence": evidence}), json!(expected));
        };
        check(json!([ip("blocked")]), "blocked");
        check(json!([ip("prevented")]), "blocked");
        check(json!([ip("remediated")]), "contained");
        check(json!([ip("none")]), "detected");
        check(json!([other("blocked")]), "detected");
        check(json!([ip("remediated"), file("blocked")]), "blocked");
        check(json!([file("prevented")]), "blocked");
        check(json!([file("detected")]), "contained");
        check(json!(null), "detected");
    }

    #[test]
    fn sensors_are_mapped() {
        let check = |detection: Option<&str>, service: Option<&str>, expected: &str| {
            let alert = json!({"detectionSource": detection, "serviceSource": service});
            check("sensor", alert, json!(expected));
        };
        let endpoint = Some("microsoftDefenderForEndpoint");
        check(Some("antivirus"), endpoint, "process.anti-virus-scanner");
        check(Some("smartScreen"), endpoint, "process.reputation-service");
        check(
            Some("antivirus"),
            Some("microsoftDefenderForOffice365"),
            "process.anti-virus-scanner",
        );
        check(Some("x"), Some("microsoftDefenderForOffice365"), "process.email-service");
        check(None, Some("microsoftDefenderForIdentity"), "process.directory-service");
        check(None, Some("azureAdIdentityProtection"), "process.directory-service");
        check(None, Some("microsoftDefenderForIoT"), "network.ids");
        check(None, endpoint, "endpoint");
        check(None, None, "endpoint");
    }

    #[test]
    fn each_end_of_the_observed_time_falls_back_by_itself() {
        let check = |first: Option<&str>, last: Option<&str>, expected: Value| {
            let alert = json!({"firstActivityDateTime": first, "lastActivityDateTime": last});
            check("observed_time", alert, expected);
        };
        let (early, late) = ("2026-10-30T05:00:00Z", "2026-10-30T07:00:00Z");
        let created = "2026-10-30T06:12:01.500Z";
        let (early_out, late_out) = ("2026-10-30T05:00:00.000Z", "2026-10-30T07:00:00.000Z");
        check(Some(early), Some(late), json!({"start_time": early_out, "end_time": late_out}));
        check(None, Some(late), json!({"start_time": created, "end_time": late_out}));
        check(Some(early), None, json!({"start_time": early_out, "end_time": created}));
        check(None, None, json!({"start_time": created, "end_time": created}));
        check(Some(late), Some(early), json!({"start_time": late_out}));
        check(Some("soon"), None, json!({"start_time": created, "end_time": created}));
        assert_eq!(mapped(json!({"createdDateTime": null})), None);
    }

    #[test]
    fn an_alert_without_id_gives_no_sighting() {
        assert_eq!(mapped(json!({"id": null})), None);
        assert_eq!(mapped(json!({"id": ""})), None);
    }

    #[test]
    fn ids_and_links_are_mapped() {
        let alert = mapped(json!({
            "providerAlertId": "p1",
            "alertWebUrl": "https://security.example/alerts/a1",
            "incidentWebUrl": "javascript:alert(1)",
        }));
        let alert = alert.unwrap();
        let expected = Namespace::of("product").sighting(&["tenant", "a1"], "ip", "203.0.113.80");
        assert_eq!(alert["id"], expected.to_string());
        assert_eq!(alert["external_ids"], json!(["a1", "p1"]));
        let link = "https://security.example/alerts/a1";
        assert_eq!(alert["source_uri"], link);
        assert_eq!(alert["external_references"], json!([{"source_name": "Product", "url": link}]));
        check("external_ids", json!({"providerAlertId": "a1"}), json!(["a1"]));
    }

    #[test]
    fn further_facts_are_a_table() {
        let alert = json!({
            "category": "Malware", "status": "new", "classification": null,
            "determination": "malware", "mitreTechniques": ["T1", "T2"], "threatFamilyName": 7,
            "incidentId": "4711",
        });
        let columns = ["Category", "Status", "Determination", "MITRE techniques", "Threat family"];
        let columns = columns.into_iter().chain(["Incident"]);
        let columns: Vec<_> = columns.map(|name| json!({"name": name, "type": "string"})).collect();
        let expected = json!({
            "columns": columns,
            "rows": [["Malware", "new", "malware", "T1, T2", "7", "4711"]],
            "row_count": 1,
        });
        check("data", alert, expected);
    }

    #[test]
    fn every_sighting_has_a_title_and_a_link() {
        let bare = mapped(json!({})).unwrap();
        assert_eq!((bare["title"].as_str(), bare.get("data")), (Some("Alert a1"), None));
        assert_eq!(bare["source_uri"], "https://security.microsoft.com/alerts/a1?tid=tenant");
        let known = json!({"category": "Malware", "detectionSource": "antivirus"});
        check("title", known, json!("Malware alert of antivirus"));
        check(
            "title",
            json!({"productName": "Microsoft Sentinel"}),
            json!("Alert of Microsoft Sentinel"),
        );
        let repeated = mapped(json!({"title": "Beacon", "description": "Beacon"})).unwrap();
        assert_eq!(
            (repeated["title"].as_str(), repeated.get("description")),
            (Some("Beacon"), None)
        );
    }
}
