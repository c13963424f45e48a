//! Which tokens are accepted: those under the shared secret, and configuration tokens.

use http::header::AUTHORIZATION;
use relay_core::{Relay, Route};
use serde_json::{Value, json};

use super::{Conformance, policies};
use crate::{
    Answer, BASE_URL, TestRelay,
    jwk::Jwk,
    jwks::JwksServer,
    keys::RsaKey,
    token::{SECRET, Signer, Token},
};

const KID: &str = "key-1";
/// What says that a configuration token is the operator's own.
const ORGANISATION: &str = "org_id=ours";

impl<R: Relay> Conformance<R> {
    fn token(&self) -> Token {
        Token::new().claims(self.fixture.claims())
    }

    /// So many seconds from now, as `exp`, `nbf` and `iat` write it.
    fn seconds(&self, from_now: i64) -> i64 {
        self.fixture.now.as_second() + from_now
    }

    /// Valid tokens are accepted: with and without times, whole or not, the scheme in any case.
    pub(super) async fn c01_c04_valid_tokens_are_accepted(&self) {
        let relay = self.start().await;
        let seconds = |from_now| self.seconds(from_now);
        let in_time = self.token().claim("exp", seconds(60)).claim("nbf", seconds(0));
        let in_time = in_time.claim("iat", seconds(-60));
        let with_fraction = self.token().claim("exp", seconds(0) as f64 + 0.5);
        for token in [self.token(), in_time, with_fraction] {
            let token = token.hs256(SECRET.as_bytes());
            health(&relay, &token).await.assert_no_errors();
            let header = format!("bearer {token}");
            let lower = relay.request(Route::Health).header(AUTHORIZATION, &header);
            relay.send(lower).await.assert_no_errors();
        }
    }

    /// On every route, an invalid token is rejected without a request to the product.
    pub(super) async fn j01_j03_j06_j11_j18_invalid_tokens_are_rejected(&self) {
        let relay = self.start().await;
        let secret = SECRET.as_bytes();
        let valid = self.token().hs256(secret);
        let tokens = [
            self.token().hs256(b"another secret that is long enough too, and not ours"),
            self.token().hs256(b""),
            self.token().sign(&Signer::None),
            self.token().sign(&Signer::Hs512(secret)),
            self.token().header("alg", "RS256").hs256(secret),
            self.token().header("alg", "none").hs256(secret),
            self.token().header("crit", json!(["exp"])).hs256(secret),
            self.token().header("crit", json!(["x"])).header("x", 1).hs256(secret),
            self.token().header("crit", json!([])).hs256(secret),
            self.token().sign(&Signer::Bytes(&[0; 32])),
            self.token().raw_payload("[]").hs256(secret),
            format!("{valid}x"),
            valid[..valid.len() - 2].to_owned(),
            valid.replace('.', ""),
            valid.rsplit_once('.').unwrap_or_default().0.to_owned(),
            format!("{valid}."),
            format!("{valid}.x.y"),
            "..".to_owned(),
            String::new(),
        ];
        for (route, token) in
            policies::guarded::<R>().flat_map(|it| tokens.each_ref().map(|token| (it, token)))
        {
            relay.send(relay.request(route).token(token)).await.assert_unauthorized();
        }
        relay.assert_no_calls();
    }

    /// Times count with a tolerance of a minute; a token without an end is accepted only where the
    /// settings allow it.
    pub(super) async fn c01_c02_c03_c05_expired_and_future_tokens_are_rejected(&self) {
        let relay = self.start().await;
        let seconds = |from_now| self.seconds(from_now);
        let with = |name, value: Value| self.token().claim(name, value).hs256(SECRET.as_bytes());
        let invalid =
            ["never".into(), json!(null), json!(true), json!([0]), json!(-1), json!(1e300)];
        let invalid =
            ["exp", "nbf", "iat"].map(|name| invalid.each_ref().map(|it| (name, it.clone())));
        let late = [("exp", seconds(-61)), ("nbf", seconds(61)), ("iat", seconds(301))];
        for (name, value) in
            invalid.into_iter().flatten().chain(late.map(|(name, late)| (name, json!(late))))
        {
            health(&relay, &with(name, value)).await.assert_unauthorized();
        }
        relay.assert_no_calls();
        for (name, just) in [("exp", -59), ("nbf", 59), ("iat", 299)] {
            health(&relay, &with(name, json!(seconds(just)))).await.assert_no_errors();
        }
        let strict = self.start_with(&[("REQUIRE_TOKEN_EXPIRY", "true")]).await;
        strict.health().await.assert_unauthorized();
        health(&strict, &with("exp", json!(seconds(60)))).await.assert_no_errors();
    }

    /// An `Authorization` header of another form is rejected.
    pub(super) async fn j21_malformed_authorization_headers_are_rejected(&self) {
        let relay = self.start().await;
        let valid = self.token().hs256(SECRET.as_bytes());
        let bearer = format!("Bearer {valid}");
        let request = || relay.request(Route::Health);
        for value in ["", "Bearer", &valid, "Basic dTpw", &format!("{bearer} x"), "Bearer  x"] {
            relay.send(request().header(AUTHORIZATION, value)).await.assert_unauthorized();
        }
        let twice = request().token(&valid).another_header(AUTHORIZATION, &bearer);
        relay.send(twice).await.assert_unauthorized();
        relay.send(request().without_token()).await.assert_unauthorized();
        relay.assert_no_calls();
    }

    /// Each credential is required, as a text that is not empty.
    pub(super) async fn c09_every_credential_is_required(&self) {
        let relay = self.start().await;
        for name in self.fixture.credentials {
            let mut claims = self.fixture.claims();
            claims.as_object_mut().expect("claims are an object").remove(*name);
            relay.with_claims(claims).health().await.assert_unauthorized();
            for value in [json!(null), json!(""), json!(["x"]), json!({"x": "y"}), json!(true)] {
                relay.with_claim(name, value).health().await.assert_unauthorized();
            }
        }
        relay.assert_no_calls();
    }

    /// A relay, and the key server of its region.
    async fn region(&self) -> (TestRelay<R>, JwksServer) {
        let keys = JwksServer::start([Jwk::rsa(RsaKey::shared()).kid(KID).for_rs256()]).await;
        let settings = [("JWKS_HOSTS", &*keys.origin()), ("TOKEN_CLAIMS", ORGANISATION)];
        (self.start_with(&settings).await, keys)
    }

    fn configuration_token(&self, keys: &JwksServer) -> Token {
        let token = self.token().kid(KID).claim("aud", BASE_URL).claim("jwks_host", keys.host());
        token.claim("org_id", "ours")
    }

    /// A configuration token of the relay's region is accepted; its key is fetched once.
    pub(super) async fn c07_configuration_tokens_are_accepted(&self) {
        let (relay, keys) = self.region().await;
        for audience in [json!(BASE_URL), json!(format!("{BASE_URL}/")), json!(["x", BASE_URL])] {
            let token = self.configuration_token(&keys).claim("aud", audience);
            health(&relay, &token.rs256(RsaKey::shared())).await.assert_no_errors();
        }
        assert_eq!(keys.fetches(), 1);
    }

    /// A configuration token for another relay, or under another key, is rejected.
    pub(super) async fn j05_c06_c07_c08_k01_foreign_configuration_tokens_are_rejected(&self) {
        let (relay, keys) = self.region().await;
        let other = JwksServer::start([Jwk::rsa(RsaKey::shared()).kid(KID).for_rs256()]).await;
        let valid = || self.configuration_token(&keys);
        for token in [
            valid().without_claim("org_id"),
            valid().claim("org_id", "theirs"),
            valid().without_claim("aud"),
            valid().claim("aud", "https://another-relay.example"),
            valid().claim("aud", format!("{BASE_URL}/other")),
            valid().claim("aud", format!("{BASE_URL}//")),
            valid().claim("aud", BASE_URL.replace("https", "http")),
            valid().claim("aud", format!("{BASE_URL}.evil.example")),
            valid().claim("aud", json!([])),
            valid().claim("aud", json!({"": BASE_URL})),
            valid().claim("aud", Value::Null),
            valid().without_claim("jwks_host"),
            valid().claim("jwks_host", other.host()),
            valid().claim("jwks_host", format!("{}/@{}", keys.host(), other.host())),
            valid().without_header("kid"),
            valid().kid("key-2"),
            valid().claim("exp", self.seconds(-120)),
        ] {
            health(&relay, &token.rs256(RsaKey::shared())).await.assert_unauthorized();
        }
        let with_public_key = valid().hs256(&RsaKey::shared().public_der());
        health(&relay, &with_public_key).await.assert_unauthorized();
        health(&relay, &valid().sign(&Signer::Bytes(&[0; 256]))).await.assert_unauthorized();
        relay.assert_no_calls();
        assert_eq!(other.connections(), 0);
    }
}

/// The answer to `/health` with this token.
async fn health<R: Relay>(relay: &TestRelay<R>, token: &str) -> Answer {
    relay.send(relay.request(Route::Health).token(token)).await
}
