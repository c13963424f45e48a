//! Every fault of the product, and what is left of the answer.

testkit::fault_matrix!(graph_security::GraphSecurity);

#[test]
fn a_fault_of_reputations_costs_verdicts_only() {
    let golden = testkit::golden!("faults");
    testkit::fault_matrix::beside::<graph_security::GraphSecurity>(
        &golden,
        "reputations",
        "threatIntelligence",
    );
}
