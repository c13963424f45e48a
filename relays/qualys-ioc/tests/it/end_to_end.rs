//! The built relay, from event to answer.

testkit::end_to_end!(qualys_ioc::QualysIoc);
