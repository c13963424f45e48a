//! Every fault of the product, and what is left of the answer.

use testkit::fault_matrix::Exposed;

use crate::conformance::Filtered;

impl Exposed for Filtered {}

testkit::fault_matrix!(Filtered: no_fault_costs_what_it_did_not_hit);
