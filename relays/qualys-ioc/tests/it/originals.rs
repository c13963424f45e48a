//! Where the earlier relays were wrong: the rows of spec §6 that no other test is named after.

use std::{collections::BTreeSet, sync::Arc};

use sandbox::{
    Fault, Times,
    qualys_ioc::{ACCOUNT, AUTH_PATH, EVENTS_PATH},
};
use serde_json::{Value, json};
use testkit::{keys::RsaKey, token::Token};

use crate::test_relay::{DROPPED, Names, TestRelay, bearer, claims, codes, count, message, one};

const OBSERVE: &str = "/observe/observables";

fn relations(answer: &Value) -> Vec<(&str, &str, &str)> {
    let docs = answer["data"]["sightings"]["docs"].as_array().unwrap();
    let all = docs.iter().flat_map(|doc| doc["relations"].as_array().into_iter().flatten());
    all.map(|relation| {
        assert_eq!(relation["origin"], "Qualys IOC");
        let word = |place: &str| relation.pointer(place).unwrap().as_str().unwrap();
        (word("/source/type"), word("/relation"), word("/related/type"))
    })
    .collect()
}

#[tokio::test]
async fn no02_the_gateways_token_never_reaches_the_client() {
    let relay = TestRelay::open().await;
    relay.ask("/health", &json!({})).await;
    let token = relay.searches()[0].authorization().unwrap()["Bearer ".len()..].to_owned();
    let echo = Fault::json(500, &json!({"message": format!("seen {token}")}));
    relay.sandbox.fault(EVENTS_PATH, echo, Times::Always);
    for path in ["/health", OBSERVE] {
        let answer = relay.ask(path, &one("sha256", DROPPED)).await.to_string();
        assert!(answer.contains("seen") && !answer.contains(&token), "{answer}");
    }
}

#[tokio::test]
async fn no03_hosts_links_and_limits_of_one_token_do_not_reach_the_next() {
    let hosts = Arc::new(Names::loopback());
    let relay = TestRelay::resolving(&[], hosts.clone()).await;
    let mut foreign = claims(ACCOUNT);
    foreign["API_URL"] = json!("https://first.example");
    foreign["PLATFORM_URL"] = json!("https://console.first.example");
    foreign["CTR_ENTITIES_LIMIT"] = json!(3);
    let answer = relay.ask_with(foreign, OBSERVE, &one("sha256", DROPPED)).await;
    assert_eq!(codes(&answer), [("fatal", "connection error")]);
    let asked = hosts.asked();
    assert_eq!(asked.iter().collect::<BTreeSet<_>>(), [&"first.example".to_owned()].into());
    let answer = relay.observe(&one("sha256", DROPPED)).await.to_string();
    assert!(!answer.contains("first.example"));
    assert!(relay.searches().iter().all(|call| call.query.starts_with("pageSize=100&")));
    assert_eq!(hosts.asked(), asked);
}

#[tokio::test]
async fn no04_keys_are_fetched_from_no_host_of_a_tokens_choice() {
    let hosts = Arc::new(Names::loopback());
    let relay = TestRelay::resolving(&[], hosts.clone()).await;
    let token = Token::new()
        .claims(claims(ACCOUNT))
        .claim("jwks_host", "keys.evil.example")
        .claim("aud", "https://relay.example")
        .kid("k1")
        .rs256(RsaKey::shared());
    let answer = relay.send(&format!("Bearer {token}"), "/health", "").await;
    assert_eq!(codes(&answer), [("fatal", "authorization error")]);
    assert!(hosts.asked().is_empty());
    assert_eq!(relay.sandbox.calls().len(), 0);
}

#[tokio::test]
async fn no05_a_value_is_never_a_query() {
    let relay = TestRelay::open().await;
    for value in [
        r#"x" or file.name: "drop.exe"#,
        r#"x` or file.name: `drop.exe"#,
        r#"x\" or file.name: "drop.exe"#,
        "x' or file.name: 'drop.exe' or file.name: \"",
        "x\") or (file.name: \"drop.exe",
        "* or type: FILE",
    ] {
        for kind in ["file_name", "file_path", "mutex", "domain"] {
            let answer = relay.observe(&one(kind, value)).await;
            assert_eq!(answer, json!({"data": {}}), "{kind} {value}");
        }
    }
}

#[tokio::test]
async fn no07_errors_without_json_are_answers_too() {
    for code in [400, 401, 403, 404, 409, 418, 429, 500, 503] {
        for path in [AUTH_PATH, EVENTS_PATH] {
            let relay = TestRelay::open().await;
            let headers = vec![("Retry-After".to_owned(), "0".to_owned())];
            let body = "<html><body>Gateway</body></html>".to_owned();
            let page = Fault::Status { code, headers, body };
            relay.sandbox.fault(path, page, Times::Always);
            let answer = relay.ask("/health", &json!({})).await;
            assert_eq!(codes(&answer).len(), 1);
            assert!(!message(&answer).contains('<'), "{answer}");
        }
    }
}

#[tokio::test]
async fn no14_nothing_is_sent_empty_or_null() {
    fn check(value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(check),
            Value::Object(members) => members.values().for_each(check),
            other => assert!(!other.is_null() && *other != json!("")),
        }
    }
    let relay = TestRelay::open().await;
    // The verdict of this event has no threat name.
    let answer = relay.observe(&one("ip", "203.0.113.77")).await;
    check(&answer);
    assert_eq!(answer["data"]["judgements"]["docs"][0].get("reason"), None);
}

#[tokio::test]
async fn no15_a_name_resolves_to_an_address() {
    let relay = TestRelay::open().await;
    let answer = relay.observe(&one("ip", "203.0.113.77")).await;
    assert_eq!(
        relations(&answer),
        [
            ("file_name", "Connected_To", "ip"),
            ("file_name", "Connected_To", "domain"),
            ("domain", "Resolved_To", "ip"),
            ("ip", "Connected_To", "ip"),
        ]
    );
}

#[tokio::test]
async fn no16_ids_are_the_same_in_any_order_and_none_is_there_twice() {
    fn ids(answer: &Value) -> Vec<String> {
        let collections = answer["data"].as_object().unwrap().values();
        let docs = collections.flat_map(|all| all["docs"].as_array().unwrap());
        docs.map(|doc| doc["id"].as_str().unwrap().to_owned()).collect()
    }
    let [ip, domain] = [
        json!({"type": "ip", "value": "203.0.113.77"}),
        json!({"type": "domain", "value": "c2.bad.example"}),
    ];
    let relay = TestRelay::open().await;
    let forth = ids(&relay.observe(&json!([ip, domain])).await);
    let back = ids(&TestRelay::open().await.observe(&json!([domain, ip])).await);
    let distinct: BTreeSet<_> = forth.iter().collect();
    assert_eq!(distinct.len(), forth.len());
    assert_eq!(distinct, back.iter().collect());
}

#[tokio::test]
async fn no17_what_is_asked_twice_is_asked_once() {
    let relay = TestRelay::open().await;
    let wanted = json!([
        {"type": "sha256", "value": DROPPED.to_uppercase()},
        {"type": "SHA256", "value": DROPPED},
        {"type": "domain", "value": "c2.bad.example."},
        {"type": "domain", "value": "C2.BAD.example"},
    ]);
    let answer = relay.ask(OBSERVE, &wanted).await;
    assert_eq!((relay.searches().len(), count(&answer, "sightings")), (4, 2));
    let first = &answer["data"]["sightings"]["docs"][0]["observables"][0];
    assert_eq!(*first, json!({"type": "sha256", "value": DROPPED.to_uppercase()}));
}

#[tokio::test]
async fn no18_an_event_of_both_passes_is_one_and_active() {
    let relay = TestRelay::open().await;
    let answer = relay.observe(&one("file_name", "rare.exe")).await;
    let docs = answer["data"]["sightings"]["docs"].as_array().unwrap();
    let id = "F_1f2e3d4c-5b6a-4798-8a7b-6c5d4e3f2a1b_204";
    let both: Vec<_> = docs.iter().filter(|doc| doc["external_ids"][0] == id).collect();
    assert_eq!(both.len(), 1);
    // The active copy has the higher score.
    assert_eq!(
        (&both[0]["severity"], &both[0]["data"]["rows"][0][0]),
        (&json!("High"), &json!("True"))
    );
}

#[tokio::test]
async fn no20_an_authorization_header_of_other_than_two_words_is_refused() {
    let relay = TestRelay::open().await;
    let good = bearer(claims(ACCOUNT));
    for header in ["Bearer", "", "Basic abc", &format!("{good} more"), &good["Bearer ".len()..]] {
        let answer = relay.send(header, "/health", "").await;
        assert_eq!(codes(&answer), [("fatal", "authorization error")], "{header}");
    }
    assert_eq!(relay.send(&good, "/health", "").await, json!({"data": {"status": "ok"}}));
}

#[tokio::test]
async fn no21_addresses_of_version_six_are_called_so() {
    let relay = TestRelay::open().await;
    let answer = relay.observe(&one("ipv6", "2001:db8::77")).await;
    assert_eq!(
        relations(&answer),
        [("file_name", "Connected_To", "ipv6"), ("ipv6", "Connected_To", "ipv6")]
    );
}
