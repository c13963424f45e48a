//! The built relay, from event to answer.

testkit::end_to_end!(defender_atp::DefenderAtp);
