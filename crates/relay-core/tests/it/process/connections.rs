//! Connections of a process that has just started.

use std::time::Duration;

use testkit::distance::{Distance, DistantServer, Issuer};
use tokio::task::yield_now;

use super::{function_of, post};
use crate::fixture::{Fixture, hs256};

#[tokio::test]
async fn a_started_process_has_its_connections_and_has_sent_nothing() {
    let (near, issuer) = (Fixture::new().await, Issuer::new());
    for is_on in [true, false] {
        let distance = Distance::of(Duration::ZERO);
        let product = DistantServer::start(distance, &issuer, &near.product.url()).await;
        let function = function_of(&near)
            .env("PRODUCT_URL", product.url())
            .env("EXTRA_CA_BUNDLE", issuer.bundle().display().to_string())
            .env("PRECONNECT", if is_on { "on" } else { "off" })
            .start()
            .await
            .unwrap();
        while product.connections() < usize::from(is_on) {
            yield_now().await;
        }
        assert_eq!((product.connections(), product.requests()), (usize::from(is_on), 0));
        let answer = function.invoke(&post("/health", &hs256())).await.reply().json();
        assert!(answer["errors"].is_null(), "{answer}");
        assert_eq!((product.connections(), product.handshakes(), product.requests()), (1, 1, 1));
        function.stop().await;
    }
}
