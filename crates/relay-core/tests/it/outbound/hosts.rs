//! Hosts that a caller names: catalogue row I15.

use testkit::token::SECRET;

use crate::{
    fixture::{Fixture, account},
    test_call::{health, observe},
    wire::Server,
};

/// A caller whose product is there.
pub(super) fn elsewhere(host: &str) -> String {
    account().claim("host", host).hs256(SECRET.as_bytes())
}

#[tokio::test]
async fn i15_a_caller_cannot_send_the_relay_into_the_network() {
    let fixture = Fixture::new().await;
    let canary = Server::start().await;
    let port = canary.port();
    let inside = [
        "127.0.0.1",
        "127.1",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "0",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "0.0.0.0",
        "169.254.169.254",
        "10.0.0.1",
        "192.168.0.1",
        "172.16.0.1",
        "100.64.0.1",
        "[fd12::1]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[64:ff9b::7f00:1]",
        "１２７.0.0.1",
    ];
    for host in inside {
        let answer = fixture.answer(health(&elsewhere(&format!("https://{host}:{port}")))).await;
        assert_eq!(answer.codes(), ["connection error"], "{host}");
    }
    assert_eq!(fixture.names.asked(), [""; 0], "addresses are not names");
    for addresses in
        [&["127.0.0.1"][..], &["10.0.0.1", "::1"], &["169.254.169.254"], &["::ffff:10.0.0.1"]]
    {
        fixture.names.then(addresses).then(addresses);
        let token = elsewhere(&format!("https://product.example:{port}"));
        assert_eq!(fixture.answer(health(&token)).await.codes(), ["connection error"]);
    }
    let odd = [
        format!("http://127.0.0.1:{port}"),
        format!("http://product.example:{port}"),
        format!("https://user:pass@127.0.0.1:{port}"),
        format!("https://127.0.0.1:{port}/?x=1"),
        format!("https://127.0.0.1:{port}/#x"),
        "ftp://product.example".to_owned(),
        "file:///etc/passwd".to_owned(),
        "product.example".to_owned(),
        "https://".to_owned(),
        String::new(),
    ];
    for host in odd {
        let answer = fixture.answer(health(&elsewhere(&host))).await;
        assert_eq!(answer.codes(), ["invalid argument"], "{host}");
    }
    assert_eq!((canary.connections(), fixture.product.asked().len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn i15_a_setting_allows_private_networks_but_never_loopback() {
    let settings = |environment: relay_core::Environment| {
        environment.with("ALLOW_PRIVATE_HOSTS", "true").with("JWKS_HOSTS", "none")
    };
    let fixture = Fixture::with(settings).await;
    let canary = Server::start().await;
    for host in ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "0.0.0.0"] {
        let token = elsewhere(&format!("https://{host}:{}", canary.port()));
        let answer = fixture.answer(observe(&token, &["a.test"])).await;
        assert_eq!(answer.codes(), ["connection error"], "{host}");
    }
    assert_eq!(canary.connections(), 0);
}
