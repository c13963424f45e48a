//! Alerts of the new generation.

use std::collections::BTreeSet;

use http::Method;
use sandbox::{
    graph_security::{BUSY_ADDRESS, BUSY_ALERTS},
    identity::{app, tenant},
};
use serde_json::{Value, json};

use super::{assert_bad_request, error, start};
use crate::session::{GRAPH, Session, rows, texts, with_options};

const PATH: &str = "/v1.0/security/alerts_v2";
const SAMPLE: &str = "da638470011223344556_-1200345678";

fn evidence(condition: &str) -> String {
    format!("evidence/any(e: {})", condition.replace("{P}", "microsoft.graph.security."))
}

fn address(value: &str) -> String {
    evidence(&format!("e/{{P}}ipEvidence/ipAddress eq '{value}'"))
}

#[tokio::test]
async fn the_newest_come_first() {
    let session = start().await;
    let alerts = session.list(PATH, &[("$top", "1000")]).await;
    let created: Vec<&str> =
        alerts.iter().map(|alert| alert["createdDateTime"].as_str().unwrap()).collect();
    assert!(created.is_sorted_by(|newer, older| newer >= older));
    assert_eq!(alerts.len(), BUSY_ALERTS + 15);
    assert_eq!(alerts[0]["id"], SAMPLE);
    assert!(alerts.iter().all(|alert| alert["tenantId"] == tenant::CONTOSO.id));
}

#[tokio::test]
async fn the_sample_of_the_documentation_is_whole() {
    let session = start().await;
    let response = session.get(&format!("{PATH}/{SAMPLE}")).await;
    assert_eq!(response.status, 200);
    assert!(response.header("content-type").unwrap().starts_with("application/json;odata"));
    let alert = response.json();
    assert!(alert["@odata.context"].as_str().unwrap().ends_with("#security/alerts_v2/$entity"));
    assert_eq!(alert["title"], "Beacon-like traffic from an unsigned binary");
    assert_eq!(alert["lastActivityDateTime"], "2026-10-30T06:10:44.9Z");
    assert_eq!(alert["evidence"][2]["parentProcessImageFile"]["fileName"], "explorer.exe");
    let (status, code, _) = error(&session.get(&format!("{PATH}/da0_0")).await);
    assert_eq!((status, code.as_str()), (404, "NotFound"));
}

#[tokio::test]
async fn every_kind_of_evidence_is_there() {
    let session = start().await;
    let alerts = session.list(PATH, &[]).await;
    let evidence = alerts.iter().flat_map(|alert| alert["evidence"].as_array()).flatten();
    let kinds: Vec<&str> = evidence.map(|one| one["@odata.type"].as_str().unwrap()).collect();
    let expected = "device ip url file fileHash process networkConnection dns user analyzedMessage \
                    mailbox registryKey cloudApplication holographic";
    for kind in expected.split(' ') {
        let name = format!("#microsoft.graph.security.{kind}Evidence");
        assert!(kinds.contains(&name.as_str()), "{name}");
    }
    assert!(alerts.iter().any(|alert| alert.get("evidence").is_none()));
    assert!(alerts.iter().any(|alert| alert["title"].is_null()));
}

#[tokio::test]
async fn evidence_filters_find_what_they_name() {
    let session = start().await;
    for (filter, expected) in [
        (
            address("203.0.113.80"),
            vec![SAMPLE, "da638470555000000003_103", "da638460000000000001_201"],
        ),
        (address("203.0.113.8"), vec![]),
        (
            evidence("contains(e/{P}urlEvidence/url, 'cdn.contoso-files.example')"),
            vec![
                "da638470555000000001_101",
                "fa0b2c1d-5f66-4c1f-8a53-08dcf7a1e001",
                "da638470555000000006_106",
            ],
        ),
        (
            evidence(
                "e/{P}dnsEvidence/domainName eq 'cdn.contoso-files.example' or e/{P}networkConnectionEvidence/destinationAddress/ipAddress eq '2001:db8::80'",
            ),
            vec!["da638470555000000002_102"],
        ),
        (
            evidence(
                "e/{P}fileHashEvidence/algorithm eq 'sha256' and e/{P}fileHashEvidence/value eq 'b860dcd6c8a1f8b46287cced9041dff02cee737443e210471948d33296c87009'",
            ),
            vec!["dc8f1f64a2-3d0e-4a55-9a0e-7d2c90d11b41"],
        ),
        (
            evidence("e/{P}deviceEvidence/ipInterfaces/any(i: i eq '2001:db8::7')"),
            vec!["da638470555000000005_105"],
        ),
        (
            evidence("e/{P}processEvidence/imageFile/fileName eq 'résumé — 東京''s.sh'"),
            vec!["da638470555000000005_105"],
        ),
        (
            evidence(
                "e/{P}fileEvidence/fileDetails/filePath eq 'C:\\Users\\mara\\AppData' and e/{P}fileEvidence/fileDetails/fileName eq 'upd.exe'",
            ),
            vec!["da638470555000000001_101"],
        ),
        (
            "serviceSource eq 'microsoftDefenderForOffice365'".to_owned(),
            vec!["fa1ed9e0a1-5f66-4c1f-8a53-08dcf7a1e031", "fa0b2c1d-5f66-4c1f-8a53-08dcf7a1e001"],
        ),
        (
            format!("{} and classification eq 'falsePositive'", address("203.0.113.80")),
            vec!["da638460000000000001_201"],
        ),
        (
            format!("{} and createdDateTime gt 2026-10-30T00:00:00Z", address("203.0.113.80")),
            vec![SAMPLE],
        ),
    ] {
        let alerts = session.list(PATH, &[("$filter", &filter)]).await;
        assert_eq!(texts(&alerts, "id"), expected, "{filter}");
    }
}

#[tokio::test]
async fn a_filter_may_be_encoded_in_either_way() {
    let session = start().await;
    for query in [
        "$filter=severity%20eq%20%27high%27%20and%20status%20eq%20%27inProgress%27&$top=5",
        "%24filter=severity+eq+'high'+and+status+eq+'inProgress'&%24top=5",
    ] {
        let response = session.get(&format!("{PATH}?{query}")).await;
        assert_eq!(texts(&rows(&response.json()), "id"), ["da638470555000000001_101"], "{query}");
    }
}

#[tokio::test]
async fn pages_lead_to_the_last_alert() {
    let session = start().await;
    let filter = address(BUSY_ADDRESS);
    let options = [("$filter", filter.as_str()), ("$top", "100"), ("$count", "true")];
    let path = with_options(PATH, &options);
    assert_eq!(session.get(&path).await.json()["@odata.count"], BUSY_ALERTS);
    let (sizes, alerts) = session.pages(path).await;
    assert_eq!(sizes, [100, 100, 50]);
    let ids: BTreeSet<_> = texts(&alerts, "id").into_iter().collect();
    assert_eq!(ids.len(), BUSY_ALERTS);
}

#[tokio::test]
async fn top_and_skip_cut_the_list() {
    let session = start().await;
    let all = session.list(PATH, &[]).await;
    assert_eq!(all.len(), 100, "the usual page");
    let part = session.list(PATH, &[("$top", "2"), ("$skip", "3")]).await;
    assert_eq!(texts(&part, "id"), texts(&all[3..5], "id"));
    let none = session.get(&with_options(PATH, &[("$top", "0")])).await.json();
    assert_eq!(none["value"], json!([]));
    assert!(none.get("@odata.nextLink").is_none());
    assert!(session.list(PATH, &[("$skip", "5000")]).await.is_empty());
}

#[tokio::test]
async fn refuses_unknown_options_and_invalid_values() {
    let session = start().await;
    for (option, value, part) in [
        ("$top", "-1", "requires a non-negative integer value"),
        ("$skip", "x", "requires a non-negative integer value"),
        ("$count", "maybe", "Invalid value 'maybe' for $count"),
        ("$expand", "evidence", "'$expand' is not allowed"),
        ("$filter", "severity eq", "Invalid filter clause: Syntax error at position 11"),
        ("$filter", "title eq 'x'", "The property 'title' cannot be used"),
        ("$filter", "nothing eq 'x'", "Could not find a property named 'nothing'"),
    ] {
        assert_bad_request(&session.get(&with_options(PATH, &[(option, value)])).await, part);
    }
    assert_eq!(session.get(&format!("{PATH}?other=1")).await.status, 200);
}

#[tokio::test]
async fn new_members_of_enumerations_are_shown_on_request() {
    let session = start().await;
    let path = format!("{PATH}/dc8f1f64a2-3d0e-4a55-9a0e-7d2c90d11b41");
    let members = |alert: &Value| {
        json!([
            alert["serviceSource"],
            alert["detectionSource"],
            alert["evidence"][0]["remediationStatus"]
        ])
    };
    let old = session.get(&path).await;
    let hidden = "unknownFutureValue";
    assert_eq!(members(&old.json()), json!([hidden, hidden, hidden]));
    assert_eq!(old.header("preference-applied"), None);
    let prefer = [("prefer", "include-unknown-enum-members")];
    let new = session.send(Method::GET, &path, &prefer, "").await;
    let shown = ["microsoftDefenderForCloud", "microsoftDefenderForStorage", "active"];
    assert_eq!(members(&new.json()), json!(shown));
    assert_eq!(new.header("preference-applied"), Some("include-unknown-enum-members"));
}

#[tokio::test]
async fn tenants_see_their_own_alerts() {
    let session = Session::graph(&tenant::FABRIKAM, &app::GRAPH).await;
    let alerts = session.list(PATH, &[("$filter", &address("203.0.113.80"))]).await;
    assert_eq!(texts(&alerts, "id"), ["da638470777000000001_301"]);
    assert_eq!(alerts[0]["tenantId"], tenant::FABRIKAM.id);
    assert_eq!(session.get(&format!("{PATH}/{SAMPLE}")).await.status, 404);
}

#[tokio::test]
async fn filter_support_depends_on_the_tenant() {
    let filter = address("203.0.113.80");
    let path = with_options(PATH, &[("$filter", &filter)]);
    let mut session = Session::graph(&tenant::NORTHWIND, &app::GRAPH).await;
    assert_bad_request(&session.get(&path).await, "Filtering on 'evidence' is not supported.");
    let high = session.list(PATH, &[("$filter", "severity eq 'high'")]).await;
    assert_eq!(high.len(), 4, "other properties work");
    assert_eq!(high[0]["tenantId"], tenant::NORTHWIND.id);

    session = session.switch(&tenant::ADATUM, &app::GRAPH, GRAPH).await;
    let (status, code, _) = error(&session.get(&path).await);
    assert_eq!((status, code.as_str()), (501, "NotImplemented"));

    session = session.switch(&tenant::LITWARE, &app::GRAPH, GRAPH).await;
    let all = session.list(PATH, &[]).await;
    assert_eq!(session.list(PATH, &[("$filter", &filter)]).await, all);
}
