//! Devices.

use sandbox::defender_atp::sample::{self, WORKSTATION as WS_204};
use serde_json::{Value, json};

use super::{error, ids, refused, start};
use crate::session::texts;

/// The devices of the demo's incident.
const INCIDENT_LAPTOP: &str = "3463bc6ef15d429863595304141b3228011acd5f";
const INCIDENT_SERVER: &str = "7de59a01dba224b351deefadb4e61ed3a0444d11";

#[tokio::test]
async fn machines_are_listed_by_their_ids() {
    let session = start().await;
    let all = session.list("/api/machines", &[]).await;
    assert_eq!(all.len(), 8);
    let terms: Vec<_> = texts(&all, "id").iter().map(|id| format!("id eq '{id}'")).collect();
    let filter = terms[..3].join(" or ").replace(' ', "%20");
    let three = ids(&session, &format!("/api/machines?$filter={filter}")).await;
    assert_eq!(three, texts(&all, "id")[..3]);
}

#[tokio::test]
async fn the_sample_devices_are_the_machines() {
    let session = start().await;
    let mut ids = ids(&session, "/api/machines").await;
    let mut known = [
        sample::WORKSTATION,
        sample::LAPTOP,
        sample::SERVER,
        sample::MAC,
        sample::RESTRICTED_SERVER,
        sample::BARE_DEVICE,
        INCIDENT_LAPTOP,
        INCIDENT_SERVER,
    ];
    ids.sort();
    known.sort();
    assert_eq!(ids, known);
    let forgotten = session.get(&format!("/api/machines/{}", sample::FORGOTTEN_DEVICE)).await;
    assert_eq!(error(&forgotten), refused(404, "ResourceNotFound"));
}

#[tokio::test]
async fn a_list_without_machines_is_not_found() {
    let session = start().await;
    let response = session.get("/api/machines?$filter=id%20eq%20'unknown'").await;
    assert_eq!(error(&response), refused(404, "ResourceNotFound"));
}

#[tokio::test]
async fn a_machine_is_read_by_id_or_name() {
    let session = start().await;
    for id in [WS_204, "ws-204.contoso.example", "WS-204.contoso.example"] {
        let machine = session.get(&format!("/api/machines/{id}")).await.json();
        assert_eq!(machine["id"], WS_204);
        assert_eq!(machine["osArchitecture"], "64-bit");
        assert_eq!(
            machine["ipAddresses"][1],
            json!({ "ipAddress": "fe80::1c2d:3e4f:5a6b:7c8d", "macAddress": "00155D0A0B0C", "operationalStatus": "Up" })
        );
    }
    let unknown = session.get("/api/machines/ws-017.contoso.example").await;
    assert_eq!(error(&unknown), refused(404, "ResourceNotFound"));
}

#[tokio::test]
async fn machines_are_of_all_kinds() {
    let session = start().await;
    let machines = session.list("/api/machines", &[]).await;
    let has = |test: &dyn Fn(&Value) -> bool| machines.iter().any(test);
    for platform in ["Windows11", "Windows10", "Ubuntu", "macOS", "WindowsServer2022", "Other"] {
        assert!(has(&|it| it["osPlatform"] == platform), "{platform}");
    }
    assert!(has(&|it| it["osArchitecture"].is_null() && it["osProcessor"] == "x64"));
    assert!(has(&|it| it["ipAddresses"].is_null()));
    assert!(has(&|it| it.get("rbacGroupName").is_none() && it["computerDnsName"].is_null()));
    assert!(has(&|it| it["ipAddresses"].as_array().is_some_and(|list| list.len() == 5)));
    assert!(has(&|it| it["ipAddresses"][1]["ipAddress"] == "2001:db8:30::7"));
}

#[tokio::test]
async fn the_samples_availability_is_exact() {
    let session = start().await;
    let response = session.get(&format!("/api/machines/{WS_204}/availableMachineActions")).await;
    assert_eq!(
        response.json(),
        json!({
            "@odata.context": "https://api.security.microsoft.com/api/$metadata#Collection(microsoft.windowsDefenderATP.api.ActionAvailabilityStatus)",
            "value": [
                { "action": "FullIsolation", "isAvailable": true, "notSupportedReason": null },
                { "action": "RunAntiVirusScan", "isAvailable": true, "notSupportedReason": null },
                { "action": "SelectiveIsolation", "isAvailable": false, "notSupportedReason": "OsPlatformNotSupported" },
            ],
        })
    );
    let unknown = session.get("/api/machines/unknown/availableMachineActions").await;
    assert_eq!(error(&unknown), refused(404, "ResourceNotFound"));
}
