//! Which hosts are believed: catalogue rows K01 to K05 and K20.

use serde_json::{Value, json};
use testkit::{jwk::Jwk, jwks::JwksServer, keys::RsaKey};

use super::listing;
use crate::{
    fixture::{Fixture, KID},
    wire::Server,
};

fn naming(fixture: &Fixture, host: impl Into<Value>) -> String {
    fixture.configuration().claim("jwks_host", host).rs256(RsaKey::shared())
}

async fn refuses_hosts(fixture: &Fixture, hosts: impl IntoIterator<Item = impl Into<Value>>) {
    let hosts: Vec<Value> = hosts.into_iter().map(Into::into).collect();
    let tokens = hosts.into_iter().map(|host| (host.to_string(), naming(fixture, host)));
    fixture.refuses_all(tokens).await;
    assert_eq!(fixture.names.asked(), [""; 0], "a name was looked up");
}

/// A fixture whose key host is listed by a name: `localhost:<port>`.
async fn named() -> (Fixture, String) {
    let keys = JwksServer::start([Jwk::rsa(RsaKey::shared()).kid(KID)]).await;
    let name = keys.host().replace("127.0.0.1", "localhost");
    let mut fixture = Fixture::with(listing(format!("http://{name}"))).await;
    fixture.keys = keys;
    (fixture, name)
}

#[tokio::test]
async fn k01_an_attackers_key_server_is_not_asked() {
    let attacker = RsaKey::generate();
    let evil = JwksServer::start([Jwk::rsa(&attacker).kid(KID).for_rs256()]).await;
    let forged =
        |fixture: &Fixture, host| fixture.configuration().claim("jwks_host", host).rs256(&attacker);
    let fixture = Fixture::new().await;
    fixture.refuses_all([("forged".to_owned(), forged(&fixture, evil.host()))]).await;
    assert_eq!(evil.connections(), 0);
    // The token is sound in itself: a relay that lists the host accepts it.
    let foolish = Fixture::with(listing(evil.origin())).await;
    assert!(foolish.accepts(&forged(&foolish, evil.host())).await);
}

#[tokio::test]
async fn k02_similar_names_are_not_listed() {
    let default = Fixture::with(listing(String::new())).await;
    let tricks = [
        "visibility.amp.cisco.com.evil.test",
        "evil.test/visibility.amp.cisco.com",
        "evil.test?visibility.amp.cisco.com",
        "evil.test/.well-known/jwks?visibility.amp.cisco.com",
        "xvisibility.amp.cisco.com",
        "x.visibility.amp.cisco.com",
        "amp.cisco.com",
        "visibility.amp.cisco.co",
        "visibility.amp.cisco.com,evil.test",
        "https://visibility.amp.cisco.com",
        "//visibility.amp.cisco.com",
        " visibility.amp.cisco.com",
        "visibility.amp.cisco.com\n",
    ];
    refuses_hosts(&default, tricks).await;
}

#[tokio::test]
async fn k03_a_listed_name_matches_in_any_case_only() {
    let (fixture, good) = named().await;
    let canary = Server::start().await;
    let evil = canary.host();
    let (name, port) = good.split_once(':').unwrap();
    let tricks = [
        format!("{good}@{evil}"),
        format!("{evil}@{good}"),
        format!("user:pass@{good}"),
        format!("{good}#{evil}"),
        format!("{evil}#{good}"),
        format!("{good}\\{evil}"),
        format!("{evil}\\@{good}"),
        format!("{good}/{evil}"),
        format!("{good}:443"),
        name.to_owned(),
        format!("{name}:443"),
        format!("{name}:0{port}"),
        format!("{name}.:{port}"),
        format!("{name}%2e:{port}"),
        format!("loc\u{e4}lhost:{port}"),
        format!("xn--loclhost-8za:{port}"),
        format!("ｌｏｃａｌｈｏｓｔ:{port}"),
        format!("localho\u{17f}t:{port}"),
        format!("{good}\0"),
        format!("\t{good}"),
    ];
    refuses_hosts(&fixture, tricks).await;
    assert_eq!(canary.connections(), 0);
    assert!(fixture.names.asked().is_empty());
    fixture.names.then(&["127.0.0.1"]);
    assert!(fixture.accepts(&naming(&fixture, good.as_str())).await);
    assert!(fixture.accepts(&naming(&fixture, good.to_uppercase())).await);
}

#[tokio::test]
async fn k04_no_spelling_of_this_machine_is_listed() {
    let canary = Server::start().await;
    let hosts = [
        "127.0.0.1",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "0",
        "0.0.0.0",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "169.254.169.254",
        "localhost",
        "[::]",
        "metadata.internal",
    ];
    for fixture in [Fixture::new().await, Fixture::with(listing(String::new())).await] {
        let with_port = hosts.map(|host| format!("{host}:{}", canary.port()));
        refuses_hosts(&fixture, with_port).await;
        refuses_hosts(&fixture, hosts).await;
    }
    assert_eq!(canary.connections(), 0);
}

#[tokio::test]
async fn k05_texts_that_are_no_host_are_not_listed() {
    let fixture = Fixture::new().await;
    let host = fixture.keys.host();
    let odd = [
        json!(null),
        json!(7),
        json!(true),
        json!([host]),
        json!({"host": host}),
        json!(""),
        json!(" "),
        json!("x".repeat(10 * 1024)),
        json!(format!("{host}/")),
        json!(format!("{host}/path?query=1")),
        json!(format!("{host}?")),
        json!(format!("{host}{}", super::PATH)),
        json!(fixture.keys.origin()),
    ];
    refuses_hosts(&fixture, odd).await;
    let without = fixture.configuration().without_claim("jwks_host").rs256(RsaKey::shared());
    fixture.refuses_all([("no host".to_owned(), without)]).await;
}

#[tokio::test]
async fn k20_regions_are_all_served_and_their_keys_never_mixed() {
    let (american, european) = (RsaKey::generate(), RsaKey::generate());
    let [nam, eu] = [&american, &european].map(|key| JwksServer::start([Jwk::rsa(key).kid(KID)]));
    let (nam, eu) = (nam.await, eu.await);
    let fixture = Fixture::with(listing(format!("{}, {}", nam.origin(), eu.origin()))).await;
    let token = |host: &JwksServer, key: &RsaKey| {
        fixture.configuration().claim("jwks_host", host.host()).rs256(key)
    };
    for _ in 0..2 {
        assert!(fixture.accepts(&token(&nam, &american)).await);
        assert!(fixture.accepts(&token(&eu, &european)).await);
        assert!(!fixture.accepts(&token(&nam, &european)).await);
        assert!(!fixture.accepts(&token(&eu, &american)).await);
    }
    assert_eq!((nam.fetches(), eu.fetches()), (1, 1));
}
