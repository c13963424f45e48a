//! The entity model: which properties a type has. Only what filters can name.
//!
//! Source: the resource pages of Microsoft Graph v1.0 for both generations of alerts.

use self::Property::{Many, Number, One, Text, Texts, Time, Truth};

/// The collections that can be filtered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::graph_security) enum Entity {
    /// `/security/alerts_v2`
    Alert,
    /// `/security/alerts`
    LegacyAlert,
}

impl Entity {
    /// The type's qualified name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Alert => "microsoft.graph.security.alert",
            Self::LegacyAlert => "microsoft.graph.alert",
        }
    }
}

/// What a property holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Property {
    /// Text or a member of an enumeration.
    Text,
    Number,
    Truth,
    Time,
    Texts,
    One(&'static str),
    Many(&'static str),
}

/// The type of a value in a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Number,
    Truth,
    Time,
    One(&'static str),
    Many(&'static Property),
}

impl Property {
    pub(super) fn kind(self) -> Type {
        match self {
            Text => Type::Text,
            Number => Type::Number,
            Truth => Type::Truth,
            Time => Type::Time,
            Texts => Type::Many(&Text),
            One(name) => Type::One(name),
            Many(name) => match TYPES.iter().find(|known| known.name == name) {
                Some(element) => Type::Many(&element.as_one),
                None => Type::Many(&Text),
            },
        }
    }
}

impl Type {
    /// The name in error texts.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Text => "Edm.String",
            Self::Number => "Edm.Int64",
            Self::Truth => "Edm.Boolean",
            Self::Time => "Edm.DateTimeOffset",
            Self::One(name) => name,
            Self::Many(_) => "Collection",
        }
    }
}

struct TypeModel {
    name: &'static str,
    as_one: Property,
    base: Option<&'static str>,
    properties: &'static [(&'static str, Property)],
}

/// A type's property, also one that it inherits.
pub(super) fn property(type_name: &str, name: &str) -> Option<Property> {
    let known = TYPES.iter().find(|known| known.name == type_name)?;
    let own = known.properties.iter().find(|(property, _)| *property == name);
    own.map(|(_, kind)| *kind).or_else(|| property(known.base?, name))
}

/// The type of this name, if it is derived from (or is) the other.
pub(super) fn cast(name: &str, from: &str) -> Option<&'static str> {
    let known = TYPES.iter().find(|known| known.name == name)?;
    (known.name == from || known.base == Some(from)).then_some(known.name)
}

macro_rules! model {
    ($name:literal, $properties:expr) => {
        TypeModel { name: $name, as_one: One($name), base: None, properties: $properties }
    };
    ($name:literal: $base:ident, $properties:expr) => {
        TypeModel { name: $name, as_one: One($name), base: Some($base), properties: $properties }
    };
}

const EVIDENCE: &str = "microsoft.graph.security.alertEvidence";
const IP: &str = "microsoft.graph.security.ipEvidence";
const FILE: &str = "microsoft.graph.security.fileDetails";
const ACCOUNT: &str = "microsoft.graph.security.userAccount";
const SENDER: &str = "microsoft.graph.security.emailSender";

static TYPES: &[TypeModel] = &[
    model!(
        "microsoft.graph.security.alert",
        &[
            ("id", Text),
            ("providerAlertId", Text),
            ("incidentId", Text),
            ("status", Text),
            ("severity", Text),
            ("classification", Text),
            ("determination", Text),
            ("serviceSource", Text),
            ("detectionSource", Text),
            ("productName", Text),
            ("detectorId", Text),
            ("tenantId", Text),
            ("title", Text),
            ("description", Text),
            ("recommendedActions", Text),
            ("category", Text),
            ("assignedTo", Text),
            ("alertWebUrl", Text),
            ("incidentWebUrl", Text),
            ("actorDisplayName", Text),
            ("threatDisplayName", Text),
            ("threatFamilyName", Text),
            ("mitreTechniques", Texts),
            ("systemTags", Texts),
            ("createdDateTime", Time),
            ("lastUpdateDateTime", Time),
            ("resolvedDateTime", Time),
            ("firstActivityDateTime", Time),
            ("lastActivityDateTime", Time),
            ("evidence", Many("microsoft.graph.security.alertEvidence")),
        ]
    ),
    model!(
        "microsoft.graph.security.alertEvidence",
        &[
            ("createdDateTime", Time),
            ("verdict", Text),
            ("remediationStatus", Text),
            ("remediationStatusDetails", Text),
            ("roles", Texts),
            ("detailedRoles", Texts),
            ("tags", Texts),
        ]
    ),
    model!(
        "microsoft.graph.security.deviceEvidence": EVIDENCE,
        &[
            ("mdeDeviceId", Text),
            ("azureAdDeviceId", Text),
            ("deviceDnsName", Text),
            ("hostName", Text),
            ("ntDomain", Text),
            ("dnsDomain", Text),
            ("osPlatform", Text),
            ("osBuild", Number),
            ("version", Text),
            ("healthStatus", Text),
            ("riskScore", Text),
            ("rbacGroupId", Number),
            ("rbacGroupName", Text),
            ("onboardingStatus", Text),
            ("defenderAvStatus", Text),
            ("ipInterfaces", Texts),
            ("firstSeenDateTime", Time),
            ("loggedOnUsers", Many("microsoft.graph.security.loggedOnUser")),
        ]
    ),
    model!("microsoft.graph.security.loggedOnUser", &[("accountName", Text), ("domainName", Text)]),
    model!(
        "microsoft.graph.security.ipEvidence": EVIDENCE,
        &[("ipAddress", Text), ("countryLetterCode", Text)]
    ),
    model!("microsoft.graph.security.urlEvidence": EVIDENCE, &[("url", Text)]),
    model!(
        "microsoft.graph.security.fileDetails",
        &[
            ("sha1", Text),
            ("sha256", Text),
            ("md5", Text),
            ("fileName", Text),
            ("filePath", Text),
            ("fileSize", Number),
            ("filePublisher", Text),
            ("signer", Text),
            ("issuer", Text),
        ]
    ),
    model!(
        "microsoft.graph.security.fileEvidence": EVIDENCE,
        &[("detectionStatus", Text), ("mdeDeviceId", Text), ("fileDetails", One(FILE))]
    ),
    model!(
        "microsoft.graph.security.fileHashEvidence": EVIDENCE,
        &[("algorithm", Text), ("value", Text)]
    ),
    model!(
        "microsoft.graph.security.processEvidence": EVIDENCE,
        &[
            ("processId", Number),
            ("parentProcessId", Number),
            ("processCommandLine", Text),
            ("processCreationDateTime", Time),
            ("parentProcessCreationDateTime", Time),
            ("detectionStatus", Text),
            ("mdeDeviceId", Text),
            ("imageFile", One(FILE)),
            ("parentProcessImageFile", One(FILE)),
            ("userAccount", One(ACCOUNT)),
        ]
    ),
    model!(
        "microsoft.graph.security.userAccount",
        &[
            ("accountName", Text),
            ("domainName", Text),
            ("userSid", Text),
            ("azureAdUserId", Text),
            ("userPrincipalName", Text),
            ("displayName", Text),
        ]
    ),
    model!(
        "microsoft.graph.security.userEvidence": EVIDENCE,
        &[("userAccount", One(ACCOUNT))]
    ),
    model!(
        "microsoft.graph.security.networkConnectionEvidence": EVIDENCE,
        &[
            ("sourceAddress", One(IP)),
            ("sourcePort", Number),
            ("destinationAddress", One(IP)),
            ("destinationPort", Number),
            ("protocol", Text),
        ]
    ),
    model!(
        "microsoft.graph.security.dnsEvidence": EVIDENCE,
        &[
            ("domainName", Text),
            ("ipAddresses", Many("microsoft.graph.security.ipEvidence")),
            ("dnsServerIp", One(IP)),
            ("hostIpAddress", One(IP)),
        ]
    ),
    model!(
        "microsoft.graph.security.analyzedMessageEvidence": EVIDENCE,
        &[
            ("networkMessageId", Text),
            ("internetMessageId", Text),
            ("subject", Text),
            ("senderIp", Text),
            ("recipientEmailAddress", Text),
            ("deliveryAction", Text),
            ("receivedDateTime", Time),
            ("urls", Texts),
            ("p1Sender", One(SENDER)),
            ("p2Sender", One(SENDER)),
        ]
    ),
    model!(
        "microsoft.graph.security.emailSender",
        &[("emailAddress", Text), ("displayName", Text), ("domainName", Text)]
    ),
    model!(
        "microsoft.graph.security.mailboxEvidence": EVIDENCE,
        &[("primaryAddress", Text), ("displayName", Text), ("userAccount", One(ACCOUNT))]
    ),
    model!(
        "microsoft.graph.security.registryKeyEvidence": EVIDENCE,
        &[("registryKey", Text), ("registryHive", Text)]
    ),
    model!(
        "microsoft.graph.alert",
        &[
            ("id", Text),
            ("azureTenantId", Text),
            ("assignedTo", Text),
            ("category", Text),
            ("confidence", Number),
            ("createdDateTime", Time),
            ("description", Text),
            ("eventDateTime", Time),
            ("lastModifiedDateTime", Time),
            ("riskScore", Text),
            ("severity", Text),
            ("sourceMaterials", Texts),
            ("status", Text),
            ("tags", Texts),
            ("title", Text),
            ("vendorInformation", One("microsoft.graph.securityVendorInformation")),
            ("fileStates", Many("microsoft.graph.fileSecurityState")),
            ("hostStates", Many("microsoft.graph.hostSecurityState")),
            ("networkConnections", Many("microsoft.graph.networkConnection")),
            ("userStates", Many("microsoft.graph.userSecurityState")),
        ]
    ),
    model!(
        "microsoft.graph.securityVendorInformation",
        &[("provider", Text), ("providerVersion", Text), ("subProvider", Text), ("vendor", Text)]
    ),
    model!(
        "microsoft.graph.fileSecurityState",
        &[
            ("name", Text),
            ("path", Text),
            ("riskScore", Text),
            ("fileHash", One("microsoft.graph.fileHash")),
        ]
    ),
    model!("microsoft.graph.fileHash", &[("hashType", Text), ("hashValue", Text)]),
    model!(
        "microsoft.graph.hostSecurityState",
        &[
            ("fqdn", Text),
            ("isAzureAdJoined", Truth),
            ("isAzureAdRegistered", Truth),
            ("isHybridAzureDomainJoined", Truth),
            ("netBiosName", Text),
            ("os", Text),
            ("privateIpAddress", Text),
            ("publicIpAddress", Text),
            ("riskScore", Text),
        ]
    ),
    model!(
        "microsoft.graph.networkConnection",
        &[
            ("applicationName", Text),
            ("destinationAddress", Text),
            ("destinationDomain", Text),
            ("destinationPort", Text),
            ("destinationUrl", Text),
            ("direction", Text),
            ("domainRegisteredDateTime", Time),
            ("localDnsName", Text),
            ("natDestinationAddress", Text),
            ("natSourceAddress", Text),
            ("protocol", Text),
            ("sourceAddress", Text),
            ("sourcePort", Text),
            ("status", Text),
            ("urlParameters", Text),
        ]
    ),
    model!(
        "microsoft.graph.userSecurityState",
        &[("accountName", Text), ("domainName", Text), ("userPrincipalName", Text)]
    ),
];
