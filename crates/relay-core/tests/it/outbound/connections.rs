//! How many connections are opened, and when. The network is a paused clock away, so that its round
//! trips are counted.

use std::time::Duration;

use futures::future::join_all;
use relay_core::Environment;
use testkit::{
    distance::{Distance, DistantServer, Issuer, Protocol},
    keys::RsaKey,
};
use tokio::{net::TcpListener, time::Instant};

use crate::{
    fixture::{Fixture, hs256},
    test_call::{Answer, health, observe},
    wire::Server,
};

const ROUND_TRIP: Duration = Duration::from_millis(100);

/// A relay and its product far away.
struct Distant {
    fixture: Fixture,
    product: DistantServer,
    /// What stands behind the product's network.
    near: Fixture,
    _issuer: Issuer,
}

impl Distant {
    async fn new(distance: Distance) -> Self {
        Self::with(distance, |environment| environment).await
    }

    async fn with(distance: Distance, settings: impl FnOnce(Environment) -> Environment) -> Self {
        let (near, issuer) = (Fixture::new().await, Issuer::new());
        let product = DistantServer::start(distance, &issuer, &near.product.url()).await;
        let bundle = issuer.bundle().display().to_string();
        let fixture = Fixture::with(|it| {
            settings(it.with("PRODUCT_URL", product.url()).with("EXTRA_CA_BUNDLE", bundle))
        });
        Self { fixture: fixture.await, product, near, _issuer: issuer }
    }

    /// So many requests at once.
    async fn ask(&self, times: usize) -> Vec<Answer> {
        join_all((0..times).map(|_| self.fixture.answer(health(&hs256())))).await
    }

    async fn assert_answers(&self, times: usize) {
        for answer in self.ask(times).await {
            assert!(answer.is_ok(), "{answer:?}");
        }
    }

    fn counts(&self) -> [usize; 3] {
        [self.product.connections(), self.product.handshakes(), self.product.requests()]
    }
}

fn far() -> Distance {
    Distance::of(ROUND_TRIP)
}

fn round_trips(since: Instant) -> u128 {
    since.elapsed().as_millis() / ROUND_TRIP.as_millis()
}

#[tokio::test(start_paused = true)]
async fn one_http2_connection_serves_all_requests_that_begin_at_once() {
    for times in [1, 10, 50] {
        let distant = Distant::new(far()).await;
        distant.assert_answers(times).await;
        assert_eq!(distant.counts(), [1, 1, times]);
        // It is one again when the first was idle for too long.
        tokio::time::advance(Duration::from_secs(26)).await;
        distant.assert_answers(times).await;
        assert_eq!(distant.counts(), [2, 2, 2 * times]);
    }
}

#[tokio::test(start_paused = true)]
async fn http1_has_a_connection_for_each_request_at_once_and_wastes_none() {
    let distant = Distant::new(Distance { protocol: Protocol::Http1, ..far() }).await;
    distant.assert_answers(1).await;
    assert_eq!(distant.counts(), [1, 1, 1]);
    distant.assert_answers(1).await;
    assert_eq!(distant.counts(), [1, 1, 2]);
    let distant = Distant::new(Distance { protocol: Protocol::Http1, ..far() }).await;
    distant.assert_answers(10).await;
    assert_eq!(distant.counts(), [10, 10, 10]);
}

#[tokio::test(start_paused = true)]
async fn a_broken_first_connection_is_opened_again_for_all_who_waited() {
    let distant = Distant::new(Distance { broken_connections: 1, ..far() }).await;
    distant.assert_answers(10).await;
    assert_eq!(distant.counts(), [2, 1, 10]);
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_product_fails_all_who_waited_and_is_named() {
    let distant = Distant::new(Distance { broken_connections: 100, ..far() }).await;
    for answer in distant.ask(50).await {
        assert_eq!(answer.codes(), ["connection error"]);
        assert!(answer.message().starts_with("Probe cannot be reached"), "{answer:?}");
    }
    // Two attempts, and those of the retries, which are a few together.
    assert!((2..=6).contains(&distant.product.connections()), "{:?}", distant.counts());
}

#[tokio::test(start_paused = true)]
async fn a_silent_product_costs_all_who_wait_the_time_of_one_attempt() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", silent.local_addr().unwrap());
    let fixture = Fixture::with(|it| it.with("PRODUCT_URL", url)).await;
    let start = Instant::now();
    for answer in join_all((0..10).map(|_| fixture.answer(health(&hs256())))).await {
        assert_eq!(answer.codes(), ["connection error"]);
        assert!(answer.message().starts_with("Probe cannot be reached"), "{answer:?}");
    }
    assert_eq!(start.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_ends_early_does_not_leave_the_others_without_a_connection() {
    let distant = Distant::new(far()).await;
    let hasty = health(&hs256()).within(ROUND_TRIP / 2);
    let hasty = distant.fixture.answer(hasty);
    let (hasty, others) = futures::future::join(hasty, distant.ask(10)).await;
    assert_eq!(hasty.codes(), ["connection error"]);
    assert!(others.iter().all(Answer::is_ok), "{others:?}");
    assert_eq!(distant.product.handshakes(), 1);
}

#[tokio::test(start_paused = true)]
async fn connections_that_settings_fix_are_opened_before_anybody_asks() {
    for protocol in [Protocol::Http2, Protocol::Http1] {
        let distant = Distant::new(Distance { protocol, ..far() }).await;
        let start = Instant::now();
        distant.fixture.service.open_connections().await;
        assert_eq!(round_trips(start), 2, "{protocol:?}");
        // The server has the end of the handshake when it has arrived.
        tokio::time::sleep(ROUND_TRIP).await;
        assert_eq!(distant.counts(), [1, 1, 0], "{protocol:?}");
        let start = Instant::now();
        distant.assert_answers(1).await;
        assert_eq!((round_trips(start), distant.counts()), (1, [1, 1, 1]), "{protocol:?}");
        // Another start of the same changes nothing.
        distant.fixture.service.open_connections().await;
        assert_eq!(distant.counts(), [1, 1, 1], "{protocol:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_during_the_start_waits_for_the_connection_that_is_on_its_way() {
    let distant = Distant::new(far()).await;
    let opening = distant.fixture.service.open_connections();
    futures::future::join(opening, distant.assert_answers(10)).await;
    assert_eq!(distant.counts(), [1, 1, 10]);
}

#[tokio::test(start_paused = true)]
async fn preconnect_off_opens_nothing() {
    let distant = Distant::with(far(), |it| it.with("PRECONNECT", "off")).await;
    distant.fixture.service.open_connections().await;
    assert_eq!((distant.counts(), distant.fixture.keys.connections()), ([0, 0, 0], 0));
    distant.assert_answers(1).await;
}

#[tokio::test(start_paused = true)]
async fn a_dead_host_delays_no_start_for_long_and_fails_nobody() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("https://{}", silent.local_addr().unwrap());
    let distant = Distant::with(far(), |it| it.with("JWKS_HOSTS", host)).await;
    let start = Instant::now();
    distant.fixture.service.open_connections().await;
    // Twice the time that the product's connection took.
    assert_eq!(round_trips(start), 4);
    let start = Instant::now();
    distant.assert_answers(1).await;
    assert_eq!((round_trips(start), distant.counts()), (1, [1, 1, 1]));
}

#[tokio::test(start_paused = true)]
async fn the_first_configuration_token_takes_five_round_trips_at_most() {
    let keys = Fixture::new().await;
    let plain = Distance { protocol: Protocol::Plain, ..far() };
    let key_host = DistantServer::start(plain, &Issuer::new(), &keys.keys.origin()).await;
    let distant = Distant::with(far(), |it| it.with("JWKS_HOSTS", key_host.url())).await;
    let host = key_host.url().replace("http://", "");
    let token = distant.fixture.configuration().claim("jwks_host", host);
    let start = Instant::now();
    let answer = distant.fixture.answer(observe(&token.rs256(RsaKey::shared()), &["a.test"])).await;
    assert!(answer.is_ok(), "{answer:?}");
    // The key set takes two without TLS, three with it; the login's connection is opened beside it.
    // Then the login and the search.
    assert_eq!((round_trips(start), distant.product.connections()), (4, 1));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_and_no_host_of_a_token_is_touched_before_it_is_verified() {
    let canary = Server::start().await;
    let distant = Distant::new(far()).await;
    let claims = || {
        let elsewhere = format!("https://product.example:{}", canary.port());
        distant.fixture.configuration().claim("host", elsewhere)
    };
    distant.fixture.keys.hold();
    let forged = claims().kid("unknown").rs256(RsaKey::shared());
    let asked = distant.fixture.answer(observe(&forged, &["a.test"]));
    let looked = async {
        distant.fixture.keys.reached(1).await;
        // The product's connection is on its way, and nothing else.
        tokio::time::sleep(10 * ROUND_TRIP).await;
        assert_eq!(distant.counts(), [1, 1, 0]);
        distant.fixture.keys.release();
    };
    let (answer, ()) = futures::future::join(asked, looked).await;
    assert!(answer.is_refusal(), "{answer:?}");
    assert_eq!((distant.product.requests(), distant.near.product.asked().len()), (0, 0));
    assert_eq!((canary.connections(), distant.fixture.names.asked().len()), (0, 0));
}
