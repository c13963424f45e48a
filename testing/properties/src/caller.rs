//! A request as a gateway's caller sends it.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header::AUTHORIZATION};
use relay_core::{auth::Gateway, route::Route, service::Incoming};
use tokio::time::Instant;

/// The relay's public address.
pub(crate) const BASE_URL: &str = "https://relay.example";

/// The name of every request, which the answer to a panic would repeat.
pub(crate) const REQUEST_ID: &str = "request-of-a-property";

/// A request of somebody who waits so long.
pub(crate) fn request(
    route: Route,
    authorization: HeaderValue,
    body: Bytes,
    wait: Duration,
) -> Incoming {
    let (_, _, path) = Route::ALL.iter().find(|(known, ..)| *known == route).expect("a known path");
    Incoming {
        method: Method::POST,
        path: (*path).to_owned(),
        headers: HeaderMap::from_iter([(AUTHORIZATION, authorization)]),
        body,
        gateway: Gateway { base_urls: vec![BASE_URL.to_owned()], source: None },
        request_id: REQUEST_ID.to_owned(),
        deadline: Instant::now() + wait,
    }
}
