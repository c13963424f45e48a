//! What the tests of every relay share: a dev-dependency, never part of a function.
//!
//! Ask with [`desk`], [`token`] and [`event`], answer key requests with [`jwks`], run a built
//! function with [`runtime_api`] or [`emulator`], judge answers with [`ctim`] and
//! [`golden`](mod@golden), break a product's with [`mutation`].
//! [`conformance`](mod@conformance), [`end_to_end`](mod@end_to_end) and
//! [`fault_matrix`](mod@fault_matrix) are whole suites.

mod answer;
mod clock;
pub mod conformance;
pub mod ctim;
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
pub mod test_relay;
pub mod token;

pub use answer::Answer;
pub use observables::Observables;
pub use relay::{AnswerRequest, Start, StartService, StartedService, TestRelay};
pub use request::{BASE_URL, TestRequest};
pub use resolver::TestResolver;
pub use runtime::block_on;

/// Moved to [`invalid_tls`]; stays until every test has followed.
pub mod impostor {
    /// See [`crate::invalid_tls::InvalidTlsServer::untrusted`].
    pub fn impostor() -> String {
        crate::invalid_tls::InvalidTlsServer::untrusted()
    }
}
