//! What the tests of every relay share: a dev-dependency, never part of a function.
//!
//! Ask with [`desk`], [`token`] and [`event`], answer key requests with [`jwks`], run a built
//! function with [`runtime_api`] or [`emulator`], judge answers with [`ctim`] and
//! [`golden`](mod@golden), break a product's with [`mutation`].
//! [`conformance`](mod@conformance), [`end_to_end`](mod@end_to_end) and
//! [`fault_matrix`](mod@fault_matrix) are whole suites.

mod clock;
pub mod conformance;
pub mod ctim;
pub mod emulator;
pub mod end_to_end;
mod environment;
pub mod event;
pub mod fault_matrix;
pub mod golden;
pub mod impostor;
pub mod jwk;
pub mod jwks;
pub mod keys;
pub mod mutation;
pub mod runtime_api;
pub mod test_relay;
pub mod token;
