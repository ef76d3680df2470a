//! A binary host's index; whatever is in it resolves to an answer.
#![no_main]

use rootfs_package::portage::resolve::{Host, Policy, Wish, resolve};
use rootfs_package::portage::PackageIndex;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(index) = PackageIndex::read(bytes) else { return };
    let mut wishes = Vec::new();
    for package in index.packages() {
        let whole = package.to_package();
        assert_eq!(format!("{}/{}-{}", whole.category, whole.name, whole.version), package.cpv());
        assert!(!whole.path.split('/').any(|part| part == ".."));
        wishes.extend(Wish::parse(package.category_and_name()).ok());
    }
    wishes.truncate(3);
    let found = resolve(&[Host { index: &index, priority: 0 }], &wishes, &Policy::default());
    if let Ok(found) = found {
        assert!(found.packages.len() <= index.len());
    }
});
