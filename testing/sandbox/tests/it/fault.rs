//! Every way to fail, as the caller meets it, and which calls it meets.

use std::{io::Read, time::Duration};

use axum::body::Body;
use flate2::read::GzDecoder;
use futures::{StreamExt, poll};
use http::{Method, StatusCode};
use sandbox::{Fault, Product, Sandbox, Times, When, misp};
use serde_json::{Value, json};

use crate::client::{self, Response};

/// What every call of MISP needs.
const KEY: [(&str, &str); 3] = [
    ("authorization", misp::API_KEY),
    ("accept", "application/json"),
    ("content-type", "application/json"),
];
const VERSION: &str = "/servers/getVersion";

/// A sandbox in which every call meets this fault.
async fn broken(fault: Fault) -> Sandbox {
    let sandbox = Sandbox::start(Product::Misp).await.expect("a free port");
    sandbox.fault(When::any(), fault, Times::Always);
    sandbox
}

async fn version(sandbox: &Sandbox) -> Response {
    client::get(&format!("{}{VERSION}", sandbox.url()), &KEY).await
}

async fn version_head(sandbox: &Sandbox) -> http::Response<Body> {
    let url = format!("{}{VERSION}", sandbox.url());
    client::head(Method::GET, &url, &KEY, Body::empty()).await.expect("a head")
}

async fn true_version() -> Vec<u8> {
    let sandbox = Sandbox::start(Product::Misp).await.expect("a free port");
    version(&sandbox).await.body.to_vec()
}

#[tokio::test]
async fn status_codes_come_with_their_headers_and_body() {
    let headers = vec![("x-reason".to_owned(), "storm".to_owned())];
    let response =
        version(&broken(Fault::Status { code: 503, headers, body: "later".to_owned() }).await)
            .await;
    assert_eq!(response.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.header("x-reason"), Some("storm"));
    assert_eq!(response.body, "later");

    let response = version(&broken(Fault::status(504)).await).await;
    assert_eq!((response.status.as_u16(), response.body.len()), (504, 0));

    let response = version(&broken(Fault::json(400, &json!({"message": "no"}))).await).await;
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!((response.status.as_u16(), response.json()), (400, json!({"message": "no"})));

    assert_eq!(version(&broken(Fault::Forbidden).await).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn bytes_arrive_as_they_are() {
    let response = version(&broken(Fault::Bytes(b"{\xff\0".to_vec())).await).await;
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!((response.status, &response.body[..]), (StatusCode::OK, &b"{\xff\0"[..]));
}

#[tokio::test]
async fn a_rewritten_answer_is_the_true_one_with_another_body() {
    let sandbox = broken(Fault::Rewritten(|truth| json!({"was": truth["version"]}))).await;
    let response = version(&sandbox).await;
    let truth: Value = serde_json::from_slice(&true_version().await).expect("JSON");
    assert_eq!(
        (response.status.as_u16(), response.json()),
        (200, json!({"was": truth["version"]}))
    );
    assert_eq!(response.header("content-type"), Some("application/json; charset=UTF-8"));
}

#[tokio::test]
async fn too_many_requests_names_the_wait_or_does_not() {
    for wait in [Some("7"), Some("soon"), None] {
        let retry_after = wait.map(str::to_owned);
        let response = version(&broken(Fault::TooManyRequests { retry_after }).await).await;
        assert_eq!(response.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.header("retry-after"), wait);
    }
}

#[tokio::test]
async fn redirects_name_their_target() {
    let to = "https://other.example/login".to_owned();
    let response = version(&broken(Fault::Redirect { to: to.clone(), code: 308 }).await).await;
    assert_eq!(response.status, StatusCode::PERMANENT_REDIRECT);
    assert_eq!(response.header("location"), Some(to.as_str()));
}

#[tokio::test]
async fn bodies_that_are_not_the_true_one() {
    let response = version(&broken(Fault::Html).await).await;
    assert_eq!(response.status, StatusCode::OK);
    assert!(response.header("content-type").unwrap().starts_with("text/html"));
    assert!(response.body.starts_with(b"<!DOCTYPE html>"));

    let response = version(&broken(Fault::Empty).await).await;
    assert_eq!((response.status, response.body.len()), (StatusCode::OK, 0));

    let truth = true_version().await;
    let response = version(&broken(Fault::Malformed).await).await;
    assert_eq!(response.status, StatusCode::OK);
    assert_eq!(response.body, truth[..truth.len() / 2]);
    assert!(serde_json::from_slice::<Value>(&response.body).is_err());
}

#[tokio::test]
async fn the_connection_is_reset_before_the_answer() {
    let sandbox = broken(Fault::ResetBeforeAnswer).await;
    let url = format!("{}{VERSION}", sandbox.url());
    let error = client::head(Method::GET, &url, &KEY, Body::empty()).await.unwrap_err();
    assert!(client::is_reset(&error), "{error:?}");
    assert_eq!(sandbox.calls().len(), 1);
}

#[tokio::test]
async fn the_connection_is_reset_in_the_body() {
    let truth = true_version().await;
    let response = version_head(&broken(Fault::ResetInBody).await).await;
    assert_eq!(response.status(), StatusCode::OK);

    let frames: Vec<_> = response.into_body().into_data_stream().collect().await;
    let (last, before) = frames.split_last().unwrap();
    let before: Vec<u8> =
        before.iter().flat_map(|frame| frame.as_ref().unwrap().to_vec()).collect();
    assert_eq!(before, truth[..truth.len() / 2]);
    let error = last.as_ref().unwrap_err();
    assert!(client::is_reset(error), "{error:?}");
}

#[tokio::test]
async fn a_stalled_answer_has_a_head_and_no_body() {
    let sandbox = Sandbox::start(Product::Misp).await.unwrap();
    sandbox.fault(When::any(), Fault::Stall, Times::Next(1));
    let response = version_head(&sandbox).await;
    assert_eq!(response.status(), StatusCode::OK);

    let mut body = response.into_body().into_data_stream();
    assert_eq!(version(&sandbox).await.status, StatusCode::OK, "the next call works");
    assert!(poll!(body.next()).is_pending());
}

#[tokio::test]
async fn a_response_without_head_never_comes() {
    let sandbox = Sandbox::start(Product::Misp).await.unwrap();
    sandbox.fault(When::any(), Fault::SlowHeaders, Times::Next(1));
    let url = format!("{}{VERSION}", sandbox.url());
    let mut silent = Box::pin(client::head(Method::GET, &url, &KEY, Body::empty()));
    while sandbox.calls().is_empty() {
        assert!(poll!(&mut silent).is_pending());
        tokio::task::yield_now().await;
    }
    assert_eq!(version(&sandbox).await.status, StatusCode::OK, "the next call works");
    assert!(poll!(&mut silent).is_pending());
}

#[tokio::test]
async fn a_trickle_brings_the_true_body_byte_by_byte() {
    let sandbox = broken(Fault::Trickle { pause: Duration::ZERO }).await;
    let url = format!("{}/nowhere", sandbox.url());
    let response = client::head(Method::GET, &url, &[], Body::empty()).await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    let frames: Vec<_> =
        response.into_body().into_data_stream().map(Result::unwrap).collect().await;
    assert!(frames.iter().all(|frame| frame.len() == 1));
    assert_eq!(
        serde_json::from_slice::<Value>(&frames.concat()).unwrap(),
        json!({"name": "Not Found", "message": "Not Found", "url": "/nowhere"})
    );
}

#[tokio::test]
async fn a_huge_body_is_json_of_the_size_asked_for() {
    for bytes in [200_000, 65_548, 12] {
        let response = version(&broken(Fault::Huge { bytes }).await).await;
        assert_eq!(response.body.len() as u64, bytes);
        assert!(response.json()["value"].is_string());
    }
}

#[tokio::test]
async fn an_endless_body_goes_on_until_the_caller_leaves() {
    let sandbox = broken(Fault::Huge { bytes: u64::MAX }).await;
    let mut body = version_head(&sandbox).await.into_body().into_data_stream();
    let mut taken = 0;
    while taken < 20_000_000 {
        taken += body.next().await.unwrap().unwrap().len();
    }
}

#[tokio::test]
async fn a_gzip_bomb_is_small_until_it_is_unpacked() {
    let size = 5_000_000;
    let response = version(&broken(Fault::GzipBomb { bytes: size }).await).await;
    assert_eq!(response.header("content-encoding"), Some("gzip"));
    assert!(response.body.len() < 50_000, "{} bytes", response.body.len());
    let mut unpacked = Vec::new();
    GzDecoder::new(&response.body[..]).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked.len() as u64, size);
}

async fn statuses<const N: usize>(sandbox: &Sandbox) -> [u16; N] {
    let mut seen = [0; N];
    for status in &mut seen {
        *status = version(sandbox).await.status.as_u16();
    }
    seen
}

#[tokio::test]
async fn faults_act_as_often_as_told_and_one_after_the_other() {
    let sandbox = Sandbox::start(Product::Misp).await.unwrap();
    sandbox.fault(When::any(), Fault::status(500), Times::Next(2));
    sandbox.fault(When::any(), Fault::status(502), Times::Nth(2));
    assert_eq!(statuses(&sandbox).await, [500, 500, 200, 502, 200]);

    sandbox.fault(When::any(), Fault::status(503), Times::Always);
    assert_eq!(statuses(&sandbox).await, [503, 503, 503]);
    sandbox.clear_faults();
    assert_eq!(statuses(&sandbox).await, [200]);
}

#[tokio::test]
async fn faults_meet_only_the_calls_that_fit() {
    let sandbox = Sandbox::start(Product::Misp).await.unwrap();
    sandbox.fault("/servers", Fault::status(500), Times::Always);
    sandbox.fault(When::any().method(Method::PUT), Fault::status(501), Times::Always);
    sandbox.fault(When::path("/a").mentioning("b c"), Fault::status(502), Times::Always);

    let status = async |method: Method, path: &str, body: &'static str| {
        let url = format!("{}{path}", sandbox.url());
        client::head(method, &url, &KEY, body).await.unwrap().status().as_u16()
    };
    assert_eq!(status(Method::GET, VERSION, "").await, 500);
    assert_eq!(status(Method::PUT, "/x", "").await, 501);
    assert_eq!(status(Method::GET, "/a?q=b%20c", "").await, 502);
    assert_eq!(status(Method::GET, "/a/b%20c", "").await, 502);
    assert_eq!(status(Method::POST, "/a", "{\"b c\": 1}").await, 502);
    assert_eq!(status(Method::GET, "/a", "").await, 404);
    assert_eq!(status(Method::GET, "/x?q=b%20c", "").await, 404);
}

#[tokio::test]
async fn only_a_fault_that_sends_a_part_of_the_answer_lets_the_product_work() {
    for (fault, sightings) in [
        (Fault::status(503), 0),
        (Fault::ResetBeforeAnswer, 0),
        (Fault::Malformed, 1),
        (Fault::ResetInBody, 1),
    ] {
        let sandbox = broken(fault).await;
        let url = format!("{}/sightings/add", sandbox.url());
        let body = json!({"values": [misp::sample::LOADER_DOMAIN]}).to_string();
        let _ = client::head(Method::POST, &url, &KEY, body).await;
        sandbox.clear_faults();

        let url = format!("{}/attributes/restSearch", sandbox.url());
        let search = json!({"value": misp::sample::LOADER_DOMAIN, "includeSightings": 1});
        let found = client::post(&url, &KEY, &search).await.json();
        let kept = found["response"]["Attribute"][0]["Sighting"].as_array().unwrap().len();
        assert_eq!(kept, sightings);
    }
}
