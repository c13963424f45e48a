//! What the tests of every relay share: a dev-dependency, never part of a function.
//!
//! Ask with [`token`] and [`event`], answer key requests with [`jwks`], run a built function with
//! [`runtime_api`], judge answers with [`ctim`] and [`golden`](mod@golden).

mod clock;
pub mod conformance;
pub mod ctim;
pub mod emulator;
pub mod end_to_end;
mod environment;
pub mod event;
pub mod golden;
pub mod impostor;
pub mod jwk;
pub mod jwks;
pub mod keys;
pub mod runtime_api;
pub mod token;
