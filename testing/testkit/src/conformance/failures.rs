//! A product that fails in every way: the answer reports it, after a bounded number of requests.

use std::time::Duration;

use relay_core::{Relay, Route};
use sandbox::{Fault, Times};
use serde_json::json;

use super::Conformance;
use crate::{TestRelay, invalid_tls::InvalidTlsServer, jwk::Jwk, jwks::JwksServer};

/// Nobody listens there.
pub(crate) const UNUSED_URL: &str = "http://127.0.0.1:1";
/// Long enough for a request that succeeds, short enough to wait for.
const SHORT_TIMEOUT: Duration = Duration::from_millis(300);

/// The routes that always send the product a request.
const ROUTES: [Route; 2] = [Route::Observe, Route::Health];

fn status(code: u16, headers: &[(&str, &str)], body: &str) -> Fault {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Fault::Status { code, headers: headers.iter().map(pair).collect(), body: body.to_owned() }
}

impl<R: Relay> Conformance<R> {
    /// When every request fails like this, a cold relay and a warm one report it soon.
    async fn assert_reported(&self, faults: &[Fault]) {
        for relay in [self.start().await, self.warm().await] {
            for fault in faults {
                relay.sandbox.fault("", fault.clone(), Times::Always);
                for route in ROUTES {
                    relay.sandbox.forget_calls();
                    self.assert_fails(&relay, route, None).await;
                    relay.assert_max_calls(
                        2 * self.fixture.known.len() * self.mode.warm_requests + 4,
                    );
                }
                relay.sandbox.clear_faults();
            }
        }
    }

    /// The answer is an error, where given of this code, and no data.
    async fn assert_fails(&self, relay: &TestRelay<R>, route: Route, code: Option<&str>) {
        let answer = relay.send(relay.request(route)).await;
        answer.assert_failure();
        assert_eq!(answer.get("data"), None, "{}", answer.text);
        assert!(code.is_none_or(|code| answer.codes() == [code]), "{}", answer.text);
    }

    /// A product that rejects or fails by status, with and without an explanation.
    pub(super) async fn n15_error_statuses_are_reported(&self) {
        for code in [400, 401, 403, 404, 405, 409, 410, 418, 422, 500, 501, 505] {
            let page = status(code, &[("content-type", "text/html")], "<html>no</html>");
            let unknown = Fault::json(code, &json!({"unheard": ["of"]}));
            self.assert_reported(&[Fault::status(code), page, unknown]).await;
        }
        self.assert_reported(&[Fault::Forbidden]).await;
    }

    /// A product that is unavailable gets one retry and no more.
    pub(super) async fn n12_unavailable_product_is_reported(&self) {
        for code in [502, 503, 504] {
            self.assert_reported(&[status(code, &[("retry-after", "0")], "")]).await;
        }
        let later = status(503, &[("retry-after", "3600")], "<!DOCTYPE html><p>later</p>");
        self.assert_reported(&[later]).await;
    }

    /// An exhausted quota is reported with the time to wait, in whatever form it comes.
    pub(super) async fn n10_exhausted_quota_is_reported(&self) {
        let too_many =
            |wait: Option<&str>| Fault::TooManyRequests { retry_after: wait.map(str::to_owned) };
        for wait in
            ["0", "3600", "-5", "soon", "99999999999999999999", "Fri, 20 Nov 2026 10:00:30 GMT"]
        {
            self.assert_reported(&[too_many(Some(wait))]).await;
        }
        self.assert_reported(&[too_many(None)]).await;
        let relay = self.warm().await;
        relay.break_searches(too_many(Some("3600")));
        let answer = relay.observe(self.first()).await;
        assert_eq!(answer.codes(), ["too many requests"]);
        assert!(answer.text.contains("3600"), "{}", answer.text);
    }

    /// A body that is not what the product's documentation says.
    pub(super) async fn n08_n16_unexpected_bodies_are_reported(&self) {
        for fault in [
            Fault::Html,
            status(200, &[], "plain text"),
            status(200, &[("content-type", "application/json")], "{\"value\": [NaN"),
            status(200, &[], "\u{feff}{}"),
            Fault::Bytes([b'['; 100_000].to_vec()),
            Fault::Bytes(br#"{"value": "#.repeat(200)),
            Fault::json(200, &json!("text")),
            Fault::json(200, &json!(17)),
            status(302, &[], ""),
            status(304, &[], ""),
        ] {
            self.assert_reported(&[fault]).await;
        }
    }

    /// A body that is truncated, by the connection or by the product.
    pub(super) async fn n03_n08_truncated_bodies_are_reported(&self) {
        for fault in [Fault::Malformed, Fault::ResetInBody, Fault::ResetBeforeAnswer] {
            self.assert_reported(&[fault]).await;
        }
    }

    /// A body without end is read no further than necessary, compressed or not.
    pub(super) async fn n06_n07_endless_bodies_are_reported(&self) {
        for fault in [Fault::Huge { bytes: u64::MAX }, Fault::GzipBomb { bytes: 1 << 26 }] {
            let relay = self.warm().await;
            relay.sandbox.fault("", fault, Times::Always);
            let answer = relay.observe(self.first()).await;
            answer.assert_failure();
            assert_eq!(answer.get("data"), None, "{}", answer.text);
        }
    }

    /// A redirect is reported, and not followed.
    pub(super) async fn n01_redirects_are_not_followed(&self) {
        let elsewhere = JwksServer::start(Vec::<Jwk>::new()).await;
        for code in [301, 302, 303, 307, 308] {
            self.assert_reported(&[Fault::Redirect { to: elsewhere.origin(), code }]).await;
        }
        assert_eq!(elsewhere.connections(), 0);
    }

    /// A product that cannot be reached, or whose certificate is not trusted.
    pub(super) async fn n02_n03_unreachable_product_is_reported(&self) {
        let relay = TestRelay::<R>::start().mode(self.mode).leading_to(UNUSED_URL).await;
        for route in ROUTES {
            self.assert_fails(&relay, route, Some("connection error")).await;
        }
        let untrusted = InvalidTlsServer::untrusted();
        let relay = TestRelay::<R>::start().mode(self.mode).leading_to(untrusted).await;
        for route in ROUTES {
            let answer = relay.send(relay.request(route)).await;
            answer.assert_failure();
            assert_eq!(answer.codes(), ["unknown"]);
            assert!(answer.text.contains("certificate"), "{}", answer.text);
        }
    }

    /// A product without a response is reported at the deadline.
    pub(super) async fn n05_l04_silent_product_is_reported_at_the_deadline(&self) {
        let pause = Duration::from_secs(1);
        for fault in [Fault::SlowHeaders, Fault::Stall, Fault::Trickle { pause }] {
            let relay = self.warm().await.within(SHORT_TIMEOUT);
            relay.sandbox.fault("", fault, Times::Always);
            for route in ROUTES {
                let answer = relay.send(relay.request(route)).await;
                answer.assert_failure();
                assert_eq!(answer.codes(), ["connection error"], "{}", answer.text);
            }
        }
    }

    /// After a failure, the next request is answered as before it.
    pub(super) async fn failures_do_not_affect_later_requests(&self) {
        let relay = self.start().await;
        let before = relay.observe(self.known()).await;
        for fault in [Fault::status(401), Fault::ResetInBody, Fault::Html, Fault::status(500)] {
            relay.sandbox.fault("", fault, Times::Always);
            relay.observe(self.known()).await.assert_failure();
            relay.sandbox.clear_faults();
            assert_eq!(relay.observe(self.known()).await, before);
        }
    }

    /// One closed connection and one brief failure do not change the answer.
    pub(super) async fn n04_n12_one_brief_failure_is_retried(&self) {
        let relay = self.start().await;
        let before = relay.observe(self.first()).await;
        let again = |code| status(code, &[("retry-after", "0")], "");
        for fault in [Fault::ResetBeforeAnswer, again(429), again(502), again(503), again(504)] {
            relay.sandbox.fault(self.mode.search_path, fault, Times::Next(1));
            assert_eq!(relay.observe(self.first()).await, before);
        }
    }
}
