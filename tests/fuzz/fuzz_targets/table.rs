#![no_main]

// The libraries underneath may panic: the crate catches that and makes it an error. So a panic must not end the
// process as it begins, which libFuzzer's own hook would see to; one that nobody catches still does.
libfuzzer_sys::fuzz_target!(
    init: std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))),
    |bytes: &[u8]| crunchbox_fuzz::table(bytes)
);
