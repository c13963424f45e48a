//! Everything that is the same in every Threat Response relay.
//!
//! A request passes eight hops, each a module: [`serve`](mod@serve) takes it from the Lambda runtime,
//! [`route`] names it, [`service`] opens the route's gate, [`auth`] checks the token, [`input`]
//! reads the observables, the relay's own code asks its product through [`http`] and [`tokens`]
//! and maps what it said to [`ctim`], and [`answer`] writes the envelope.
//!
//! A relay implements [`Relay`] and calls [`serve::run`]; this crate knows no product.

pub mod answer;
pub mod auth;
pub mod cache;
pub mod clock;
pub mod ctim;
pub mod error;
pub mod http;
pub mod input;
pub mod lenient;
pub mod oauth;
pub mod relay;
pub mod route;
pub mod serve;
pub mod service;
pub mod settings;
pub mod telemetry;
pub mod url;

pub use clock::Clock;
pub use ctim::{Bundle, Namespace, Observable, ObservableType, Time};
pub use error::{Error, ErrorKind, Result};
pub use http::{Http, Request, Response};
pub use relay::{
    About, Action, Call, CircuitBreaker, Claim, ClaimKind, Credentials, Documentation, Findings,
    Link, Partial, Relay, RoutePolicies, RoutePolicy, Secret, Trigger, join_bounded,
};
pub use service::Service;
pub use settings::{BadSetting, Environment};
pub use url::BaseUrl;
