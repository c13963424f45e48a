//! The table `AlertEvidence`, made from the alerts so that both always agree: one row for each
//! entry of the evidence, and one for the device.

use serde_json::{Value, json};

use super::super::records::Alert;

pub(super) fn rows(alerts: &[Alert]) -> Vec<Value> {
    alerts.iter().flat_map(of_alert).collect()
}

fn of_alert(alert: &Alert) -> Vec<Value> {
    let known = |key: &str| alert.entity.get(key).cloned().unwrap_or_default();
    let common = json!({
        "Timestamp": known("alertCreationTime"),
        "AlertId": known("id"),
        "Title": known("title"),
        "Categories": json!([known("category")]).to_string(),
        "AttackTechniques": known("mitreTechniques").to_string(),
        "ServiceSource": "Microsoft Defender for Endpoint",
        "DetectionSource": known("detectionSource"),
        "ThreatFamily": known("threatFamilyName"),
        "Severity": known("severity"),
        "DeviceId": known("machineId"),
        "DeviceName": known("computerDnsName"),
    });
    let device = json!({ "EntityType": "Machine", "EvidenceRole": "Impacted" });
    let entries = alert.evidence().iter().map(of_entry);
    entries.chain([device]).map(|row| joined(&common, row)).collect()
}

fn of_entry(entry: &Value) -> Value {
    json!({
        "EntityType": entry["entityType"],
        "EvidenceRole": "Related",
        "FileName": entry["fileName"],
        "FolderPath": entry["filePath"],
        "SHA1": entry["sha1"],
        "SHA256": entry["sha256"],
        "RemoteIP": entry["ipAddress"],
        "RemoteUrl": entry["url"],
        "AccountName": entry["accountName"],
        "AccountDomain": entry["domainName"],
        "AccountSid": entry["userSid"],
        "AccountObjectId": entry["aadUserId"],
        "AccountUpn": entry["userPrincipalName"],
        "ProcessCommandLine": entry["processCommandLine"],
        "RegistryKey": entry["registryKey"],
        "RegistryValueData": entry["registryValue"],
    })
}

fn joined(common: &Value, mut row: Value) -> Value {
    if let (Value::Object(row), Value::Object(common)) = (&mut row, common) {
        row.extend(common.clone());
    }
    row
}
