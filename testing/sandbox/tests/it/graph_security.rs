//! Microsoft Graph security and the identity endpoint.

mod alerts;
mod batch;
mod hunting;
mod identity;
mod legacy;

use http::Method;
use sandbox::{
    Product, Sandbox,
    identity::{App, Tenant, app, tenant},
};
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use crate::client::{self, Answer};

const GRAPH: &str = "https://graph.microsoft.com/.default";

/// Somebody with a sandbox and a token for it.
struct Caller {
    sandbox: Sandbox,
    token: String,
}

impl Caller {
    /// All permissions, in the tenant that behaves as documented.
    async fn start() -> Self {
        Self::of(&tenant::CONTOSO, &app::GRAPH).await
    }

    async fn of(tenant: &Tenant, app: &App) -> Self {
        let sandbox = Sandbox::start(Product::GraphSecurity).await.expect("a free port");
        let token = token(&sandbox, tenant, app, GRAPH).await;
        Self { sandbox, token }
    }

    /// Another caller of the same sandbox.
    async fn switch(self, tenant: &Tenant, app: &App) -> Self {
        let token = token(&self.sandbox, tenant, app, GRAPH).await;
        Self { token, ..self }
    }

    async fn send(&self, method: Method, path: &str, more: &[(&str, &str)], body: &str) -> Answer {
        let authorization = format!("Bearer {}", self.token);
        let mut headers = vec![("authorization", authorization.as_str())];
        headers.extend_from_slice(more);
        let url = format!("{}{path}", self.sandbox.url());
        let answer = client::head(method, &url, &headers, body.to_owned()).await;
        client::whole(answer.expect("an answer")).await.expect("a whole body")
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], "").await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        let json = [("content-type", "application/json; charset=utf-8")];
        self.send(Method::POST, path, &json, &body.to_string()).await
    }

    /// The rows of a list that is asked with these options.
    async fn list(&self, path: &str, options: &[(&str, &str)]) -> Vec<Value> {
        let answer = self.get(&with_options(path, options)).await;
        assert_eq!(answer.status, 200, "{options:?}: {:?}", answer.body);
        rows(&answer.json())
    }
}

fn with_options(path: &str, options: &[(&str, &str)]) -> String {
    format!("{path}?{}", Serializer::new(String::new()).extend_pairs(options).finish())
}

fn rows(body: &Value) -> Vec<Value> {
    body["value"].as_array().expect("a list").clone()
}

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["id"].as_str().expect("an id")).collect()
}

/// Asks for a token.
async fn ask(sandbox: &Sandbox, tenant: &str, form: &[(&str, &str)]) -> Answer {
    let url = format!("{}/{tenant}/oauth2/v2.0/token", sandbox.url());
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let form = Serializer::new(String::new()).extend_pairs(form).finish();
    let answer = client::head(Method::POST, &url, &headers, form).await.expect("an answer");
    client::whole(answer).await.expect("a whole body")
}

async fn token(sandbox: &Sandbox, tenant: &Tenant, app: &App, scope: &str) -> String {
    let form = [
        ("client_id", app.id),
        ("client_secret", app.secret),
        ("grant_type", "client_credentials"),
        ("scope", scope),
    ];
    let answer = ask(sandbox, tenant.id, &form).await;
    answer.json()["access_token"].as_str().expect("a token").to_owned()
}

/// Status, code and message of a refusal, which must have Graph's form.
fn refusal(answer: &Answer) -> (u16, String, String) {
    let body = answer.json();
    let error = &body["error"];
    let text = |name: &str| error[name].as_str().expect("a text").to_owned();
    let id = error["innerError"]["request-id"].as_str().expect("a request id");
    assert_eq!(Some(id), answer.header("request-id"));
    assert_eq!(error["innerError"]["date"], "2026-10-31T09:00:00");
    (answer.status.as_u16(), text("code"), text("message"))
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused() {
    let caller = Caller::start().await;
    let (status, code, message) = refusal(&caller.get("/v1.0/security/incidents").await);
    assert_eq!((status, code.as_str()), (400, "BadRequest"));
    assert_eq!(message, "Resource not found for the segment 'incidents'.");
    let deleted = caller.send(Method::DELETE, "/v1.0/security/alerts_v2", &[], "").await;
    assert_eq!(refusal(&deleted).0, 405);
    let got = caller.get("/v1.0/security/runHuntingQuery").await;
    assert_eq!(refusal(&got).0, 405);
    assert_eq!(caller.get("/beta/security/alerts_v2").await.status, 404);
}

#[tokio::test]
async fn every_permission_is_asked_for_by_name() {
    let mut caller = Caller::start().await;
    let hunt = json!({"Query": "AlertEvidence | take 1"});
    for (app, alerts, hunting, legacy) in [
        (&app::GRAPH, 200, 200, 200),
        (&app::WITHOUT_ALERTS, 403, 200, 200),
        (&app::WITHOUT_HUNTING, 200, 403, 200),
        (&app::LEGACY_ONLY, 403, 403, 200),
        (&app::WITHOUT_GRAPH, 403, 403, 403),
    ] {
        caller = caller.switch(&tenant::CONTOSO, app).await;
        let answers = [
            (caller.get("/v1.0/security/alerts_v2").await, alerts, "SecurityAlert.Read.All"),
            (caller.get("/v1.0/security/alerts_v2/x").await, alerts, "SecurityAlert.Read.All"),
            (
                caller.post("/v1.0/security/runHuntingQuery", &hunt).await,
                hunting,
                "ThreatHunting.Read.All",
            ),
            (caller.get("/v1.0/security/alerts").await, legacy, "SecurityEvents.Read.All"),
        ];
        for (answer, expected, role) in answers {
            if expected == 403 {
                let (status, code, message) = refusal(&answer);
                assert_eq!((status, code.as_str()), (403, "Forbidden"), "{}", app.id);
                assert!(message.contains(role), "{message}");
            } else {
                assert_ne!(answer.status, 403, "{} {role}", app.id);
            }
        }
    }
}

#[tokio::test]
async fn calls_beyond_the_quota_wait() {
    let mut caller = Caller::start().await;
    let mut refused = None;
    for _ in 0..400 {
        let answer = caller.get("/v1.0/security/alerts_v2/none").await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("the bucket is empty before 400 calls");
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(refusal(&refused).1, "TooManyRequests");
    caller = caller.switch(&tenant::FABRIKAM, &app::GRAPH).await;
    assert_eq!(caller.get("/v1.0/security/alerts_v2").await.status, 200);
}

#[tokio::test]
async fn hunting_names_the_quota_that_is_used_up() {
    let caller = Caller::start().await;
    let hunt = json!({"Query": "AlertEvidence | take 1"});
    let mut refused = None;
    for _ in 0..120 {
        let answer = caller.post("/v1.0/security/runHuntingQuery", &hunt).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("the bucket is empty before 120 calls");
    assert!(refused.header("retry-after").is_some());
    assert!(refusal(&refused).2.contains("45 advanced hunting calls per minute"));
}
