//! Every fault of the product, and what is left of the answer.

testkit::fault_matrix!(gigamon_threatinsight::GigamonThreatInsight);
