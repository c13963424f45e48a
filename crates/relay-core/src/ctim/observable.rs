//! Observables: what an analyst asks about, and what entities are about.

mod spelling;

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
    str::FromStr,
};

use serde::{Serialize, Serializer};

use super::Word;

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
        Word(self.as_str()).serialize(serializer)
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

    /// What a product says of a machine, a file or a name, where it can be of its type, as
    /// [`normal_form`](Self::normal_form) says: what stands in the place of a hash need not be one.
    ///
    /// None also for what every machine has or no machine: loopback and unspecified addresses,
    /// hardware addresses of zeros, `localhost`. They would tie machines together that have nothing
    /// in common.
    pub fn present(kind: ObservableType, value: Option<impl Into<String>>) -> Option<Self> {
        let observable = Self { kind, value: value?.into() };
        observable.tells_apart().then_some(observable)
    }

    /// What a product calls an address, [`present`](Self::present): `ipv6` when it contains a
    /// colon, else `ip`; without its zone, and IPv4 in IPv6's mapped form as IPv4.
    pub fn address(value: impl AsRef<str>) -> Option<Self> {
        let text = value.as_ref().trim().split('%').next()?;
        let ip: IpAddr = text.parse().ok()?;
        match ip.to_canonical() {
            IpAddr::V4(_) if ip.is_ipv6() => Self::of_ip(ip),
            IpAddr::V4(_) => is_of_one(ip).then(|| Self::new(ObservableType::Ip, text)),
            IpAddr::V6(_) => is_of_one(ip).then(|| Self::new(ObservableType::Ipv6, text)),
        }
    }

    /// An address in its shortest text, as [`address`](Self::address) calls it.
    #[must_use]
    pub fn of_ip(ip: IpAddr) -> Option<Self> {
        let ip = ip.to_canonical();
        is_of_one(ip).then(|| match ip {
            IpAddr::V4(ip) => Self::new(ObservableType::Ip, with_dots(ip)),
            IpAddr::V6(ip) => Self::new(ObservableType::Ipv6, ip.to_string()),
        })
    }

    /// A hardware address, [`present`](Self::present), as `aa:bb:cc:dd:ee:ff`, whatever separates
    /// its digits.
    pub fn mac(value: impl AsRef<str>) -> Option<Self> {
        let digits = hardware_digits(value.as_ref());
        let is_mac = digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_mac && is_of_one_adapter(&digits)).then_some(())?;
        let pairs = [0, 2, 4, 6, 8, 10].map(|at| &digits[at..at + 2]);
        Some(Self::new(ObservableType::MacAddress, pairs.join(":")))
    }

    /// Whether the value can be of its type, and is not on every machine or on none.
    fn tells_apart(&self) -> bool {
        match self.kind {
            ObservableType::Ip => self.ip().is_some_and(is_of_one),
            ObservableType::Ipv6 => self.ip().is_some_and(|ip| ip.is_ipv6() && is_of_one(ip)),
            ObservableType::MacAddress => is_of_one_adapter(&hardware_digits(&self.value)),
            ObservableType::Domain | ObservableType::Hostname => {
                self.normal().is_some_and(|name| !is_localhost(&name))
            }
            ObservableType::Url => !self.is_blank(),
            _ => self.normal().is_some(),
        }
    }
}

/// Writes an IPv4 address. Records are full of them, and `Display` takes five times as long.
fn with_dots(ip: Ipv4Addr) -> String {
    let mut text = String::with_capacity("255.255.255.255".len());
    for octet in ip.octets() {
        if !text.is_empty() {
            text.push('.');
        }
        text.push_str(itoa::Buffer::new().format(octet));
    }
    text
}

/// Whether an address is one machine's: not every machine's own, nor none's.
fn is_of_one(ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    !ip.is_loopback() && !ip.is_unspecified()
}

/// Whether the digits of a hardware address are neither all zeros nor those of a broadcast.
fn is_of_one_adapter(digits: &str) -> bool {
    ![b'0', b'f'].iter().any(|digit| digits.bytes().all(|letter| letter == *digit))
}

fn is_localhost(name: &str) -> bool {
    matches!(name, "localhost" | "localhost.localdomain") || name.ends_with(".localhost")
}

/// Returns a hardware address without what separates its digits, in lower case.
fn hardware_digits(text: &str) -> String {
    let letters = text.trim().chars().filter(|letter| !matches!(letter, ':' | '-' | '.'));
    let mut digits = String::with_capacity(text.len());
    digits.extend(letters.map(|letter| letter.to_ascii_lowercase()));
    digits
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
    fn addresses_are_typed_by_their_version() {
        let check = |text: &str, expected: Option<(ObservableType, &str)>| {
            let found = Observable::address(text);
            let found = found.as_ref().map(|found| (found.kind, found.value.as_str()));
            assert_eq!(found, expected, "{text}");
        };
        check("10.20.4.17", Some((ObservableType::Ip, "10.20.4.17")));
        check("2001:DB8::80", Some((ObservableType::Ipv6, "2001:DB8::80")));
        check("fe80::1%eth0", Some((ObservableType::Ipv6, "fe80::1")));
        check("::ffff:203.0.113.80", Some((ObservableType::Ip, "203.0.113.80")));
        check("::FFFF:cb00:7150", Some((ObservableType::Ip, "203.0.113.80")));
        for text in ["", "10.20.4", "10.20.4.17/24", "host", "no:address"] {
            check(text, None);
        }
    }

    #[test]
    fn an_address_that_was_read_has_its_shortest_text() {
        let check = |text: &str, expected: Option<(ObservableType, &str)>| {
            let found = Observable::of_ip(text.parse().unwrap());
            let found = found.as_ref().map(|found| (found.kind, found.value.as_str()));
            assert_eq!(found, expected, "{text}");
        };
        check("10.20.4.17", Some((ObservableType::Ip, "10.20.4.17")));
        check("0.0.0.9", Some((ObservableType::Ip, "0.0.0.9")));
        check("255.255.255.255", Some((ObservableType::Ip, "255.255.255.255")));
        check("::ffff:cb00:7150", Some((ObservableType::Ip, "203.0.113.80")));
        check("2001:DB8:0:0::80", Some((ObservableType::Ipv6, "2001:db8::80")));
        for text in ["127.0.0.1", "0.0.0.0", "::1", "::ffff:127.0.0.1"] {
            check(text, None);
        }
    }

    #[test]
    fn hardware_addresses_have_one_form() {
        for text in ["00155D0A0B0C", "00:15:5D:0A:0B:0C", "00-15-5d-0a-0b-0c", "0015.5d0a.0b0c "] {
            let mac = Observable::mac(text).unwrap();
            assert_eq!(mac, Observable::new(ObservableType::MacAddress, "00:15:5d:0a:0b:0c"));
        }
        for text in ["", "00155D", "00155D0A0B0C0D", "zz155D0A0B0C", "é0155D0A0B0"] {
            assert_eq!(Observable::mac(text), None, "{text}");
        }
    }

    #[test]
    fn what_every_machine_has_identifies_none() {
        for text in [
            "127.0.0.1",
            "127.0.0.53",
            "0.0.0.0",
            "::1",
            "0:0:0:0:0:0:0:1",
            "::",
            "::1%lo",
            "::ffff:127.0.0.1",
            "::ffff:0.0.0.0",
        ] {
            assert_eq!(Observable::address(text), None, "{text}");
        }
        for text in ["00:00:00:00:00:00", "000000000000", "00-00-00-00-00-00", "FF:FF:FF:FF:FF:FF"]
        {
            assert_eq!(Observable::mac(text), None, "{text}");
            assert_eq!(Observable::present(ObservableType::MacAddress, Some(text)), None, "{text}");
        }
        for text in ["localhost", "LocalHost.", "localhost.localdomain", "a.localhost"] {
            assert_eq!(Observable::present(ObservableType::Hostname, Some(text)), None, "{text}");
        }
        assert!(Observable::present(ObservableType::Hostname, Some("localhost-7")).is_some());
        assert!(Observable::address("128.0.0.1").is_some() && Observable::address("::2").is_some());
        // An analyst may ask for it.
        assert!(Observable::new(ObservableType::Ip, "127.0.0.1").normal_form().is_some());
    }
}
