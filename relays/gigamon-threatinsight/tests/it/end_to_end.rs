//! The built binary, from gateway event to answer.

testkit::end_to_end!(gigamon_threatinsight::GigamonThreatinsight);
