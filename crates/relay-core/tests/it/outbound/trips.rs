//! Redirections, broken connections and links: catalogue rows N01, N03, N04, N05 and N18.

use std::time::Duration;

use serde_json::json;
use tokio::{net::TcpListener, time::Instant};

use super::{BOTH, answering_badly, assert_partial, one_hit};
use crate::{
    ask::{health, observe, trigger},
    relay::NEVER_ENDING,
    stage::{CLIENT_SECRET, Stage, hs256},
    wire::{Reply, Server},
};

#[tokio::test]
async fn n01_the_key_does_not_follow_a_redirection() {
    let stage = Stage::set().await;
    let canary = Server::start().await;
    let targets = [
        format!("{}/me", canary.url()),
        format!("//{}/me", canary.host()),
        format!("https://{}/me", canary.host()),
        format!("http://localhost:{}/me", canary.port()),
        format!("{}/elsewhere", stage.product.url()),
        "/elsewhere".to_owned(),
    ];
    let mut calls = 0;
    for status in [301, 302, 303, 307, 308] {
        for target in &targets {
            stage.product.always("/me", Reply::redirect(status, target));
            let answer = stage.answer(health(&hs256())).await;
            assert_eq!(answer.codes(), ["unknown"], "{status} {target}");
            assert!(answer.message().contains("redirects"), "{answer:?}");
            calls += 1;
        }
    }
    assert_eq!(stage.product.asked().len(), calls);
    assert_eq!(stage.product.asked()[0].header("x-api-key"), CLIENT_SECRET);
    // A login is a body that a 307 would carry elsewhere.
    stage.product.always("/login", Reply::redirect(307, &format!("{}/login", canary.url())));
    assert!(!stage.answer(observe(&hs256(), &["a.test"])).await.is_ok());
    assert_eq!((canary.connections(), stage.product.calls("/elsewhere")), (0, 0));
}

#[tokio::test]
async fn what_is_sent_says_who_asks_and_nothing_else() {
    let stage = Stage::set().await;
    assert!(stage.answer(health(&hs256())).await.is_ok());
    let asked = stage.product.asked().remove(0);
    assert_eq!(asked.header("user-agent"), "threat-relays-probe/1.2.3");
    let mut names: Vec<_> = asked.headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "accept-encoding", "host", "user-agent", "x-api-key"]);
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("GET", "/me"));
    assert!(stage.answer(trigger(&hs256(), "isolate")).await.is_ok());
    let asked = stage.product.asked().remove(1);
    assert_eq!((asked.method.as_str(), asked.json()), ("POST", json!({"value": "host.example"})));
    assert_eq!(asked.header("content-type"), "application/json");
}

#[tokio::test]
async fn n03_a_connection_that_is_refused_is_an_unreachable_product() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let stage = Stage::with(|environment| environment.with("PRODUCT_URL", url.clone())).await;
    for ask in [health(&hs256()), observe(&hs256(), &["a.test"])] {
        let answer = stage.answer(ask).await;
        assert_eq!(answer.codes(), ["connection error"]);
        assert!(answer.message().contains(&url), "{answer:?}");
    }
}

#[tokio::test]
async fn n03_a_connection_that_breaks_is_an_unreachable_product() {
    let cases = [
        (Reply::reset(), 2),
        (Reply::hang_up(), 2),
        (Reply::raw(b"HTTP/1.1 200 O").closing(), 2),
        (Reply::body(200, "{").breaking_off(), 1),
        (Reply::body(200, "{").of_length(100).closing(), 1),
    ];
    for (at, (reply, calls)) in cases.into_iter().enumerate() {
        let stage = Stage::set().await;
        stage.product.always("/me", reply);
        let answer = stage.answer(health(&hs256())).await;
        assert_eq!(answer.codes(), ["connection error"], "{at}");
        // Only what broke before the first byte of an answer is asked again.
        assert_eq!(stage.product.calls("/me"), calls, "{at}");
    }
}

#[tokio::test]
async fn n03_a_name_that_does_not_resolve_is_an_unreachable_product() {
    let stage = Stage::set().await;
    let token = super::hosts::elsewhere("https://product.example");
    let answer = stage.answer(health(&token)).await;
    assert_eq!(answer.codes(), ["connection error"]);
    assert!(answer.message().contains("https://product.example"), "{answer:?}");
    assert!(stage.names.asked().iter().all(|name| name == "product.example"));
}

#[tokio::test]
async fn n04_a_pooled_connection_that_was_closed_is_replaced_silently() {
    let stage = Stage::set().await;
    assert!(stage.accepts(&hs256()).await);
    stage.product.once("/me", Reply::hang_up());
    assert!(stage.answer(health(&hs256())).await.is_ok());
    assert_eq!((stage.product.calls("/me"), stage.product.connections()), (3, 2));
    // One that is closed while it rests costs nobody anything, not even an action.
    stage.product.once("/me", Reply::json(&json!({})).closing());
    assert!(stage.answer(health(&hs256())).await.is_ok());
    assert!(stage.answer(trigger(&hs256(), "isolate")).await.is_ok());
    assert_eq!(stage.product.calls("/act"), 1);
}

#[tokio::test(start_paused = true)]
async fn n05_a_product_that_falls_silent_costs_only_what_it_was_asked() {
    let one_byte_each_second = Duration::from_secs(1);
    let replies = [
        Reply::silence(),
        Reply::raw(b"HTTP/1.1 200 OK\r\n").stalling(),
        Reply::body(200, r#"{"hits":["#).stalling(),
        Reply::body(200, r#"{"hits":[]}"#.repeat(5)).trickling(one_byte_each_second),
    ];
    for (at, reply) in replies.into_iter().enumerate() {
        let stage = Stage::set().await;
        answering_badly(&stage, reply);
        for (time, waited) in [(27, 15), (5, 5)] {
            let start = Instant::now();
            let ask = observe(&hs256(), &BOTH).within(Duration::from_secs(time));
            assert_partial(&stage.answer(ask).await, "connection error");
            assert_eq!(start.elapsed().as_secs(), waited, "{at}");
        }
        stage.product.given_up(2).await;
    }
}

#[tokio::test(start_paused = true)]
async fn n05_a_handshake_that_never_ends_is_given_up_after_three_seconds() {
    // The system connects; nobody ever says a word.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", silent.local_addr().unwrap());
    let stage = Stage::with(|environment| environment.with("PRODUCT_URL", url)).await;
    for ask in [health(&hs256()), trigger(&hs256(), "isolate")] {
        let start = Instant::now();
        let answer = stage.answer(ask).await;
        assert_eq!((answer.codes(), start.elapsed().as_secs()), (vec!["connection error"], 3));
        assert!(answer.message().contains("cannot be reached"), "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn l04_whatever_a_relay_does_the_caller_is_answered_in_time() {
    let stage = Stage::set().await;
    let start = Instant::now();
    let answer = stage.answer(observe(&hs256(), &["a.test", NEVER_ENDING])).await;
    assert_eq!(answer.codes(), ["connection error"]);
    assert_eq!(start.elapsed().as_millis(), 27_500);
    assert!(stage.answer(health(&hs256())).await.is_ok());
    // A deadline that is over already leaves no time to ask anybody.
    let late = stage.answer(health(&hs256()).within(Duration::ZERO)).await;
    assert_eq!(late.codes(), ["connection error"]);
}

#[tokio::test]
async fn n18_links_of_the_product_stay_with_the_product() {
    let stage = Stage::set().await;
    let canary = Server::start().await;
    let (own, foreign) = (stage.product.url(), canary.url());
    let links = [
        format!("{foreign}/search"),
        format!("https://{}/search", stage.product.host()),
        format!("http://user@{}/search", stage.product.host()),
        format!("http://:pass@{}/search", stage.product.host()),
        format!("http://{}@{}/search", stage.product.host(), canary.host()),
        format!("{own}.evil.test/search"),
        "/search?page=2".to_owned(),
        "//evil.test/search".to_owned(),
        "javascript:alert(1)".to_owned(),
        String::new(),
    ];
    for link in links {
        let page = json!({"hits": one_hit()["hits"], "next": link});
        stage.product.always("/search", Reply::json(&page));
        let before = stage.product.calls("/search");
        let answer = stage.answer(observe(&hs256(), &["good.test"])).await;
        assert_partial(&answer, "unknown");
        assert_eq!(stage.product.calls("/search") - before, 1, "{link}");
    }
    assert_eq!((canary.connections(), stage.names.asked().len()), (0, 0));
    // Its own are followed, with the token and as they are, until there is enough.
    let endless = json!({"hits": one_hit()["hits"], "next": format!("{own}/search?page=%2B2")});
    stage.product.always("/search", Reply::json(&endless));
    let before = stage.product.calls("/search");
    assert!(stage.answer(observe(&hs256(), &["good.test"])).await.is_ok());
    assert_eq!(stage.product.calls("/search") - before, 100);
    let last = stage.product.asked().pop().unwrap();
    assert_eq!((last.target.as_str(), last.bearer()), ("/search?page=%2B2", "token"));
}
