//! The rules that every relay keeps.

testkit::conformance!(qualys_ioc::QualysIoc);
