//! Microsoft Graph security and the token endpoint.

mod alerts;
mod batch;
mod hunting;
mod identity;
mod legacy;

use http::Method;
use sandbox::identity::{App, app, tenant};
use serde_json::json;

use crate::{
    client::Response,
    session::{GRAPH, Session},
};

/// All permissions, in the tenant that behaves as documented.
async fn start() -> Session {
    Session::graph(&tenant::CONTOSO, &app::GRAPH).await
}

/// Status, code and message of an error, which must have Graph's form.
fn error(response: &Response) -> (u16, String, String) {
    let body = response.json();
    let error = &body["error"];
    let text = |name: &str| error[name].as_str().expect("a text").to_owned();
    let id = error["innerError"]["request-id"].as_str().expect("a request id");
    assert_eq!(Some(id), response.header("request-id"));
    assert_eq!(error["innerError"]["date"], "2026-10-31T09:00:00");
    (response.status.as_u16(), text("code"), text("message"))
}

/// A 400 whose message contains this part.
#[track_caller]
fn assert_bad_request(response: &Response, part: &str) {
    let (status, code, message) = error(response);
    assert_eq!((status, code.as_str()), (400, "BadRequest"), "{message}");
    assert!(message.contains(part), "{message}");
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused() {
    let session = start().await;
    let unknown = session.get("/v1.0/security/incidents").await;
    assert_bad_request(&unknown, "Resource not found for the segment 'incidents'.");
    let deleted = session.send(Method::DELETE, "/v1.0/security/alerts_v2", &[], "").await;
    assert_eq!(error(&deleted).0, 405);
    assert_eq!(error(&session.get("/v1.0/security/runHuntingQuery").await).0, 405);
    assert_eq!(session.get("/beta/security/alerts_v2").await.status, 404);
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let mut session = start().await;
    let hunt = json!({"Query": "AlertEvidence | take 1"});
    let cases: [(&App, [bool; 3]); 5] = [
        (&app::GRAPH, [true, true, true]),
        (&app::WITHOUT_ALERTS, [false, true, true]),
        (&app::WITHOUT_HUNTING, [true, false, true]),
        (&app::LEGACY_ONLY, [false, false, true]),
        (&app::WITHOUT_GRAPH, [false, false, false]),
    ];
    for (app, [alerts, hunting, legacy]) in cases {
        session = session.switch(&tenant::CONTOSO, app, GRAPH).await;
        let hunted = session.post("/v1.0/security/runHuntingQuery", &hunt).await;
        for (response, is_allowed, role) in [
            (session.get("/v1.0/security/alerts_v2").await, alerts, "SecurityAlert.Read.All"),
            (session.get("/v1.0/security/alerts_v2/x").await, alerts, "SecurityAlert.Read.All"),
            (hunted, hunting, "ThreatHunting.Read.All"),
            (session.get("/v1.0/security/alerts").await, legacy, "SecurityEvents.Read.All"),
        ] {
            assert_eq!(response.status != 403, is_allowed, "{} {role}", app.id);
            if !is_allowed {
                let (_, code, message) = error(&response);
                assert_eq!(code, "Forbidden");
                assert!(message.contains(role), "{message}");
            }
        }
    }
}

#[tokio::test]
async fn calls_beyond_the_quota_wait() {
    let session = start().await;
    let hunt = json!({"Query": "AlertEvidence | take 1"});
    let (mut alerts, mut hunted) = (None, None);
    for _ in 0..400 {
        let response = session.get("/v1.0/security/alerts_v2/none").await;
        if response.status == 429 {
            alerts = Some(response);
            break;
        }
    }
    for _ in 0..120 {
        let response = session.post("/v1.0/security/runHuntingQuery", &hunt).await;
        if response.status == 429 {
            hunted = Some(response);
            break;
        }
    }
    let (alerts, hunted) = (alerts.expect("a refusal"), hunted.expect("a refusal"));
    assert_eq!(alerts.header("retry-after"), Some("1"));
    assert_eq!(error(&alerts).1, "TooManyRequests");
    assert!(hunted.header("retry-after").is_some());
    assert!(error(&hunted).2.contains("45 advanced hunting calls per minute"));
    let session = session.switch(&tenant::FABRIKAM, &app::GRAPH, GRAPH).await;
    assert_eq!(session.get("/v1.0/security/alerts_v2").await.status, 200);
}
