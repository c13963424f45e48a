//! The rules that every relay keeps.

testkit::conformance!(graph_security::GraphSecurity);
