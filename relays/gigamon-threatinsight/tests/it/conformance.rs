//! The rules that every relay keeps.

testkit::conformance!(gigamon_threatinsight::GigamonThreatInsight);
