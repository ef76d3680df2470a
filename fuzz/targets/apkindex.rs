//! An index before anybody vouches for it, and its text as if somebody had; whatever is in it resolves to an answer.
#![no_main]

use rootfs_package::apk::{Dependency, PackageInfo, PublicKeys, Universe, parse_index, read_index, resolve};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    assert!(read_index(bytes, &PublicKeys::new()).is_err(), "nobody's signature was accepted");
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = PackageInfo::parse(text);
    let Ok(packages) = parse_index(text) else { return };
    let mut world: Vec<Dependency> = packages.iter().filter_map(|package| package.name.parse().ok()).collect();
    world.truncate(3);
    let mut universe = Universe::new("x86_64");
    if universe.add_repository("fuzz", None, packages).is_ok() {
        let _ = resolve(&universe, &world).map(|selection| selection.packages.len());
    }
});
