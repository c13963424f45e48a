//! The gateway events, read by the library that functions read them with.

use lambda_http::{Body, Request, RequestExt, request};
use serde_json::{Value, json};
use testkit::event::{Event, Gateway};

fn read(event: &Event) -> Request {
    request::from_str(&event.to_json().to_string()).unwrap()
}

#[test]
fn the_library_reads_the_same_request_behind_every_gateway() {
    let body = json!([{"type": "domain", "value": "bad.example"}]);
    for gateway in Gateway::ALL {
        let event = gateway.post("/observe/observables").bearer("a.b.c").json(&body);
        let request = read(&event);
        assert_eq!(request.method(), "POST");
        assert_eq!(request.raw_http_path(), "/observe/observables", "{gateway:?}");
        assert_eq!(request.headers()["authorization"], "Bearer a.b.c");
        assert_eq!(request.headers()["content-type"], "application/json");
        assert_eq!(request.headers()["x-forwarded-for"], "203.0.113.7");
        let Body::Text(text) = request.body() else { panic!("{gateway:?}: {:?}", request.body()) };
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), body);
    }
}

#[test]
fn encoded_bodies_are_decoded_and_missing_ones_are_empty() {
    for gateway in Gateway::ALL {
        let request = read(&gateway.post("/health").binary(b"\x00\xff"));
        assert!(matches!(request.body(), Body::Binary(bytes) if bytes == b"\x00\xff"));
        let request = read(&gateway.get("/watchdog"));
        assert!(matches!(request.body(), Body::Empty), "{gateway:?}: {:?}", request.body());
        let broken = gateway.post("/health").broken_binary("*").to_json();
        assert_eq!((&broken["body"], &broken["isBase64Encoded"]), (&json!("*"), &json!(true)));
    }
}

#[test]
fn a_stage_stands_where_each_gateway_puts_it() {
    let stage = |gateway: Gateway| gateway.post("/health").stage("dev").to_json();
    let http = stage(Gateway::HttpApi);
    assert_eq!(http["rawPath"], "/dev/health");
    assert_eq!(http["requestContext"]["http"]["path"], "/dev/health");
    assert_eq!(http["requestContext"]["stage"], "dev");
    let rest = stage(Gateway::RestApi);
    assert_eq!(
        (&rest["path"], &rest["requestContext"]["path"]),
        (&json!("/health"), &json!("/dev/health"))
    );
    assert_eq!(rest["pathParameters"]["proxy"], "health");
    let url = stage(Gateway::FunctionUrl);
    assert_eq!(
        (&url["rawPath"], &url["requestContext"]["stage"]),
        (&json!("/health"), &json!("$default"))
    );
    assert_eq!(Gateway::RestApi.post("/health").to_json()["requestContext"]["stage"], "prod");
}

#[test]
fn a_custom_domain_brings_its_name_and_its_base_path() {
    let custom = |gateway: Gateway, base| {
        gateway.post("/health").stage("dev").custom_domain("relays.example", base).to_json()
    };
    for gateway in Gateway::ALL {
        let event = custom(gateway, "misp");
        assert_eq!(event["requestContext"]["domainName"], "relays.example");
        assert_eq!(event["requestContext"]["domainPrefix"], "relays");
        assert_eq!(
            read(&gateway.post("/").custom_domain("relays.example", "")).headers()["host"],
            "relays.example"
        );
    }
    assert_eq!(custom(Gateway::HttpApi, "misp")["rawPath"], "/dev/health");
    let rest = custom(Gateway::RestApi, "/misp/");
    let path = json!("/misp/health");
    assert_eq!((&rest["path"], &rest["requestContext"]["path"]), (&path, &path));
    let root = custom(Gateway::RestApi, "");
    let path = json!("/health");
    assert_eq!((&root["path"], &root["requestContext"]["path"]), (&path, &path));
}

#[test]
fn repeated_headers_and_query_parameters() {
    for gateway in Gateway::ALL {
        let event = gateway.get("/x").query("q=a%20b&q=c&r=");
        let request = read(&event);
        let query = request.query_string_parameters();
        assert_eq!(query.all("q"), Some(vec!["a b", "c"]), "{gateway:?}");
        assert_eq!(query.first("r"), Some(""));
    }
    let headers =
        |gateway: Gateway| gateway.get("/x").header("X-A", "1").header("X-A", "2").to_json();
    assert_eq!(headers(Gateway::HttpApi)["headers"]["x-a"], "1,2");
    assert_eq!(headers(Gateway::RestApi)["headers"]["X-A"], "2");
    assert_eq!(headers(Gateway::RestApi)["multiValueHeaders"]["X-A"], json!(["1", "2"]));
    let rest = Gateway::RestApi.get("/x").to_json();
    assert_eq!(rest["queryStringParameters"], Value::Null);
    assert_eq!(Gateway::HttpApi.get("/x").to_json().get("queryStringParameters"), None);
}

#[test]
fn headers_of_the_test_replace_those_of_the_gateway() {
    let event = Gateway::HttpApi
        .post("/health")
        .header("host", "spoofed.example")
        .source_ip("198.51.100.9");
    assert_eq!(event.to_json()["headers"]["host"], "spoofed.example");
    assert_eq!(event.to_json()["requestContext"]["domainName"], "a1b2c3d4e5.execute-api.test");
    assert_eq!(event.to_json()["requestContext"]["http"]["sourceIp"], "198.51.100.9");
    assert_eq!(event.to_json()["headers"]["x-forwarded-for"], "198.51.100.9");
}
