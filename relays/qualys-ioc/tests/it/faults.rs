//! Every fault of the product, and what is left of the answer.

use testkit::fault_matrix::Exposed;

use crate::conformance::Conforming;

impl Exposed for Conforming {}

testkit::fault_matrix!(Conforming: no_fault_costs_what_it_did_not_hit);
