//! Advanced hunting over the evidence of alerts.

use http::Method;
use sandbox::identity::{app, tenant};
use serde_json::{Value, json};

use super::{assert_bad_request, error, start};
use crate::{client::Response, session::Session};

const PATH: &str = "/v1.0/security/runHuntingQuery";

async fn hunt(session: &Session, query: &str) -> Response {
    session.post(PATH, &json!({"Query": query, "Timespan": "P30D"})).await
}

async fn results(session: &Session, query: &str) -> Vec<Value> {
    let response = hunt(session, query).await;
    assert_eq!(response.status, 200, "{query}: {:?}", response.body);
    response.json()["results"].as_array().expect("results").clone()
}

/// Alert ids of a query whose rows have them.
async fn alerts(session: &Session, condition: &str) -> Vec<String> {
    let query = format!(
        "AlertEvidence | where {condition} | summarize Seen = max(Timestamp) by AlertId | sort by Seen desc"
    );
    let rows = results(session, &query).await;
    rows.iter().map(|row| row["AlertId"].as_str().expect("an id").to_owned()).collect()
}

const ALL_OBSERVABLES: &str = r"
let ip = dynamic(['203.0.113.80']); let dom = dynamic(['cdn.contoso-files.example']); let h256 = dynamic(['b860dcd6c8a1f8b46287cced9041dff02cee737443e210471948d33296c87009']);
let E = materialize(AlertEvidence | extend Host = tolower(tostring(parse_url(iff(RemoteUrl contains '://', RemoteUrl, strcat('http://', RemoteUrl))).Host)));
union
 (E | where RemoteIP in (ip) | project AlertId, Timestamp, K = strcat('ip|', RemoteIP)),
 (E | where LocalIP in (ip)  | project AlertId, Timestamp, K = strcat('ip|', LocalIP)),
 (E | where Host in (dom)    | project AlertId, Timestamp, K = strcat('domain|', Host)),
 (E | where SHA256 in~ (h256) | project AlertId, Timestamp, K = strcat('sha256|', tolower(SHA256)))
| summarize Seen = max(Timestamp) by K, AlertId
| sort by K asc, Seen desc | extend Rank = row_number(1, prev(K) != K) | where Rank <= 100 | project K, AlertId, Seen";

#[tokio::test]
async fn one_query_finds_the_alerts_of_all_observables() {
    let session = start().await;
    let body = hunt(&session, ALL_OBSERVABLES).await.json();
    assert!(body["@odata.context"].as_str().unwrap().ends_with("huntingQueryResults"));
    assert_eq!(
        body["schema"],
        json!([{"name": "K", "type": "String"}, {"name": "AlertId", "type": "String"},
               {"name": "Seen", "type": "DateTime"}])
    );
    let found: Vec<String> = body["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| format!("{} {}", row["K"].as_str().unwrap(), row["AlertId"].as_str().unwrap()))
        .collect();
    let hash = "sha256|b860dcd6c8a1f8b46287cced9041dff02cee737443e210471948d33296c87009";
    assert_eq!(
        found,
        [
            "domain|cdn.contoso-files.example da638470555000000001_101",
            "domain|cdn.contoso-files.example da638470555000000002_102",
            "domain|cdn.contoso-files.example fa0b2c1d-5f66-4c1f-8a53-08dcf7a1e001",
            "domain|cdn.contoso-files.example da638470555000000006_106",
            "ip|203.0.113.80 da638470011223344556_-1200345678",
            "ip|203.0.113.80 da638470555000000002_102",
            "ip|203.0.113.80 da638470555000000003_103",
            "ip|203.0.113.80 da638470555000000099_999",
            &format!("{hash} da638470011223344556_-1200345678"),
            &format!("{hash} da638470555000000001_101"),
            &format!("{hash} dc8f1f64a2-3d0e-4a55-9a0e-7d2c90d11b41"),
            &format!("{hash} da638470555000000007_107"),
        ]
    );
    assert_eq!(body["results"][4]["Seen"], "2026-10-30T06:10:44.9Z");
}

#[tokio::test]
async fn every_key_has_a_column() {
    let session = start().await;
    for (condition, expected) in [
        ("DeviceName =~ 'WS-311'", vec!["da638470555000000006_106"]),
        (
            "tostring(split(DeviceName, '.')[0]) in~ (dynamic(['srv-7']))",
            vec!["da638470555000000005_105"],
        ),
        (
            "FileName == 'run.sh' and FolderPath endswith '/run.sh'",
            vec!["da638470555000000005_105"],
        ),
        (
            "strcat(FolderPath, '\\\\', FileName) in~ (dynamic(['c:\\\\users\\\\mara\\\\appdata\\\\UPD.exe']))",
            vec!["da638470011223344556_-1200345678", "da638470555000000001_101"],
        ),
        (
            "SHA1 == 'e8a7f770d9106fd287db7f1adbc60926f6967e78' and EntityType == 'FileHash'",
            vec!["dc8f1f64a2-3d0e-4a55-9a0e-7d2c90d11b41"],
        ),
        ("RemoteIP == '2001:db8::80'", vec!["da638470555000000002_102"]),
        ("LocalIP == '10.20.9.77'", vec!["da638470555000000005_105"]),
        ("EmailSubject has 'bitte'", vec!["fa0b2c1d-5f66-4c1f-8a53-08dcf7a1e001"]),
        ("FileName startswith 'résumé — 東京'", vec!["da638470555000000005_105"]),
    ] {
        assert_eq!(alerts(&session, condition).await, expected, "{condition}");
    }
}

#[tokio::test]
async fn every_row_belongs_to_an_alert_or_to_a_deleted_one() {
    let session = start().await;
    let rows = results(&session, "AlertEvidence | distinct AlertId").await;
    let mut gone = Vec::new();
    for row in rows.iter().filter(|row| !row["AlertId"].as_str().unwrap().contains("638450")) {
        let id = row["AlertId"].as_str().unwrap();
        let response = session.get(&format!("/v1.0/security/alerts_v2/{id}")).await;
        if response.status == 404 {
            gone.push(id);
        }
    }
    assert_eq!(gone, ["da638470555000000099_999"]);
}

#[tokio::test]
async fn the_timespan_bounds_the_rows() {
    let session = start().await;
    let count = async |timespan: Option<&str>| {
        let query = "AlertEvidence | where RemoteIP == '203.0.113.80' | count";
        let body = json!({"Query": query, "Timespan": timespan});
        session.post(PATH, &body).await.json()["results"][0]["Count"].clone()
    };
    assert_eq!(count(None).await, 4, "30 days");
    assert_eq!(count(Some("P90D")).await, 5);
    assert_eq!(count(Some("P2D")).await, 2);
    assert_eq!(count(Some("2026-09-01T00:00:00Z/P30D")).await, 1);
    let response = session.post(PATH, &json!({"Query": "AlertEvidence", "Timespan": "30d"})).await;
    assert_bad_request(&response, "The timespan '30d' is not in ISO 8601 format.");
}

#[tokio::test]
async fn broken_queries_are_refused_in_the_services_words() {
    let session = start().await;
    for (query, part) in [
        (
            "AlertEvidence | where RemoteIP == 'it's'",
            "A recognition error occurred.. Fix syntax errors in your query.",
        ),
        (
            "AlertEvidence | project MD5",
            "'project' operator: Failed to resolve scalar expression named 'MD5'. Fix semantic errors in your query.",
        ),
        (
            "DeviceFileEvents | take 1",
            "'take' operator: Failed to resolve table or column expression named 'DeviceFileEvents'. Fix semantic errors in your query.",
        ),
        (" ", "The parameter 'Query' is required."),
    ] {
        assert_bad_request(&hunt(&session, query).await, part);
    }
    let response = session.send(Method::POST, PATH, &[], "{\"Query\": \"AlertEvidence\"}").await;
    assert!(error(&response).2.starts_with("Unable to read JSON request payload."));
}

#[tokio::test]
async fn letters_beyond_ascii_need_the_charset() {
    let session = start().await;
    let body = json!({"Query": "print x = 'é'"}).to_string();
    for (media, expected) in [
        ("application/json; charset=utf-8", "é"),
        ("application/json;charset=UTF-8", "é"),
        ("application/json", "?"),
    ] {
        let response = session.send(Method::POST, PATH, &[("content-type", media)], &body).await;
        assert_eq!(response.json()["results"][0]["x"], expected, "{media}");
    }
}

#[tokio::test]
async fn tenants_hunt_in_their_own_evidence() {
    let session = Session::graph(&tenant::FABRIKAM, &app::GRAPH).await;
    let found = alerts(&session, "RemoteIP == '203.0.113.80'").await;
    assert_eq!(found, ["da638470777000000001_301"]);
}
