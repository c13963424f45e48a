//! The built relay, from event to answer.

use crate::conformance::Conforming;

relay_testkit::end_to_end!(Conforming, env!("CARGO_BIN_EXE_qualys-ioc"));
relay_testkit::under_load!(Conforming, env!("CARGO_BIN_EXE_qualys-ioc"));
