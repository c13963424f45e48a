//! The rules that every relay keeps.

testkit::conformance!(misp::Misp);
