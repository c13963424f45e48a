//! What every Threat Response relay shares.
//!
//! A relay implements [`Relay`] and calls [`serve::run`]; this crate knows no product. The smallest
//! one, which answers one call in process (`cargo run -p relay-core --example minimal_relay`):
//!
//! ```
#![doc = include_str!("../examples/minimal_relay.rs")]
//! ```
//!
//! A call passes these steps, each a module: `serve` takes it from the Lambda runtime, `route` finds
//! its route, `service` applies the route's policy, `auth` verifies the token, `input` reads the
//! observables, the relay asks its product through `outbound` and [`oauth`] and maps its records to
//! [`ctim`], and `answer` writes the answer.
//!
//! Modules import only modules that stand before them in this list (`tests/it/modules.rs` checks
//! it): `clock`, `text`, `error`, `url`, `ctim`, `lenient`, `cache`, `concurrency`, `secret`,
//! `settings`, `quota`, `xray`, `invocation`, `telemetry`, `outbound`, `auth`, `relay`, `oauth`, `input`,
//! `answer`, `route`, `service`, `serve`.

mod answer;
mod auth;
pub mod cache;
mod clock;
mod concurrency;
pub mod ctim;
mod error;
mod input;
mod invocation;
pub mod lenient;
pub mod oauth;
mod outbound;
mod quota;
mod relay;
mod route;
mod secret;
pub mod serve;
mod service;
mod settings;
mod telemetry;
pub mod text;
pub mod url;
mod xray;

pub use auth::{Gateway, REGIONS, SECRET_MAX_AGE_SECONDS, SECRET_REFRESH_SECONDS, SecretsManager};
pub use clock::Clock;
pub use concurrency::{CircuitBreaker, fewer_after, join_bounded};
pub use ctim::{Bundle, MAX_ANSWER_BYTES, Namespace, Observable, ObservableType, Time};
pub use error::{Error, ErrorKind, Result};
pub use input::{MAX_OBSERVABLES, MAX_REQUEST_BYTES, MAX_VALUE_BYTES};
pub use outbound::{
    Http, Request, Resolver, Response, SdkHttpClient, SystemResolver, is_unknown_host, one_line,
    try_again,
};
pub use quota::{Quota, QuotaPeriod};
pub use relay::{
    About, Action, Call, Claim, ClaimKind, Credentials, Documentation, Findings, Link, Partial,
    ProductCategory, QueryParams, Relay, RoutePolicies, RoutePolicy, Trigger,
};
pub use route::{Route, RouteError};
pub use secret::Secret;
pub use service::{Incoming, Outgoing, Service};
pub use settings::{BadSetting, Environment};
pub use url::BaseUrl;

/// What the property tests call beside the public API.
#[doc(hidden)]
pub mod fuzz_api {
    pub use crate::{
        auth::{Algorithm, UnverifiedToken, bearer, usable_keys},
        outbound::{retry_after, retry_delay},
        serve::incoming,
    };
}
