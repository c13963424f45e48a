//! Who was hit: devices, accounts and mailboxes, as targets.
//!
//! Source: docs/relays/graph-security.md#targets.

use std::hash::{Hash, Hasher};

use relay_core::{
    Observable, ObservableType as Type,
    ctim::{ObservedTime, Sensor, ShortText, Target, each_once},
};

use super::{
    evidence::{Device, Evidence, EvidenceDetails, IotDevice, Mailbox, Message, UserAccount},
    types::Alert,
};
use crate::defender::observables::mac;

/// Returns one target for each device, account and mailbox of the evidence that has a name, an
/// address or an id.
pub(super) fn targets(alert: &Alert, observed_time: ObservedTime) -> Vec<Target> {
    let mut hits = Vec::new();
    alert.evidence.iter().for_each(|evidence| Hit::add(&mut hits, evidence));
    let target = |hit: Hit| Target::of(hit.kind, hit.observables, observed_time, hit.os);
    each_once(hits).into_iter().filter_map(target).collect()
}

/// What names one target. Two with the same names are the same, whatever is known of the second.
struct Hit {
    /// What kind of system it belongs to.
    kind: Sensor,
    observables: Vec<Observable>,
    os: Option<ShortText>,
}

impl PartialEq for Hit {
    fn eq(&self, other: &Self) -> bool {
        (self.kind, &self.observables) == (other.kind, &other.observables)
    }
}

impl Eq for Hit {}

impl Hash for Hit {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.kind, &self.observables).hash(state);
    }
}

impl Hit {
    /// Adds those that the evidence names.
    fn add(hits: &mut Vec<Self>, evidence: &Evidence) {
        hits.extend(evidence.device().map(Self::device));
        hits.extend(evidence.account().filter(|it| !it.is_of_system()).map(Self::account));
        match &evidence.details {
            EvidenceDetails::IotDevice(device) => hits.push(Self::iot_device(device)),
            EvidenceDetails::Mailbox(mailbox) => hits.push(Self::mailbox(mailbox)),
            EvidenceDetails::Message(message) => hits.extend(Self::recipients(message)),
            _ => {}
        }
    }

    fn new(kind: Sensor, observables: impl IntoIterator<Item = Option<Observable>>) -> Self {
        let found = observables.into_iter();
        let mut observables = Vec::with_capacity(found.size_hint().0);
        observables.extend(found.flatten());
        Self { kind, observables, os: None }
    }

    fn device(device: &Device) -> Self {
        let hostname = device.host_name.as_deref().or_else(|| device.first_label());
        let domain = device.dns_name.as_deref().filter(|name| name.contains('.'));
        let names = [
            Observable::present(Type::Hostname, hostname),
            Observable::present(Type::Domain, domain),
        ];
        let machine = Observable::present(Type::MsMachineId, device.machine_id.as_deref());
        let users = device
            .logged_on_users
            .iter()
            .map(|user| Observable::present(Type::User, user.account_name.as_deref()));
        let observables = names
            .into_iter()
            .chain(device.addresses().map(Observable::of_ip))
            .chain([machine])
            .chain(users);
        Self { os: os(device), ..Self::new(Sensor::Endpoint, observables) }
    }

    fn iot_device(device: &IotDevice) -> Self {
        let name = Observable::present(Type::Hostname, device.name.as_deref());
        let serial = Observable::present(Type::SerialNumber, device.serial_number.as_deref());
        let macs = device.macs().map(|text| mac(Some(text)));
        let observables = [name]
            .into_iter()
            .chain(device.addresses().map(Observable::of_ip))
            .chain(macs)
            .chain([serial]);
        let os = device.operating_system.as_deref().map(ShortText::from);
        Self { os, ..Self::new(Sensor::Endpoint, observables) }
    }

    fn account(account: &UserAccount) -> Self {
        Self::new(Sensor::ProcessDirectoryService, account_names(account))
    }

    fn mailbox(mailbox: &Mailbox) -> Self {
        let account = mailbox.account.as_ref().into_iter().flat_map(account_names);
        let observables = mailbox.emails().map(user).chain(account);
        Self::new(Sensor::ProcessEmailService, observables)
    }

    fn recipients(message: &Message) -> impl Iterator<Item = Self> {
        let kind = match message.is_mail {
            true => Sensor::ProcessEmailService,
            // Users of Teams are accounts of the directory.
            false => Sensor::ProcessDirectoryService,
        };
        message.recipients.iter().map(move |it| Self::new(kind, [user(it)]))
    }
}

fn account_names(account: &UserAccount) -> [Option<Observable>; 2] {
    let name = Observable::present(Type::User, account.account_name.as_deref());
    [name, account.user_principal_name.as_deref().and_then(user)]
}

/// A mail address, or the name of a user.
fn user(text: &str) -> Option<Observable> {
    let kind = if text.contains('@') { Type::Email } else { Type::User };
    Observable::present(kind, Some(text))
}

/// Returns platform and version, without what is `Other`, Microsoft's word for unknown.
fn os(device: &Device) -> Option<ShortText> {
    let known = |text: &&str| *text != "Other";
    let platform = device.os_platform.as_deref().filter(known)?;
    let version = device.version.as_deref().filter(known);
    Some(
        version.map_or_else(|| platform.into(), |version| [platform, " ", version].concat().into()),
    )
}

#[cfg(test)]
mod tests {
    use relay_core::Time;
    use serde_json::{Value, json};

    use super::*;

    /// Type, observables and system of each target of an alert with this evidence.
    fn of_evidence(evidence: Value) -> Vec<String> {
        let alert: Alert =
            serde_json::from_str(&json!({"evidence": evidence}).to_string()).unwrap();
        let time = Time::from_unix_seconds(1_793_437_200).unwrap();
        let targets = targets(&alert, ObservedTime::at(time));
        let targets = serde_json::to_value(targets).unwrap();
        let text = |target: &Value| {
            let observables = target["observables"].as_array().unwrap().iter();
            let observables: Vec<_> = observables
                .map(|it| {
                    format!("{} {}", it["type"].as_str().unwrap(), it["value"].as_str().unwrap())
                })
                .collect();
            let os = target["os"].as_str().unwrap_or("-");
            format!("{} [{}] {os}", target["type"].as_str().unwrap(), observables.join(", "))
        };
        targets.as_array().unwrap().iter().map(text).collect()
    }

    fn evidence(kind: &str, mut members: Value) -> Value {
        members["@odata.type"] = json!(format!("#microsoft.graph.security.{kind}"));
        members
    }

    #[test]
    fn a_device_has_all_its_addresses() {
        let device = evidence(
            "deviceEvidence",
            json!({
                "hostName": "ws-204", "deviceDnsName": "ws-204.contoso.example", "osPlatform": "Windows11",
                "ipInterfaces": ["10.20.4.17", "fe80::1%12", "::ffff:10.20.4.18"],
                "lastIpAddress": "10.20.4.17", "lastExternalIpAddress": "198.51.100.77",
                "loggedOnUsers": [{"accountName": "mara"}],
            }),
        );
        let expected = "endpoint [hostname ws-204, domain ws-204.contoso.example, ip 10.20.4.17, ipv6 fe80::1, ip 10.20.4.18, ip 198.51.100.77, user mara] Windows11";
        assert_eq!(of_evidence(json!([device])), [expected]);
        let plc = json!({
            "deviceName": "plc", "ipAddress": {"ipAddress": "192.0.2.50"}, "macAddress": "00:11:22:33:44:55",
            "nics": [{"ipAddress": {"ipAddress": "192.0.2.51"}, "macAddress": "001122334456"}],
            "operatingSystem": "VxWorks", "serialNumber": "S7",
        });
        let expected = "endpoint [hostname plc, ip 192.0.2.50, ip 192.0.2.51, mac_address 00:11:22:33:44:55, mac_address 00:11:22:33:44:56, serial_number S7] VxWorks";
        for kind in ["ioTDeviceEvidence", "iotDeviceEvidence"] {
            assert_eq!(of_evidence(json!([evidence(kind, plc.clone())])), [expected]);
        }
    }

    #[test]
    fn accounts_are_targets_but_for_those_of_the_system() {
        let account = json!({"accountName": "mara", "userPrincipalName": "mara@contoso.example"});
        let user = evidence("userEvidence", json!({"userAccount": account}));
        let session = evidence("cloudLogonSessionEvidence", json!({"account": user}));
        let process = evidence("processEvidence", json!({"userAccount": account}));
        let mara = "process.directory-service [user mara, email mara@contoso.example] -";
        assert_eq!(of_evidence(json!([user, session, process])), [mara]);
        let system = json!({"accountName": "SYSTEM", "userSid": "S-1-5-18"});
        assert_eq!(
            of_evidence(json!([evidence("processEvidence", json!({"userAccount": system}))])),
            [""; 0]
        );
        assert_eq!(
            of_evidence(json!([evidence("userEvidence", json!({"userAccount": null}))])),
            [""; 0]
        );
    }

    #[test]
    fn mailboxes_and_recipients_are_targets() {
        let mailbox = json!({
            "primaryAddress": "mara@contoso.example", "upn": "mara@contoso.example",
            "userAccount": {"accountName": "mara"},
        });
        let mail = json!({"recipientEmailAddress": "jo@contoso.example"});
        let reported = json!({"recipient": "jo@contoso.example"});
        let message = json!({"recipients": ["kim@contoso.example", "ada", null]});
        let all = json!([
            evidence("mailboxEvidence", mailbox),
            evidence("analyzedMessageEvidence", mail),
            evidence("submissionMailEvidence", reported),
            evidence("teamsMessageEvidence", message),
        ]);
        assert_eq!(
            of_evidence(all),
            [
                "process.email-service [email mara@contoso.example, user mara] -",
                "process.email-service [email jo@contoso.example] -",
                "process.directory-service [email kim@contoso.example] -",
                "process.directory-service [user ada] -",
            ]
        );
    }
}
