//! Versions: an order has no circles.
#![no_main]

use std::cmp::Ordering;

use rootfs_package::apt::version::Version;

libfuzzer_sys::fuzz_target!(|texts: (&str, &str, &str)| {
    let [a, b, c] = [texts.0, texts.1, texts.2].map(Version::parse_lossy);
    assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
    assert_eq!(a.cmp(&a), Ordering::Equal);
    if a <= b && b <= c {
        assert!(a <= c);
    }
});
