#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| properties::f04_key_set(data));
