//! Tokens, permissions, quotas, and tenants without the API.

use http::Method;
use sandbox::identity::{
    App, EXPIRE_TOKENS, app,
    tenant::{CONTOSO, TAILSPIN, WINGTIP, WOODGROVE},
};
use serde_json::json;

use super::{GRAPH_SCOPE, Session, refusal, refused, token};

const ALERTS: &str = "/api/alerts?$top=1";
const RUN: &str = "/api/advancedqueries/run";

#[tokio::test]
async fn a_call_needs_a_good_token() {
    let session = Session::start().await;
    assert_eq!(session.get(ALERTS).await.status, 200);
    let nobody = crate::client::get(&format!("{}{ALERTS}", session.sandbox.url()), &[]).await;
    assert_eq!(refusal(&nobody), refused(401, "Unauthorized"));
    session.send(Method::POST, EXPIRE_TOKENS, "").await;
    assert_eq!(refusal(&session.get(ALERTS).await), refused(401, "Unauthorized"));
    let made_up = Session { token: "eyJ0eXAiOiJKV1QifQ.a.b".to_owned(), ..session };
    assert_eq!(refusal(&made_up.get(ALERTS).await), refused(401, "Unauthorized"));
}

#[tokio::test]
async fn a_token_for_graph_is_forbidden() {
    let session = Session::start().await;
    let token = token(&session.sandbox, &CONTOSO, &app::DEFENDER, GRAPH_SCOPE).await;
    let session = Session { token, ..session };
    assert_eq!(refusal(&session.get(ALERTS).await), refused(403, "Forbidden"));
}

async fn forbidden(app: &App, method: Method, path: &str) -> String {
    let session = Session::of(&CONTOSO, app).await;
    let answer = session.send(method, path, "{}").await;
    assert_eq!(refusal(&answer), refused(403, "Forbidden"), "{path}");
    answer.json()["error"]["message"].as_str().expect("a message").to_owned()
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
    let session = Session::of(&CONTOSO, &app::ONE_CALL).await;
    assert_eq!(session.get(ALERTS).await.status, 200);
    assert_eq!(session.get(ALERTS).await.status, 401);
}

#[tokio::test]
async fn a_retired_api_answers_the_same_everywhere() {
    for (tenant, status, code) in [(&WINGTIP, 410, "Gone"), (&TAILSPIN, 404, "NotFound")] {
        let session = Session::of(tenant, &app::DEFENDER).await;
        for path in [ALERTS, "/api/machines", "/api/indicators", "/api/v1.0/alerts", "/api/nothing"]
        {
            assert_eq!(refusal(&session.get(path).await), refused(status, code), "{path}");
        }
        let hunting = session.post(RUN, &json!({ "Query": "DeviceInfo" })).await;
        assert_eq!(refusal(&hunting), refused(status, code));
    }
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_refused() {
    let session = Session::start().await;
    assert_eq!(refusal(&session.get("/api/nothing").await), refused(404, "NotFound"));
    let method = session.send(Method::DELETE, "/api/alerts", "").await;
    assert_eq!(method.status, 405);
}

/// Calls until one is refused, and how many were not.
async fn until_refused(session: &Session, path: &str) -> (usize, crate::client::Answer) {
    for accepted in 0..400 {
        let answer = session.get(path).await;
        if answer.status != 200 {
            return (accepted, answer);
        }
    }
    panic!("no call was refused");
}

#[tokio::test]
async fn too_many_calls_are_refused_with_a_wait() {
    let session = Session::start().await;
    let (accepted, answer) = until_refused(&session, ALERTS).await;
    assert!(accepted >= 100, "{accepted}");
    assert_eq!(refusal(&answer), refused(429, "TooManyRequests"));
    let wait: u64 = answer.header("retry-after").and_then(|it| it.parse().ok()).expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(session.get("/api/machines?$top=1").await.status, 200, "another API goes on");
}

#[tokio::test]
async fn too_much_hunting_names_its_quota() {
    let session = Session::start().await;
    let query = json!({ "Query": "DeviceInfo | count" });
    let mut answer = session.post(RUN, &query).await;
    let mut accepted = 0;
    while answer.status == 200 && accepted < 400 {
        accepted += 1;
        answer = session.post(RUN, &query).await;
    }
    assert!(accepted >= 45, "{accepted}");
    assert_eq!(refusal(&answer), refused(429, "TooManyRequests"));
    let message = answer.json()["error"]["message"].to_string();
    assert!(message.contains("45 hunting calls per minute"), "{message}");
}

#[tokio::test]
async fn one_tenant_has_no_limits() {
    let session = Session::of(&WOODGROVE, &app::DEFENDER).await;
    for _ in 0..250 {
        assert_eq!(session.get(ALERTS).await.status, 200);
    }
}
