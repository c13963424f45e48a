#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| properties::f09_events(data));
