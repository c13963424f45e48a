#![no_main]

use properties::{Product, f06_responses};

libfuzzer_sys::fuzz_target!(|data: &[u8]| f06_responses(Product::Misp, data));
