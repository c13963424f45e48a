//! Redirections, broken connections and links: catalogue rows N01, N03, N04, N05 and N18.

use std::time::Duration;

use serde_json::json;
use tokio::{net::TcpListener, time::Instant};

use super::{BOTH, answering_badly, assert_partial, one_hit};
use crate::{
    fixture::{CLIENT_SECRET, Fixture, hs256},
    relay::NEVER_ENDING,
    test_call::{health, observe, trigger},
    wire::{ScriptedResponse, Server},
};

#[tokio::test]
async fn n01_the_key_does_not_follow_a_redirection() {
    let fixture = Fixture::new().await;
    let canary = Server::start().await;
    let targets = [
        format!("{}/me", canary.url()),
        format!("//{}/me", canary.host()),
        format!("https://{}/me", canary.host()),
        format!("http://localhost:{}/me", canary.port()),
        format!("{}/elsewhere", fixture.product.url()),
        "/elsewhere".to_owned(),
    ];
    let mut calls = 0;
    for status in [301, 302, 303, 307, 308] {
        for target in &targets {
            fixture.product.always("/me", ScriptedResponse::redirect(status, target));
            let answer = fixture.answer(health(&hs256())).await;
            assert_eq!(answer.codes(), ["unknown"], "{status} {target}");
            assert!(answer.message().contains("redirects"), "{answer:?}");
            calls += 1;
        }
    }
    assert_eq!(fixture.product.asked().len(), calls);
    assert_eq!(fixture.product.asked()[0].header("x-api-key"), CLIENT_SECRET);
    // A login is a body that a 307 would carry elsewhere.
    fixture
        .product
        .always("/login", ScriptedResponse::redirect(307, &format!("{}/login", canary.url())));
    assert!(!fixture.answer(observe(&hs256(), &["a.test"])).await.is_ok());
    assert_eq!((canary.connections(), fixture.product.calls("/elsewhere")), (0, 0));
}

#[tokio::test]
async fn what_is_sent_says_who_asks_and_nothing_else() {
    let fixture = Fixture::new().await;
    assert!(fixture.answer(health(&hs256())).await.is_ok());
    let asked = fixture.product.asked().remove(0);
    assert_eq!(asked.header("user-agent"), "threat-relays-probe/1.2.3");
    let mut names: Vec<_> = asked.headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "accept-encoding", "host", "user-agent", "x-api-key"]);
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("GET", "/me"));
    assert!(fixture.answer(trigger(&hs256(), "isolate")).await.is_ok());
    let asked = fixture.product.asked().remove(1);
    let expected = json!({"value": "host.example", "from": "Cisco XDR"});
    assert_eq!((asked.method.as_str(), asked.json()), ("POST", expected));
    assert_eq!(asked.header("content-type"), "application/json");
}

#[tokio::test]
async fn n03_a_connection_that_is_refused_is_an_unreachable_product() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let fixture = Fixture::with(|environment| environment.with("PRODUCT_URL", url.clone())).await;
    for ask in [health(&hs256()), observe(&hs256(), &["a.test"])] {
        let answer = fixture.answer(ask).await;
        assert_eq!(answer.codes(), ["connection error"]);
        assert!(answer.message().contains(&url), "{answer:?}");
    }
}

#[tokio::test]
async fn n03_a_connection_that_breaks_is_an_unreachable_product() {
    let cases = [
        (ScriptedResponse::reset(), 2),
        (ScriptedResponse::hang_up(), 2),
        (ScriptedResponse::raw(b"HTTP/1.1 200 O").closing(), 2),
        (ScriptedResponse::body(200, "{").breaking_off(), 1),
        (ScriptedResponse::body(200, "{").of_length(100).closing(), 1),
    ];
    for (at, (reply, calls)) in cases.into_iter().enumerate() {
        let fixture = Fixture::new().await;
        fixture.product.always("/me", reply);
        let answer = fixture.answer(health(&hs256())).await;
        assert_eq!(answer.codes(), ["connection error"], "{at}");
        // Only what broke before the first byte of an answer is asked again.
        assert_eq!(fixture.product.calls("/me"), calls, "{at}");
    }
}

#[tokio::test]
async fn n03_a_name_that_does_not_resolve_is_an_unreachable_product() {
    let fixture = Fixture::new().await;
    let token = super::hosts::elsewhere("https://product.example");
    let answer = fixture.answer(health(&token)).await;
    assert_eq!(answer.codes(), ["connection error"]);
    assert!(answer.message().contains("https://product.example"), "{answer:?}");
    assert!(fixture.names.asked().iter().all(|name| name == "product.example"));
}

#[tokio::test]
async fn n04_a_closed_pooled_connection_is_replaced() {
    let fixture = Fixture::new().await;
    assert!(fixture.accepts(&hs256()).await);
    fixture.product.once("/me", ScriptedResponse::hang_up());
    assert!(fixture.answer(health(&hs256())).await.is_ok());
    assert_eq!((fixture.product.calls("/me"), fixture.product.connections()), (3, 2));
    // One that is closed while it rests costs nobody anything, not even an action.
    fixture.product.once("/me", ScriptedResponse::json(&json!({})).closing());
    assert!(fixture.answer(health(&hs256())).await.is_ok());
    assert!(fixture.answer(trigger(&hs256(), "isolate")).await.is_ok());
    assert_eq!(fixture.product.calls("/act"), 1);
}

#[tokio::test(start_paused = true)]
async fn n05_a_silent_product_costs_only_its_own_observable() {
    let one_byte_each_second = Duration::from_secs(1);
    let replies = [
        ScriptedResponse::silence(),
        ScriptedResponse::raw(b"HTTP/1.1 200 OK\r\n").stalling(),
        ScriptedResponse::body(200, r#"{"hits":["#).stalling(),
        ScriptedResponse::body(200, r#"{"hits":[]}"#.repeat(5)).trickling(one_byte_each_second),
    ];
    for (at, reply) in replies.into_iter().enumerate() {
        let fixture = Fixture::new().await;
        answering_badly(&fixture, reply);
        for (time, waited) in [(27, 15), (5, 5)] {
            let start = Instant::now();
            let ask = observe(&hs256(), &BOTH).within(Duration::from_secs(time));
            assert_partial(&fixture.answer(ask).await, "connection error");
            assert_eq!(start.elapsed().as_secs(), waited, "{at}");
        }
        fixture.product.given_up(2).await;
    }
}

#[tokio::test(start_paused = true)]
async fn n05_a_handshake_times_out_after_three_seconds() {
    // The system connects; nobody ever says a word.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", silent.local_addr().unwrap());
    let fixture = Fixture::with(|environment| environment.with("PRODUCT_URL", url)).await;
    for ask in [health(&hs256()), trigger(&hs256(), "isolate")] {
        let start = Instant::now();
        let answer = fixture.answer(ask).await;
        assert_eq!((answer.codes(), start.elapsed().as_secs()), (vec!["connection error"], 3));
        assert!(answer.message().contains("cannot be reached"), "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn l04_every_call_is_answered_in_time() {
    let fixture = Fixture::new().await;
    let start = Instant::now();
    let answer = fixture.answer(observe(&hs256(), &["a.test", NEVER_ENDING])).await;
    assert_eq!(answer.codes(), ["connection error"]);
    assert_eq!(start.elapsed().as_millis(), 27_500);
    assert!(fixture.answer(health(&hs256())).await.is_ok());
    // A deadline that is over already leaves no time to ask anybody.
    let late = fixture.answer(health(&hs256()).within(Duration::ZERO)).await;
    assert_eq!(late.codes(), ["connection error"]);
}

#[tokio::test]
async fn n18_links_of_the_product_stay_with_the_product() {
    let fixture = Fixture::new().await;
    let canary = Server::start().await;
    let (own, foreign) = (fixture.product.url(), canary.url());
    let links = [
        format!("{foreign}/search"),
        format!("https://{}/search", fixture.product.host()),
        format!("http://user@{}/search", fixture.product.host()),
        format!("http://:pass@{}/search", fixture.product.host()),
        format!("http://{}@{}/search", fixture.product.host(), canary.host()),
        format!("{own}.evil.test/search"),
        "/search?page=2".to_owned(),
        "//evil.test/search".to_owned(),
        "javascript:alert(1)".to_owned(),
        String::new(),
    ];
    for link in links {
        let page = json!({"hits": one_hit()["hits"], "next": link});
        fixture.product.always("/search", ScriptedResponse::json(&page));
        let before = fixture.product.calls("/search");
        let answer = fixture.answer(observe(&hs256(), &["good.test"])).await;
        assert_partial(&answer, "unknown");
        assert_eq!(fixture.product.calls("/search") - before, 1, "{link}");
    }
    assert_eq!((canary.connections(), fixture.names.asked().len()), (0, 0));
    // Its own are followed, with the token and as they are, until there is enough.
    let endless = json!({"hits": one_hit()["hits"], "next": format!("{own}/search?page=%2B2")});
    fixture.product.always("/search", ScriptedResponse::json(&endless));
    let before = fixture.product.calls("/search");
    assert!(fixture.answer(observe(&hs256(), &["good.test"])).await.is_ok());
    assert_eq!(fixture.product.calls("/search") - before, 100);
    let last = fixture.product.asked().pop().unwrap();
    assert_eq!((last.target.as_str(), last.bearer()), ("/search?page=%2B2", "token"));
}
