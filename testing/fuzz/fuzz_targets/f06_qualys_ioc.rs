#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| properties::f06_qualys_ioc(data));
