//! The target of a sighting: docs/relays/defender-atp.md#target.

use relay_core::{
    Observable,
    ObservableType::{Hostname, MsMachineId, User},
    ctim::{ObservedTime, Target},
};

use super::{
    Adapter, Alert, DeviceDetails, DeviceEvent, Machine,
    observables::{address, mac, name, operating_system},
};

/// Returns the device of an alert; none when the alert names no computer.
pub fn alert_target(
    alert: &Alert,
    device: DeviceDetails<'_>,
    observed_time: ObservedTime,
) -> Option<Target> {
    let host = name(Hostname, alert.computer_dns_name.as_deref())?;
    let user = alert.related_user.as_ref().and_then(|user| user.user_name.as_deref());
    let observables = [Some(host), name(MsMachineId, alert.machine_id.as_deref())]
        .into_iter()
        .flatten()
        .chain(device.machine.into_iter().flat_map(machine_addresses))
        .chain(device.adapters.iter().flat_map(adapter_addresses))
        .chain(name(User, user));
    let os = device.machine.and_then(|machine| {
        let architecture = machine.os_architecture.as_deref().or(machine.os_processor.as_deref());
        operating_system(machine.os_platform.as_deref(), architecture, machine.version.as_deref())
    });
    Target::endpoint(observables, observed_time, os)
}

/// Each MAC address followed by its addresses, then the address that was used last.
fn machine_addresses(machine: &Machine) -> Vec<Observable> {
    let mut adapters: Vec<(Option<Observable>, Vec<Observable>)> = Vec::new();
    for entry in &machine.ip_addresses {
        let mac = mac(entry.mac_address.as_deref());
        let address = address(entry.ip_address.as_deref());
        match adapters.iter_mut().find(|(known, _)| *known == mac) {
            Some((_, addresses)) => addresses.extend(address),
            None => adapters.push((mac, address.into_iter().collect())),
        }
    }
    let listed = adapters.into_iter().flat_map(|(mac, addresses)| mac.into_iter().chain(addresses));
    listed.chain(address(machine.last_ip_address.as_deref())).collect()
}

fn adapter_addresses(adapter: &Adapter) -> Vec<Observable> {
    let addresses = adapter.addresses().filter_map(|one| address(Some(one)));
    mac(adapter.mac.as_deref()).into_iter().chain(addresses).collect()
}

/// Returns the device of an event; none when the event names no device.
pub fn event_target(event: &DeviceEvent, observed_time: ObservedTime) -> Option<Target> {
    let host = name(Hostname, event.device_name.as_deref());
    let id = name(MsMachineId, event.device_id.as_deref());
    if host.is_none() && id.is_none() {
        return None;
    }
    let user = event.initiating_process_account_name.as_deref();
    let observables = [host, id]
        .into_iter()
        .flatten()
        .chain(event.adapters.iter().flat_map(adapter_addresses))
        .chain(name(User, user));
    let os = operating_system(
        event.os_platform.as_deref(),
        event.os_architecture.as_deref(),
        event.os_version.as_deref(),
    );
    Target::endpoint(observables, observed_time, os)
}

#[cfg(test)]
mod tests {
    use relay_core::Time;
    use serde_json::{Value, json};

    use super::*;

    fn target(alert: Value, machine: Option<Value>, adapters: &[Adapter]) -> Option<Value> {
        let alert = serde_json::from_str(&alert.to_string()).unwrap();
        let machine: Option<Machine> =
            machine.map(|machine| serde_json::from_str(&machine.to_string()).unwrap());
        let device = DeviceDetails { machine: machine.as_ref(), adapters };
        let at = ObservedTime::at(Time::from_unix_seconds(1_793_437_200).unwrap());
        alert_target(&alert, device, at).map(|target| serde_json::to_value(target).unwrap())
    }

    /// Types and values of the target's observables.
    fn values(target: &Value) -> Vec<String> {
        let observables = target["observables"].as_array().unwrap();
        let text = |it: &Value, key: &str| it[key].as_str().unwrap().to_owned();
        observables.iter().map(|it| format!("{} {}", text(it, "type"), text(it, "value"))).collect()
    }

    #[test]
    fn an_unknown_device_is_what_the_alert_says() {
        let alert = json!({
            "computerDnsName": "ws-204.contoso.example",
            "machineId": "f506",
            "relatedUser": {"userName": "mara"},
        });
        let target = target(alert, None, &[]).unwrap();
        assert_eq!(
            values(&target),
            ["hostname ws-204.contoso.example", "ms_machine_id f506", "user mara"]
        );
        assert_eq!(target.get("os"), None);
    }

    #[test]
    fn an_alert_without_a_computer_has_no_target() {
        for name in [json!(null), json!(""), json!(" ")] {
            assert_eq!(
                target(json!({"computerDnsName": name, "machineId": "f506"}), None, &[]),
                None
            );
        }
    }

    #[test]
    fn each_adapter_is_followed_by_its_addresses_without_repeats() {
        let machine = json!({
            "osPlatform": "Windows10",
            "osArchitecture": null,
            "osProcessor": "x64",
            "version": "1909",
            "lastIpAddress": "10.20.4.88",
            "ipAddresses": [
                {"ipAddress": "10.20.4.17", "macAddress": "00155D0A0B0C"},
                {"ipAddress": "10.31.0.7", "macAddress": "00155D0C0D02"},
                {"ipAddress": "fe80::1", "macAddress": "00:15:5d:0a:0b:0c"},
                {"ipAddress": "127.0.0.1", "macAddress": "000000000000"},
                {"ipAddress": null, "macAddress": "00155D0F0F0F"},
                {"ipAddress": "10.20.9.9", "macAddress": ""},
            ],
        });
        let ips = r#"[{"IPAddress": "10.20.4.17"}, {"IPAddress": "10.20.4.18"}]"#;
        let adapter = json!({"mac": "00-15-5D-0A-0B-0C", "ips": ips}).to_string();
        let adapters = [serde_json::from_str(&adapter).unwrap()];
        let target = target(json!({"computerDnsName": "ws"}), Some(machine), &adapters).unwrap();
        assert_eq!(
            values(&target),
            [
                "hostname ws",
                "mac_address 00:15:5d:0a:0b:0c",
                "ip 10.20.4.17",
                "ipv6 fe80::1",
                "mac_address 00:15:5d:0c:0d:02",
                "ip 10.31.0.7",
                "ip 10.20.9.9",
                "mac_address 00:15:5d:0f:0f:0f",
                "ip 10.20.4.88",
                "ip 10.20.4.18",
            ]
        );
        assert_eq!(target["os"], "Windows10 x64 version: 1909");
    }
}
