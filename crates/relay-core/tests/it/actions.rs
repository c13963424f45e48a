//! Actions are on the record before and after they are done, and are done once: catalogue rows A01
//! and P13.

use std::time::Duration;

use futures::future::join_all;
use relay_core::Environment;
use serde_json::json;
use testkit::{captured_logs, keys::RsaKey, token::SECRET};

use crate::{
    fixture::{Fixture, account, hs256},
    test_call::{TestCall, trigger},
    wire::ScriptedResponse,
};

/// The claim in which XDR names the user.
const USER: &str = "https://schemas.cisco.com/iroh/identity/claims/user/email";

/// The requests for an action that reached the product.
fn acts(fixture: &Fixture) -> usize {
    fixture.product.asked().iter().filter(|asked| asked.path() == "/act").count()
}

fn isolate() -> TestCall {
    trigger(&hs256(), "isolate").from(Some("198.51.100.7")).gateway_request("gateway-1")
}

#[tokio::test]
async fn a01_the_same_action_within_a_minute_is_done_once() {
    let fixture = Fixture::new().await;
    assert!(fixture.answer(isolate()).await.is_ok());
    for seconds in [0, 30, 29] {
        fixture.clock.advance(Duration::from_secs(seconds));
        let answer = fixture.answer(isolate()).await;
        assert_eq!(answer.codes(), ["already requested"], "{answer:?}");
        assert_eq!(answer.json["data"]["status"], "failure");
    }
    assert_eq!(acts(&fixture), 1);
    fixture.clock.advance(Duration::from_secs(1));
    assert!(fixture.answer(isolate()).await.is_ok());
    assert_eq!(acts(&fixture), 2);
}

#[tokio::test]
async fn a01_simultaneous_requests_for_an_action_have_it_done_once() {
    let fixture = Fixture::new().await;
    let answers = join_all((0..20).map(|_| fixture.answer(isolate()))).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(acts(&fixture), 1);
}

#[tokio::test]
async fn a01_another_target_action_or_caller_is_not_the_same() {
    let fixture = Fixture::new().await;
    let other = account().claim("client_id", "client-b").hs256(SECRET.as_bytes());
    let later = account().claim("exp", 1_900_000_000).hs256(SECRET.as_bytes());
    let at = |value: &str| {
        isolate().json(&json!({
            "action-id": "isolate", "observable_type": "domain", "observable_value": value,
        }))
    };
    for ask in [
        isolate(),
        trigger(&other, "isolate"),
        trigger(&hs256(), "isolate-with-token"),
        at("other.example"),
    ] {
        assert!(fixture.answer(ask).await.is_ok());
    }
    // The same caller with another token, and the same target in another spelling.
    for ask in [trigger(&later, "isolate"), at("HOST.example.")] {
        assert_eq!(fixture.answer(ask).await.codes(), ["already requested"]);
    }
    assert_eq!(acts(&fixture), 4);
}

#[tokio::test]
async fn a01_what_was_not_done_may_be_tried_again_at_once() {
    let fixture = Fixture::new().await;
    fixture.product.always("/act", ScriptedResponse::body(403, "no"));
    for _ in 0..2 {
        assert_eq!(fixture.answer(isolate()).await.codes(), ["permission denied"]);
    }
    fixture.product.always("/act", ScriptedResponse::body(200, "x").breaking_off());
    let unknown = fixture.answer(isolate()).await;
    assert!(unknown.message().contains("is not known"), "{unknown:?}");
    assert_eq!(fixture.answer(isolate()).await.codes(), ["already requested"]);
    assert_eq!(acts(&fixture), 3);
}

#[tokio::test]
async fn p13_an_action_is_on_the_record_before_and_after_it() {
    let fixture = Fixture::new().await;
    let lines = captured_logs::listen();
    let results = ["requested", "accepted", "already requested", "refused", "not asked", "unknown"];
    let mut expected = [0; 6];
    let counts = || results.map(|word| lines.count(&format!("\"result\":\"{word}\"")));
    let mut check = |further: [usize; 6]| {
        for (count, more) in expected.iter_mut().zip(further) {
            *count += more;
        }
        assert_eq!(counts(), expected);
    };
    fixture.answer(isolate()).await;
    check([1, 1, 0, 0, 0, 0]);
    fixture.answer(isolate()).await;
    check([1, 0, 1, 0, 0, 0]);
    fixture.answer(trigger(&hs256(), "unheard-of")).await;
    check([1, 0, 0, 0, 1, 0]);
    fixture.product.always("/act", ScriptedResponse::body(403, "no"));
    fixture.answer(trigger(&hs256(), "isolate-with-token")).await;
    check([1, 0, 0, 1, 0, 0]);
    fixture.product.always("/act", ScriptedResponse::body(200, "x").breaking_off());
    fixture.answer(trigger(&hs256(), "isolate-with-token")).await;
    check([1, 0, 0, 0, 0, 1]);
    for part in [
        r#""target":"relay_core::audit""#,
        r#""request_id":"request-1""#,
        r#""gateway_request_id":"gateway-1""#,
        r#""source":"198.51.100.7""#,
        r#""token":"sha256:"#,
        r#""account":"client-a""#,
        r#""action":"isolate""#,
        r#""observable_value":"host.example""#,
    ] {
        assert!(lines.count(part) >= 4, "{part}");
    }
}

#[tokio::test]
async fn p13_the_product_and_the_record_say_who_asked_and_from_where() {
    let settings = [("REQUESTED_FROM", "Contoso SOC"), ("TOKEN_CLAIMS", "org_id=ours")];
    let with_all = |environment| {
        settings.iter().fold(environment, |all: Environment, (name, value)| all.with(*name, *value))
    };
    let of_user = |fixture: &Fixture| {
        let token = fixture.configuration().claim("org_id", "ours");
        token.claim(USER, "mara@contoso.example").rs256(RsaKey::shared())
    };
    let lines = captured_logs::listen();
    let usual = Fixture::new().await;
    let set = Fixture::with(with_all).await;
    for (fixture, token, expected) in [
        (&usual, hs256(), "Cisco XDR"),
        // Without TOKEN_CLAIMS it may be anybody's.
        (&usual, of_user(&usual), "Cisco XDR"),
        (&set, hs256(), "Contoso SOC"),
        (&set, of_user(&set), "Contoso SOC by mara@contoso.example"),
    ] {
        assert!(fixture.answer(trigger(&token, "isolate")).await.is_ok());
        let sent = fixture.product.asked().last().unwrap().json();
        assert_eq!(sent["from"], expected);
        let on_record = format!(r#""requested_from":"{expected}""#);
        assert!(lines.count(&on_record) >= 2, "{on_record}");
    }
}

#[tokio::test(start_paused = true)]
async fn p13_an_action_that_did_not_end_in_time_is_on_the_record_as_unknown() {
    let fixture = Fixture::new().await;
    fixture.product.always("/act", ScriptedResponse::silence());
    let lines = captured_logs::listen();
    let answer = fixture.answer(isolate().within(Duration::from_secs(2))).await;
    assert!(answer.message().contains("is not known"), "{answer:?}");
    assert_eq!(lines.count(r#""result":"unknown""#), 1);
}

#[tokio::test]
async fn p13_a_long_value_stands_whole_and_a_token_by_its_id() {
    let fixture = Fixture::new().await;
    let lines = captured_logs::listen();
    let value = format!("{}.example", "a".repeat(1000));
    let token = account().claim("jti", "token-7").hs256(SECRET.as_bytes());
    let body = json!({
        "action-id": "isolate", "observable_type": "domain", "observable_value": value,
    });
    fixture.answer(trigger(&token, "isolate").json(&body)).await;
    // The line about the whole call names the token too.
    assert_eq!((lines.count(&value), lines.count(r#""token":"token-7""#)), (2, 3));
}
