//! The built relay, from event to answer.

use crate::conformance::Own;

testkit::end_to_end!(Own, env!("CARGO_BIN_EXE_defender-atp"));
testkit::under_load!(Own, env!("CARGO_BIN_EXE_defender-atp"));
