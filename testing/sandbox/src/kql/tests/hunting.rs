//! The two queries that the relays' specifications give, whole.

use serde_json::{Value, json};

use super::{Kind, Tables, now};
use crate::kql::run;

const BY_OBSERVABLE: &str = r"
let ip = dynamic(['203.0.113.80']); let dom = dynamic(['cdn.contoso-files.example']);
let h256 = dynamic(['b860dcd6c8a1f8b46287cced9041dff02cee737443e210471948d33296c87009']);
let p = dynamic(['C:\\Users\\mara\\AppData\\upd.exe']); let host = dynamic(['ws-204']);
let E = materialize(AlertEvidence | extend Host = tolower(tostring(parse_url(iff(RemoteUrl contains '://', RemoteUrl, strcat('http://', RemoteUrl))).Host)));
union
 (E | where RemoteIP in (ip) | project AlertId, Timestamp, K = strcat('ip|', RemoteIP)),
 (E | where LocalIP in (ip)  | project AlertId, Timestamp, K = strcat('ip|', LocalIP)),
 (E | where Host in (dom)    | project AlertId, Timestamp, K = strcat('domain|', Host)),
 (E | where SHA256 in~ (h256) | project AlertId, Timestamp, K = strcat('sha256|', tolower(SHA256))),
 (E | where FolderPath in~ (p) or strcat(FolderPath, '\\', FileName) in~ (p) | project AlertId, Timestamp, K = strcat('file_path|', tolower(strcat(FolderPath, '\\', FileName)))),
 (E | where DeviceName in~ (host) or tostring(split(DeviceName, '.')[0]) in~ (host) | project AlertId, Timestamp, K = strcat('hostname|', tolower(tostring(split(DeviceName, '.')[0]))))
| summarize Seen = max(Timestamp) by K, AlertId
| sort by K asc, Seen desc | extend Rank = row_number(1, prev(K) != K) | where Rank <= 1 | project K, AlertId, Seen";

#[test]
fn alert_evidence_is_ranked_by_observable() {
    let texts = [
        "AlertId",
        "RemoteIP",
        "LocalIP",
        "RemoteUrl",
        "SHA256",
        "FolderPath",
        "FileName",
        "DeviceName",
    ];
    let mut columns = vec![("Timestamp", Kind::Time)];
    columns.extend(texts.map(|name| (name, Kind::Text)));
    let hash = "B860DCD6C8A1F8B46287CCED9041DFF02CEE737443E210471948D33296C87009";
    let tables = Tables::new(now()).with(
        "AlertEvidence",
        &columns,
        &[
            json!({"Timestamp": "2026-10-30T06:00:00Z", "AlertId": "old", "RemoteIP": "203.0.113.80"}),
            json!({"Timestamp": "2026-10-30T07:00:00Z", "AlertId": "new", "LocalIP": "203.0.113.80",
                   "RemoteUrl": "CDN.contoso-files.example/a?b", "SHA256": hash,
                   "FolderPath": "C:\\Users\\mara\\AppData", "FileName": "upd.exe",
                   "DeviceName": "ws-204.contoso.example"}),
            json!({"Timestamp": "2026-10-30T08:00:00Z", "AlertId": "other",
                   "RemoteIP": "198.51.100.1", "RemoteUrl": "https://else.example"}),
        ],
    );
    let result = run(BY_OBSERVABLE, &tables).unwrap();
    let schema: Vec<(&str, &str)> = result
        .columns
        .iter()
        .map(|column| (column.name.as_str(), column.kind.schema_name()))
        .collect();
    assert_eq!(schema, [("K", "String"), ("AlertId", "String"), ("Seen", "DateTime")]);
    let keys: Vec<&Value> = result.rows.iter().map(|row| &row["K"]).collect();
    assert_eq!(
        keys,
        [
            "domain|cdn.contoso-files.example",
            "file_path|c:\\users\\mara\\appdata\\upd.exe",
            "hostname|ws-204",
            "ip|203.0.113.80",
            &format!("sha256|{}", hash.to_lowercase()),
        ]
    );
    assert!(result.rows.iter().all(|row| row["AlertId"] == "new"), "the newest of each key");
    assert_eq!(result.rows[0]["Seen"], "2026-10-30T07:00:00Z");
}

const DEVICE_EVENTS: &str = r"
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
| join kind=leftouter (DeviceInfo | where DeviceId in (dev) and isnotempty(OSPlatform) | summarize arg_max(Timestamp, OSPlatform, OSVersion) by DeviceId | project-away Timestamp) on DeviceId
| join kind=leftouter (DeviceNetworkInfo | where DeviceId in (dev) | summarize arg_max(Timestamp, MacAddress, IPAddresses) by DeviceId, NetworkAdapterName | summarize Adapters = make_list(bag_pack('mac', MacAddress, 'ips', IPAddresses)) by DeviceId) on DeviceId
| project K, Timestamp, DeviceId, SHA1, MD5, RemoteIP, OSPlatform, OSVersion, Adapters";

fn device_tables() -> Tables {
    let text = |name: &'static str| (name, Kind::Text);
    let time = ("Timestamp", Kind::Time);
    let sha1 = "36b3216fdaeeb975729fae923d5a4fd12aabfe22";
    Tables::new(now())
        .with(
            "DeviceFileEvents",
            &[time, text("DeviceId"), text("SHA1"), text("SHA256"), text("MD5")],
            &[
                json!({"Timestamp": "2026-10-29T11:00:00Z", "DeviceId": "d1", "SHA1": sha1,
                       "SHA256": "", "MD5": "6e53a13043b026c48bbf33feff9243a8"}),
                json!({"Timestamp": "2026-10-29T12:00:00Z", "DeviceId": "d2", "SHA1": sha1}),
                json!({"Timestamp": "2026-10-29T13:00:00Z", "DeviceId": "d3", "SHA1": "other"}),
            ],
        )
        .with(
            "DeviceNetworkEvents",
            &[time, text("DeviceId"), text("RemoteIP"), text("RemoteUrl")],
            &[json!({"Timestamp": "2026-10-28T00:00:00Z", "DeviceId": "d1",
                     "RemoteIP": "203.0.113.80"})],
        )
        .with(
            "DeviceInfo",
            &[time, text("DeviceId"), text("OSPlatform"), text("OSVersion")],
            &[
                json!({"Timestamp": "2026-10-29T00:00:00Z", "DeviceId": "d1",
                       "OSPlatform": "Windows10", "OSVersion": "10.0"}),
                json!({"Timestamp": "2026-10-30T00:00:00Z", "DeviceId": "d1",
                       "OSPlatform": "Windows11", "OSVersion": "10.0"}),
                json!({"Timestamp": "2026-10-31T00:00:00Z", "DeviceId": "d1", "OSPlatform": ""}),
            ],
        )
        .with(
            "DeviceNetworkInfo",
            &[
                time,
                text("DeviceId"),
                text("NetworkAdapterName"),
                text("MacAddress"),
                text("IPAddresses"),
            ],
            &[
                json!({"Timestamp": "2026-10-30T00:00:00Z", "DeviceId": "d1",
                       "NetworkAdapterName": "eth0", "MacAddress": "00155D0A0B0C",
                       "IPAddresses": "[]"}),
                json!({"Timestamp": "2026-10-30T00:00:00Z", "DeviceId": "d1",
                       "NetworkAdapterName": "eth1", "MacAddress": "00155D0A0B0D",
                       "IPAddresses": null}),
            ],
        )
}

#[test]
fn device_events_bring_their_device_along() {
    let result = run(DEVICE_EVENTS, &device_tables()).unwrap();
    let adapters =
        json!([{"mac": "00155D0A0B0C", "ips": "[]"}, {"mac": "00155D0A0B0D", "ips": null}]);
    assert_eq!(
        result.rows,
        [
            json!({"K": "ip:203.0.113.80", "Timestamp": "2026-10-28T00:00:00Z", "DeviceId": "d1",
                   "SHA1": null, "MD5": null, "RemoteIP": "203.0.113.80",
                   "OSPlatform": "Windows11", "OSVersion": "10.0", "Adapters": adapters}),
            json!({"K": "sha1:36b3216fdaeeb975729fae923d5a4fd12aabfe22",
                   "Timestamp": "2026-10-29T12:00:00Z", "DeviceId": "d2",
                   "SHA1": "36b3216fdaeeb975729fae923d5a4fd12aabfe22", "MD5": null,
                   "RemoteIP": null, "OSPlatform": null, "OSVersion": null, "Adapters": null}),
            json!({"K": "sha1:36b3216fdaeeb975729fae923d5a4fd12aabfe22",
                   "Timestamp": "2026-10-29T11:00:00Z", "DeviceId": "d1",
                   "SHA1": "36b3216fdaeeb975729fae923d5a4fd12aabfe22",
                   "MD5": "6e53a13043b026c48bbf33feff9243a8", "RemoteIP": null,
                   "OSPlatform": "Windows11", "OSVersion": "10.0", "Adapters": adapters}),
        ]
    );
}

#[test]
fn rows_outside_the_timespan_are_not_seen() {
    let from = "2026-10-29T11:30:00Z".parse().unwrap();
    let tables = device_tables().within(&(from..=now()));
    let count =
        |table: &str| run(&format!("{table} | count"), &tables).unwrap().rows[0]["Count"].clone();
    assert_eq!(count("DeviceFileEvents"), 2);
    assert_eq!(count("DeviceNetworkEvents"), 0);
}
