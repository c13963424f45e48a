//! Advanced hunting: the queries and the tables they read.
//!
//! Page "Advanced hunting API", and the limits it names: 30 days back, no `AlertEvidence` at the older endpoint.

use axum::Json;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    access::{Api, Gate},
    error::{DefenderError, required},
    limits,
    records::{Alert, Records},
};
use crate::{
    graph_security::evidence::{Cell, cells},
    kql::{self, Tables},
};

const RUN: Api = Api { limit: &limits::HUNTING, roles: &["AdvancedQuery.Read.All"] };

/// How far back a query sees.
const LOOKBACK: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The columns of `AlertEvidence` that come from the alert, and those that come from an entry of its evidence.
const OF_ALERT: &[Cell] = &[
    ("Timestamp", "/alertCreationTime"),
    ("AlertId", "/id"),
    ("Title", "/title"),
    ("DetectionSource", "/detectionSource"),
    ("ThreatFamily", "/threatFamilyName"),
    ("Severity", "/severity"),
    ("DeviceId", "/machineId"),
    ("DeviceName", "/computerDnsName"),
];
const OF_ENTRY: &[Cell] = &[
    ("EntityType", "/entityType"),
    ("FileName", "/fileName"),
    ("FolderPath", "/filePath"),
    ("SHA1", "/sha1"),
    ("SHA256", "/sha256"),
    ("RemoteIP", "/ipAddress"),
    ("RemoteUrl", "/url"),
    ("AccountName", "/accountName"),
    ("AccountDomain", "/domainName"),
    ("AccountSid", "/userSid"),
    ("AccountObjectId", "/aadUserId"),
    ("AccountUpn", "/userPrincipalName"),
    ("ProcessCommandLine", "/processCommandLine"),
    ("RegistryKey", "/registryKey"),
    ("RegistryValueData", "/registryValue"),
];

/// The body; names are case-sensitive.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Body {
    query: Option<String>,
}

/// `Stats`, `Schema` and `Results`, or 400 with the reason why the query cannot run.
pub(super) async fn run(gate: Gate, body: Bytes) -> Result<Json<Value>, DefenderError> {
    let caller = gate.admit(&RUN)?;
    let body: Body = gate.json(&body)?;
    let query = required(&body.query, "Query")?;
    let table = kql::run(query, &tables(caller.tenant.records, caller.now))
        .map_err(|error| DefenderError::bad("BadRequest", error.to_string()))?;
    let columns = table.columns.iter();
    let schema = columns.map(|it| json!({ "Name": it.name, "Type": it.kind.schema_name() }));
    let size: usize = table.rows.iter().map(|row| row.to_string().len()).sum();
    let statistics = json!({ "table_row_count": table.rows.len(), "table_size": size });
    Ok(Json(json!({
        "Stats": { "ExecutionTime": 0.21, "dataset_statistics": [statistics] },
        "Schema": schema.collect::<Vec<_>>(),
        "Results": table.rows,
    })))
}

/// Adds what Graph's hunting knows of the same tenant; `AlertEvidence` names the alerts of both services.
pub(super) fn graph_tables(records: &Records, tables: Tables) -> Tables {
    let of_graph = kql::run("AlertEvidence", &tables).map(|table| table.rows).unwrap_or_default();
    let own = records.alerts.iter().flat_map(evidence);
    let evidence: Vec<Value> = of_graph.into_iter().chain(own).collect();
    device_tables(records, tables.with("AlertEvidence", &evidence))
}

/// The tables of the older endpoint, as far back as it sees.
fn tables(records: &Records, now: Timestamp) -> Tables {
    device_tables(records, Tables::new(now)).within(&(now - LOOKBACK..=now))
}

/// Adds the tables that both endpoints know.
fn device_tables(records: &Records, tables: Tables) -> Tables {
    records.events.iter().fold(tables, |tables, (name, rows)| tables.with(name, rows))
}

/// A row of `AlertEvidence` for each entry of the evidence, and one for the device.
fn evidence(alert: &Alert) -> Vec<Value> {
    let mut common = cells(&alert.entity, OF_ALERT);
    let techniques = &alert.entity["mitreTechniques"];
    common.insert("Categories".into(), json!([alert.entity["category"]]).to_string().into());
    common.insert("AttackTechniques".into(), techniques.to_string().into());
    common.insert("ServiceSource".into(), "Microsoft Defender for Endpoint".into());
    let device = json!({ "EntityType": "Machine", "EvidenceRole": "Impacted" });
    let entries = alert.evidence().iter().map(|entry| {
        let mut row = Value::Object(cells(entry, OF_ENTRY));
        row["EvidenceRole"] = "Related".into();
        row
    });
    let rows = entries.chain([device]).filter_map(|row| row.as_object().cloned());
    rows.map(|row| common.clone().into_iter().chain(row).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        defender_atp::records,
        identity::{NOW, tenant::CONTOSO},
    };

    fn run(query: &str) -> Vec<Value> {
        kql::run(query, &tables(records::of(&CONTOSO), NOW))
            .unwrap_or_else(|error| panic!("{error}"))
            .rows
    }

    /// A query of the relay for several observables.
    const EVERYTHING: &str = r"
let s1 = dynamic(['36b3216fdaeeb975729fae923d5a4fd12aabfe22']); let s2 = dynamic([]); let m5 = dynamic([]); let ips = dynamic(['203.0.113.80']); let doms = dynamic([]);
let hits = materialize(union
 (DeviceFileEvents | where SHA1 in (s1) or SHA256 in (s2) or MD5 in (m5)
  | extend K = array_concat(iff(SHA1 in (s1), pack_array(strcat('sha1:', SHA1)), dynamic([])), iff(SHA256 in (s2), pack_array(strcat('sha256:', SHA256)), dynamic([])), iff(MD5 in (m5), pack_array(strcat('md5:', MD5)), dynamic([])))),
 (DeviceNetworkEvents | extend Host = tolower(tostring(parse_url(iff(RemoteUrl contains '://', RemoteUrl, strcat('http://', RemoteUrl))).Host))
  | where RemoteIP in (ips) or Host in (doms)
  | extend K = array_concat(iff(RemoteIP in (ips), pack_array(strcat('ip:', RemoteIP)), dynamic([])), iff(Host in (doms), pack_array(strcat('domain:', Host)), dynamic([]))))
 | mv-expand K to typeof(string) | sort by K asc, Timestamp desc | extend Rank = row_number(1, prev(K) != K) | where Rank <= 100);
let dev = hits | distinct DeviceId;
hits
| join kind=leftouter (DeviceInfo | where DeviceId in (dev) and isnotempty(OSPlatform) | summarize arg_max(Timestamp, OSPlatform, OSArchitecture, OSVersion) by DeviceId | project-away Timestamp) on DeviceId
| join kind=leftouter (DeviceNetworkInfo | where DeviceId in (dev) | summarize arg_max(Timestamp, MacAddress, IPAddresses) by DeviceId, NetworkAdapterName | summarize Adapters = make_list(bag_pack('mac', MacAddress, 'ips', IPAddresses)) by DeviceId) on DeviceId
| project K, Timestamp, DeviceId, ActionType, FileName, SHA1, SHA256, RemoteIP, InitiatingProcessFileName, OSPlatform, OSArchitecture, Adapters, ReportId";

    #[test]
    fn one_query_brings_events_with_their_devices() {
        let rows = run(EVERYTHING);
        let sha1 = "36b3216fdaeeb975729fae923d5a4fd12aabfe22";
        let sample = json!({
            "K": format!("sha1:{sha1}"), "Timestamp": "2026-10-29T11:06:58.4Z",
            "DeviceId": "f506b40928b5b7a767c76fb008f86bebb2737f6a", "ActionType": "FileCreated",
            "FileName": "ps.exe", "SHA1": sha1, "SHA256": "", "RemoteIP": null,
            "InitiatingProcessFileName": "msedge.exe", "OSPlatform": "Windows11",
            "OSArchitecture": "64-bit", "ReportId": 20771,
            "Adapters": [{
                "mac": "00155D0A0B0C",
                "ips": r#"[{"IPAddress":"10.20.4.17","SubnetPrefix":24,"AddressType":"Private"}]"#,
            }],
        });
        assert!(rows.contains(&sample), "{rows:#?}");
        let counted = |key: &str| rows.iter().filter(|row| row["K"] == key).count();
        assert_eq!((counted(&format!("sha1:{sha1}")), counted("ip:203.0.113.80")), (3, 12));
    }

    #[test]
    fn thirty_days_are_seen() {
        for condition in ["ReportId == 19000", "Timestamp < ago(30d)"] {
            let rows = run(&format!("DeviceFileEvents | where {condition}"));
            assert!(rows.is_empty(), "{condition}");
        }
    }

    #[test]
    fn evidence_rows_come_from_the_alerts() {
        let records = records::of(&CONTOSO);
        let entries: usize = records.alerts.iter().map(|alert| alert.evidence().len()).sum();
        let rows: Vec<Value> = records.alerts.iter().flat_map(evidence).collect();
        assert_eq!(rows.len(), entries + records.alerts.len());
        let id = "da638470011223344556_-1200345678";
        let is_sample = |row: &&Value| row["AlertId"] == id && row["RemoteIP"] == "203.0.113.80";
        let row = rows.iter().find(is_sample).expect("the sample alert's address");
        assert_eq!(row["DeviceId"], "f506b40928b5b7a767c76fb008f86bebb2737f6a");
        assert_eq!(row["EntityType"], "Ip");
    }
}
