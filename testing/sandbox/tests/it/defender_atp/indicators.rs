//! Indicators.

use http::Method;
use sandbox::{
    defender_atp::sample,
    identity::{app, tenant::CONTOSO},
};
use serde_json::{Value, json};

use super::{error, refused, start};
use crate::session::{Session, texts};

const PATH: &str = "/api/indicators";

fn block(value: &str) -> Value {
    json!({
        "indicatorValue": value,
        "indicatorType": "IpAddress",
        "action": "Block",
        "generateAlert": true,
        "title": "From a test",
        "description": "Created by a test",
        "severity": "High",
    })
}

/// `body` with other members; null takes one away.
fn changed(mut body: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().expect("changes") {
        match value {
            Value::Null => drop(body.as_object_mut().expect("a body").remove(name)),
            _ => body[name] = value.clone(),
        }
    }
    body
}

async fn find(session: &Session, value: &str) -> Vec<Value> {
    session.list(&format!("{PATH}?$filter=indicatorValue%20eq%20'{value}'"), &[]).await
}

#[tokio::test]
async fn the_sample_indicator_is_exact() {
    let session = start().await;
    let found = find(&session, "203.0.113.80").await;
    assert_eq!(
        found,
        [json!({
            "id": "995", "indicatorValue": "203.0.113.80", "indicatorType": "IpAddress",
            "action": "Block", "application": null, "source": "relay-app", "sourceType": "AadApp",
            "title": "From Cisco XDR",
            "creationTimeDateTimeUtc": "2026-09-02T14:00:05Z",
            "createdBy": "12c9791e-558e-48ba-a719-6b50ac2f8670",
            "createdByDisplayName": "relay-app", "createdBySource": "PublicApi",
            "expirationTime": null, "lastUpdateTime": "2026-09-02T14:00:05Z",
            "lastUpdatedBy": null, "severity": "High", "description": "text",
            "recommendedActions": null, "generateAlert": true, "rbacGroupNames": [],
            "rbacGroupIds": [],
        })]
    );
}

#[tokio::test]
async fn an_indicator_is_created_updated_and_removed() {
    let session = start().await;
    let created = session.post(PATH, &block("203.0.113.7")).await;
    assert_eq!(created.status, 200);
    let created = created.json();
    assert_eq!(created["createdBy"], app::DEFENDER.id);
    assert_eq!(created["lastUpdatedBy"], Value::Null);

    let update = json!({ "action": "Allowed", "generateAlert": null, "application": "other" });
    let updated = session.post(PATH, &changed(block("203.0.113.7"), update)).await.json();
    assert_eq!(updated["id"], created["id"]);
    assert_eq!(updated["action"], "Allowed");
    assert_eq!(updated["generateAlert"], false);
    assert_eq!(updated["application"], Value::Null);
    assert_eq!(updated["lastUpdatedBy"], "relay-app");
    assert_eq!(texts(&find(&session, "203.0.113.7").await, "action"), ["Allowed"]);

    let address = format!("{PATH}/{}", created["id"].as_str().expect("an id"));
    let removed = session.send(Method::DELETE, &address, &[], "").await;
    assert_eq!((removed.status.as_u16(), removed.body.len()), (204, 0));
    assert_eq!(find(&session, "203.0.113.7").await, [] as [Value; 0]);
    let again = session.send(Method::DELETE, &address, &[], "").await;
    assert_eq!(error(&again), refused(404, "ResourceNotFound"));
}

#[tokio::test]
async fn one_value_may_have_indicators_of_several_types() {
    let session = start().await;
    let url = "https://cdn.contoso-files.example/ps.exe";
    let body =
        changed(block("cdn.contoso-files.example"), json!({ "indicatorType": "DomainName" }));
    assert_eq!(session.post(PATH, &body).await.status, 200);
    let or = format!(
        "{PATH}?$filter=indicatorValue eq 'cdn.contoso-files.example' or indicatorValue eq '{url}'"
    );
    let found = session.list(&or.replace(' ', "%20"), &[]).await;
    assert_eq!(texts(&found, "indicatorType"), ["Url", "DomainName"]);
}

#[tokio::test]
async fn old_and_expired_indicators_are_as_documented() {
    let session = start().await;
    let all = session.list(PATH, &[]).await;
    let values = texts(&all, "indicatorValue");
    assert_eq!(all.len(), 6);
    assert!(texts(&all, "action").contains(&"AlertAndBlock"));
    for value in [
        sample::ADDRESS,
        sample::ALLOWED_DOMAIN,
        sample::WARNED_URL,
        sample::DOWNLOADER_SHA1,
        sample::MINER_MD5,
        sample::UPDATER_SHA256,
    ] {
        assert!(values.iter().any(|known| known.eq_ignore_ascii_case(value)), "{value}");
    }
    assert!(!values.contains(&"198.51.100.44"), "an expired one is not active");
}

#[tokio::test]
async fn every_type_is_accepted() {
    let session = start().await;
    let digits = |count: usize| "a1".repeat(count / 2);
    for (kind, value, action) in [
        ("FileSha1", digits(40), "BlockAndRemediate"),
        ("FileSha256", digits(64), "BlockAndRemediate"),
        ("FileMd5", digits(32), "Audit"),
        ("CertificateThumbprint", digits(40), "Allowed"),
        ("IpAddress", "2001:db8::9".to_owned(), "Audit"),
        ("DomainName", "new.example".to_owned(), "Warn"),
        ("Url", "https://new.example/a?b".to_owned(), "Block"),
    ] {
        let changes = json!({ "indicatorType": kind, "indicatorValue": value, "action": action, "generateAlert": "True" });
        let response = session.post(PATH, &changed(block(""), changes)).await;
        assert_eq!(response.status, 200, "{kind}: {:?}", response.body);
        assert_eq!(response.json()["generateAlert"], true);
    }
}

#[tokio::test]
async fn bodies_are_checked() {
    let session = start().await;
    for (changes, code) in [
        (json!({ "indicatorValue": null }), "MissingRequiredParameter"),
        (json!({ "indicatorType": null }), "MissingRequiredParameter"),
        (json!({ "action": null }), "MissingRequiredParameter"),
        (json!({ "title": null }), "MissingRequiredParameter"),
        (json!({ "description": "" }), "MissingRequiredParameter"),
        (json!({ "indicatorType": "Ip" }), "InvalidRequestBody"),
        (json!({ "severity": "high" }), "InvalidRequestBody"),
        (json!({ "Title": "t" }), "InvalidRequestBody"),
        (json!({ "indicatorValue": "203.0.113.0/24" }), "InvalidIpAddress"),
        (json!({ "indicatorValue": "10.0.0.1" }), "InvalidIpAddress"),
        (json!({ "indicatorType": "FileSha256" }), "InvalidHashValue"),
        (
            json!({ "indicatorType": "DomainName", "indicatorValue": "no dots" }),
            "InvalidDomainName",
        ),
        (json!({ "indicatorType": "Url", "indicatorValue": "new.example/a" }), "InvalidUrl"),
        (json!({ "action": "Audit", "generateAlert": false }), "InvalidInput"),
        (json!({ "action": "Audit", "generateAlert": null }), "InvalidInput"),
        (json!({ "action": "AlertAndBlock" }), "InvalidInput"),
        (json!({ "action": "BlockAndRemediate" }), "InvalidInput"),
        (json!({ "expirationTime": "tomorrow" }), "InvalidInput"),
    ] {
        let body = changed(block("203.0.113.7"), changes.clone());
        let response = session.post(PATH, &body).await;
        assert_eq!(error(&response), refused(400, code), "{changes}");
    }
}

#[tokio::test]
async fn undocumented_filters_are_odata_errors() {
    let session = start().await;
    let response = session.get(&format!("{PATH}?$filter=description%20eq%20'x'")).await;
    assert_eq!(error(&response), refused(400, "ODataError"));
}

#[tokio::test]
async fn an_app_for_its_own_indicators_sees_and_changes_no_others() {
    let session = Session::defender(&CONTOSO, &app::OWN_INDICATORS).await;
    assert_eq!(session.list(PATH, &[]).await, [] as [Value; 0]);
    assert_eq!(session.post(PATH, &block("203.0.113.7")).await.status, 200);
    assert_eq!(session.list(PATH, &[]).await.len(), 1);
    let others = session.post(PATH, &block("203.0.113.80")).await;
    assert_eq!(error(&others), refused(403, "DisallowedOperation"));
    let removed = session.send(Method::DELETE, &format!("{PATH}/995"), &[], "").await;
    assert_eq!(error(&removed), refused(404, "ResourceNotFound"));
}
