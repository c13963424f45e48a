//! Callers do not get each other's server, key or limit, and `HOST` does not lead to internal
//! addresses.

use std::{
    io,
    net::IpAddr,
    sync::{Arc, Mutex},
};

use futures::{FutureExt, future::BoxFuture, future::join_all};
use relay_core::Resolver;
use sandbox::misp::{API_KEY, READ_ONLY_KEY, sample};
use serde_json::json;

use crate::test_relay::{MispAnswer, MispRelay, listener::SilentListener, start, start_sandbox};

/// Resolves the names of internal addresses, no others, and records the names.
#[derive(Default)]
struct Names(Mutex<Vec<String>>);

impl Resolver for Names {
    fn addresses(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let addresses: &[&str] = match host.as_str() {
            "localhost" | "localhost." | "loopback.test" => &["127.0.0.1"],
            "loopback-v6.test" => &["::1"],
            "several.test" => &["127.0.0.1", "::1", "169.254.169.254", "fe80::1"],
            "mapped.test" => &["::ffff:127.0.0.1"],
            "metadata.test" => &["169.254.169.254", "fd00:ec2::254"],
            "private.test" => &["10.0.0.1", "172.16.0.1", "192.168.0.1", "fd12::1", "100.64.0.1"],
            _ => &[],
        };
        self.0.lock().unwrap().push(host);
        let known: Vec<IpAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
        let unknown = || io::Error::new(io::ErrorKind::NotFound, "no such name");
        let outcome = if known.is_empty() { Err(unknown()) } else { Ok(known) };
        async { outcome }.boxed()
    }
}

const OBSERVABLES: &[(&str, &str)] = &[("domain", "bad.example")];

#[tokio::test(start_paused = true)]
async fn s02_keys_and_limits_of_concurrent_callers_never_mix() {
    let relay = start().await;
    let sandbox = &relay.sandbox;
    let reader = relay.with_claims(json!({"AuthKey": READ_ONLY_KEY, "CTR_ENTITIES_LIMIT": 1}));
    let intruder = relay.with_claim("AuthKey", "intruder").with_claim("CTR_ENTITIES_LIMIT", 3);
    let analyst = relay.with_claim("CTR_ENTITIES_LIMIT", 2);
    let observables = [("md5", sample::RANSOMWARE_MD5)];
    join_all((0..60).map(|turn| {
        let (analyst, reader, intruder) = (&analyst, &reader, &intruder);
        async move {
            match turn % 3 {
                0 => assert_eq!(analyst.observe(&observables).await.events().len(), 2),
                1 => assert_eq!(reader.observe(&observables).await.events().len(), 1),
                _ => intruder.observe(&observables).await.assert_fatal("authorization error"),
            }
        }
    }))
    .await;
    let keys: Vec<_> =
        sandbox.calls().iter().map(|call| call.authorization().unwrap().to_owned()).collect();
    let sent = |key: &str| keys.iter().filter(|sent| *sent == key).count();
    assert_eq!((sent(API_KEY), sent(READ_ONLY_KEY), sent("intruder")), (60, 60, 20));
    // A right of one caller is not one of the next caller.
    assert_eq!(analyst.respond(OBSERVABLES).await.items().len(), 3);
    assert_eq!(reader.respond(OBSERVABLES).await.items().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn s02_hosts_of_concurrent_callers_never_mix() {
    let sandbox = start_sandbox().await;
    let names = Arc::new(Names::default());
    let relay = MispRelay::start().before(&sandbox).resolving(names.clone()).await;
    let one = relay.with_claim("HOST", "https://one.example").with_claim("AuthKey", "key-of-one");
    let two =
        relay.with_claim("HOST", "https://two.example/misp").with_claim("AuthKey", "key-of-two");
    for _ in 0..5 {
        for (caller, own, other) in [(&one, "one.example", "two."), (&two, "two.example", "one.")] {
            names.0.lock().unwrap().clear();
            let answer = caller.observe(OBSERVABLES).await;
            answer.assert_fatal("connection error");
            assert!(answer.message().contains(own) && !answer.message().contains(other));
            assert!(names.0.lock().unwrap().iter().all(|name| name == own));
            let link = caller.refer(OBSERVABLES).await.items()[0]["url"].clone();
            assert!(link.as_str().unwrap().starts_with(&format!("https://{own}")), "{link}");
        }
        // A caller without a host gets the operator's, with its own key.
        assert_eq!(relay.observe(OBSERVABLES).await.found(), ["bad.example"]);
    }
    assert!(sandbox.calls().iter().all(|call| call.authorization() == Some(API_KEY)));
    assert_eq!(sandbox.calls().len(), 15);
}

/// Spellings of this machine's addresses and its neighbours', also behind a user name.
fn internal_hosts(port: u16) -> Vec<String> {
    let with_port = [
        "https://127.0.0.1",
        "https://127.0.0.1.",
        "https://127.8.8.8",
        "https://127.1",
        "https://0",
        "https://0.0.0.0",
        "https://0x7f000001",
        "https://0x7f.1",
        "https://0177.0.0.1",
        "https://2130706433",
        "https://[::1]",
        "https://[::]",
        "https://[::ffff:127.0.0.1]",
        "https://[::ffff:7f00:1]",
        "https://[::127.0.0.1]",
        "https://[64:ff9b::7f00:1]",
        "https://[2002:7f00:1::]",
        "https://１２７.0.0.1",
        "https://127。0。0。1",
        "https://%31%32%37.0.0.1",
        "https://127%2e0%2e0%2e1",
        "https://localhost",
        "https://LOCALHOST",
        "https://localhost.",
        "https://loopback.test",
        "https://loopback-v6.test",
        "https://several.test",
        "https://mapped.test",
        "https://metadata.test",
        "https://169.254.169.254",
        "https://[fd00:ec2::254]",
        "https://[fe80::1]",
        "https://good.example@127.0.0.1",
        "https://good.example:443@127.0.0.1",
        "https://good.example%40@127.0.0.1",
        r"https://good.example\@127.0.0.1",
        "http://127.0.0.1",
        "http://localhost",
        "//127.0.0.1",
        "127.0.0.1",
        "localhost",
        "https:127.0.0.1",
        "https:/127.0.0.1",
        "https:///127.0.0.1",
        "ftp://127.0.0.1",
        "gopher://127.0.0.1",
        "ws://127.0.0.1",
    ];
    let mut hosts: Vec<_> = with_port.iter().map(|host| format!("{host}:{port}")).collect();
    hosts.extend([
        format!("https://127.0.0.1:{port}/path/.."),
        format!("https://127.0.0.1:{port}#good.example"),
        format!("https://127.0.0.1:{port}?good.example"),
        format!("https://127.0.0.1:{port}\r\n"),
        format!("https://good.example#@127.0.0.1:{port}/"),
        format!("https://good.example?@127.0.0.1:{port}/"),
        format!("https://127.0.0.1:{port}/{}", "x".repeat(10_000)),
        "https://".to_owned(),
        "https://:443".to_owned(),
        "file:///etc/passwd".to_owned(),
        "data:text/plain,x".to_owned(),
        "javascript:alert(1)".to_owned(),
        format!("https://{}.test", "x".repeat(10_000)),
        "\0".to_owned(),
    ]);
    hosts
}

async fn assert_unreachable(
    hosts: Vec<String>,
    settings: &[(&str, &str)],
    listener: &SilentListener,
) {
    let relay = MispRelay::start().with(settings).resolving(Arc::new(Names::default())).await;
    let sandbox = &relay.sandbox;
    for host in hosts {
        let caller = relay.with_claim("HOST", host.as_str());
        for answer in [
            caller.health().await,
            caller.observe(OBSERVABLES).await,
            caller.deliberate(OBSERVABLES).await,
            caller.trigger("respond-misp-sighting-", "domain", "bad.example").await,
        ] {
            let codes = answer.errors();
            let refused = [("fatal", "connection error"), ("fatal", "invalid argument")];
            assert!(codes.len() == 1 && refused.contains(&codes[0]), "{host:?}: {}", answer.text);
        }
    }
    assert_eq!(listener.connections().await, 0);
    // The operator's host does not replace an invalid one.
    assert_eq!(sandbox.calls().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn i15_no_spelling_of_host_leads_to_an_internal_address() {
    let listener = SilentListener::start().await;
    let port = listener.port();
    let mut hosts = internal_hosts(port);
    for private in
        ["10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "[fd12::1]", "private.test"]
    {
        hosts.push(format!("https://{private}:{port}"));
    }
    assert_unreachable(hosts, &[], &listener).await;
}

#[tokio::test(start_paused = true)]
async fn i15_allowed_private_hosts_do_not_include_loopback() {
    let listener = SilentListener::start().await;
    let hosts = internal_hosts(listener.port());
    assert_unreachable(hosts, &[("ALLOW_PRIVATE_HOSTS", "true")], &listener).await;
}

#[tokio::test(start_paused = true)]
async fn c09_a_host_of_the_wrong_type_is_refused() {
    let relay = start().await;
    for host in [json!(7), json!(true), json!(["https://misp.example"]), json!({})] {
        relay.with_claim("HOST", host).health().await.assert_fatal("authorization error");
    }
}
