//! HTTP/2 that ends or falls silent: catalogue row N20.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    certificates::{GOOD, relay},
    frames::{Act, Server},
    tls_server::Authority,
};
use crate::{
    fixture::{Fixture, hs256},
    test_call::{health, trigger},
};

const INTERNAL_ERROR: u32 = 2;
const REFUSED_STREAM: u32 = 7;
const CANCEL: u32 = 8;
const ENHANCE_YOUR_CALM: u32 = 11;

/// Every end before the first byte of an answer.
const ENDS: [Act; 7] = [
    Act::GoAway,
    Act::Reset(INTERNAL_ERROR),
    Act::Reset(REFUSED_STREAM),
    Act::Reset(CANCEL),
    Act::Reset(ENHANCE_YOUR_CALM),
    Act::HangUp,
    Act::Vanish,
];

/// A relay that has asked its product once.
async fn warm() -> (Fixture, Server) {
    let authority = Authority::new("own");
    let server = Server::start(authority.certifies("127.0.0.1", GOOD)).await;
    let fixture = relay(&server.url(), Some(&authority)).await;
    assert!(fixture.answer(health(&hs256())).await.is_ok());
    assert_eq!((server.requests(), server.connections()), (1, 1));
    (fixture, server)
}

#[tokio::test(start_paused = true)]
async fn n20_a_read_without_a_response_is_retried_once() {
    for end in ENDS {
        let (fixture, server) = warm().await;
        server.next(&[end]);
        let answer = fixture.answer(health(&hs256())).await;
        assert!(answer.is_ok() && server.requests() == 3, "{end:?}: {answer:?}");
        server.next(&[end, end]);
        let answer = fixture.answer(health(&hs256())).await;
        assert_eq!((answer.codes(), server.requests()), (vec!["connection error"], 5), "{end:?}");
        assert!(fixture.answer(health(&hs256())).await.is_ok(), "{end:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn n20_a_connection_after_goaway_is_replaced() {
    let (fixture, server) = warm().await;
    server.next(&[Act::LastAnswer]);
    for requests in 2..5 {
        assert!(fixture.answer(health(&hs256())).await.is_ok());
        assert_eq!(server.requests(), requests);
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test(start_paused = true)]
async fn n20_a_lost_connection_is_noticed_in_time_for_a_retry() {
    let (fixture, server) = warm().await;
    server.next(&[Act::Vanish]);
    let start = Instant::now();
    assert!(fixture.answer(health(&hs256())).await.is_ok());
    // Five seconds of silence, and five without an answer to the ping.
    assert_eq!((start.elapsed().as_secs(), server.connections()), (10, 2));
}

#[tokio::test(start_paused = true)]
async fn n20_a_product_that_only_answers_pings_times_out() {
    for act in [Act::Silence, Act::Half] {
        let (fixture, server) = warm().await;
        for (time, waited) in [(27, 15), (5, 5)] {
            server.next(&[act]);
            let start = Instant::now();
            let answer = fixture.answer(health(&hs256()).within(Duration::from_secs(time))).await;
            assert_eq!(answer.codes(), ["connection error"], "{act:?}");
            assert!(answer.message().contains("did not answer in time"), "{answer:?}");
            assert_eq!(start.elapsed().as_secs(), waited, "{act:?}");
        }
        // The connection is not to blame.
        assert!(fixture.answer(health(&hs256())).await.is_ok());
        assert_eq!((server.requests(), server.connections()), (4, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn n20_n14_an_action_is_sent_once_however_the_connection_ends() {
    for end in ENDS.into_iter().chain([Act::Silence, Act::Half]) {
        let (fixture, server) = warm().await;
        server.next(&[end]);
        let answer = fixture.answer(trigger(&hs256(), "isolate")).await;
        assert_eq!(answer.json["data"]["status"], "failure", "{end:?}");
        assert!(answer.message().contains("was done is not known"), "{end:?}: {answer:?}");
        assert_eq!(server.requests(), 2, "{end:?}");
    }
}
