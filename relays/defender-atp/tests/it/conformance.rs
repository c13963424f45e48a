//! The rules that every relay keeps.

testkit::conformance!(defender_atp::DefenderAtp);
