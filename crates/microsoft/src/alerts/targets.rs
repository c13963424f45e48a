//! The devices that an alert is about, as targets.
//!
//! Source: docs/relays/graph-security.md#sightings.

use relay_core::{
    Observable, ObservableType as Type,
    ctim::{ObservedTime, ShortText, Target},
};

use super::{
    evidence::{Device, EvidenceDetails},
    types::Alert,
};

/// Returns one target for each device of the evidence that has a name, an address or an id.
pub(super) fn targets(alert: &Alert, observed_time: ObservedTime) -> Vec<Target> {
    let devices = alert.evidence.iter().filter_map(|evidence| match &evidence.details {
        EvidenceDetails::Device(device) => Some(device),
        _ => None,
    });
    devices
        .filter_map(|device| Target::endpoint(observables(device), observed_time, os(device)))
        .collect()
}

fn observables(device: &Device) -> impl Iterator<Item = Observable> {
    let hostname = device.host_name.as_deref().or_else(|| device.first_label());
    let domain = device.dns_name.as_deref().filter(|name| name.contains('.'));
    let names =
        [Observable::present(Type::Hostname, hostname), Observable::present(Type::Domain, domain)];
    let addresses = device.ip_interfaces.iter().map(Observable::address);
    let machine = Observable::present(Type::MsMachineId, device.machine_id.as_deref());
    let users = device
        .logged_on_users
        .iter()
        .map(|user| Observable::present(Type::User, user.account_name.as_deref()));
    names.into_iter().chain(addresses).chain([machine]).chain(users).flatten()
}

/// Returns platform and version, without what is `Other`, Microsoft's word for unknown.
fn os(device: &Device) -> Option<ShortText> {
    let known = |text: &&str| *text != "Other";
    let platform = device.os_platform.as_deref().filter(known)?;
    let version = device.version.as_deref().filter(known);
    Some(version.map_or(platform.to_owned(), |version| format!("{platform} {version}")).into())
}
