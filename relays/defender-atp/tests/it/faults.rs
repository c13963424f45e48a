//! Every fault of the product, and what is left of the answer.

testkit::fault_matrix!(defender_atp::DefenderAtp);
