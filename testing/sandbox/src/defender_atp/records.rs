//! The built-in data of the tenants. It never changes; what calls change is in
//! `machine_actions` and `indicators`.

use std::{collections::BTreeMap, net::IpAddr};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    indicators::Indicator,
    machine_actions::MachineAction,
    odata::Entity,
    subject::{Subject, host_of},
};
use crate::identity::{Tenant, tenant::CONTOSO};

/// Reads the files of one folder as those of this tenant.
macro_rules! records {
    ($folder:literal, $tenant:expr) => {
        Records {
            alerts: read(file!($folder, "alerts"), $tenant)?,
            files: read(file!($folder, "files"), $tenant)?,
            machines: read(file!($folder, "machines"), $tenant)?,
            available: read(file!($folder, "available_actions"), $tenant)?,
            machine_actions: read(file!($folder, "machine_actions"), $tenant)?,
            indicators: read(file!($folder, "indicators"), $tenant)?,
            events: Events {
                files: read(file!($folder, "device_file_events"), $tenant)?,
                network: read(file!($folder, "device_network_events"), $tenant)?,
                devices: read(file!($folder, "device_info"), $tenant)?,
                adapters: read(file!($folder, "device_network_info"), $tenant)?,
            },
        }
    };
}

macro_rules! file {
    ($folder:literal, $name:literal) => {
        include_str!(concat!("data/", $folder, "/", $name, ".json"))
    };
}

/// Everything one tenant knows.
#[derive(Debug)]
pub(super) struct Records {
    pub(super) alerts: Vec<Alert>,
    pub(super) files: Vec<Entity>,
    pub(super) machines: Vec<Entity>,
    /// By machine id: what `availableMachineActions` offers.
    pub(super) available: BTreeMap<String, Vec<Availability>>,
    /// What was requested before the sandbox started.
    pub(super) machine_actions: Vec<MachineAction>,
    /// What was added before the sandbox started.
    pub(super) indicators: Vec<Indicator>,
    pub(super) events: Events,
}

/// The rows of the hunting tables that have a file of their own.
#[derive(Debug)]
pub(super) struct Events {
    pub(super) files: Vec<Value>,
    pub(super) network: Vec<Value>,
    pub(super) devices: Vec<Value>,
    pub(super) adapters: Vec<Value>,
}

/// Whether a machine supports an action. The endpoint is undocumented; its form is spec §8.1's.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Availability {
    pub(super) action: String,
    pub(super) is_available: bool,
    pub(super) not_supported_reason: Option<String>,
}

impl Records {
    /// # Errors
    ///
    /// The parser's error when a built-in file is damaged.
    pub(super) fn of(tenant: &Tenant) -> serde_json::Result<Self> {
        Ok(match tenant.is_second_customer() {
            true => records!("fabrikam", tenant),
            false => records!("contoso", tenant),
        })
    }

    /// A machine by its id or its name ("Get machine by ID API").
    pub(super) fn machine(&self, id_or_name: &str) -> Option<&Entity> {
        self.machines.iter().find(|machine| {
            ["id", "computerDnsName"].iter().any(|key| {
                machine
                    .get(*key)
                    .and_then(Value::as_str)
                    .is_some_and(|known| known.eq_ignore_ascii_case(id_or_name))
            })
        })
    }
}

fn read<T: DeserializeOwned>(text: &str, tenant: &Tenant) -> serde_json::Result<T> {
    serde_json::from_str(&text.replace(CONTOSO.id, tenant.id))
}

/// An alert, and what it is about beyond its evidence.
#[derive(Debug, Deserialize)]
pub(super) struct Alert {
    #[serde(default, rename = "_related")]
    related: Related,
    #[serde(flatten)]
    pub(super) entity: Entity,
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
        self.entity.get("evidence").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    pub(super) fn is_about(&self, subject: &Subject) -> bool {
        let in_evidence = |key: &str, fits: &dyn Fn(&str) -> bool| {
            self.evidence().iter().any(|entry| entry[key].as_str().is_some_and(fits))
        };
        match subject {
            Subject::File(sha1) => {
                self.related.sha1.contains(sha1)
                    || in_evidence("sha1", &|known| known.eq_ignore_ascii_case(sha1))
            }
            Subject::Ip(ip) => {
                self.related.ips.contains(ip)
                    || in_evidence("ipAddress", &|known| {
                        known.parse().is_ok_and(|known: IpAddr| known == *ip)
                    })
            }
            Subject::Domain(domain) => {
                self.related.domains.contains(domain)
                    || in_evidence("url", &|known| host_of(known).as_ref() == Some(domain))
            }
        }
    }

    /// The alert on the wire; lists leave the evidence empty until it is asked for.
    pub(super) fn shown(&self, with_evidence: bool) -> Entity {
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

    fn both() -> [Records; 2] {
        [&CONTOSO, &FABRIKAM].map(|tenant| Records::of(tenant).expect("built-in data"))
    }

    fn texts<'a>(rows: impl IntoIterator<Item = &'a Value>, key: &str) -> BTreeSet<&'a str> {
        rows.into_iter().filter_map(|row| row[key].as_str()).filter(|it| !it.is_empty()).collect()
    }

    fn entity_texts<'a>(rows: &'a [Entity], key: &str) -> BTreeSet<&'a str> {
        rows.iter().filter_map(|row| row.get(key)?.as_str()).collect()
    }

    #[test]
    fn devices_of_events_are_machines() {
        for records in both() {
            let machines = entity_texts(&records.machines, "id");
            let Events { files, network, devices, adapters } = &records.events;
            let known = texts([devices, adapters, network].into_iter().flatten(), "DeviceId");
            assert!(known.is_subset(&machines), "{known:?}");
            let without_machine: Vec<_> =
                texts(files, "DeviceId").difference(&machines).copied().collect();
            let of_alerts: BTreeSet<_> = records
                .alerts
                .iter()
                .filter_map(|alert| alert.entity.get("machineId")?.as_str())
                .collect();
            assert!(without_machine.iter().all(|id| of_alerts.contains(id)), "{without_machine:?}");
            assert_eq!(
                records.available.keys().map(String::as_str).collect::<BTreeSet<_>>(),
                machines
            );
        }
    }

    #[test]
    fn hashes_of_events_are_one_file() {
        for records in both() {
            for row in records.events.files.iter().chain(&records.events.network) {
                for (sha1, md5) in
                    [("SHA1", "MD5"), ("InitiatingProcessSHA1", "InitiatingProcessMD5")]
                {
                    let profile = records
                        .files
                        .iter()
                        .find(|it| it.get("sha1").is_some_and(|it| *it == row[sha1]));
                    let profiled = profile.and_then(|it| it.get("md5")?.as_str());
                    if let (Some(profiled), Some(md5)) = (profiled, row[md5].as_str()) {
                        assert_eq!(profiled, md5, "{row}");
                    }
                }
            }
        }
    }

    #[test]
    fn addresses_of_devices_are_those_of_the_adapters() {
        for records in both() {
            for machine in &records.machines {
                let rows = &records.events.adapters;
                let of_machine: Vec<_> =
                    rows.iter().filter(|row| row["DeviceId"] == machine["id"]).cloned().collect();
                let macs = texts(&of_machine, "MacAddress");
                let listed = machine["ipAddresses"].as_array().map_or(&[][..], Vec::as_slice);
                assert!(macs.is_subset(&texts(listed, "macAddress")), "{macs:?}");
            }
        }
    }

    #[test]
    fn every_kind_of_event_is_there() {
        let [contoso, _] = both();
        let actions =
            texts(contoso.events.files.iter().chain(&contoso.events.network), "ActionType");
        for action in [
            "FileCreated",
            "FileModified",
            "FileRenamed",
            "FileDeleted",
            "FileCreatedAggregatedReport",
            "ConnectionSuccess",
            "ConnectionFailed",
            "ConnectionRequest",
            "ConnectionAttempt",
            "ConnectionFound",
            "InboundConnectionAccepted",
            "InboundInternetScanInspected",
            "ListeningConnectionCreated",
            "DnsConnectionInspected",
        ] {
            assert!(actions.contains(action), "{action}");
        }
        assert!(contoso.alerts.len() >= 12);
        assert_eq!(contoso.machines.len(), 6);
    }
}
