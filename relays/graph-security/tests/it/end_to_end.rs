//! The built relay, from event to answer.

use crate::conformance::Filtered;

testkit::end_to_end!(Filtered, env!("CARGO_BIN_EXE_graph-security"));
testkit::under_load!(Filtered, env!("CARGO_BIN_EXE_graph-security"));
