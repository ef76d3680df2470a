//! A lock: what is read can be written, and reads as the same again.
#![no_main]

use rootfs_package::lock::Lock;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(lock) = Lock::parse(text) {
        let again = Lock::parse(&lock.to_toml()).expect("our own text is a lock");
        assert_eq!(again.to_toml(), lock.to_toml());
    }
});
