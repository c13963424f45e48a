//! The built relay, from event to answer.

use crate::conformance::Own;

relay_testkit::end_to_end!(Own, env!("CARGO_BIN_EXE_defender-atp"));
relay_testkit::under_load!(Own, env!("CARGO_BIN_EXE_defender-atp"));
