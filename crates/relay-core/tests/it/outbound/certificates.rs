//! Trust in certificates: catalogue rows N02, N19 and N21.

use std::fs;

use relay_core::Environment;
use testkit::{captured_logs, keys::RsaKey};

use super::tls_server::{Authority, TlsServer, self_signed};
use crate::{
    fixture::{CLIENT_SECRET, Fixture, hs256},
    test_call::health,
};

pub(super) const GOOD: [i32; 2] = [2020, 2100];

/// A relay of the product at this URL, with the authority's certificate in a file, or not.
pub(super) async fn relay(url: &str, authority: Option<&Authority>) -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("extra.pem");
    let settings = |environment: Environment| {
        let environment = environment.with("PRODUCT_URL", url);
        let Some(authority) = authority else { return environment };
        fs::write(&bundle, authority.pem()).unwrap();
        environment.with("EXTRA_CA_BUNDLE", bundle.to_str().unwrap())
    };
    Fixture::with(settings).await
}

#[tokio::test]
async fn n02_untrusted_certificates_are_explained() {
    let (known, unknown) = (Authority::new("known"), Authority::new("unknown"));
    let cases = [
        (self_signed("127.0.0.1"), "its issuer is not known"),
        (unknown.certifies("127.0.0.1", GOOD), "EXTRA_CA_BUNDLE"),
        (known.certifies("127.0.0.1", [2020, 2021]), "it has expired"),
        (known.certifies("127.0.0.1", [2099, 2100]), "it is not valid yet"),
        (known.certifies("product.example", GOOD), "it is for another name"),
        (known.certifies("127.0.0.2", GOOD), "it is for another name"),
    ];
    for (identity, reason) in cases {
        let server = TlsServer::start(identity);
        let fixture = relay(&server.url(), Some(&known)).await;
        let answer = fixture.answer(health(&hs256())).await;
        assert_eq!(answer.codes(), ["unknown"], "{reason}");
        assert!(answer.message().contains(reason), "{answer:?}");
        assert!(answer.message().contains(&server.url()), "{answer:?}");
        // Asking again makes no certificate better, and nobody learnt the key.
        assert_eq!((server.connections(), server.answered()), (1, 0));
    }
}

#[tokio::test]
async fn n19_the_log_shows_the_clock_beside_an_expired_certificate() {
    let known = Authority::new("known");
    for (name, years, hints) in
        [("127.0.0.1", [2020, 2021], 1), ("127.0.0.1", [2099, 2100], 1), ("127.0.0.2", GOOD, 0)]
    {
        let server = TlsServer::start(known.certifies(name, years));
        let fixture = relay(&server.url(), Some(&known)).await;
        let lines = captured_logs::listen();
        let answer = fixture.answer(health(&hs256())).await;
        assert_eq!(answer.codes(), ["unknown"]);
        assert!(!answer.text.contains("clock"), "{answer:?}");
        assert_eq!(lines.count("clock=20"), hints, "{years:?}");
        assert_eq!(lines.count("the clock of this function is wrong"), hints, "{years:?}");
    }
}

#[tokio::test]
async fn n02_an_extra_root_is_trusted_where_it_is_configured() {
    let authority = Authority::new("own");
    let server = TlsServer::start(authority.certifies("127.0.0.1", GOOD));
    assert!(relay(&server.url(), Some(&authority)).await.answer(health(&hs256())).await.is_ok());
    assert_eq!(server.answered(), 1);
    let without = relay(&server.url(), None).await.answer(health(&hs256())).await;
    assert_eq!(without.codes(), ["unknown"]);
    assert_eq!(server.answered(), 1);
}

#[tokio::test]
async fn n21_an_extra_root_is_not_trusted_at_a_key_host() {
    let authority = Authority::new("own");
    let keys = TlsServer::start(authority.certifies("127.0.0.1", GOOD));
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("extra.pem");
    fs::write(&bundle, authority.pem()).unwrap();
    let settings = |environment: Environment| {
        let environment = environment.with("JWKS_HOSTS", keys.url());
        environment.with("EXTRA_CA_BUNDLE", bundle.to_str().unwrap())
    };
    let fixture = Fixture::with(settings).await;
    let lines = captured_logs::listen();
    let host = keys.url().replace("https://", "");
    let token = fixture.configuration().claim("jwks_host", host).rs256(RsaKey::shared());
    assert!(fixture.answer(health(&token)).await.is_refusal());
    assert_eq!((keys.connections(), keys.answered()), (1, 0));
    assert_eq!(lines.count("its issuer is not known"), 1);
}

#[tokio::test]
async fn n02_old_tls_versions_are_refused() {
    let server_hello_1_0 = b"\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01\
        0123456789abcdef0123456789abcdef\x00\x00\x2f\x00";
    let server_hello_1_1 = b"\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02\
        0123456789abcdef0123456789abcdef\x00\x00\x2f\x00";
    let cases: [(&str, &'static [u8]); 5] = [
        ("TLS 1.0", server_hello_1_0),
        ("TLS 1.1", server_hello_1_1),
        ("alert", b"\x15\x03\x01\x00\x02\x02\x46"),
        ("SSH", b"SSH-2.0-OpenSSH_9.9\r\n"),
        ("plain HTTP", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    ];
    for (name, bytes) in cases {
        let server = TlsServer::with_message(bytes);
        let answer = relay(&server.url(), None).await.answer(health(&hs256())).await;
        assert_eq!(answer.codes(), ["unknown"], "{name}: {answer:?}");
        assert!(answer.message().contains("handshake failed"), "{name}: {answer:?}");
        assert!(!answer.text.contains(CLIENT_SECRET));
    }
}

#[tokio::test]
async fn l09_a_bundle_without_a_certificate_prevents_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let cut = &Authority::new("own").pem()[..100];
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (at, content) in ["", "no PEM", key, cut, broken].into_iter().enumerate() {
        let bundle = folder.path().join(at.to_string());
        fs::write(&bundle, content).unwrap();
        for path in [bundle, folder.path().join("missing"), folder.path().to_owned()] {
            let path = path.to_str().unwrap();
            let fixture = Fixture::try_with(|it| it.with("EXTRA_CA_BUNDLE", path)).await;
            let complaint = fixture.err().unwrap().to_string();
            assert!(complaint.starts_with("EXTRA_CA_BUNDLE must"), "{complaint}");
            assert!(!complaint.contains(path));
        }
    }
}
