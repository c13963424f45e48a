//! The Qualys gateway: login, event search, quotas.

mod login;
mod quota;
mod search;

use http::Method;
use sandbox::{
    Product, Sandbox,
    qualys_ioc::{self, Account},
};
use serde_json::Value;
use url::form_urlencoded::Serializer;

use crate::client::{self, Response};

async fn start() -> Sandbox {
    let now = "2026-03-03T10:00:00Z".parse().expect("a time");
    Sandbox::start_at(Product::QualysIoc, now).await.expect("a free port")
}

/// Sends a form to the login.
async fn post_form(sandbox: &Sandbox, form: &str) -> Response {
    let url = format!("{}{}", sandbox.url(), qualys_ioc::AUTH_PATH);
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    client::send(Method::POST, &url, &headers, form.to_owned()).await
}

/// The form of a login, encoded as a form must be.
fn form_of(account: Account) -> String {
    Serializer::new(String::new())
        .append_pair("username", account.username)
        .append_pair("password", account.password)
        .append_pair("token", "true")
        .finish()
}

/// A fresh token of this account.
async fn token(sandbox: &Sandbox, account: Account) -> String {
    let response = post_form(sandbox, &form_of(account)).await;
    assert_eq!(response.status, 201);
    String::from_utf8(response.body.to_vec()).expect("a token is text")
}

/// A search with this token and these parameters.
async fn search(sandbox: &Sandbox, token: &str, parameters: &[(&str, &str)]) -> Response {
    search_at(sandbox, qualys_ioc::EVENTS_PATH, token, parameters).await
}

async fn search_at(
    sandbox: &Sandbox,
    path: &str,
    token: &str,
    parameters: &[(&str, &str)],
) -> Response {
    let query = Serializer::new(String::new()).extend_pairs(parameters).finish();
    let url = format!("{}{path}?{query}", sandbox.url());
    client::get(&url, &[("authorization", &format!("Bearer {token}"))]).await
}

/// The events that a search finds.
async fn found(sandbox: &Sandbox, account: Account, parameters: &[(&str, &str)]) -> Vec<Value> {
    let token = token(sandbox, account).await;
    let response = search(sandbox, &token, parameters).await;
    assert_eq!(response.status, 200, "{parameters:?}: {:?}", response.body);
    response.json().as_array().expect("a list of events").clone()
}
