//! Tokens, permissions, quotas, and tenants without the API.

use http::Method;
use sandbox::identity::{
    App, EXPIRE_TOKENS, app,
    tenant::{CONTOSO, TAILSPIN, WINGTIP, WOODGROVE},
};
use serde_json::json;

use super::{error, refused, start};
use crate::{
    client,
    session::{GRAPH, Session},
};

const ALERTS: &str = "/api/alerts?$top=1";
const RUN: &str = "/api/advancedqueries/run";
const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

#[tokio::test]
async fn a_call_needs_a_good_token() {
    let session = start().await;
    assert_eq!(session.get(ALERTS).await.status, 200);
    let nobody = client::get(&format!("{}{ALERTS}", session.sandbox.url()), &[]).await;
    assert_eq!(error(&nobody), refused(401, "Unauthorized"));
    session.send(Method::POST, EXPIRE_TOKENS, &[], "").await;
    assert_eq!(error(&session.get(ALERTS).await), refused(401, "Unauthorized"));
    let made_up = Session { token: "eyJ0eXAiOiJKV1QifQ.a.b".to_owned(), ..session };
    assert_eq!(error(&made_up.get(ALERTS).await), refused(401, "Unauthorized"));
}

#[tokio::test]
async fn a_token_for_graph_is_forbidden() {
    let session = start().await;
    let session = session.switch(&CONTOSO, &app::DEFENDER, GRAPH).await;
    assert_eq!(error(&session.get(ALERTS).await), refused(403, "Forbidden"));
}

async fn forbidden(app: &App, method: Method, path: &str) -> String {
    let session = Session::defender(&CONTOSO, app).await;
    let response = session.send(method, path, &JSON, "{}").await;
    assert_eq!(error(&response), refused(403, "Forbidden"), "{path}");
    response.json()["error"]["message"].as_str().expect("a message").to_owned()
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let machine = "/api/machines/ws-088.contoso.example";
    for (app, method, path, permission) in [
        (&app::WITHOUT_ALERTS, Method::GET, "/api/alerts", "Alert.Read.All, Alert.ReadWrite.All"),
        (&app::WITHOUT_ALERTS, Method::GET, "/api/ips/203.0.113.80/alerts", "Alert.Read.All"),
        (&app::WITHOUT_ALERTS, Method::GET, "/api/domains/a.example/alerts", "Alert.Read.All"),
        (&app::WITHOUT_HUNTING, Method::POST, RUN, "AdvancedQuery.Read.All"),
        (&app::GRAPH, Method::GET, "/api/machines", "Machine.Read.All"),
        (
            &app::GRAPH,
            Method::GET,
            "/api/files/0000000000000000000000000000000000000000",
            "File.Read.All",
        ),
        (&app::READ_ONLY, Method::GET, "/api/indicators", "Ti.ReadWrite, Ti.ReadWrite.All"),
        (&app::READ_ONLY, Method::POST, &format!("{machine}/isolate"), "Machine.Isolate"),
        (
            &app::READ_ONLY,
            Method::POST,
            &format!("{machine}/unrestrictCodeExecution"),
            "Machine.RestrictExecution",
        ),
        (&app::READ_ONLY, Method::POST, &format!("{machine}/runAntiVirusScan"), "Machine.Scan"),
        (
            &app::READ_ONLY,
            Method::POST,
            &format!("{machine}/collectInvestigationPackage"),
            "Machine.CollectForensics",
        ),
        (
            &app::READ_ONLY,
            Method::POST,
            &format!("{machine}/startInvestigation"),
            "Alert.ReadWrite.All",
        ),
    ] {
        let message = forbidden(app, method, path).await;
        assert!(message.contains(permission), "{path}: {message}");
    }
}

#[tokio::test]
async fn a_token_may_end_after_one_call() {
    let session = Session::defender(&CONTOSO, &app::ONE_CALL).await;
    assert_eq!(session.get(ALERTS).await.status, 200);
    assert_eq!(session.get(ALERTS).await.status, 401);
}

#[tokio::test]
async fn a_retired_api_answers_the_same_everywhere() {
    for (tenant, status, code) in [(&WINGTIP, 410, "Gone"), (&TAILSPIN, 404, "NotFound")] {
        let session = Session::defender(tenant, &app::DEFENDER).await;
        for path in [ALERTS, "/api/machines", "/api/indicators", "/api/v1.0/alerts", "/api/nothing"]
        {
            assert_eq!(error(&session.get(path).await), refused(status, code), "{path}");
        }
        let hunting = session.post(RUN, &json!({ "Query": "DeviceInfo" })).await;
        assert_eq!(error(&hunting), refused(status, code));
    }
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_refused() {
    let session = start().await;
    assert_eq!(error(&session.get("/api/nothing").await), refused(404, "NotFound"));
    let method = session.send(Method::DELETE, "/api/alerts", &[], "").await;
    assert_eq!(method.status, 405);
}

#[tokio::test]
async fn too_many_calls_are_refused_with_a_wait() {
    let session = start().await;
    let query = json!({ "Query": "DeviceInfo | count" });
    for (is_hunt, limit, message) in
        [(false, 100, "100 calls per minute"), (true, 45, "45 hunting calls per minute")]
    {
        let mut accepted = 0;
        let response = loop {
            let response = match is_hunt {
                true => session.post(RUN, &query).await,
                false => session.get(ALERTS).await,
            };
            if response.status != 200 || accepted > 400 {
                break response;
            }
            accepted += 1;
        };
        assert!(accepted >= limit, "{accepted}");
        assert_eq!(error(&response), refused(429, "TooManyRequests"));
        let wait = response.header("retry-after").and_then(|wait| wait.parse::<u64>().ok());
        assert!(wait.is_some_and(|wait| (1..=60).contains(&wait)), "{wait:?}");
        let text = response.json()["error"]["message"].to_string();
        assert!(text.contains(message), "{text}");
    }
    assert_eq!(session.get("/api/machines?$top=1").await.status, 200, "another API goes on");
}

#[tokio::test]
async fn one_tenant_has_no_limits() {
    let session = Session::defender(&WOODGROVE, &app::DEFENDER).await;
    for _ in 0..250 {
        assert_eq!(session.get(ALERTS).await.status, 200);
    }
}
