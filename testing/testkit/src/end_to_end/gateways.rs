//! For whom a configuration token was made: what the gateway says counts, and nothing else.

use serde_json::json;

use super::{
    events::{assert_healthy, assert_refused},
    host::{Deployed, Host},
};
use crate::{
    conformance::Subject,
    event::{Event, Gateway},
    jwk::Jwk,
    jwks::JwksServer,
    keys::RsaKey,
    token::Token,
};

const KID: &str = "key-1";

struct Region {
    relay: Deployed,
    keys: JwksServer,
}

impl Region {
    async fn open<S: Subject>(host: &Host) -> Self {
        let keys = JwksServer::start([Jwk::rsa(RsaKey::shared()).kid(KID).for_rs256()]).await;
        let relay = host.deploy_with::<S>(&[("JWKS_HOSTS", &keys.origin())]).await;
        Self { relay, keys }
    }

    fn token<S: Subject>(&self, audience: &str) -> String {
        let token = Token::new().claims(S::claims()).kid(KID).claim("aud", json!([audience]));
        token.claim("jwks_host", self.keys.host()).rs256(RsaKey::shared())
    }
}

/// A request and where it is sent to, behind each gateway and under each of its addresses.
fn requests() -> Vec<(Event, String)> {
    let health = |gateway: Gateway| gateway.post("/health");
    let named = |event: Event| event.custom_domain("relay.example", "");
    let domain = |event: &Event| event.to_json()["requestContext"]["domainName"].clone();
    let sent = |event: Event, stage: &str| {
        let domain = domain(&event);
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

/// The audience is the address that the gateway states, with the stage where it is a part of it.
pub async fn c07_c08_every_gateway_says_the_audience<S: Subject>(host: &Host) {
    let region = Region::open::<S>(host).await;
    for (request, address) in requests() {
        for audience in [address.clone(), format!("{address}/")] {
            let token = region.token::<S>(&audience);
            assert_healthy(&region.relay.ask(&request.clone().bearer(&token)).await);
        }
        for audience in
            [format!("{address}/other"), address.replace("https", "http"), String::new()]
        {
            let token = region.token::<S>(&audience);
            assert_refused(&region.relay.ask(&request.clone().bearer(&token)).await);
        }
    }
    assert_eq!(region.keys.fetches(), 1);
    region.relay.end().await;
}

/// No header of the caller has a say in it.
pub async fn l15_no_header_says_the_audience<S: Subject>(host: &Host) {
    let region = Region::open::<S>(host).await;
    let forged = |event: Event| {
        let names = ["Host", "X-Forwarded-Host", "X-Original-Host", "Forwarded"];
        names.iter().fold(event, |event, name| match *name {
            "Forwarded" => event.header(name, "host=evil.example;proto=https"),
            _ => event.header(name, "evil.example"),
        })
    };
    for (request, address) in requests() {
        let good = region.token::<S>(&address);
        assert_healthy(&region.relay.ask(&forged(request.clone()).bearer(&good)).await);
        let evil = region.token::<S>("https://evil.example");
        assert_refused(&region.relay.ask(&forged(request).bearer(&evil)).await);
    }
    region.relay.end().await;
}
