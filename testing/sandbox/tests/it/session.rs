//! A sandbox of a Microsoft product, and a caller with an access token for it.

use http::Method;
use sandbox::{
    Product, Sandbox,
    identity::{App, Tenant},
};
use serde_json::Value;
use url::form_urlencoded::Serializer;

use crate::client::{self, Response};

pub(crate) const GRAPH: &str = "https://graph.microsoft.com/.default";
pub(crate) const DEFENDER: &str = "https://api.securitycenter.microsoft.com/.default";

const JSON: [(&str, &str); 1] = [("content-type", "application/json; charset=utf-8")];

pub(crate) struct Session {
    pub(crate) sandbox: Sandbox,
    pub(crate) token: String,
}

impl Session {
    pub(crate) async fn graph(tenant: &Tenant, app: &App) -> Self {
        let sandbox = Sandbox::start(Product::GraphSecurity).await.expect("a free port");
        let token = token(&sandbox, tenant, app, GRAPH).await;
        Self { sandbox, token }
    }

    pub(crate) async fn defender(tenant: &Tenant, app: &App) -> Self {
        let sandbox = Sandbox::start(Product::DefenderAtp).await.expect("a free port");
        let token = token(&sandbox, tenant, app, DEFENDER).await;
        Self { sandbox, token }
    }

    /// The same sandbox for another caller.
    pub(crate) async fn switch(self, tenant: &Tenant, app: &App, scope: &str) -> Self {
        let token = token(&self.sandbox, tenant, app, scope).await;
        Self { token, ..self }
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response {
        let authorization = format!("Bearer {}", self.token);
        let headers = [&[("authorization", authorization.as_str())], headers].concat();
        let url = format!("{}{path}", self.sandbox.url());
        client::send(method, &url, &headers, body.to_owned()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.send(Method::GET, path, &[], "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Response {
        self.send(Method::POST, path, &JSON, &body.to_string()).await
    }

    /// The entities of a list.
    pub(crate) async fn list(&self, path: &str, options: &[(&str, &str)]) -> Vec<Value> {
        let response = self.get(&with_options(path, options)).await;
        assert_eq!(response.status, 200, "{path} {options:?}: {:?}", response.body);
        rows(&response.json())
    }

    /// All pages of a list, and the number of entities on each.
    pub(crate) async fn pages(&self, mut path: String) -> (Vec<usize>, Vec<Value>) {
        let (mut sizes, mut all) = (Vec::new(), Vec::new());
        loop {
            let body = self.get(&path).await.json();
            sizes.push(rows(&body).len());
            all.extend(rows(&body));
            let Some(next) = body["@odata.nextLink"].as_str() else { return (sizes, all) };
            path = next.strip_prefix(self.sandbox.url()).expect("an absolute link").to_owned();
            assert!(!path.contains([' ', '\'']), "{path}");
        }
    }
}

pub(crate) fn with_options(path: &str, options: &[(&str, &str)]) -> String {
    match options {
        [] => path.to_owned(),
        _ => format!("{path}?{}", Serializer::new(String::new()).extend_pairs(options).finish()),
    }
}

pub(crate) fn rows(body: &Value) -> Vec<Value> {
    body["value"].as_array().expect("a list").clone()
}

/// The texts of a member.
pub(crate) fn texts<'a>(rows: &'a [Value], key: &str) -> Vec<&'a str> {
    rows.iter().filter_map(|row| row[key].as_str()).collect()
}

/// Asks for a token.
pub(crate) async fn ask(sandbox: &Sandbox, tenant: &str, form: &[(&str, &str)]) -> Response {
    let url = format!("{}/{tenant}/oauth2/v2.0/token", sandbox.url());
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let form = Serializer::new(String::new()).extend_pairs(form).finish();
    client::send(Method::POST, &url, &headers, form).await
}

pub(crate) fn form<'a>(app: &'a App, scope: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("client_id", app.id),
        ("client_secret", app.secret),
        ("grant_type", "client_credentials"),
        ("scope", scope),
    ]
}

pub(crate) async fn token(sandbox: &Sandbox, tenant: &Tenant, app: &App, scope: &str) -> String {
    let response = ask(sandbox, tenant.id, &form(app, scope)).await;
    response.json()["access_token"].as_str().expect("a token").to_owned()
}
