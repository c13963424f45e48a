//! Connections to a product far away, counted; round trips are counted on a paused clock.

use std::time::Duration;

use relay_core::Relay;
use sandbox::Sandbox;
use tokio::time::Instant;

use super::Conformance;
use crate::{
    Observables, TestRelay,
    distance::{Distance, DistantServer, Issuer},
};

const ROUND_TRIP: Duration = Duration::from_millis(100);
/// The numbers of observables in one call.
const SIZES: [usize; 3] = [1, 10, 50];
/// Longer than connections, tokens and what is known of devices last; a file's hashes last longer.
const FREEZE: Duration = Duration::from_secs(6 * 3600);
/// TCP's handshake and TLS'.
const CONNECTING: u32 = 2;

/// A relay that has sent nothing yet, and the servers of its product: one for each URL in its settings.
struct Distant<R> {
    relay: TestRelay<R>,
    servers: Vec<DistantServer>,
    _issuer: Issuer,
}

impl<R: Relay> Conformance<R> {
    /// A relay opens one connection to each server that speaks HTTP/2, however many observables its
    /// first call is about.
    pub(super) async fn one_handshake_for_each_origin(&self) {
        for size in SIZES {
            let distant = self.distant().await;
            distant.relay.observe(self.sized(size)).await;
            for server in &distant.servers {
                let counts = (server.connections(), server.handshakes());
                assert!(counts.0 <= 1 && counts.0 == counts.1, "{size}: {counts:?}");
            }
        }
    }

    /// The first answer takes a connection, a login and the requests that depend on each other: the
    /// product's connection is opened during the login. So does the first one after a freeze in which
    /// connections and tokens ended.
    pub(super) async fn first_answer_takes_the_fewest_round_trips(&self) {
        // The fixture states the cost of its default mode.
        if self.mode.name != self.fixture.modes[0].name {
            return;
        }
        let distant = self.distant().await;
        let cost = &self.fixture.cost;
        let fewest = CONNECTING + cost.login_requests + cost.dependent_requests;
        for times in 1..=3 {
            let start = Instant::now();
            distant.relay.observe(self.sized(1)).await.assert_no_errors();
            let round_trips = start.elapsed().as_millis() / ROUND_TRIP.as_millis();
            assert!(round_trips <= u128::from(fewest), "{round_trips} instead of {fewest}");
            for server in distant.servers.iter().filter(|server| server.requests() > 0) {
                assert_eq!(server.connections(), times);
            }
            distant.relay.clock.advance(FREEZE);
            tokio::time::advance(FREEZE).await;
        }
    }

    fn sized(&self, size: usize) -> Observables {
        let first = self.first();
        let kind = self.fixture.known[0].0;
        first.and(Observables::unknown(kind, size - 1))
    }

    async fn distant(&self) -> Distant<R> {
        const ELSEWHERE: &str = "https://product.invalid";
        let sandbox = Sandbox::start_at(self.fixture.product, self.fixture.now).await;
        let sandbox = std::sync::Arc::new(sandbox.expect("a free port"));
        let issuer = Issuer::new();
        let mut servers = Vec::new();
        let bundle = issuer.bundle().display().to_string();
        let mut settings = vec![("EXTRA_CA_BUNDLE", bundle)];
        for (name, value) in self.fixture.settings(ELSEWHERE) {
            let Some(path) = value.strip_prefix(ELSEWHERE) else { continue };
            let distance = Distance::of(ROUND_TRIP);
            let server = DistantServer::start(distance, &issuer, sandbox.url()).await;
            settings.push((name, format!("{}{path}", server.url())));
            servers.push(server);
        }
        let relay = TestRelay::start().mode(self.mode).before(&sandbox).with(&settings).await;
        Distant { relay, servers, _issuer: issuer }
    }
}
