//! The built-in data of the tenants. It never changes; what requests change is in
//! `machine_actions` and `indicators`.

use std::{collections::BTreeMap, net::IpAddr, sync::OnceLock};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::entity::{EntityId, host_of};
use crate::identity::{
    Tenant,
    tenant::{self, CONTOSO},
};

/// Reads the files of one folder as those of this tenant.
macro_rules! records {
    ($folder:literal, $tenant:expr) => {
        Records {
            alerts: read(file!($folder, "alerts"), $tenant),
            files: read(file!($folder, "files"), $tenant),
            machines: read(file!($folder, "machines"), $tenant),
            available: read(file!($folder, "available_actions"), $tenant),
            machine_actions: read(file!($folder, "machine_actions"), $tenant),
            indicators: read(file!($folder, "indicators"), $tenant),
            events: [
                ("DeviceFileEvents", read(file!($folder, "device_file_events"), $tenant)),
                ("DeviceProcessEvents", read(file!($folder, "device_process_events"), $tenant)),
                ("DeviceNetworkEvents", read(file!($folder, "device_network_events"), $tenant)),
                ("DeviceEvents", read(file!($folder, "device_events"), $tenant)),
                ("DeviceInfo", read(file!($folder, "device_info"), $tenant)),
                ("DeviceNetworkInfo", read(file!($folder, "device_network_info"), $tenant)),
            ],
        }
    };
}

macro_rules! file {
    ($folder:literal, $name:literal) => {
        include_str!(concat!("data/", $folder, "/", $name, ".json"))
    };
}

/// Everything that one tenant has.
#[derive(Debug)]
pub(super) struct Records {
    pub(super) alerts: Vec<Alert>,
    pub(super) files: Vec<Value>,
    pub(super) machines: Vec<Value>,
    /// By machine id: what `availableMachineActions` offers.
    pub(super) available: BTreeMap<String, Vec<Value>>,
    /// What was requested before the sandbox started.
    pub(super) machine_actions: Vec<Value>,
    /// What was added before the sandbox started.
    pub(super) indicators: Vec<Value>,
    /// The hunting tables that have a file of their own, and their rows.
    pub(super) events: [(&'static str, Vec<Value>); 6],
}

impl Records {
    fn read(tenant: &Tenant) -> Self {
        if tenant.is_second_customer() {
            return records!("fabrikam", tenant);
        }
        let mut records = records!("contoso", tenant);
        records.add(read(file!("contoso", "incident"), tenant));
        records
    }

    fn add(&mut self, incident: IncidentRecords) {
        self.alerts.extend(incident.alerts);
        self.files.extend(incident.files);
        self.machines.extend(incident.machines);
        self.available.extend(incident.available_actions);
        let mut events = incident.events;
        for (table, rows) in &mut self.events {
            rows.extend(events.remove(*table).unwrap_or_default());
        }
    }

    /// A machine by its id or its name ("Get machine by ID API").
    pub(super) fn machine(&self, id_or_name: &str) -> Option<&Value> {
        let is_named =
            |name: &Value| name.as_str().is_some_and(|name| name.eq_ignore_ascii_case(id_or_name));
        let mut machines = self.machines.iter();
        machines.find(|machine| is_named(&machine["id"]) || is_named(&machine["computerDnsName"]))
    }
}

/// The records of all tenants, each read once in a process, when it is first asked for.
static ALL: [OnceLock<Records>; tenant::ALL.len()] = [const { OnceLock::new() }; tenant::ALL.len()];

/// The records of a tenant.
pub(super) fn of(tenant: &Tenant) -> &'static Records {
    let at = tenant::ALL.iter().position(|known| *known == tenant).unwrap_or_default();
    ALL[at].get_or_init(|| Records::read(tenant))
}

fn read<T: Default + DeserializeOwned>(text: &str, tenant: &Tenant) -> T {
    serde_json::from_str(&text.replace(CONTOSO.id, tenant.id)).unwrap_or_default()
}

/// What Contoso has of [`incident`](crate::incident).
#[derive(Default, Deserialize)]
struct IncidentRecords {
    alerts: Vec<Alert>,
    files: Vec<Value>,
    machines: Vec<Value>,
    available_actions: BTreeMap<String, Vec<Value>>,
    /// Rows by hunting table.
    events: BTreeMap<String, Vec<Value>>,
}

/// An alert, and what it is about beyond its evidence.
#[derive(Debug, Deserialize)]
pub(super) struct Alert {
    #[serde(default, rename = "_related")]
    related: Related,
    #[serde(flatten)]
    pub(super) entity: Value,
}

/// Links that the product knows although the evidence does not name them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Related {
    sha1: Vec<String>,
    ips: Vec<IpAddr>,
    domains: Vec<String>,
}

impl Alert {
    pub(super) fn evidence(&self) -> &[Value] {
        self.entity["evidence"].as_array().map_or(&[], Vec::as_slice)
    }

    pub(super) fn is_about(&self, entity: &EntityId) -> bool {
        let in_evidence = |key: &str, fits: &dyn Fn(&str) -> bool| {
            self.evidence().iter().any(|entry| entry[key].as_str().is_some_and(fits))
        };
        match entity {
            EntityId::File(sha1) => {
                self.related.sha1.contains(sha1)
                    || in_evidence("sha1", &|known| known.eq_ignore_ascii_case(sha1))
            }
            EntityId::Ip(ip) => {
                self.related.ips.contains(ip)
                    || in_evidence("ipAddress", &|known| known.parse() == Ok(*ip))
            }
            EntityId::Domain(domain) => {
                self.related.domains.contains(domain)
                    || in_evidence("url", &|known| host_of(known).as_ref() == Some(domain))
            }
        }
    }

    /// The alert on the wire; lists leave the evidence empty until `$expand` asks for it.
    pub(super) fn shown(&self, with_evidence: bool) -> Value {
        let mut entity = self.entity.clone();
        if let Some(evidence) = entity.get_mut("evidence").filter(|_| !with_evidence) {
            *evidence = Value::Array(Vec::new());
        }
        entity
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::identity::tenant::FABRIKAM;

    fn both() -> [&'static Records; 2] {
        [&CONTOSO, &FABRIKAM].map(of)
    }

    /// The texts of a member that are not empty.
    fn texts<'a>(rows: impl IntoIterator<Item = &'a Value>, key: &str) -> BTreeSet<&'a str> {
        rows.into_iter().filter_map(|row| row[key].as_str()).filter(|it| !it.is_empty()).collect()
    }

    #[test]
    fn devices_of_events_are_machines_or_of_alerts() {
        for Records { alerts, machines, available, events, .. } in both() {
            let machines = texts(machines, "id");
            let [(_, files), others @ ..] = &events;
            let known = texts(others.iter().flat_map(|(_, rows)| rows), "DeviceId");
            assert!(known.is_subset(&machines), "{known:?}");
            let of_alerts = texts(alerts.iter().map(|alert| &alert.entity), "machineId");
            let forgotten = &texts(files, "DeviceId") - &machines;
            assert!(forgotten.is_subset(&of_alerts), "{forgotten:?}");
            assert_eq!(available.keys().map(String::as_str).collect::<BTreeSet<_>>(), machines);
        }
    }

    #[test]
    fn hashes_of_events_are_one_file() {
        let pairs = [("SHA1", "MD5"), ("InitiatingProcessSHA1", "InitiatingProcessMD5")];
        for Records { files, events, .. } in both() {
            let rows = events.iter().flat_map(|(_, rows)| rows);
            for (row, (sha1, md5)) in rows.flat_map(|row| pairs.map(|pair| (row, pair))) {
                let profile = files.iter().find(|file| file["sha1"] == row[sha1]);
                let profiled = profile.map(|file| &file["md5"]).filter(|md5| md5.is_string());
                let is_known = row[md5].as_str().is_some_and(|md5| !md5.is_empty());
                if let Some(profiled) = profiled.filter(|_| is_known) {
                    assert_eq!(profiled, &row[md5], "{row}");
                }
            }
        }
    }

    #[test]
    fn addresses_of_devices_are_those_of_the_adapters() {
        for Records { machines, events: [.., (_, adapters)], .. } in both() {
            for machine in machines {
                let own = adapters.iter().filter(|row| row["DeviceId"] == machine["id"]);
                let macs = texts(own, "MacAddress");
                let listed = machine["ipAddresses"].as_array().into_iter().flatten();
                assert!(macs.is_subset(&texts(listed, "macAddress")), "{macs:?}");
            }
        }
    }

    #[test]
    fn every_kind_of_event_is_there() {
        let [Records { alerts, machines, events, .. }, _] = both();
        let actions = texts(events.iter().flat_map(|(_, rows)| rows), "ActionType");
        let expected = "FileCreated FileModified FileRenamed FileDeleted FileCreatedAggregatedReport \
                        ConnectionSuccess ConnectionFailed ConnectionRequest ConnectionAttempt \
                        ConnectionFound InboundConnectionAccepted InboundInternetScanInspected \
                        ListeningConnectionCreated DnsConnectionInspected";
        let missing: Vec<_> = expected.split(' ').filter(|it| !actions.contains(it)).collect();
        assert_eq!(missing, [""; 0]);
        assert!(alerts.len() >= 12);
        assert_eq!(machines.len(), 8);
    }
}
