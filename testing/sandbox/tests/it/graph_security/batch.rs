//! Several calls in one.

use http::Method;
use sandbox::{
    graph_security::HALF_ANSWERED_DOMAIN,
    identity::{app, tenant},
};
use serde_json::{Value, json};

use super::{assert_bad_request, error, start};
use crate::session::{Session, rows, texts};

const PATH: &str = "/v1.0/$batch";

fn get(id: &str, url: &str) -> Value {
    json!({"id": id, "method": "GET", "url": url})
}

async fn run(session: &Session, requests: &[Value]) -> Vec<Value> {
    let response = session.post(PATH, &json!({"requests": requests})).await;
    assert_eq!(response.status, 200, "{:?}", response.body);
    response.json()["responses"].as_array().expect("responses").clone()
}

fn by_id<'a>(responses: &'a [Value], id: &str) -> &'a Value {
    responses.iter().find(|response| response["id"] == id).expect("a response")
}

#[tokio::test]
async fn answers_come_in_another_order_each_with_its_status() {
    let session = start().await;
    let address = "/security/alerts_v2?$filter=evidence%2Fany%28e%3A%20e%2Fmicrosoft.graph.security.ipEvidence%2FipAddress%20eq%20%27203.0.113.80%27%29&$top=2";
    let mut with_header = get("0", address);
    with_header["headers"] = json!({"Prefer": "include-unknown-enum-members"});
    let responses = run(
        &session,
        &[
            with_header,
            get("1", "security/alerts_v2/da638470555000000001_101"),
            get("2", "/security/alerts_v2/nothing"),
            get("3", "/security/alerts_v2?$filter=severity eq"),
            get("4", "/security/alerts?$top=1"),
            get("5", "/me/messages"),
            json!({"id": "6", "method": "DELETE", "url": "/security/alerts_v2/x"}),
            get("7", "https://graph.microsoft.com/v1.0/security/alerts_v2"),
            get("8", "/$batch"),
        ],
    )
    .await;
    assert_eq!(texts(&responses, "id"), ["8", "7", "6", "5", "4", "3", "2", "1", "0"]);
    for (id, status) in [
        ("0", 200),
        ("1", 200),
        ("2", 404),
        ("3", 400),
        ("4", 200),
        ("5", 400),
        ("6", 405),
        ("7", 400),
        ("8", 400),
    ] {
        let response = by_id(&responses, id);
        assert_eq!(response["status"], status, "{id}");
        let media = response["headers"]["Content-Type"].as_str().unwrap();
        assert!(media.starts_with("application/json"), "{id}");
        let has_error = response["body"]["error"]["code"].is_string();
        assert_eq!(has_error, status >= 400, "{id}");
    }
    let list = by_id(&responses, "0");
    assert_eq!(list["headers"]["Preference-Applied"], "include-unknown-enum-members");
    let found = rows(&list["body"]);
    assert_eq!(
        texts(&found, "id"),
        ["da638470011223344556_-1200345678", "da638470555000000003_103"]
    );
    let next = list["body"]["@odata.nextLink"].as_str().expect("a next page");
    let inner = next.strip_prefix(session.sandbox.url()).expect("an absolute link");
    let inner = inner.strip_prefix("/v1.0").expect("the version");
    let second = run(&session, &[get("next", inner)]).await;
    assert_eq!(texts(&rows(&second[0]["body"]), "id"), ["da638460000000000001_201"]);
}

#[tokio::test]
async fn an_inner_call_may_have_a_body() {
    let session = start().await;
    let hunt = |id: &str, headers: Value| {
        json!({"id": id, "method": "POST", "url": "/security/runHuntingQuery", "headers": headers,
               "body": {"Query": "AlertEvidence | count"}})
    };
    let media = json!({"Content-Type": "application/json"});
    let responses = run(&session, &[hunt("a", media), hunt("b", json!({}))]).await;
    assert_eq!(by_id(&responses, "a")["status"], 200);
    assert!(by_id(&responses, "a")["body"]["results"][0]["Count"].as_i64().unwrap() > 200);
    assert_eq!(by_id(&responses, "b")["status"], 400);
}

#[tokio::test]
async fn inner_calls_meet_permissions_and_partial_answers() {
    let session = Session::graph(&tenant::CONTOSO, &app::LEGACY_ONLY).await;
    let partial = format!(
        "/security/alerts?$filter=networkConnections/any(x: x/destinationDomain eq '{HALF_ANSWERED_DOMAIN}')"
    );
    let responses = run(&session, &[get("v2", "/security/alerts_v2"), get("v1", &partial)]).await;
    assert_eq!(by_id(&responses, "v2")["status"], 403);
    let old = by_id(&responses, "v1");
    assert_eq!(old["status"], 206);
    assert!(old["headers"]["Warning"].as_str().unwrap().contains("/504/"));
    assert_eq!(rows(&old["body"]).len(), 1);
}

#[tokio::test]
async fn a_batch_that_is_none_is_refused_whole() {
    let session = start().await;
    let many: Vec<Value> =
        (0..21).map(|id| get(&id.to_string(), "/security/alerts_v2?$top=1")).collect();
    for (body, part) in [
        (json!({"requests": many}), "exceeds the maximum value of 20"),
        (
            json!({"requests": [get("a", "/x"), get("A", "/y")]}),
            "Request Id A has to be unique in a batch.",
        ),
        (json!({"requests": [{"method": "GET", "url": "/x"}]}), "Invalid batch payload format."),
        (json!({"requests": {}}), "Invalid batch payload format."),
        (json!({}), "Invalid batch payload format."),
    ] {
        assert_bad_request(&session.post(PATH, &body).await, part);
    }
    for (media, body) in [("text/plain", "{\"requests\": []}"), ("application/json", "{")] {
        let response = session.send(Method::POST, PATH, &[("content-type", media)], body).await;
        assert!(error(&response).2.starts_with("Unable to read JSON request payload."));
    }
    assert!(run(&session, &[]).await.is_empty());
    assert_eq!(run(&session, &many[..20]).await.len(), 20);
}

#[tokio::test]
async fn inner_calls_count_against_the_quota() {
    let session = start().await;
    let twenty: Vec<Value> =
        (0..20).map(|id| get(&id.to_string(), "/security/alerts_v2/none")).collect();
    let mut statuses = Vec::new();
    let mut waits = Vec::new();
    for _ in 0..20 {
        for response in run(&session, &twenty).await {
            if response["status"] == 429 {
                waits.push(response["headers"]["Retry-After"].clone());
            }
            statuses.push(response["status"].clone());
        }
    }
    assert!(statuses[..150].iter().all(|status| *status == 404), "the quota is 150");
    assert!(!waits.is_empty() && waits.iter().all(|wait| wait == "1"), "{waits:?}");
}
