//! The two payload formats.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::{Event, Gateway};

const ACCOUNT: &str = "123456789012";
const API: &str = "a1b2c3d4e5";
const REQUEST_ID: &str = "00000000-0000-4000-8000-000000000001";
const TIME: &str = "20/Nov/2026:10:00:00 +0000";
const TIME_MS: u64 = 1_795_168_800_000;
const USER_AGENT: &str = "relay-testkit";

/// HTTP APIs and function URLs. A stage that is not `$default` stands in the path, also behind a
/// custom domain; the mapping key of a custom domain never does.
pub(super) fn format_2(event: &Event) -> Value {
    let stage = stage(event);
    let path = match stage {
        "$default" => event.path.clone(),
        stage => format!("/{stage}{}", event.path),
    };
    let headers =
        single_values(headers(event).map(|(name, value)| (name.to_lowercase(), value)), ",");
    let mut json = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": event.query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": API,
            "domainName": domain(event),
            "domainPrefix": domain_prefix(event),
            "http": {
                "method": event.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": event.source_ip,
                "userAgent": USER_AGENT,
            },
            "requestId": REQUEST_ID,
            "routeKey": "$default",
            "stage": stage,
            "time": TIME,
            "timeEpoch": TIME_MS,
        },
        "isBase64Encoded": is_base64(event),
    });
    if let Some(body) = &event.body {
        json["body"] = body.text.clone().into();
    }
    if !event.query.is_empty() {
        json["queryStringParameters"] = single_values(query(event), ",");
    }
    json
}

/// REST APIs. The stage is in the path of the context only; a base path is in both, and then the
/// stage in neither.
pub(super) fn format_1(event: &Event) -> Value {
    let stage = stage(event);
    let (path, full_path) = match &event.domain {
        Some(domain) if domain.base_path.is_empty() => (event.path.clone(), event.path.clone()),
        Some(domain) => {
            let path = format!("/{}{}", domain.base_path, event.path);
            (path.clone(), path)
        }
        None => (event.path.clone(), format!("/{stage}{}", event.path)),
    };
    json!({
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": event.method,
        "headers": last_values(headers(event)),
        "multiValueHeaders": all_values(headers(event)),
        "queryStringParameters": or_null(event, last_values(query(event))),
        "multiValueQueryStringParameters": or_null(event, all_values(query(event))),
        "pathParameters": { "proxy": event.path.trim_start_matches('/') },
        "stageVariables": null,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": API,
            "domainName": domain(event),
            "domainPrefix": domain_prefix(event),
            "extendedRequestId": "AAAAAAAAAAAAAA=",
            "httpMethod": event.method,
            "identity": { "sourceIp": event.source_ip, "userAgent": USER_AGENT },
            "path": full_path,
            "protocol": "HTTP/1.1",
            "requestId": REQUEST_ID,
            "requestTime": TIME,
            "requestTimeEpoch": TIME_MS,
            "resourceId": "f6g7h8",
            "resourcePath": "/{proxy+}",
            "stage": stage,
        },
        "body": event.body.as_ref().map(|body| &body.text),
        "isBase64Encoded": is_base64(event),
    })
}

/// REST APIs always have a stage of their own.
fn stage(event: &Event) -> &str {
    match (event.gateway, &event.stage) {
        (Gateway::FunctionUrl, _) | (Gateway::HttpApi, None) => "$default",
        (Gateway::RestApi, None) => "prod",
        (_, Some(stage)) => stage,
    }
}

fn domain(event: &Event) -> String {
    match (&event.domain, event.gateway) {
        (Some(domain), _) => domain.name.clone(),
        (None, Gateway::FunctionUrl) => format!("{API}.lambda-url.test"),
        (None, _) => format!("{API}.execute-api.test"),
    }
}

fn domain_prefix(event: &Event) -> String {
    let domain = domain(event);
    domain.split('.').next().unwrap_or_default().to_owned()
}

fn is_base64(event: &Event) -> bool {
    event.body.as_ref().is_some_and(|body| body.is_base64)
}

/// What the test sets, after what a gateway adds unless the test sets it.
fn headers(event: &Event) -> impl Iterator<Item = (String, String)> {
    let added = [
        ("Host", domain(event)),
        ("User-Agent", USER_AGENT.to_owned()),
        ("X-Amzn-Trace-Id", "Root=1-6b0ec4a0-000000000000000000000001".to_owned()),
        ("X-Forwarded-For", event.source_ip.clone()),
        ("X-Forwarded-Port", "443".to_owned()),
        ("X-Forwarded-Proto", "https".to_owned()),
    ];
    let is_set = |name: &str| event.headers.iter().any(|(set, _)| set.eq_ignore_ascii_case(name));
    let added = added.into_iter().filter(move |(name, _)| !is_set(name));
    added.map(|(name, value)| (name.to_owned(), value)).chain(event.headers.iter().cloned())
}

fn query(event: &Event) -> impl Iterator<Item = (String, String)> {
    form_urlencoded::parse(event.query.as_bytes()).into_owned()
}

fn or_null(event: &Event, parameters: Value) -> Value {
    if event.query.is_empty() { Value::Null } else { parameters }
}

fn grouped(pairs: impl Iterator<Item = (String, String)>) -> BTreeMap<String, Vec<String>> {
    let mut grouped: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (name, value) in pairs {
        grouped.entry(name).or_default().push(value);
    }
    grouped
}

fn single_values(pairs: impl Iterator<Item = (String, String)>, separator: &str) -> Value {
    let joined = grouped(pairs).into_iter().map(|(name, all)| (name, all.join(separator).into()));
    Value::Object(joined.collect::<Map<_, _>>())
}

fn last_values(pairs: impl Iterator<Item = (String, String)>) -> Value {
    json!(pairs.collect::<BTreeMap<_, _>>())
}

fn all_values(pairs: impl Iterator<Item = (String, String)>) -> Value {
    json!(grouped(pairs))
}
