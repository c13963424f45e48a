//! Every fault of the product, and what is left of the answer.

testkit::fault_matrix!(graph_security::GraphSecurity);
