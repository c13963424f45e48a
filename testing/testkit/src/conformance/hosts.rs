//! Claims that say where the product is.

use std::sync::Arc;

use relay_core::{Relay, Route};

use super::Conformance;
use crate::{TestRelay, TestResolver, jwk::Jwk, jwks::JwksServer};

/// What a name resolves to, one look-up after the other: nothing at first, then private addresses.
const PRIVATE: [&[&str]; 6] = [
    &[],
    &["127.0.0.1"],
    &["::1"],
    &["169.254.169.254", "127.0.0.1"],
    &["::ffff:127.0.0.1"],
    &["10.0.0.1", "fd12::1"],
];

/// Claims by which a caller may try to say where the product is.
const HOST_CLAIMS: [&str; 8] =
    ["HOST", "API_URL", "host", "url", "api_url", "base_url", "login_url", "PLATFORM_URL"];

impl<R: Relay> Conformance<R> {
    /// A caller cannot lead the relay to a private address: neither with the claim for the
    /// product's host, also when the name resolves to another address later, nor with any claim of
    /// a relay whose product only the operator chooses.
    pub(super) async fn i15_callers_cannot_reach_private_addresses(&self) {
        let private = JwksServer::start(Vec::<Jwk>::new()).await;
        match self.fixture.host_claim {
            Some(claim) => self.assert_not_connected(claim, &private).await,
            None => self.assert_ignored(&private).await,
        }
        assert_eq!(private.connections(), 0);
    }

    async fn assert_not_connected(&self, claim: &str, private: &JwksServer) {
        let resolver = Arc::new(TestResolver::cycle(PRIVATE));
        let relay = TestRelay::<R>::start().mode(self.mode).resolving(resolver.clone()).await;
        let port = private.origin().rsplit(':').next().unwrap_or_default().to_owned();
        let relay = relay.with_claim(claim, format!("https://product.example:{port}"));
        for route in [Route::Health, Route::Observe].into_iter().cycle().take(2 * PRIVATE.len()) {
            let answer = relay.send(relay.request(route)).await;
            answer.assert_failure();
            assert_eq!(answer.codes(), ["connection error"], "{}", answer.text);
        }
        assert!(resolver.names().len() >= PRIVATE.len());
        relay.assert_no_calls();
    }

    async fn assert_ignored(&self, private: &JwksServer) {
        let relay = self.start().await;
        let origin = private.origin();
        let relay =
            HOST_CLAIMS.iter().fold(relay, |relay, claim| relay.with_claim(claim, &*origin));
        relay.observe(self.known()).await.assert_no_errors();
        assert!(!relay.calls().is_empty());
    }
}
