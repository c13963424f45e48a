//! The built relay, from event to answer.

use crate::conformance::Filtered;

relay_testkit::end_to_end!(Filtered, env!("CARGO_BIN_EXE_graph-security"));
relay_testkit::under_load!(Filtered, env!("CARGO_BIN_EXE_graph-security"));
