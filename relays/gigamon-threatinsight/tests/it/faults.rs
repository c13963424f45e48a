//! Every fault of the product, and what is left of the answer.

use testkit::fault_matrix::Exposed;

use crate::conformance::Conforming;

impl Exposed for Conforming {
    const FIRST_CALL: &'static str = "/detections/v1/detections";
    // A family that is not there is left alone for ten minutes.
    const REMEMBERED: &'static [&'static str] = &["404"];
}

testkit::fault_matrix!(Conforming: no_fault_costs_what_it_did_not_hit);
