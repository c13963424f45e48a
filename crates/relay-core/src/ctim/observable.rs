//! Observables: what an analyst asks about, and what entities are about.

use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Serialize, Serializer};

macro_rules! observable_types {
    ($($name:ident = $word:literal),* $(,)?) => {
        /// CTIM's closed list of observable types.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "the words are CTIM's own")]
        pub enum ObservableType { $($name),* }

        impl ObservableType {
            /// All types, in alphabetical order.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Returns CTIM's name of the type.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }
        }
    };
}

observable_types! {
    Acudid = "acudid", AmpComputerGuid = "amp_computer_guid",
    CertificateCommonName = "certificate_common_name", CertificateIssuer = "certificate_issuer",
    CertificateSerial = "certificate_serial", CiscoCmId = "cisco_cm_id", CiscoMid = "cisco_mid",
    CiscoUcId = "cisco_uc_id", CortexAgentId = "cortex_agent_id",
    CrowdstrikeId = "crowdstrike_id", CvmId = "cvm_id", CybereasonId = "cybereason_id",
    DarktraceId = "darktrace_id", Device = "device", Domain = "domain", Email = "email",
    EmailMessageid = "email_messageid", EmailSubject = "email_subject", FileName = "file_name",
    FilePath = "file_path", GoogleChromebookId = "google_chromebook_id",
    GoogleCloudId = "google_cloud_id", Hostname = "hostname", Imei = "imei", Imsi = "imsi",
    IntuneId = "intune_id", Ip = "ip", Ipv6 = "ipv6", JamfManagementId = "jamf_management_id",
    MacAddress = "mac_address", Md5 = "md5", MerakiNetworkId = "meraki_network_id",
    MerakiNodeSn = "meraki_node_sn", MerakiOrgId = "meraki_org_id",
    MsMachineId = "ms_machine_id", Mutex = "mutex", NgfwId = "ngfw_id", NgfwName = "ngfw_name",
    OdnsIdentity = "odns_identity", OdnsIdentityLabel = "odns_identity_label",
    OrbitalNodeId = "orbital_node_id", PkiSerial = "pki_serial", ProcessArgs = "process_args",
    ProcessHash = "process_hash", ProcessName = "process_name", ProcessPath = "process_path",
    ProcessUid = "process_uid", ProcessUsername = "process_username",
    ProcessorId = "processor_id", RegistryKey = "registry_key", RegistryName = "registry_name",
    RegistryPath = "registry_path", S1AgentId = "s1_agent_id",
    SecureAccessId = "secure_access_id", SerialNumber = "serial_number",
    ServiceNowId = "service_now_id", Sha1 = "sha1", Sha256 = "sha256",
    SwcDeviceId = "swc_device_id", TrendMicroId = "trend_micro_id", Url = "url", User = "user",
    UserAgent = "user_agent",
}

impl ObservableType {
    /// Returns the length in hex digits of the three types of file hash.
    #[must_use]
    pub fn hash_digits(self) -> Option<usize> {
        match self {
            Self::Md5 => Some(32),
            Self::Sha1 => Some(40),
            Self::Sha256 => Some(64),
            _ => None,
        }
    }
}

impl FromStr for ObservableType {
    type Err = ();

    /// Reads CTIM's name of a type, in upper or lower case.
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|kind| kind.as_str().eq_ignore_ascii_case(text)).ok_or(())
    }
}

impl fmt::Display for ObservableType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ObservableType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A type and a value. The value stays exactly as it was asked or as the product gave it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Observable {
    /// The type of the value.
    #[serde(rename = "type")]
    pub kind: ObservableType,
    /// The value.
    pub value: String,
}

impl Observable {
    /// Returns an observable of a known type.
    pub fn new(kind: ObservableType, value: impl Into<String>) -> Self {
        Self { kind, value: value.into() }
    }

    /// The value if there is one that can be of its type, as [`normal_form`](Self::normal_form)
    /// says: what a product sends in the place of a hash need not be one.
    pub fn present(kind: ObservableType, value: Option<impl Into<String>>) -> Option<Self> {
        let observable = Self { kind, value: value?.into() };
        observable.normal_form().is_some().then_some(observable)
    }

    /// An address: `ipv6` when it contains a colon, else `ip`; none when it is no address.
    pub fn address(value: impl Into<String>) -> Option<Self> {
        let value = value.into();
        let kind = if value.contains(':') { ObservableType::Ipv6 } else { ObservableType::Ip };
        Self::present(kind, Some(value))
    }

    /// The form in which two spellings of the same thing are equal: addresses in their shortest
    /// text, hashes, names and mail addresses in lower case, names without outer dots.
    ///
    /// `None` when the value cannot be of its type (an address that does not parse, a hash with
    /// other than its digits) or is blank.
    #[must_use]
    pub fn normal_form(&self) -> Option<String> {
        use ObservableType as Type;
        if self.value.trim().is_empty() {
            return None;
        }
        match self.kind {
            Type::Ip => self.value.trim().parse::<IpAddr>().ok().map(|ip| ip.to_string()),
            Type::Ipv6 => {
                let ip: IpAddr = self.value.trim().parse().ok()?;
                ip.is_ipv6().then(|| ip.to_string())
            }
            Type::Md5 | Type::Sha1 | Type::Sha256 => self.hash(),
            Type::Domain | Type::Hostname => {
                let name = self.value.trim().trim_matches('.').to_lowercase();
                (!name.is_empty()).then_some(name)
            }
            Type::Email => Some(self.value.to_lowercase()),
            _ => Some(self.value.clone()),
        }
    }

    fn hash(&self) -> Option<String> {
        let value = self.value.trim();
        let is_hash = Some(value.len()) == self.kind.hash_digits()
            && value.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hash.then(|| value.to_ascii_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_in_any_case() {
        assert_eq!("SHA256".parse(), Ok(ObservableType::Sha256));
        assert_eq!("ms_machine_id".parse(), Ok(ObservableType::MsMachineId));
        assert!("sha512".parse::<ObservableType>().is_err());
        assert_eq!(ObservableType::ALL.len(), 63);
    }

    #[test]
    fn n09_what_cannot_be_of_its_type_is_not_there() {
        let is = |kind, value: &str| Observable::present(kind, Some(value)).is_some();
        assert!(is(ObservableType::Sha256, &"aB".repeat(32)));
        assert!(!is(ObservableType::Sha256, &"ab".repeat(20)));
        assert!(!is(ObservableType::Sha1, "203.0.113.77"));
        assert!(!is(ObservableType::FileName, " ") && is(ObservableType::FileName, "a b"));
        assert!(Observable::address("2001:db8::7").is_some());
        assert!(Observable::address("no:address").is_none());
    }

    #[test]
    fn normal_forms_make_spellings_equal() {
        let check = |kind, value: &str, expected: Option<&str>| {
            assert_eq!(Observable::new(kind, value).normal_form().as_deref(), expected, "{value}");
        };
        check(ObservableType::Ip, "203.0.113.7", Some("203.0.113.7"));
        check(ObservableType::Ip, "203.0.113.07", None);
        check(ObservableType::Ip, "2001:DB8:0:0::1", Some("2001:db8::1"));
        check(ObservableType::Ipv6, "2001:db8:0:0:0:0:0:1", Some("2001:db8::1"));
        check(ObservableType::Ipv6, "203.0.113.7", None);
        check(ObservableType::Domain, ".Bad.Example.", Some("bad.example"));
        check(ObservableType::Domain, "...", None);
        check(ObservableType::Md5, &"AB".repeat(16), Some(&"ab".repeat(16)));
        check(ObservableType::Md5, &"zz".repeat(16), None);
        check(ObservableType::Sha1, "abc", None);
        check(ObservableType::Url, "HTTP://x/", Some("HTTP://x/"));
        check(ObservableType::FileName, " \t", None);
    }
}
