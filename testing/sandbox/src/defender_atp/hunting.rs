//! Advanced hunting: the queries and the tables they read.
//!
//! Page "Advanced hunting API", and the limits it names: 30 days back, no `AlertEvidence` at the older endpoint.

mod columns;
mod evidence;

use axum::Json;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    access::{Api, Gate},
    limits::Quota,
    problem::{Problem, required},
    records::Records,
};
use crate::kql::{self, Tables};

const RUN: Api = Api { quota: Quota::Hunting, roles: &["AdvancedQuery.Read.All"] };

/// How far back a query sees.
const LOOKBACK: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The body; names are case-sensitive.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Body {
    query: Option<String>,
}

/// `Stats`, `Schema` and `Results`, or 400 with the reason why the query cannot run.
pub(super) async fn run(gate: Gate, body: Bytes) -> Result<Json<Value>, Problem> {
    let caller = gate.admit(&RUN)?;
    let body: Body = gate.json(&body)?;
    let query = required(body.query, "Query")?;
    let tables = device_tables(&caller.tenant.records, Tables::new(caller.now));
    let table = kql::run(&query, &within(tables, caller.now))
        .map_err(|error| Problem::bad("BadRequest", error.to_string()))?;
    let schema: Vec<_> = table
        .columns
        .iter()
        .map(|column| json!({ "Name": column.name, "Type": column.kind.schema_name() }))
        .collect();
    let size: usize = table.rows.iter().map(|row| row.to_string().len()).sum();
    let statistics = json!({ "table_row_count": table.rows.len(), "table_size": size });
    Ok(Json(json!({
        "Stats": { "ExecutionTime": 0.21, "dataset_statistics": [statistics] },
        "Schema": schema,
        "Results": table.rows,
    })))
}

/// Adds what Graph's hunting knows of the same tenant; `AlertEvidence` names the alerts of both services.
pub(super) fn graph_tables(records: &Records, tables: Tables) -> Tables {
    let of_graph = kql::run("AlertEvidence", &tables).map(|table| table.rows).unwrap_or_default();
    let evidence = [of_graph, evidence::rows(&records.alerts)].concat();
    device_tables(records, tables.with("AlertEvidence", columns::ALERT_EVIDENCE, &evidence))
}

/// Adds the tables that both endpoints know.
fn device_tables(records: &Records, tables: Tables) -> Tables {
    let events = &records.events;
    tables
        .with("DeviceFileEvents", columns::DEVICE_FILE_EVENTS, &events.files)
        .with("DeviceNetworkEvents", columns::DEVICE_NETWORK_EVENTS, &events.network)
        .with("DeviceInfo", columns::DEVICE_INFO, &events.devices)
        .with("DeviceNetworkInfo", columns::DEVICE_NETWORK_INFO, &events.adapters)
}

fn within(tables: Tables, now: Timestamp) -> Tables {
    tables.within(&(now - LOOKBACK..=now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{NOW, tenant::CONTOSO};

    fn run(query: &str) -> Vec<Value> {
        let records = Records::of(&CONTOSO).expect("built-in data");
        let tables = within(device_tables(&records, Tables::new(NOW)), NOW);
        kql::run(query, &tables).unwrap_or_else(|error| panic!("{error}")).rows
    }

    /// The one query of a relay for all observables of a request (spec §4.4).
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
| project K, Timestamp, DeviceId, DeviceName, ActionType, FileName, FolderPath, SHA1, SHA256, MD5, FileOriginUrl, FileOriginReferrerUrl, PreviousFileName, RemoteIP, RemoteUrl, RemotePort, LocalIP, Protocol, InitiatingProcessFileName, InitiatingProcessFolderPath, InitiatingProcessSHA1, InitiatingProcessSHA256, InitiatingProcessMD5, InitiatingProcessParentFileName, InitiatingProcessAccountName, OSPlatform, OSArchitecture, OSVersion, Adapters, ReportId";

    /// The sample row of spec §4.4.
    fn sample() -> Value {
        json!({
            "K": "sha1:36b3216fdaeeb975729fae923d5a4fd12aabfe22",
            "Timestamp": "2026-10-29T11:06:58.4Z",
            "DeviceId": "f506b40928b5b7a767c76fb008f86bebb2737f6a",
            "DeviceName": "ws-204.contoso.example",
            "ActionType": "FileCreated",
            "FileName": "ps.exe",
            "FolderPath": "C:\\Users\\mara\\Downloads\\ps.exe",
            "SHA1": "36b3216fdaeeb975729fae923d5a4fd12aabfe22",
            "SHA256": "",
            "MD5": "6e53a13043b026c48bbf33feff9243a8",
            "FileOriginUrl": "https://cdn.contoso-files.example/ps.exe",
            "FileOriginReferrerUrl": "https://contoso-files.example/",
            "PreviousFileName": "",
            "RemoteIP": null,
            "RemoteUrl": null,
            "RemotePort": null,
            "LocalIP": null,
            "Protocol": null,
            "InitiatingProcessFileName": "msedge.exe",
            "InitiatingProcessFolderPath":
                "c:\\program files (x86)\\microsoft\\edge\\application\\msedge.exe",
            "InitiatingProcessSHA1": "6f0fb23c6f5da2cec255404e4fb440034d660869",
            "InitiatingProcessSHA256": "",
            "InitiatingProcessMD5": "7a8d41bed440e50454f31af3176813e0",
            "InitiatingProcessParentFileName": "explorer.exe",
            "InitiatingProcessAccountName": "mara",
            "OSPlatform": "Windows11",
            "OSArchitecture": "64-bit",
            "OSVersion": "10.0",
            "Adapters": [{
                "mac": "00155D0A0B0C",
                "ips": r#"[{"IPAddress":"10.20.4.17","SubnetPrefix":24,"AddressType":"Private"}]"#,
            }],
            "ReportId": 20771,
        })
    }

    #[test]
    fn one_query_brings_events_with_their_devices() {
        let rows = run(EVERYTHING);
        assert!(rows.contains(&sample()), "{rows:#?}");
        let files = rows.iter().filter(|row| row["K"] == sample()["K"]);
        assert_eq!(files.count(), 3);
        let addresses = rows.iter().filter(|row| row["K"] == "ip:203.0.113.80");
        assert_eq!(addresses.count(), 12);
    }

    #[test]
    fn thirty_days_are_seen() {
        assert_eq!(run("DeviceFileEvents | where ReportId == 19000"), [] as [Value; 0]);
        assert_eq!(run("DeviceFileEvents | where Timestamp < ago(30d)"), [] as [Value; 0]);
    }

    #[test]
    fn evidence_rows_come_from_the_alerts() {
        let records = Records::of(&CONTOSO).expect("built-in data");
        let rows = evidence::rows(&records.alerts);
        let entries: usize = records.alerts.iter().map(|alert| alert.evidence().len()).sum();
        assert_eq!(rows.len(), entries + records.alerts.len());
        let of_sample = |row: &&Value| {
            row["AlertId"] == "da638470011223344556_-1200345678"
                && row["RemoteIP"] == "203.0.113.80"
        };
        let row = rows.iter().find(of_sample).expect("the sample alert's address");
        assert_eq!(row["DeviceId"], "f506b40928b5b7a767c76fb008f86bebb2737f6a");
        assert_eq!(row["EntityType"], "Ip");
    }
}
