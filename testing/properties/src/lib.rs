//! What holds for every input: one function for each fuzz target, which panics where it does not.
//!
//! The targets of `fuzz/` call these functions with what the fuzzer makes up; this crate's tests
//! call them with the seeds of `fuzz/seeds` and a fixed number of variations. A property that
//! takes text takes it as it is; after `~` the bytes steer a structured input instead.

mod answers;
mod bearer;
mod caller;
mod change;
mod dates;
mod events;
mod header;
mod key_set;
mod queries;
mod questions;
mod requests;
mod stage;
mod subject;
mod verify;
mod waits;

pub use answers::{
    f06_defender_atp, f06_gigamon_threatinsight, f06_graph_security, f06_misp, f06_qualys_ioc,
};
pub use bearer::f01_bearer;
pub use dates::f10_dates;
pub use events::f09_events;
pub use header::f02_header;
pub use key_set::f04_key_set;
pub use queries::{f07_iql, f07_kql, f07_odata, f07_qql};
pub use questions::f05_questions;
pub use requests::{f07_form, f07_path};
pub use verify::{f03_hs256, f03_rs256};
pub use waits::f08_waits;

/// A property: says nothing, or panics.
pub type Property = fn(&[u8]);

/// Every property under the name of its fuzz target and of its folder of seeds.
pub const PROPERTIES: [(&str, Property); 20] = [
    ("f01_bearer", f01_bearer),
    ("f02_header", f02_header),
    ("f03_hs256", f03_hs256),
    ("f03_rs256", f03_rs256),
    ("f04_key_set", f04_key_set),
    ("f05_questions", f05_questions),
    ("f06_defender_atp", f06_defender_atp),
    ("f06_gigamon_threatinsight", f06_gigamon_threatinsight),
    ("f06_graph_security", f06_graph_security),
    ("f06_misp", f06_misp),
    ("f06_qualys_ioc", f06_qualys_ioc),
    ("f07_form", f07_form),
    ("f07_iql", f07_iql),
    ("f07_kql", f07_kql),
    ("f07_odata", f07_odata),
    ("f07_path", f07_path),
    ("f07_qql", f07_qql),
    ("f08_waits", f08_waits),
    ("f09_events", f09_events),
    ("f10_dates", f10_dates),
];

/// What stands before bytes that steer a structured input.
const STRUCTURED: u8 = b'~';

/// The bytes behind the mark of a structured input; none for an input that is taken as it is.
fn structured(data: &[u8]) -> Option<arbitrary::Unstructured<'_>> {
    let steering = data.strip_prefix(&[STRUCTURED])?;
    Some(arbitrary::Unstructured::new(steering))
}
