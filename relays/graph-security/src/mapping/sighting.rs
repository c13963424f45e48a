//! A legacy alert as a sighting of one observable.

use microsoft::{alert_title, description};
use relay_core::{
    Observable, ObservableType as Type, Time,
    ctim::{ExternalReference, ObservedTime, ShortText, Sighting, Target, Uri},
    lenient::Text,
};

use super::{
    Mapper,
    relations::relations,
    vocabulary::{confidence, sensor, severity},
};
use crate::client::{Alert, HostState};

impl Mapper<'_> {
    /// Returns none when the alert has no id or no time.
    pub(super) fn sighting(&self, observable: &Observable, alert: &Alert) -> Option<Sighting> {
        let id = alert.id.as_deref()?;
        let time = time(&alert.event).or_else(|| time(&alert.created))?;
        let Self { source, namespace, tenant } = *self;
        let sighting_id =
            namespace.sighting(&[tenant, id], observable.kind.as_str(), &observable.value);
        let origin = alert.provider().unwrap_or(source);
        let links: Vec<_> = alert.source_materials.iter().filter_map(|it| Uri::parse(it)).collect();
        let observed_time = ObservedTime::at(time);
        let title = alert.title.as_deref();
        Some(Sighting {
            source_uri: links.first().cloned(),
            title: Some(alert_title(title, alert.category.as_deref(), alert.provider(), id)),
            description: description(alert.description.as_deref(), title),
            confidence: confidence(*alert.confidence),
            severity: Some(severity(alert.severity.as_deref())),
            internal: Some(true),
            sensor: Some(sensor(alert)),
            targets: targets(&alert.host_states, observed_time),
            relations: relations(observable.kind, alert, origin),
            timestamp: Some(time),
            external_ids: vec![ShortText::from(id)],
            external_references: references(links, origin),
            ..Sighting::of(sighting_id, source, observable.clone(), observed_time)
        })
    }
}

fn time(text: &Text) -> Option<Time> {
    Time::parse(text.as_deref()?)
}

fn targets(hosts: &[HostState], observed_time: ObservedTime) -> Vec<Target> {
    let os = |host: &HostState| ShortText::present(host.os.as_deref());
    hosts.iter().filter_map(|host| Target::endpoint(names(host), observed_time, os(host))).collect()
}

fn names(host: &HostState) -> impl Iterator<Item = Observable> {
    let address = |text: &Text| Observable::address(text.as_deref()?);
    let names = [
        address(&host.private_ip_address),
        address(&host.public_ip_address),
        Observable::present(Type::Hostname, host.net_bios_name.as_deref()),
        Observable::present(Type::Domain, host.fqdn.as_deref()),
    ];
    names.into_iter().flatten()
}

fn references(links: Vec<Uri>, origin: &str) -> Vec<ExternalReference> {
    let reference = |url| ExternalReference { url: Some(url), ..ExternalReference::to(origin) };
    links.into_iter().map(reference).collect()
}

#[cfg(test)]
mod tests {
    use relay_core::Namespace;
    use serde_json::{Value, json};

    use super::*;

    fn mapped(members: Value) -> Option<Value> {
        let mut alert = json!({"id": "a1", "eventDateTime": "2026-03-04T08:19:42.118Z"});
        for (name, value) in members.as_object().unwrap() {
            alert[name] = value.clone();
        }
        let alert: Alert = serde_json::from_str(&alert.to_string()).unwrap();
        let mapper =
            Mapper { source: "Product", namespace: Namespace::of("product"), tenant: "tenant" };
        let observable = Observable::new(Type::Domain, "bad.example");
        let sighting = mapper.sighting(&observable, &alert)?;
        Some(serde_json::to_value(sighting).unwrap())
    }

    #[track_caller]
    fn check(member: &str, alert: Value, expected: Value) {
        assert_eq!(mapped(alert.clone()).unwrap()[member], expected, "{alert}");
    }

    #[test]
    fn the_confidence_is_a_third_of_the_percentage() {
        for (percent, word) in [
            (json!(null), "None"),
            (json!("soon"), "None"),
            (json!(-1), "Low"),
            (json!(0), "Low"),
            (json!(33), "Low"),
            (json!(34), "Medium"),
            (json!(66), "Medium"),
            (json!(67), "High"),
            (json!(100), "High"),
            (json!(101), "Unknown"),
        ] {
            check("confidence", json!({"confidence": percent}), json!(word));
        }
    }

    #[test]
    fn severities_are_mapped() {
        for (severity, word) in [
            (json!("unknown"), "Unknown"),
            (json!("informational"), "Info"),
            (json!("low"), "Low"),
            (json!("medium"), "Medium"),
            (json!("high"), "High"),
            (json!("unknownFutureValue"), "Unknown"),
            (json!(null), "Unknown"),
        ] {
            check("severity", json!({"severity": severity}), json!(word));
        }
    }

    #[test]
    fn the_firewall_alone_is_no_endpoint() {
        for (provider, product, sensor) in [
            ("Palo Alto Networks", json!("NGFW"), "network.firewall"),
            ("Palo Alto Networks", json!("NG Firewall"), "network.firewall"),
            ("Palo Alto Networks", json!(null), "endpoint"),
            ("Other", json!("NGFW"), "endpoint"),
        ] {
            let vendor = json!({"provider": provider, "subProvider": product});
            check("sensor", json!({"vendorInformation": vendor}), json!(sensor));
        }
        check("sensor", json!({"vendorInformation": null}), json!("endpoint"));
    }

    #[test]
    fn without_an_event_time_the_time_of_creation_counts() {
        let created = json!({"eventDateTime": null, "createdDateTime": "2026-03-04T09:00:00Z"});
        check("timestamp", created, json!("2026-03-04T09:00:00.000Z"));
        assert_eq!(mapped(json!({"eventDateTime": null})), None);
        assert_eq!(mapped(json!({"eventDateTime": "soon", "createdDateTime": ""})), None);
        assert_eq!(mapped(json!({"id": null})), None);
    }

    #[test]
    fn i14_only_links_that_a_browser_may_open_are_mapped() {
        let links =
            json!({"sourceMaterials": ["", "javascript:alert(1)", "https://a.example/x y", 7]});
        let sighting = mapped(links).unwrap();
        let url = "https://a.example/x%20y";
        assert_eq!(sighting["source_uri"], url);
        assert_eq!(
            sighting["external_references"],
            json!([{"source_name": "Product", "url": url}])
        );
        assert!(mapped(json!({"sourceMaterials": null})).unwrap().get("source_uri").is_none());
    }

    #[test]
    fn texts_are_cut_to_the_length_that_ctim_allows() {
        let long =
            mapped(json!({"title": "t".repeat(2000), "description": "d".repeat(9000)})).unwrap();
        assert_eq!(long["title"].as_str().unwrap().len(), 1024);
        assert_eq!(long["description"].as_str().unwrap().len(), 5000);
        let none = mapped(json!({"title": null, "description": ""})).unwrap();
        assert_eq!((none["title"].as_str(), none.get("description")), (Some("Alert a1"), None));
        let named = json!({"category": "Malware", "vendorInformation": {"provider": "MCAS"}});
        assert_eq!(mapped(named).unwrap()["title"], "Malware alert of MCAS");
    }
}
