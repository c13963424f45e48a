//! The hunting table `AlertEvidence`: what advanced hunting knows of the evidence in alerts.
//!
//! Source: page "AlertEvidence" of the advanced hunting schema.

use serde_json::{Map, Value, json};

/// A column and the JSON pointer to its value.
pub(crate) type Cell = (&'static str, &'static str);

const OF_ALERT: &[Cell] = &[
    ("AlertId", "/id"),
    ("Title", "/title"),
    ("ServiceSource", "/productName"),
    ("DetectionSource", "/detectionSource"),
    ("ThreatFamily", "/threatFamilyName"),
    ("Severity", "/severity"),
];

const OF_ANY: &[Cell] = &[
    ("DeviceId", "/mdeDeviceId"),
    ("AccountName", "/userAccount/accountName"),
    ("AccountDomain", "/userAccount/domainName"),
    ("AccountSid", "/userAccount/userSid"),
    ("AccountObjectId", "/userAccount/azureAdUserId"),
    ("AccountUpn", "/userAccount/userPrincipalName"),
];

/// A type of evidence, its `EntityType`, and its own columns.
const KINDS: &[(&str, &str, &[Cell])] = &[
    ("device", "Machine", &[("DeviceName", "/deviceDnsName"), ("LocalIP", "/ipInterfaces/0")]),
    ("ip", "Ip", &[("RemoteIP", "/ipAddress")]),
    ("url", "Url", &[("RemoteUrl", "/url")]),
    ("dns", "Dns", &[("RemoteUrl", "/domainName")]),
    (
        "networkConnection",
        "NetworkConnection",
        &[("LocalIP", "/sourceAddress/ipAddress"), ("RemoteIP", "/destinationAddress/ipAddress")],
    ),
    (
        "file",
        "File",
        &[
            ("FileName", "/fileDetails/fileName"),
            ("FolderPath", "/fileDetails/filePath"),
            ("SHA1", "/fileDetails/sha1"),
            ("SHA256", "/fileDetails/sha256"),
            ("FileSize", "/fileDetails/fileSize"),
        ],
    ),
    ("fileHash", "FileHash", &[]),
    (
        "process",
        "Process",
        &[
            ("FileName", "/imageFile/fileName"),
            ("FolderPath", "/imageFile/filePath"),
            ("SHA1", "/imageFile/sha1"),
            ("SHA256", "/imageFile/sha256"),
            ("FileSize", "/imageFile/fileSize"),
            ("ProcessCommandLine", "/processCommandLine"),
        ],
    ),
    (
        "analyzedMessage",
        "MailMessage",
        &[
            ("RemoteIP", "/senderIp"),
            ("NetworkMessageId", "/networkMessageId"),
            ("EmailSubject", "/subject"),
        ],
    ),
    ("registryKey", "RegistryKey", &[("RegistryKey", "/registryKey")]),
    (
        "cloudApplication",
        "CloudApplication",
        &[("Application", "/displayName"), ("ApplicationId", "/appId")],
    ),
    ("user", "User", &[]),
    ("mailbox", "User", &[]),
];

/// One row for each piece of evidence, at the time of the alert's last activity.
pub(super) fn rows(alerts: &[Value]) -> Vec<Value> {
    alerts.iter().flat_map(rows_of).collect()
}

fn rows_of(alert: &Value) -> Vec<Value> {
    let seen = &alert["lastActivityDateTime"];
    let seen = if seen.is_null() { &alert["createdDateTime"] } else { seen };
    let mut common = cells(alert, OF_ALERT);
    common.insert("Timestamp".to_owned(), seen.clone());
    common.insert("Categories".to_owned(), json!([alert["category"]]).to_string().into());
    common.insert("AttackTechniques".to_owned(), alert["mitreTechniques"].to_string().into());
    common.insert("EvidenceRole".to_owned(), "Related".into());
    let evidence = alert["evidence"].as_array().map_or(&[][..], Vec::as_slice);
    evidence.iter().map(|one| common.clone().into_iter().chain(of_entity(one)).collect()).collect()
}

fn of_entity(evidence: &Value) -> Map<String, Value> {
    let written = evidence["@odata.type"].as_str().unwrap_or_default();
    let kind = written.rsplit('.').next().unwrap_or_default().trim_end_matches("Evidence");
    let known = KINDS.iter().find(|(known, ..)| *known == kind);
    let (_, entity_type, own) = known.unwrap_or(&("", "Unknown", &[]));
    let mut row = cells(evidence, own);
    row.extend(cells(evidence, OF_ANY));
    row.insert("EntityType".to_owned(), (*entity_type).into());
    // The table has columns for two algorithms only.
    if let Some(algorithm @ ("sha1" | "sha256")) = evidence["algorithm"].as_str() {
        row.insert(algorithm.to_uppercase(), evidence["value"].clone());
    }
    row
}

/// The cells that have a value.
pub(crate) fn cells(record: &Value, cells: &[Cell]) -> Map<String, Value> {
    let value = |pointer| record.pointer(pointer).cloned();
    cells.iter().filter_map(|(name, at)| Some(((*name).to_owned(), value(at)?))).collect()
}
