#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| crunchbox_fuzz::pattern(bytes));
