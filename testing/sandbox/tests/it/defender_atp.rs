//! Microsoft Defender for Endpoint.

mod access;
mod alerts;
mod hunting;
mod indicators;
mod machines;
mod respond;

use http::Method;
use sandbox::{
    Product, Sandbox,
    identity::{App, Tenant, app, tenant},
};
use serde_json::Value;

use crate::client::{self, Answer};

const SCOPE: &str = "https%3A%2F%2Fapi.securitycenter.microsoft.com%2F.default";

const GRAPH_SCOPE: &str = "https%3A%2F%2Fgraph.microsoft.com%2F.default";

/// A sandbox and a token for it.
struct Session {
    sandbox: Sandbox,
    token: String,
}

impl Session {
    /// An application with all permissions in the tenant that behaves as documented.
    async fn start() -> Self {
        Self::of(&tenant::CONTOSO, &app::DEFENDER).await
    }

    async fn of(tenant: &Tenant, app: &App) -> Self {
        let sandbox = Sandbox::start(Product::DefenderAtp).await.expect("a free port");
        let token = token(&sandbox, tenant, app, SCOPE).await;
        Self { sandbox, token }
    }

    /// The same sandbox for another caller.
    async fn switch(self, tenant: &Tenant, app: &App) -> Self {
        let token = token(&self.sandbox, tenant, app, SCOPE).await;
        Self { token, ..self }
    }

    async fn send(&self, method: Method, path: &str, body: impl Into<axum::body::Body>) -> Answer {
        let authorization = format!("Bearer {}", self.token);
        let headers =
            [("authorization", authorization.as_str()), ("content-type", "application/json")];
        let url = format!("{}{path}", self.sandbox.url());
        let answer = client::head(method, &url, &headers, body).await.expect("an answer");
        client::whole(answer).await.expect("a whole body")
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, "").await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, body.to_string()).await
    }

    /// The entries of a list.
    async fn list(&self, path: &str) -> Vec<Value> {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {:?}", answer.body);
        answer.json()["value"].as_array().expect("a list").clone()
    }

    /// The ids of a list's entries.
    async fn ids(&self, path: &str) -> Vec<String> {
        texts(&self.list(path).await, "id")
    }
}

async fn token(sandbox: &Sandbox, tenant: &Tenant, app: &App, scope: &str) -> String {
    let url = format!("{}/{}/oauth2/v2.0/token", sandbox.url(), tenant.id);
    let secret = app.secret.replace('~', "%7E");
    let form = format!(
        "client_id={}&client_secret={secret}&grant_type=client_credentials&scope={scope}",
        app.id
    );
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let answer = client::head(Method::POST, &url, &headers, form).await.expect("an answer");
    let answer = client::whole(answer).await.expect("a whole body");
    answer.json()["access_token"].as_str().expect("a token").to_owned()
}

fn texts(rows: &[Value], key: &str) -> Vec<String> {
    rows.iter().filter_map(|row| row[key].as_str()).map(str::to_owned).collect()
}

/// Status and code of a refusal, which must have the documented form.
fn refusal(answer: &Answer) -> (u16, String) {
    let body = answer.json();
    let error = body["error"].as_object().expect("an error object");
    assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{error:?}");
    assert_eq!(error["target"].as_str().map(str::len), Some(36), "{error:?}");
    (answer.status.as_u16(), error["code"].as_str().expect("a code").to_owned())
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}
