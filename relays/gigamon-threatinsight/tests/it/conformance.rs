//! The rules that all relays share.

testkit::conformance!(gigamon_threatinsight::GigamonThreatinsight);
