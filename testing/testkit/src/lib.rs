//! The test kit that all relays share; a dev-dependency, never part of a function.
//!
//! [`TestRelay`] runs a relay in front of its product's simulator and checks every [`Answer`].
//! [`token`], [`event`] and [`jwks`] make tokens, gateway events and key servers; [`runtime_api`] and
//! [`emulator`] run a built function; [`ctim`] and [`golden`](mod@golden) check answers;
//! [`captured_logs`] has what is logged; [`distance`] puts a simulator far away; [`mutation`] changes responses of a product; [`texts`] says what
//! people can read.
//! [`conformance`](mod@conformance), [`end_to_end`](mod@end_to_end) and
//! [`fault_matrix`](mod@fault_matrix) are whole suites.

#![expect(
    clippy::expect_used,
    clippy::missing_errors_doc,
    clippy::must_use_candidate,
    clippy::panic,
    reason = "a test fails by a panic, and its results are compared, not returned"
)]

mod answer;
pub mod captured_logs;
mod clock;
pub mod conformance;
pub mod ctim;
pub mod distance;
pub mod emulator;
pub mod end_to_end;
mod environment;
pub mod event;
pub mod fault_matrix;
pub mod golden;
pub mod invalid_tls;
pub mod jwk;
pub mod jwks;
pub mod keys;
pub mod mutation;
mod observables;
mod relay;
mod request;
mod resolver;
mod runtime;
pub mod runtime_api;
pub mod texts;
pub mod token;

pub use answer::Answer;
pub use observables::Observables;
pub use relay::{AnswerRequest, Start, StartService, StartedService, TestRelay};
pub use request::{BASE_URL, TestRequest};
pub use resolver::TestResolver;
pub use runtime::{block_on, block_on_paused};
