//! What hunting tables say: events on devices, and the devices' network adapters.
//!
//! Source: docs/relays/defender-atp.md#event-to-sighting; Microsoft's pages "DeviceFileEvents",
//! "DeviceProcessEvents", "DeviceNetworkEvents", "DeviceEvents", "DeviceInfo" and "DeviceNetworkInfo".

use relay_core::{
    Time,
    lenient::{List, Text, Texts, packed},
};
use serde::Deserialize;

/// An event: something happened to a file, or a connection was seen. Empty texts count as missing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct DeviceEvent {
    /// The value that the event was found by: `sha1|36b3…`.
    #[serde(rename = "K")]
    pub key: Text,
    /// RFC 3339, UTC.
    pub timestamp: Text,
    /// 40 hex digits.
    pub device_id: Text,
    /// The full name.
    pub device_name: Text,
    /// `FileCreated`, `ConnectionSuccess`, …
    pub action_type: Text,
    /// Tells events of one device and time apart, together with the action.
    pub report_id: Text,
    /// Without the folder.
    pub file_name: Text,
    /// The whole path; sometimes without the name.
    pub folder_path: Text,
    /// Of the file.
    #[serde(rename = "SHA1")]
    pub sha1: Text,
    /// Of the file; often empty.
    #[serde(rename = "SHA256")]
    pub sha256: Text,
    /// Of the file.
    #[serde(rename = "MD5")]
    pub md5: Text,
    /// Where the file was downloaded from.
    pub file_origin_url: Text,
    /// The page that led there.
    pub file_origin_referrer_url: Text,
    /// Of a file that was renamed.
    pub previous_file_name: Text,
    /// The other end of a connection.
    #[serde(rename = "RemoteIP")]
    pub remote_ip: Text,
    /// A URL, or a host alone.
    pub remote_url: Text,
    /// Digits.
    pub remote_port: Text,
    /// The device's end of a connection.
    #[serde(rename = "LocalIP")]
    pub local_ip: Text,
    /// `Tcp`, `Udp`, …
    pub protocol: Text,
    /// The name that DNS was asked for, in lower case.
    pub queried_name: Text,
    /// The name of the server in an inspected connection, in lower case.
    pub server_name: Text,
    /// The addresses that DNS answered.
    #[serde(deserialize_with = "packed")]
    pub dns_answers: Texts,
    /// Of the process that was started, or that the event is about; its first thousand characters.
    pub process_command_line: Text,
    /// What an antivirus scan found: `Trojan:Win32/Emotet.A`.
    pub threat_name: Text,
    /// The process that caused the event.
    pub initiating_process_file_name: Text,
    /// Of the same process; its first thousand characters.
    pub initiating_process_command_line: Text,
    /// The whole path; sometimes without the name.
    pub initiating_process_folder_path: Text,
    /// Of the file that the process runs.
    #[serde(rename = "InitiatingProcessSHA1")]
    pub initiating_process_sha1: Text,
    /// The same.
    #[serde(rename = "InitiatingProcessSHA256")]
    pub initiating_process_sha256: Text,
    /// The same.
    #[serde(rename = "InitiatingProcessMD5")]
    pub initiating_process_md5: Text,
    /// The process that started it.
    pub initiating_process_parent_file_name: Text,
    /// The user that it ran for.
    pub initiating_process_account_name: Text,
    /// `Windows11`.
    #[serde(rename = "OSPlatform")]
    pub os_platform: Text,
    /// `64-bit`.
    #[serde(rename = "OSArchitecture")]
    pub os_architecture: Text,
    /// `10.0`.
    #[serde(rename = "OSVersion")]
    pub os_version: Text,
    /// Of the device.
    #[serde(deserialize_with = "packed")]
    pub adapters: List<Adapter>,
}

impl DeviceEvent {
    /// Returns when it happened.
    #[must_use]
    pub fn time(&self) -> Option<Time> {
        Time::parse(self.timestamp.as_deref()?)
    }

    /// Returns what tells the event from others: device, report, time and action.
    #[must_use]
    pub fn identity(&self) -> [Option<&str>; 4] {
        [&self.device_id, &self.report_id, &self.timestamp, &self.action_type]
            .map(|it| it.as_deref())
    }
}

/// A network adapter: its MAC address and the addresses that it has.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Adapter {
    /// Twelve hex digits, with separators or without.
    pub mac: Text,
    #[serde(rename = "ips", deserialize_with = "packed")]
    ips: List<AdapterAddress>,
}

impl Adapter {
    /// Returns its IPv4 and IPv6 addresses.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.ips.iter().filter_map(|ip| ip.address.as_deref())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct AdapterAddress {
    #[serde(rename = "IPAddress")]
    address: Text,
}

/// The adapters of one device.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct DeviceAdapters {
    pub(super) device_id: Text,
    #[serde(deserialize_with = "packed")]
    pub(super) adapters: List<Adapter>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(adapters: &str) -> Vec<(Option<String>, Vec<String>)> {
        let event: DeviceEvent =
            serde_json::from_str(&format!(r#"{{"Adapters": {adapters}}}"#)).unwrap();
        let parts = |adapter: &Adapter| {
            let addresses = adapter.addresses().map(str::to_owned).collect();
            (adapter.mac.clone().into_inner(), addresses)
        };
        event.adapters.iter().map(parts).collect()
    }

    #[test]
    fn adapters_are_read_as_lists_and_as_texts() {
        let ips = r#"[{\"IPAddress\":\"10.20.4.17\",\"SubnetPrefix\":24},{\"IPAddress\":null}]"#;
        let list = format!(r#"[{{"mac": "00155D0A0B0C", "ips": "{ips}"}}]"#);
        let expected = [(Some("00155D0A0B0C".to_owned()), vec!["10.20.4.17".to_owned()])];
        assert_eq!(read(&list), expected);
        assert_eq!(read(&serde_json::to_string(&list).unwrap()), expected);
        let direct = r#"[{"mac": "00155D0A0B0C", "ips": [{"IPAddress": "10.20.4.17"}]}]"#;
        assert_eq!(read(direct), expected);
    }

    #[test]
    fn n09_malformed_adapters_cost_only_themselves() {
        for malformed in ["null", "\"\"", "7", "\"[\"", "{}", "[null, 3]"] {
            assert_eq!(read(malformed), [], "{malformed}");
        }
        let malformed =
            r#"[{"mac": null, "ips": null}, {"mac": 5, "ips": ""}, {"ips": "{"}, {"ips": {}}]"#;
        let empty = |mac: Option<&str>| (mac.map(str::to_owned), Vec::new());
        assert_eq!(read(malformed), [empty(None), empty(Some("5")), empty(None), empty(None)]);
    }
}
