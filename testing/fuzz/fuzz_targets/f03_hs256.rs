#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| properties::f03_hs256(data));
