//! Faults of the Python relays that no other test covers, row by row of
//! docs/relays/qualys-ioc.md#differences-from-the-python-originals.

use std::{collections::BTreeSet, sync::Arc};

use relay_core::Route;
use sandbox::{
    Fault, Times,
    qualys_ioc::{ACCOUNT, AUTH_PATH, EVENT_SEARCHES},
};
use serde_json::{Value, json};
use testkit::{Answer, TestResolver};

use crate::test_relay::{DROPPED, OBSERVE, TestRelay, claims, one, searches};

fn relations(answer: &Answer) -> Vec<(&str, &str, &str)> {
    let all = answer
        .docs("sightings")
        .iter()
        .flat_map(|doc| doc["relations"].as_array().into_iter().flatten());
    all.map(|relation| {
        assert_eq!(relation["origin"], "Qualys IOC");
        let word = |path: &str| relation.pointer(path).unwrap().as_str().unwrap();
        (word("/source/type"), word("/relation"), word("/related/type"))
    })
    .collect()
}

#[tokio::test(start_paused = true)]
async fn the_access_token_is_redacted_from_answers() {
    let relay = TestRelay::start().await;
    relay.health().await;
    let token = searches(&relay)[0].authorization().unwrap()["Bearer ".len()..].to_owned();
    let echo = Fault::json(500, &json!({"message": format!("seen {token}")}));
    relay.sandbox.fault(EVENT_SEARCHES, echo, Times::Always);
    for path in [Route::Health, OBSERVE] {
        let answer = relay.ask(path, &one("sha256", DROPPED)).await.to_string();
        assert!(answer.contains("seen") && !answer.contains(&token), "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn hosts_and_limit_of_one_token_do_not_reach_the_next_call() {
    let hosts = Arc::new(TestResolver::loopback());
    let relay = TestRelay::start().resolving(hosts.clone()).await;
    let mut other = claims(ACCOUNT);
    other["API_URL"] = json!("https://first.example");
    other["PLATFORM_URL"] = json!("https://console.first.example");
    other["CTR_ENTITIES_LIMIT"] = json!(3);
    let answer = relay.with_claims(other).ask(OBSERVE, &one("sha256", DROPPED)).await;
    assert_eq!(answer.errors(), [("fatal", "connection error")]);
    let resolved = hosts.names();
    assert_eq!(resolved.iter().collect::<BTreeSet<_>>(), [&"first.example".to_owned()].into());
    let answer = relay.ask(OBSERVE, &one("sha256", DROPPED)).await.to_string();
    assert!(!answer.contains("first.example"));
    assert!(searches(&relay).iter().all(|call| call.query.starts_with("pageSize=100&")));
    assert_eq!(hosts.names(), resolved);
}

#[tokio::test(start_paused = true)]
async fn a_value_is_never_a_query() {
    let relay = TestRelay::start().await;
    for value in [
        r#"x" or file.name: "drop.exe"#,
        r#"x` or file.name: `drop.exe"#,
        r#"x\" or file.name: "drop.exe"#,
        "x' or file.name: 'drop.exe' or file.name: \"",
        "x\") or (file.name: \"drop.exe",
        "* or type: FILE",
    ] {
        for kind in ["file_name", "file_path", "mutex", "domain"] {
            let answer = relay.ask(OBSERVE, &one(kind, value)).await;
            assert_eq!(answer, json!({"data": {}}), "{kind} {value}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn error_responses_without_json_are_reported() {
    for code in [400, 401, 403, 404, 409, 418, 429, 500, 503] {
        for path in [AUTH_PATH, EVENT_SEARCHES] {
            let relay = TestRelay::start().await;
            let headers = vec![("Retry-After".to_owned(), "0".to_owned())];
            let body = "<html><body>Gateway</body></html>".to_owned();
            let page = Fault::Status { code, headers, body };
            relay.sandbox.fault(path, page, Times::Always);
            let answer = relay.health().await;
            assert_eq!(answer.errors().len(), 1);
            assert!(!answer.message().contains('<'), "{answer:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_empty_or_null() {
    fn check(value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(check),
            Value::Object(members) => members.values().for_each(check),
            other => assert!(!other.is_null() && *other != json!("")),
        }
    }
    let relay = TestRelay::start().await;
    // The verdict of this event has no threat name.
    let answer = relay.ask(OBSERVE, &one("ip", "203.0.113.77")).await;
    check(&answer);
    assert_eq!(answer.docs("judgements")[0].get("reason"), None);
}

#[tokio::test(start_paused = true)]
async fn a_domain_resolves_to_an_address() {
    let relay = TestRelay::start().await;
    let answer = relay.ask(OBSERVE, &one("ip", "203.0.113.77")).await;
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

#[tokio::test(start_paused = true)]
async fn an_address_in_the_mapped_form_is_ipv4_and_what_every_machine_has_is_nobodys() {
    let relay = TestRelay::start().await;
    let events = json!([{
        "id": "N_1", "type": "NETWORK", "dateTime": "2026-03-02T08:00:11.000+0000",
        "process": {"processName": "svc_update.exe"},
        "network": {"localIP": "127.0.0.1", "remoteIP": "::ffff:203.0.113.80", "remoteDns": "bücher.example"},
        "asset": {"hostName": "localhost", "interfaces": [
            {"ipAddress": "::1", "macAddress": "00:00:00:00:00:00"},
            {"ipAddress": "::ffff:10.20.30.47", "macAddress": "00:50:56:A1:B2:C3"},
        ]},
    }]);
    relay.sandbox.fault(EVENT_SEARCHES, Fault::json(200, &events), Times::Always);
    let answer = relay.ask(OBSERVE, &one("domain", "xn--bcher-kva.example")).await;
    let expected = [
        ("file_name", "Connected_To", "ip"),
        ("file_name", "Connected_To", "domain"),
        ("domain", "Resolved_To", "ip"),
    ];
    assert_eq!(relations(&answer), expected);
    let target = &answer.docs("sightings")[0]["targets"][0]["observables"];
    let own = json!([
        {"type": "ip", "value": "10.20.30.47"},
        {"type": "mac_address", "value": "00:50:56:A1:B2:C3"},
    ]);
    assert_eq!(*target, own);
}

#[tokio::test(start_paused = true)]
async fn the_image_of_a_process_is_a_file() {
    let image = json!({"md5": "0f1e2d3c4b5a69788796a5b4c3d2e1f0"});
    let relay = TestRelay::start().await;
    let events = json!([{"data": {
        "eventId": "P_1", "eventType": "PROCESS", "dateTime": "2026-03-02T08:00:11.000+0000",
        "process": {"processName": "a.exe", "fullPath": "C:\\a.exe", "processFile": image},
    }}]);
    relay.sandbox.fault(EVENT_SEARCHES, Fault::json(200, &json!({"items": events})), Times::Always);
    let answer = relay.ask(OBSERVE, &one("md5", "0f1e2d3c4b5a69788796a5b4c3d2e1f0")).await;
    assert_eq!(
        relations(&answer),
        [("file_name", "File_Name_Of", "md5"), ("file_path", "File_Path_Of", "md5")]
    );
    assert_eq!(answer.docs("sightings")[0]["external_ids"], json!(["P_1"]));
}

#[tokio::test(start_paused = true)]
async fn ids_are_the_same_in_any_order_and_unique() {
    let [ip, domain] = [("ip", "203.0.113.77"), ("domain", "c2.bad.example")];
    let forth = TestRelay::start().await.observe([ip, domain]).await;
    let back = TestRelay::start().await.observe([domain, ip]).await;
    assert_eq!(forth.ids().len(), forth.all_docs().count());
    assert_eq!(forth.ids(), back.ids());
}

#[tokio::test(start_paused = true)]
async fn an_observable_requested_twice_is_searched_for_once() {
    let relay = TestRelay::start().await;
    let observables = json!([
        {"type": "sha256", "value": DROPPED.to_uppercase()},
        {"type": "SHA256", "value": DROPPED},
        {"type": "domain", "value": "c2.bad.example."},
        {"type": "domain", "value": "C2.BAD.example"},
    ]);
    let answer = relay.ask(OBSERVE, &observables).await;
    assert_eq!((searches(&relay).len(), answer.docs("sightings").len()), (4, 2));
    let first = &answer.docs("sightings")[0]["observables"][0];
    assert_eq!(*first, json!({"type": "sha256", "value": DROPPED.to_uppercase()}));
}

#[tokio::test(start_paused = true)]
async fn an_event_of_both_searches_is_one_and_active() {
    let relay = TestRelay::start().await;
    let answer = relay.ask(OBSERVE, &one("file_name", "rare.exe")).await;
    let id = "F_1f2e3d4c-5b6a-4798-8a7b-6c5d4e3f2a1b_204";
    let docs = answer.docs("sightings").iter();
    let both: Vec<_> = docs.filter(|doc| doc["external_ids"][0] == id).collect();
    assert_eq!(both.len(), 1);
    // The active copy has the higher score.
    assert_eq!(
        (&both[0]["severity"], &both[0]["data"]["rows"][0][0]),
        (&json!("High"), &json!("True"))
    );
}

#[tokio::test(start_paused = true)]
async fn ipv6_addresses_have_the_type_ipv6() {
    let relay = TestRelay::start().await;
    let answer = relay.ask(OBSERVE, &one("ipv6", "2001:db8::77")).await;
    assert_eq!(
        relations(&answer),
        [("file_name", "Connected_To", "ipv6"), ("ipv6", "Connected_To", "ipv6")]
    );
}
