//! Starting, stopping, delays, and what the sandbox remembers.

use std::{future::Future, time::Duration};

use axum::body::Body;
use futures::{future::join_all, poll};
use http::Method;
use sandbox::{Fault, Product, Sandbox, Times, When};
use serde_json::json;

use crate::client;

/// Lets other tasks run until the condition holds.
async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}

async fn call(url: String) -> Option<()> {
    client::head(Method::GET, &url, &[], Body::empty()).await.ok().map(drop)
}

#[test]
fn slugs_name_the_products() {
    for product in Product::ALL {
        assert_eq!(Product::from_slug(product.slug()), Some(product));
    }
    assert_eq!(Product::from_slug("MISP"), None);
}

#[tokio::test]
async fn every_product_listens_on_the_loopback() {
    for product in Product::ALL {
        let sandbox = Sandbox::start(product).await.unwrap();
        assert!(sandbox.url().starts_with("http://127.0.0.1:"), "{}", sandbox.url());
        assert_eq!(sandbox.product(), product);
        assert!(
            client::get(&format!("{}/no/such/path", sandbox.url()), &[])
                .await
                .status
                .is_client_error()
        );
    }
}

#[tokio::test]
async fn calls_are_kept_whole_and_in_order() {
    let sandbox = Sandbox::start(Product::Misp).await.unwrap();
    let url = sandbox.url();
    client::get(&format!("{url}/one%20two?x=%25&y"), &[("authorization", "key")]).await;
    client::post(&format!("{url}/three"), &[("x-colour", "blue")], &json!({"a": 1})).await;

    let calls = sandbox.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!((&calls[0].method, calls[0].path.as_str()), (&Method::GET, "/one%20two"));
    assert_eq!(calls[0].query, "x=%25&y");
    assert_eq!(calls[0].authorization(), Some("key"));
    assert!(calls[0].body.is_empty());
    assert_eq!((&calls[1].method, calls[1].path.as_str()), (&Method::POST, "/three"));
    assert_eq!((calls[1].query.as_str(), calls[1].authorization()), ("", None));
    assert_eq!(calls[1].header("X-Colour"), Some("blue"));
    assert_eq!(calls[1].json().unwrap(), json!({"a": 1}));

    sandbox.forget_calls();
    assert!(sandbox.calls().is_empty());
}

#[tokio::test]
async fn the_peak_counts_calls_in_work() {
    let sandbox = Sandbox::start(Product::Misp).await.unwrap();
    let url = sandbox.url().to_owned();
    call(url.clone()).await;
    call(url.clone()).await;
    assert_eq!(sandbox.peak_concurrency(), 1, "one after the other");

    sandbox.fault(When::any(), Fault::SlowHeaders, Times::Always);
    let waiting = tokio::spawn(join_all((0..5).map(|_| call(url.clone()))));
    until(|| sandbox.calls().len() == 7).await;
    assert_eq!(sandbox.peak_concurrency(), 5);

    waiting.abort();
    until(|| {
        sandbox.forget_calls();
        sandbox.peak_concurrency() == 0
    })
    .await;
}

#[tokio::test]
async fn a_delay_holds_only_calls_that_come_after_it() {
    let sandbox = Sandbox::start(Product::Misp).await.unwrap();
    let url = sandbox.url().to_owned();
    sandbox.delay(Duration::from_secs(3600));
    let mut held = tokio::spawn(call(url.clone()));
    until(|| sandbox.calls().len() == 1).await;

    sandbox.delay(Duration::ZERO);
    assert_eq!(call(url).await, Some(()));
    assert!(poll!(&mut held).is_pending());
}

#[tokio::test]
async fn dropping_it_closes_the_port_and_open_connections() {
    let sandbox = Sandbox::start(Product::Misp).await.unwrap();
    let url = sandbox.url().to_owned();
    sandbox.fault(When::any(), Fault::SlowHeaders, Times::Always);
    let open = tokio::spawn(call(url.clone()));
    until(|| sandbox.calls().len() == 1).await;

    drop(sandbox);
    assert_eq!(open.await.unwrap(), None);
    assert_eq!(call(url).await, None);
}

#[tokio::test]
async fn a_chosen_port_is_used() {
    let free = Sandbox::start(Product::Misp).await.unwrap();
    let port = free.url().rsplit(':').next().unwrap().parse().unwrap();
    assert!(Sandbox::start_on(Product::Misp, port).await.is_err(), "it is taken");
}

#[test]
fn sandboxes_of_several_runtimes_do_not_share_state() {
    fn in_a_runtime<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
    }
    let count = || {
        in_a_runtime(async {
            let sandbox = Sandbox::start(Product::Misp).await.unwrap();
            call(sandbox.url().to_owned()).await;
            sandbox.calls().len()
        })
    };
    let counts: Vec<_> = std::thread::scope(|threads| {
        let running: Vec<_> = (0..3).map(|_| threads.spawn(count)).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(counts, [1, 1, 1]);
}
