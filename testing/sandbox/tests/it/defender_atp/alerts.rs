//! Alerts, and the files they are about.

use sandbox::{
    defender_atp::sample::{
        SCRIPT_HOST_MD5 as MD5, SCRIPT_HOST_SHA1 as SHA1, SCRIPT_HOST_SHA256 as SHA256,
        UNPROFILED_SHA1, UPDATER_SHA1,
    },
    identity::{
        app::DEFENDER,
        tenant::{CONTOSO, FABRIKAM},
    },
};
use serde_json::{Value, json};

use super::{error, ids, refused, start};
use crate::session::{DEFENDER as SCOPE, Session, texts};

const SAMPLE: &str = "da638470011223344556_-1200345678";

#[tokio::test]
async fn a_file_has_alerts_with_their_evidence() {
    let session = start().await;
    let alerts = session.list(&format!("/api/files/{SHA1}/alerts"), &[]).await;
    let sample = alerts.iter().find(|alert| alert["id"] == SAMPLE).expect("the sample alert");
    assert_eq!(alerts.len(), 4);
    assert_eq!(sample["title"], "Script host started from an office document");
    assert_eq!(sample["relatedUser"], json!({ "userName": "mara", "domainName": "CONTOSO" }));
    assert_eq!(sample["evidence"][0]["parentProcessCreationTime"], "2026-10-30T05:50:00Z");
    assert_eq!(sample["evidence"][1]["ipAddress"], "203.0.113.80");
    assert_eq!(sample["evidence"][1]["detectionStatus"], Value::Null);
}

#[tokio::test]
async fn alerts_are_found_by_address_and_domain_in_any_spelling() {
    let session = start().await;
    for (path, expected) in [
        ("/api/ips/203.0.113.80/alerts", 4),
        ("/api/ips/2001:db8:80::1/alerts", 1),
        ("/api/ips/2001%3A0db8%3A80%3A0%3A0%3A0%3A0%3A1/alerts", 1),
        ("/api/domains/cdn.contoso-files.example/alerts", 4),
        ("/api/domains/CDN.Contoso-Files.Example/alerts", 4),
        ("/api/domains/contoso-files.example/alerts", 0),
        ("/api/ips/192.0.2.1/alerts", 0),
        ("/api/files/0000000000000000000000000000000000000000/alerts", 0),
    ] {
        assert_eq!(session.list(path, &[]).await.len(), expected, "{path}");
    }
    let upper = format!("/api/files/{}/alerts", SHA1.to_uppercase());
    assert_eq!(session.list(&upper, &[]).await.len(), 4);
}

#[tokio::test]
async fn refuses_invalid_hashes_addresses_and_domains() {
    let session = start().await;
    for (path, code) in [
        (format!("/api/files/{SHA256}/alerts"), "InvalidHashValue"),
        (format!("/api/files/{MD5}/alerts"), "InvalidHashValue"),
        ("/api/files/xyz".to_owned(), "InvalidHashValue"),
        ("/api/ips/203.0.113.800/alerts".to_owned(), "InvalidIpAddress"),
        ("/api/ips/203.0.113.0%2F24/alerts".to_owned(), "InvalidIpAddress"),
        ("/api/domains/under%20score.example/alerts".to_owned(), "InvalidDomainName"),
        ("/api/domains/a..example/alerts".to_owned(), "InvalidDomainName"),
    ] {
        assert_eq!(error(&session.get(&path).await), refused(400, code), "{path}");
    }
}

#[tokio::test]
async fn a_file_profile_is_found_by_each_of_its_hashes() {
    let session = start().await;
    for hash in [SHA1, SHA256, MD5, &SHA256.to_uppercase()] {
        let profile = session.get(&format!("/api/files/{hash}")).await.json();
        assert_eq!(profile["sha1"], SHA1, "{hash}");
        assert_eq!(profile["globalPrevalence"], 3120);
        assert_eq!(
            profile["@odata.context"],
            "https://api.security.microsoft.com/api/$metadata#Files/$entity"
        );
    }
    let unknown = session.get("/api/files/00000000000000000000000000000000").await;
    assert_eq!(error(&unknown), refused(404, "ResourceNotFound"));
}

#[tokio::test]
async fn alerts_are_linked_beyond_their_evidence_and_without_a_profile() {
    let session = start().await;
    assert_eq!(session.list(&format!("/api/files/{UPDATER_SHA1}/alerts"), &[]).await.len(), 3);
    assert_eq!(session.list(&format!("/api/files/{UNPROFILED_SHA1}/alerts"), &[]).await.len(), 1);
    assert_eq!(session.get(&format!("/api/files/{UNPROFILED_SHA1}")).await.status, 404);
}

#[tokio::test]
async fn the_list_is_filtered_cut_and_expanded() {
    let session = start().await;
    let everything = session.list("/api/alerts", &[]).await;
    assert_eq!(everything.len(), 16);
    assert!(everything.iter().all(|it| it.get("evidence").is_none_or(|it| *it == json!([]))));

    let two = "/api/alerts?$filter=id%20eq%20'da638470011223344556_-1200345678'%20or%20id%20eq%20'da638471200000000004_-1004'&$expand=evidence";
    let alerts = session.list(two, &[]).await;
    assert_eq!(texts(&alerts, "id"), [SAMPLE, "da638471200000000004_-1004"]);
    assert_eq!(alerts[0]["evidence"].as_array().map(Vec::len), Some(2));

    assert_eq!(ids(&session, "/api/alerts?$top=1").await, [SAMPLE]);
    let newest_two = ids(&session, "/api/alerts?$top=2&$skip=1").await;
    assert_eq!(newest_two, ["da639122434000000002_-3102", "da639122434000000001_-3101"]);
    let late = ids(&session, "/api/alerts?$filter=lastUpdateTime+ge+2026-10-29T00:00:00Z").await;
    assert_eq!(
        late,
        [
            SAMPLE,
            "da639122434000000002_-3102",
            "da639122434000000001_-3101",
            "da638471200000000001_-1001"
        ]
    );
}

#[tokio::test]
async fn unknown_options_are_odata_errors() {
    let session = start().await;
    for query in [
        "$filter=title eq 'x'",
        "$filter=id eq",
        "$expand=machine",
        "$orderby=id",
        "$top=10001",
        "$top=ten",
    ] {
        let path = format!("/api/alerts?{}", query.replace(' ', "%20"));
        assert_eq!(error(&session.get(&path).await), refused(400, "ODataError"), "{query}");
    }
}

#[tokio::test]
async fn one_alert_is_read_by_its_id() {
    let session = start().await;
    let alert = session.get(&format!("/api/alerts/{SAMPLE}")).await.json();
    assert_eq!(alert["evidence"].as_array().map(Vec::len), Some(2));
    let unknown = session.get("/api/alerts/da1_1").await;
    assert_eq!(error(&unknown), refused(404, "ResourceNotFound"));
}

#[tokio::test]
async fn alerts_with_missing_and_unusual_members_are_there() {
    let session = start().await;
    let alerts = session.list("/api/alerts?$expand=evidence", &[]).await;
    let has = |test: &dyn Fn(&Value) -> bool| alerts.iter().any(test);
    assert!(has(&|it| it["severity"] == "UnSpecified" && it["evidence"].is_null()));
    assert!(has(&|it| it["severity"] == "Critical"));
    assert!(has(&|it| it["severity"].is_null() && it["alertCreationTime"].is_null()));
    assert!(has(&|it| it["computerDnsName"].is_null() && it["machineId"].is_string()));
    assert!(has(&|it| it.get("evidence").is_none() && it.get("relatedUser").is_none()));
    assert!(has(&|it| it["title"].as_str().is_some_and(|text| text.len() > 1024)));
    assert!(has(&|it| it["description"].as_str().is_some_and(|text| text.len() > 5000)));
    assert!(has(&|it| it["evidence"][0]["ipAddress"].is_string()
        && it["evidence"][0]["sha1"].is_string()
        && it["evidence"][0]["url"].is_string()));
    assert_eq!(alerts.last().map(|it| &it["alertCreationTime"]), Some(&Value::Null));
}

#[tokio::test]
async fn another_tenant_has_other_alerts_page_by_page_and_without_evidence() {
    let session = Session::defender(&FABRIKAM, &DEFENDER).await;
    let (sizes, alerts) = session.pages(format!("/api/files/{SHA1}/alerts")).await;
    assert_eq!(sizes, [2, 2, 1]);
    assert!(
        alerts.iter().all(|it| it["evidence"] == json!([]) && it["aadTenantId"] == FABRIKAM.id)
    );

    let ids: Vec<_> = texts(&alerts, "id").iter().map(|id| format!("id eq '{id}'")).collect();
    let filter = ids[..2].join(" or ").replace(' ', "%20");
    let expanded =
        session.list(&format!("/api/alerts?$filter={filter}&$expand=evidence"), &[]).await;
    assert_eq!(expanded.len(), 2);
    assert!(expanded.iter().all(|it| it["evidence"][0]["sha1"] == SHA1));

    let v6 = session.get("/api/ips/2001:db8:80::1/alerts").await;
    assert_eq!(error(&v6), refused(400, "InvalidIpAddress"));

    let contoso = session.switch(&CONTOSO, &DEFENDER, SCOPE).await;
    assert_eq!(contoso.list(&format!("/api/files/{SHA1}/alerts"), &[]).await.len(), 4);
}

#[tokio::test]
async fn the_versioned_address_is_the_same_api() {
    let session = start().await;
    let path = format!("files/{SHA1}/alerts");
    let new = ids(&session, &format!("/api/{path}")).await;
    assert_eq!(ids(&session, &format!("/api/v1.0/{path}")).await, new);
}
