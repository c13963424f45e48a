//! Properties that hold for every input: one function for each fuzz target; it panics where its
//! property does not hold.
//!
//! The targets of `testing/fuzz` call these functions with the fuzzer's input; this crate's tests
//! call them with the seeds of `testing/fuzz/seeds` and a fixed number of variations. A property
//! takes text as it is; after `~` the bytes steer a structured input instead.

#![expect(clippy::expect_used, clippy::panic, reason = "a property that does not hold panics")]

mod bearer;
mod bodies;
mod change;
mod dates;
mod events;
mod header;
mod key_set;
mod queries;
mod relays;
mod requests;
mod responses;
mod verify;
mod waits;

pub use bearer::f01_bearer;
pub use bodies::f05_requests;
pub use dates::f10_dates;
pub use events::f09_events;
pub use header::f02_header;
pub use key_set::f04_key_set;
pub use queries::{f07_iql, f07_kql, f07_odata, f07_qql};
pub use requests::{f07_form, f07_path};
pub use responses::f06_responses;
pub use sandbox::Product;
pub use verify::{f03_hs256, f03_rs256};
pub use waits::f08_waits;

/// The byte before those that steer a structured input.
const STRUCTURED_MARK: u8 = b'~';

/// The bytes behind the mark of a structured input; none for an input without it.
fn structured(data: &[u8]) -> Option<arbitrary::Unstructured<'_>> {
    let steering = data.strip_prefix(&[STRUCTURED_MARK])?;
    Some(arbitrary::Unstructured::new(steering))
}
