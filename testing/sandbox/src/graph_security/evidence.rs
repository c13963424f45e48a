//! The hunting table `AlertEvidence`: what advanced hunting knows of the evidence in alerts.
//!
//! Source: page "AlertEvidence" of the advanced hunting schema.

use serde_json::{Map, Value, json};

use crate::kql::Kind::{self, Long, Text, Time};

/// The table's columns.
pub(super) const COLUMNS: &[(&str, Kind)] = &[
    ("Timestamp", Time),
    ("AlertId", Text),
    ("Title", Text),
    ("Categories", Text),
    ("AttackTechniques", Text),
    ("ServiceSource", Text),
    ("DetectionSource", Text),
    ("EntityType", Text),
    ("EvidenceRole", Text),
    ("EvidenceDirection", Text),
    ("FileName", Text),
    ("FolderPath", Text),
    ("SHA1", Text),
    ("SHA256", Text),
    ("FileSize", Long),
    ("ThreatFamily", Text),
    ("RemoteIP", Text),
    ("RemoteUrl", Text),
    ("AccountName", Text),
    ("AccountDomain", Text),
    ("AccountSid", Text),
    ("AccountObjectId", Text),
    ("AccountUpn", Text),
    ("DeviceId", Text),
    ("DeviceName", Text),
    ("LocalIP", Text),
    ("NetworkMessageId", Text),
    ("EmailSubject", Text),
    ("Application", Text),
    ("ApplicationId", Long),
    ("OAuthApplicationId", Text),
    ("ProcessCommandLine", Text),
    ("RegistryKey", Text),
    ("RegistryValueName", Text),
    ("RegistryValueData", Text),
    ("AdditionalFields", Text),
    ("Severity", Text),
];

/// One row for each piece of evidence, at the time of the alert's last activity.
pub(super) fn rows(alerts: &[Value]) -> Vec<Value> {
    alerts.iter().flat_map(rows_of).collect()
}

fn rows_of(alert: &Value) -> impl Iterator<Item = Value> + '_ {
    let evidence = alert["evidence"].as_array().map_or(&[][..], Vec::as_slice);
    evidence.iter().map(|evidence| {
        let mut row = Map::new();
        for (column, value) in about_alert(alert).into_iter().chain(about_entity(evidence)) {
            row.insert(column.to_owned(), value);
        }
        Value::Object(row)
    })
}

type Cells = Vec<(&'static str, Value)>;

fn about_alert(alert: &Value) -> Cells {
    let seen = &alert["lastActivityDateTime"];
    let seen = if seen.is_null() { &alert["createdDateTime"] } else { seen };
    vec![
        ("Timestamp", seen.clone()),
        ("AlertId", alert["id"].clone()),
        ("Title", alert["title"].clone()),
        ("Categories", json!(json!([alert["category"]]).to_string())),
        ("AttackTechniques", json!(alert["mitreTechniques"].to_string())),
        ("ServiceSource", alert["productName"].clone()),
        ("DetectionSource", alert["detectionSource"].clone()),
        ("ThreatFamily", alert["threatFamilyName"].clone()),
        ("Severity", alert["severity"].clone()),
    ]
}

fn about_entity(evidence: &Value) -> Cells {
    let written = evidence["@odata.type"].as_str().unwrap_or_default();
    let kind = written.rsplit('.').next().unwrap_or_default();
    let mut cells = match kind {
        "deviceEvidence" => vec![
            ("EntityType", json!("Machine")),
            ("DeviceName", evidence["deviceDnsName"].clone()),
            ("LocalIP", evidence["ipInterfaces"][0].clone()),
        ],
        "ipEvidence" => {
            vec![("EntityType", json!("Ip")), ("RemoteIP", evidence["ipAddress"].clone())]
        }
        "urlEvidence" => vec![("EntityType", json!("Url")), ("RemoteUrl", evidence["url"].clone())],
        "dnsEvidence" => {
            vec![("EntityType", json!("Dns")), ("RemoteUrl", evidence["domainName"].clone())]
        }
        "networkConnectionEvidence" => vec![
            ("EntityType", json!("NetworkConnection")),
            ("LocalIP", evidence["sourceAddress"]["ipAddress"].clone()),
            ("RemoteIP", evidence["destinationAddress"]["ipAddress"].clone()),
        ],
        "fileEvidence" => file("File", &evidence["fileDetails"]),
        "fileHashEvidence" => file_hash(evidence),
        "processEvidence" => {
            let mut cells = file("Process", &evidence["imageFile"]);
            cells.push(("ProcessCommandLine", evidence["processCommandLine"].clone()));
            cells
        }
        "analyzedMessageEvidence" => vec![
            ("EntityType", json!("MailMessage")),
            ("RemoteIP", evidence["senderIp"].clone()),
            ("NetworkMessageId", evidence["networkMessageId"].clone()),
            ("EmailSubject", evidence["subject"].clone()),
        ],
        "registryKeyEvidence" => vec![
            ("EntityType", json!("RegistryKey")),
            ("RegistryKey", evidence["registryKey"].clone()),
        ],
        "cloudApplicationEvidence" => vec![
            ("EntityType", json!("CloudApplication")),
            ("Application", evidence["displayName"].clone()),
            ("ApplicationId", evidence["appId"].clone()),
        ],
        "userEvidence" | "mailboxEvidence" => vec![("EntityType", json!("User"))],
        _ => vec![("EntityType", json!("Unknown"))],
    };
    cells.push(("EvidenceRole", json!("Related")));
    cells.push(("DeviceId", evidence["mdeDeviceId"].clone()));
    cells.extend(account(&evidence["userAccount"]));
    cells
}

fn file(entity_type: &str, details: &Value) -> Cells {
    vec![
        ("EntityType", json!(entity_type)),
        ("FileName", details["fileName"].clone()),
        ("FolderPath", details["filePath"].clone()),
        ("SHA1", details["sha1"].clone()),
        ("SHA256", details["sha256"].clone()),
        ("FileSize", details["fileSize"].clone()),
    ]
}

/// The table has columns for two algorithms only.
fn file_hash(evidence: &Value) -> Cells {
    let column = match evidence["algorithm"].as_str() {
        Some("sha1") => Some("SHA1"),
        Some("sha256") => Some("SHA256"),
        _ => None,
    };
    let hash = column.map(|column| (column, evidence["value"].clone()));
    [("EntityType", json!("FileHash"))].into_iter().chain(hash).collect()
}

fn account(account: &Value) -> Cells {
    vec![
        ("AccountName", account["accountName"].clone()),
        ("AccountDomain", account["domainName"].clone()),
        ("AccountSid", account["userSid"].clone()),
        ("AccountObjectId", account["azureAdUserId"].clone()),
        ("AccountUpn", account["userPrincipalName"].clone()),
    ]
}
