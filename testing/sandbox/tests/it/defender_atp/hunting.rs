//! Advanced hunting, at the older endpoint and through Graph.

use sandbox::{
    defender_atp::sample,
    graph_security::{BUSY_ADDRESS, BUSY_ALERTS},
    identity::{
        Tenant,
        app::DEFENDER,
        tenant::{CONTOSO, FABRIKAM, TAILSPIN, WINGTIP},
    },
};
use serde_json::{Value, json};

use super::{error, ids, refused, start};
use crate::session::{GRAPH, Session};

const RUN: &str = "/api/advancedqueries/run";

async fn hunt(session: &Session, query: &str) -> Value {
    let response = session.post(RUN, &json!({ "Query": query })).await;
    assert_eq!(response.status, 200, "{:?}", response.body);
    response.json()
}

#[tokio::test]
async fn a_query_answers_stats_schema_and_results() {
    let session = start().await;
    let query = "DeviceFileEvents | where SHA1 == '36b3216fdaeeb975729fae923d5a4fd12aabfe22' | sort by Timestamp desc | take 1 | project Timestamp, ActionType, ReportId";
    let response = hunt(&session, query).await;
    assert_eq!(
        response["Schema"],
        json!([
            { "Name": "Timestamp", "Type": "DateTime" },
            { "Name": "ActionType", "Type": "String" },
            { "Name": "ReportId", "Type": "Int64" },
        ])
    );
    assert_eq!(
        response["Results"],
        json!([{ "Timestamp": "2026-10-29T11:07:20Z", "ActionType": "FileRenamed", "ReportId": 20772 }])
    );
    assert_eq!(response["Stats"]["dataset_statistics"][0]["table_row_count"], 1);
}

#[tokio::test]
async fn devices_are_described() {
    let session = start().await;
    let query = "DeviceInfo | where isnotempty(OSPlatform) | summarize arg_max(Timestamp, OSPlatform) by DeviceName | sort by DeviceName asc | project DeviceName, OSPlatform";
    let rows = hunt(&session, query).await["Results"].clone();
    assert_eq!(
        rows,
        json!([
            { "DeviceName": "acc-lt-31.contoso.example", "OSPlatform": "Windows11" },
            { "DeviceName": "files-02.contoso.example", "OSPlatform": "WindowsServer2022" },
            { "DeviceName": "mac-31.contoso.example", "OSPlatform": "macOS" },
            { "DeviceName": "srv-22.contoso.example", "OSPlatform": "WindowsServer2022" },
            { "DeviceName": "srv-7.contoso.example", "OSPlatform": "Linux" },
            { "DeviceName": "ws-088.contoso.example", "OSPlatform": "Windows10" },
            { "DeviceName": "ws-204.contoso.example", "OSPlatform": "Windows11" },
        ])
    );
}

#[tokio::test]
async fn another_tenant_hunts_in_other_events() {
    let session = Session::defender(&FABRIKAM, &DEFENDER).await;
    let rows = hunt(&session, "DeviceNetworkEvents | where RemoteIP == '203.0.113.80'").await;
    assert_eq!(rows["Results"].as_array().map(Vec::len), Some(1));
    assert_eq!(rows["Results"][0]["DeviceName"], "till-2.fabrikam.example");
}

#[tokio::test]
async fn refuses_queries_that_cannot_run() {
    let session = start().await;
    for query in
        ["DeviceFileEvents | where", "AlertEvidence | take 1", "DeviceInfo | where Nothing == 1"]
    {
        let response = session.post(RUN, &json!({ "Query": query })).await;
        assert_eq!(error(&response), refused(400, "BadRequest"), "{query}");
    }
    for (body, code) in [
        (json!({}), "MissingRequiredParameter"),
        (json!({ "query": "DeviceInfo" }), "InvalidRequestBody"),
    ] {
        let response = session.post(RUN, &body).await;
        assert_eq!(error(&response), refused(400, code), "{body}");
    }
}

/// What Graph's hunting answers to the same app.
async fn hunt_in_graph(tenant: &Tenant, query: &str) -> Vec<Value> {
    let session = Session::defender(tenant, &DEFENDER).await;
    let session = session.switch(tenant, &DEFENDER, GRAPH).await;
    let path = "/v1.0/security/runHuntingQuery";
    let response = session.post(path, &json!({ "Query": query })).await;
    assert_eq!(response.status, 200, "{:?}", response.body);
    response.json()["results"].as_array().expect("a list of rows").clone()
}

#[tokio::test]
async fn graph_hunts_in_the_same_events_also_where_the_own_api_is_retired() {
    let query = "DeviceFileEvents | where SHA1 == '36b3216fdaeeb975729fae923d5a4fd12aabfe22' | summarize Seen = max(Timestamp) by DeviceName | sort by DeviceName asc";
    for tenant in [&CONTOSO, &WINGTIP, &TAILSPIN] {
        assert_eq!(
            hunt_in_graph(tenant, query).await,
            [
                json!({ "DeviceName": "ws-017.contoso.example", "Seen": "2026-10-21T07:45:00Z" }),
                json!({ "DeviceName": "ws-204.contoso.example", "Seen": "2026-10-29T11:07:20Z" }),
            ]
        );
    }
}

#[tokio::test]
async fn graph_knows_the_evidence_of_both_services() {
    let query =
        |address: &str| format!("AlertEvidence | where RemoteIP == '{address}' | distinct AlertId");
    let rows = hunt_in_graph(&CONTOSO, &query(sample::ADDRESS)).await;
    let session = start().await;
    for id in ids(&session, &format!("/api/ips/{}/alerts", sample::ADDRESS)).await {
        assert!(rows.contains(&json!({ "AlertId": id })), "{id}");
    }
    let of_graph = hunt_in_graph(&CONTOSO, &query(BUSY_ADDRESS)).await;
    assert_eq!(of_graph.len(), BUSY_ALERTS);
}

#[tokio::test]
async fn graph_alerts_are_below_the_same_origin() {
    let session = start().await;
    let session = session.switch(&CONTOSO, &DEFENDER, GRAPH).await;
    assert_eq!(session.list("/v1.0/security/alerts_v2?$top=1", &[]).await.len(), 1);
    let batch = json!({ "requests": [{ "id": "0", "method": "GET", "url": "/security/alerts_v2?$top=1" }] });
    let response = session.post("/v1.0/$batch", &batch).await.json();
    assert_eq!(response["responses"][0]["status"], 200);
}
