//! Versions, whose order has no circles, and rich dependencies.
#![no_main]

use std::cmp::Ordering;

use rootfs_package::rpm::{Evr, compare_evr, compare_versions, parse_rich};

libfuzzer_sys::fuzz_target!(|texts: (&str, &str, &str)| {
    let (a, b, c) = texts;
    for compare in [compare_versions as fn(&str, &str) -> Ordering, compare_evr] {
        assert_eq!(compare(a, b), compare(b, a).reverse());
        assert_eq!(compare(a, a), Ordering::Equal);
        if compare(a, b).is_le() && compare(b, c).is_le() {
            assert!(compare(a, c).is_le());
        }
    }
    let (x, y) = (Evr::parse(a), Evr::parse(b));
    assert_eq!(x.cmp(&y), y.cmp(&x).reverse());
    assert_eq!(x.cmp(&y) == Ordering::Equal, x == y);
    let _ = parse_rich(a);
});
