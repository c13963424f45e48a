//! Every fault of the product costs no more than it hit.

testkit::fault_matrix!(gigamon_threatinsight::GigamonThreatinsight);
