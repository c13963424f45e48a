//! The audience of a configuration token: the gateway determines it, and nothing else.

use relay_core::Relay;
use serde_json::json;

use super::{
    Deployed, EndToEnd,
    events::{assert_healthy, assert_unauthorized},
};
use crate::{
    event::{Event, Gateway},
    jwk::Jwk,
    jwks::JwksServer,
    keys::RsaKey,
    token::Token,
};

const KID: &str = "key-1";

/// A request and the URL that it is sent to, behind each gateway and under each of its URLs.
fn requests() -> Vec<(Event, String)> {
    let health = |gateway: Gateway| gateway.post("/health");
    let named = |event: Event| event.custom_domain("relay.example", "");
    let sent = |event: Event, stage: &str| {
        let domain = event.to_json()["requestContext"]["domainName"].clone();
        (event, format!("https://{}{stage}", domain.as_str().expect("a name")))
    };
    vec![
        sent(health(Gateway::HttpApi), ""),
        sent(health(Gateway::HttpApi).stage("staging"), "/staging"),
        sent(named(health(Gateway::HttpApi)), ""),
        sent(health(Gateway::RestApi), "/prod"),
        sent(health(Gateway::RestApi).stage("dev"), "/dev"),
        sent(named(health(Gateway::RestApi)), ""),
        sent(health(Gateway::FunctionUrl), ""),
    ]
}

impl<R: Relay> EndToEnd<R> {
    /// A relay, and the key server of its region.
    async fn region(&self) -> (Deployed, JwksServer) {
        let keys = JwksServer::start([Jwk::rsa(RsaKey::shared()).kid(KID).for_rs256()]).await;
        let settings = [("JWKS_HOSTS", &*keys.origin()), ("TOKEN_CLAIMS", "org_id=ours")];
        (self.deploy_with(&settings).await, keys)
    }

    fn configuration_token(&self, keys: &JwksServer, audience: &str) -> String {
        let token = Token::new().claims(self.fixture.claims()).kid(KID).claim("org_id", "ours");
        let token = token.claim("aud", json!([audience])).claim("jwks_host", keys.host());
        token.rs256(RsaKey::shared())
    }

    /// The audience is the URL that the gateway states, with the stage where it is a part of it.
    pub(super) async fn c07_c08_gateway_determines_the_audience(&self) {
        let (relay, keys) = self.region().await;
        for (request, url) in requests() {
            let other = [format!("{url}/other"), url.replace("https", "http"), String::new()];
            for audience in [url.clone(), format!("{url}/")] {
                let token = self.configuration_token(&keys, &audience);
                assert_healthy(&relay.ask(&request.clone().bearer(&token)).await);
            }
            for audience in other {
                let token = self.configuration_token(&keys, &audience);
                assert_unauthorized(&relay.ask(&request.clone().bearer(&token)).await);
            }
        }
        assert_eq!(keys.fetches(), 1);
        relay.end().await;
    }

    /// No header of the caller changes the audience.
    pub(super) async fn l15_headers_do_not_determine_the_audience(&self) {
        let (relay, keys) = self.region().await;
        for (request, url) in requests() {
            let forged = ["Host", "X-Forwarded-Host", "X-Original-Host"].into_iter();
            let forged = forged.fold(request, |event, name| event.header(name, "evil.example"));
            let forged = forged.header("Forwarded", "host=evil.example;proto=https");
            let good = self.configuration_token(&keys, &url);
            assert_healthy(&relay.ask(&forged.clone().bearer(&good)).await);
            let evil = self.configuration_token(&keys, "https://evil.example");
            assert_unauthorized(&relay.ask(&forged.bearer(&evil)).await);
        }
        relay.end().await;
    }
}
