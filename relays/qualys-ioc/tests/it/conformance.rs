//! The rules that all relays share.

testkit::conformance!(qualys_ioc::QualysIoc);
