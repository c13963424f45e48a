//! The evidence of an alert: devices, files, processes, addresses, and what became of them.
//!
//! Source: Microsoft's page "alertEvidence resource type" and those of the derived types.

use relay_core::lenient::{List, Object, Text, Texts};
use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

/// One piece of evidence.
#[derive(Debug)]
pub(super) struct Evidence {
    /// `malicious`, `suspicious`, `noThreatsFound`, `unknown`.
    pub(super) verdict: Text,
    /// `blocked`, `prevented`, `remediated`, `none` and others.
    pub(super) remediation: Text,
    /// `detected`, `blocked`, `prevented`; files and processes only.
    pub(super) detection: Text,
    pub(super) details: EvidenceDetails,
}

/// The thing that the evidence describes.
#[derive(Debug)]
pub(super) enum EvidenceDetails {
    Device(Device),
    File(Object<File>),
    Process(Process),
    Ip(Address),
    Url(Text),
    Connection(Connection),
    Dns(Dns),
    FileHash(FileHash),
    /// A type that no observable is compared with.
    Other,
}

impl Evidence {
    /// Returns the file, or the image that the process runs.
    pub(super) fn file(&self) -> Option<&File> {
        match &self.details {
            EvidenceDetails::File(details) => details.as_ref(),
            EvidenceDetails::Process(process) => process.image.as_ref(),
            _ => None,
        }
    }

    pub(super) fn is_file_or_process(&self) -> bool {
        matches!(self.details, EvidenceDetails::File(_) | EvidenceDetails::Process(_))
    }
}

impl<'de> Deserialize<'de> for Evidence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        let head: Head = read(raw)?;
        let name = head.kind.as_deref().unwrap_or_default();
        let details = match name.rsplit('.').next().unwrap_or_default() {
            "deviceEvidence" => EvidenceDetails::Device(read(raw)?),
            "fileEvidence" => EvidenceDetails::File(read::<FileEvidence, _>(raw)?.details),
            "processEvidence" => EvidenceDetails::Process(read(raw)?),
            "ipEvidence" => EvidenceDetails::Ip(read(raw)?),
            "urlEvidence" => EvidenceDetails::Url(read::<UrlEvidence, _>(raw)?.url),
            "networkConnectionEvidence" => EvidenceDetails::Connection(read(raw)?),
            "dnsEvidence" => EvidenceDetails::Dns(read(raw)?),
            "fileHashEvidence" => EvidenceDetails::FileHash(read(raw)?),
            _ => EvidenceDetails::Other,
        };
        let Head { verdict, remediation, detection, .. } = head;
        Ok(Self { verdict, remediation, detection, details })
    }
}

fn read<'de, T: Deserialize<'de>, E: de::Error>(raw: &'de RawValue) -> Result<T, E> {
    serde_json::from_str(raw.get()).map_err(E::custom)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Head {
    #[serde(rename = "@odata.type")]
    kind: Text,
    verdict: Text,
    #[serde(rename = "remediationStatus")]
    remediation: Text,
    #[serde(rename = "detectionStatus")]
    detection: Text,
}

/// A device.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Device {
    pub(super) host_name: Text,
    #[serde(rename = "deviceDnsName")]
    pub(super) dns_name: Text,
    /// Defender for Endpoint's id: forty hex digits.
    #[serde(rename = "mdeDeviceId")]
    pub(super) machine_id: Text,
    /// `Windows11`; `Other` when it is unknown.
    pub(super) os_platform: Text,
    /// The version of the operating system: `23H2`.
    pub(super) version: Text,
    pub(super) ip_interfaces: Texts,
    pub(super) logged_on_users: List<User>,
}

impl Device {
    /// Returns the DNS name up to its first dot.
    pub(super) fn first_label(&self) -> Option<&str> {
        self.dns_name.as_deref()?.split('.').next()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct User {
    pub(super) account_name: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FileEvidence {
    #[serde(rename = "fileDetails")]
    details: Object<File>,
}

/// A file: its hashes, name and folder.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct File {
    pub(super) sha256: Text,
    pub(super) sha1: Text,
    pub(super) md5: Text,
    #[serde(rename = "fileName")]
    pub(super) name: Text,
    /// The folder, and sometimes the whole path.
    #[serde(rename = "filePath")]
    pub(super) folder: Text,
}

impl File {
    /// Returns folder and name joined; the folder alone where it ends with the name or there is none.
    pub(super) fn path(&self) -> Option<String> {
        let folder = self.folder.as_deref()?;
        let Some(name) = self.name.as_deref() else { return Some(folder.to_owned()) };
        let last = folder.rsplit(['\\', '/']).next().unwrap_or_default();
        if last.eq_ignore_ascii_case(name) {
            return Some(folder.to_owned());
        }
        let separator = match folder {
            _ if last.is_empty() => "",
            _ if folder.contains('/') => "/",
            _ => "\\",
        };
        Some(format!("{folder}{separator}{name}"))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Process {
    #[serde(rename = "imageFile")]
    pub(super) image: Object<File>,
    #[serde(rename = "parentProcessImageFile")]
    pub(super) parent: Object<File>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Address {
    #[serde(rename = "ipAddress")]
    pub(super) ip: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct UrlEvidence {
    url: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Connection {
    #[serde(rename = "sourceAddress")]
    pub(super) source: Object<Address>,
    #[serde(rename = "destinationAddress")]
    pub(super) destination: Object<Address>,
}

/// A DNS query: a name and the addresses that it was resolved to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Dns {
    #[serde(rename = "domainName")]
    pub(super) domain: Text,
    #[serde(rename = "ipAddresses")]
    pub(super) addresses: List<Address>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FileHash {
    /// `md5`, `sha1`, `sha256`, `sha256ac`, `unknown`.
    pub(super) algorithm: Text,
    pub(super) value: Text,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_folder_and_name_unless_the_folder_holds_both() {
        let check = |folder: Option<&str>, name: Option<&str>, expected: Option<&str>| {
            let text = |text: Option<&str>| Text::from(text.map(str::to_owned));
            let file = File { folder: text(folder), name: text(name), ..File::default() };
            assert_eq!(file.path().as_deref(), expected, "{folder:?} {name:?}");
        };
        check(Some(r"C:\Users"), Some("upd.exe"), Some(r"C:\Users\upd.exe"));
        check(Some("/opt/x"), Some("run.sh"), Some("/opt/x/run.sh"));
        check(Some(r"C:\Kiosk\"), Some("upd.exe"), Some(r"C:\Kiosk\upd.exe"));
        check(Some("/"), Some("tool"), Some("/tool"));
        check(Some("/opt/run.sh"), Some("run.sh"), Some("/opt/run.sh"));
        check(Some(r"C:\UPD.EXE"), Some("upd.exe"), Some(r"C:\UPD.EXE"));
        check(Some("/opt/run.sh"), None, Some("/opt/run.sh"));
        check(None, Some("run.sh"), None);
    }
}
