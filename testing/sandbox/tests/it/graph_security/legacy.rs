//! Legacy alerts of federated providers.

use std::collections::BTreeSet;

use sandbox::{
    graph_security::HALF_ANSWERED_DOMAIN,
    identity::{app, tenant},
};
use serde_json::{Value, json};

use super::{error, start};
use crate::session::{Session, rows, texts, with_options};

const PATH: &str = "/v1.0/security/alerts";

fn connections(value: &str) -> String {
    format!(
        "networkConnections/any(x: x/sourceAddress eq '{value}' or x/destinationAddress eq '{value}')"
    )
}

fn domain(value: &str) -> String {
    format!("networkConnections/any(x: x/destinationDomain eq '{value}')")
}

fn providers(alerts: &[Value]) -> Vec<&str> {
    let mut names: Vec<&str> = alerts
        .iter()
        .map(|alert| alert["vendorInformation"]["provider"].as_str().unwrap_or("-"))
        .collect();
    names.dedup();
    names
}

#[tokio::test]
async fn the_sample_of_the_documentation_is_found() {
    let session = start().await;
    let filter = domain("cdn.contoso-files.example");
    let alerts = session.list(PATH, &[("$filter", &filter), ("$top", "100")]).await;
    let sample = alerts.iter().find(|one| one["id"] == "FDA9988C-79FC-4552-AF7E-AED46725A2A7");
    let sample = sample.expect("the sample");
    assert_eq!(sample["confidence"], 72);
    assert_eq!(sample["eventDateTime"], "2026-03-04T08:19:42.118Z");
    assert_eq!(sample["hostStates"][0]["publicIpAddress"], "198.51.100.23");
}

#[tokio::test]
async fn collections_are_searched_at_providers_that_can() {
    let session = start().await;
    for (filter, expected) in [
        (domain("cdn.contoso-files.example"), vec!["Palo Alto Networks"]),
        (connections("203.0.113.80"), vec!["Palo Alto Networks", "Azure Sentinel", "ASC", "IPC"]),
        (
            "hostStates/any(x: x/netBiosName eq 'ws-204')".to_owned(),
            vec!["Palo Alto Networks", "Azure Advanced Threat Protection"],
        ),
        ("networkConnections/any(x: x/destinationUrl eq 'https://cdn.contoso-files.example/a')".to_owned(), vec!["Palo Alto Networks"]),
        ("fileStates/any(x: x/name eq 'o''neil & söhne #1.exe')".to_owned(), vec!["MCAS"]),
        ("fileStates/any(x: x/path eq 'C:\\Users\\mara\\AppData\\upd.exe')".to_owned(), vec!["Palo Alto Networks", "ASC", "Sensor αβ"]),
        (
            "fileStates/any(x: x/fileHash/hashValue eq 'b860dcd6c8a1f8b46287cced9041dff02cee737443e210471948d33296c87009')".to_owned(),
            vec!["Palo Alto Networks", "Sensor αβ"],
        ),
        ("vendorInformation/provider eq 'Microsoft Defender ATP'".to_owned(), vec!["Microsoft Defender ATP"]),
    ] {
        let alerts = session.list(PATH, &[("$filter", &filter)]).await;
        assert_eq!(providers(&alerts), expected, "{filter}");
    }
}

#[tokio::test]
async fn top_counts_for_each_provider() {
    let session = start().await;
    let filter = connections("203.0.113.80");
    let options = [("$filter", filter.as_str()), ("$top", "1"), ("$count", "true")];
    let first = session.get(&with_options(PATH, &options)).await.json();
    assert_eq!(first["@odata.count"], 6);

    let (sizes, alerts) = session.pages(with_options(PATH, &options)).await;
    let ids: BTreeSet<_> = texts(&alerts, "id").into_iter().collect();
    assert_eq!((sizes[0], alerts.len(), ids.len()), (4, 6, 6), "one of each of four providers");
    assert_eq!(session.get(&with_options(PATH, &[("$top", "0")])).await.json()["value"], json!([]));
}

#[tokio::test]
async fn limits_are_kept() {
    let session = start().await;
    for (name, value, status) in [
        ("$top", "1000", 200),
        ("$top", "1001", 400),
        ("$skip", "500", 200),
        ("$skip", "501", 400),
        ("$skiptoken", "x", 400),
        ("$filter", "networkConnections/any(x: x/nothing eq 'a')", 400),
        ("$filter", "fileStates/any(x: x/name eq 'a'b')", 400),
    ] {
        let response = session.get(&with_options(PATH, &[(name, value)])).await;
        assert_eq!(response.status, status, "{name}={value}");
        if status == 400 {
            assert_eq!(error(&response).1, "BadRequest");
        }
    }
}

#[tokio::test]
async fn a_failing_provider_leaves_a_warning() {
    let session = start().await;
    let filter = format!("{} or {}", domain(HALF_ANSWERED_DOMAIN), connections("203.0.113.80"));
    let response = session.get(&with_options(PATH, &[("$filter", &filter)])).await;
    assert_eq!(response.status, 206);
    assert_eq!(response.header("warning"), Some("199 - \"Microsoft/Azure Sentinel/504/10000\""));
    let found = rows(&response.json());
    assert_eq!(providers(&found), ["Palo Alto Networks", "ASC", "IPC", "-"]);
}

#[tokio::test]
async fn tenants_see_their_own_alerts() {
    let session = Session::graph(&tenant::FABRIKAM, &app::GRAPH).await;
    let filter = domain("cdn.contoso-files.example");
    let alerts = session.list(PATH, &[("$filter", &filter)]).await;
    assert_eq!(texts(&alerts, "id"), ["F0000001-79FC-4552-AF7E-AED46725F001"]);
    assert_eq!(alerts[0]["azureTenantId"], tenant::FABRIKAM.id);
}

#[tokio::test]
async fn the_data_has_the_gaps_of_real_vendors() {
    let session = start().await;
    let alerts = session.list(PATH, &[]).await;
    assert_eq!(alerts.len(), 12);
    assert!(alerts.iter().any(|alert| alert["sourceMaterials"].is_null()));
    assert!(alerts.iter().any(|alert| alert["hostStates"].is_null()));
    assert!(alerts.iter().any(|alert| alert["eventDateTime"].is_null()));
    assert!(
        alerts.iter().any(|alert| alert["hostStates"].as_array().is_some_and(|all| all.len() == 3))
    );
    let files = alerts.iter().flat_map(|alert| alert["fileStates"].as_array()).flatten();
    let mut kinds: Vec<&str> =
        files.filter_map(|file| file["fileHash"]["hashType"].as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, ["authenticodeHash256", "md5", "sha1", "sha256"]);
}
