//! What a refusal tells about the relay: nothing. Catalogue row P12.

use std::collections::BTreeSet;

use relay_core::Environment;
use testkit::{
    jwk::Jwk,
    jwks::{JwksServer, KeyResponse},
    keys::RsaKey,
    token::{Signer, Token},
};

use crate::{
    fixture::{Fixture, KID, NOW, account, without_secret},
    test_call::health,
};

const OTHER_SECRET: &str = "another-secret-00000000000000000000000000000000000000000000000000";

/// Relays that list the one key host, the other, or both, and have a secret, another, or none.
async fn relays(keys: &JwksServer, broken: &JwksServer) -> Vec<Fixture> {
    let lists = [keys.origin(), broken.origin(), format!("{},{}", keys.origin(), broken.origin())];
    let mut relays = Vec::new();
    for hosts in &lists {
        let listing = |environment: Environment| environment.with("JWKS_HOSTS", hosts.clone());
        relays.push(Fixture::with(listing).await);
        relays.push(Fixture::with(|it| listing(it).with("SECRET_KEY", OTHER_SECRET)).await);
        relays.push(Fixture::with(|it| without_secret(&listing(it))).await);
    }
    relays
}

/// Tokens that nobody accepts.
fn forged(keys: &JwksServer, broken: &JwksServer) -> Vec<String> {
    let stranger = RsaKey::generate();
    let of = |host: &str| {
        account().kid(KID).claim("aud", crate::test_call::BASE).claim("jwks_host", host)
    };
    let signed = |token: Token| token.rs256(&stranger);
    let hosts = [keys.host(), broken.host(), "127.0.0.1:1".to_owned(), "x.example".to_owned()];
    let of_hosts = hosts.iter().flat_map(|host| {
        [
            signed(of(host)),
            signed(of(host).kid("unknown")),
            signed(of(host).without_header("kid")),
            of(host).sign(&Signer::Bytes(&[0; 256])),
            of(host).sign(&Signer::None),
        ]
    });
    let shared = account().hs256(b"a secret of thirty-two bytes or more, and not ours");
    let late = account().claim("exp", NOW - 600);
    let late = late.hs256(b"a secret of thirty-two bytes or more, and not ours");
    let bare = signed(account().claim("aud", crate::test_call::BASE));
    of_hosts.chain([shared, late, bare, account().sign(&Signer::None), String::new()]).collect()
}

#[tokio::test]
async fn p12_refusals_do_not_reveal_the_configuration() {
    let keys = JwksServer::start([Jwk::rsa(RsaKey::shared()).kid(KID).for_rs256()]).await;
    let broken = JwksServer::start(Vec::<Jwk>::new()).await;
    broken.answer(KeyResponse::status(500));
    let relays = relays(&keys, &broken).await;
    for token in forged(&keys, &broken) {
        let mut told = BTreeSet::new();
        for relay in &relays {
            let text = relay.answer(health(&token)).await.text;
            // Which kind of token a relay takes may be known.
            if !text.contains("this relay has no secret to check the token with") {
                told.insert(text);
            }
        }
        assert_eq!(told.len(), 1, "{told:?}");
    }
}
