//! The built relay, from event to answer.

use crate::conformance::Conforming;

testkit::end_to_end!(Conforming, env!("CARGO_BIN_EXE_qualys-ioc"));
testkit::under_load!(Conforming, env!("CARGO_BIN_EXE_qualys-ioc"));
