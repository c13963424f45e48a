//! Where the product is, as far as a caller has a say in it.

use std::{
    io,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::future::{BoxFuture, FutureExt, ready};
use relay_core::{http::Resolver, route::Route};
use serde_json::json;

use super::{Ask, Stage, Subject};
use crate::{jwk::Jwk, jwks::JwksServer};

/// What the name leads to, one look-up after the other: nothing at first, then places inside.
const INSIDE: [&[&str]; 6] = [
    &[],
    &["127.0.0.1"],
    &["::1"],
    &["169.254.169.254", "127.0.0.1"],
    &["::ffff:127.0.0.1"],
    &["10.0.0.1", "fd12::1"],
];

/// Claims by which a caller may try to say where the product is.
const HOSTS: [&str; 8] =
    ["HOST", "API_URL", "host", "url", "api_url", "base_url", "login_url", "PLATFORM_URL"];

#[derive(Default)]
struct Moving(AtomicUsize);

impl Resolver for Moving {
    fn addresses(&self, _host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let times = self.0.fetch_add(1, Ordering::SeqCst);
        let addresses = INSIDE[times % INSIDE.len()].iter();
        let addresses = addresses.map(|address| address.parse().expect("an address"));
        ready(Ok(addresses.collect())).boxed()
    }
}

/// A caller who says where the product is does not lead the relay inside: not where that is his to
/// say, under a name that leads inside at a later look-up, and not where it is the operator's alone.
pub async fn i15_no_caller_leads_inside<S: Subject>() {
    let inside = JwksServer::start(Vec::<Jwk>::new()).await;
    match S::HOST {
        Some(claim) => assert_not_followed::<S>(claim, &inside).await,
        None => assert_not_heard::<S>(&inside).await,
    }
    assert_eq!(inside.connections(), 0);
}

async fn assert_not_followed<S: Subject>(claim: &str, inside: &JwksServer) {
    let names = Arc::new(Moving::default());
    let stage = Stage::<S>::resolving(names.clone()).await;
    let mut claims = S::claims();
    let port = inside.origin().rsplit(':').next().unwrap_or_default().to_owned();
    claims[claim] = json!(format!("https://product.example:{port}"));
    for route in [Route::Health, Route::Observe].into_iter().cycle().take(2 * INSIDE.len()) {
        let answer = stage.ask(Ask::sound::<S>(route).claims(claims.clone())).await;
        answer.assert_failure();
        assert_eq!(answer.codes(), ["connection error"], "{}", answer.text);
    }
    assert!(names.0.load(Ordering::SeqCst) >= INSIDE.len());
    assert_eq!(stage.calls(), 0);
}

async fn assert_not_heard<S: Subject>(inside: &JwksServer) {
    let stage = Stage::<S>::set().await;
    let mut claims = S::claims();
    for claim in HOSTS {
        claims[claim] = json!(inside.origin());
    }
    let answer = stage.ask(Ask::sound::<S>(Route::Observe).claims(claims)).await;
    answer.assert_good();
    assert!(stage.calls() > 0);
}
