//! The small files of a repository: what it consists of, where it is, its groups.
#![no_main]

use rootfs_package::rpm::{parse_comps, parse_metalink, parse_mirrorlist, parse_repomd};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(repomd) = parse_repomd(bytes) {
        assert!(repomd.file("primary").is_some());
        assert!(repomd.files.iter().all(|file| !file.location.contains("..") || !file.location.split('/').any(|part| part == "..")));
    }
    if let Ok(link) = parse_metalink(bytes) {
        assert!(!link.mirrors.is_empty() && !link.states.is_empty());
        let _ = link.state_of(bytes);
    }
    if let Ok(mut comps) = parse_comps(bytes) {
        comps.merge(comps.clone());
        let _ = comps.groups.iter().filter_map(|group| comps.packages(&group.id)).count();
    }
    let _ = std::str::from_utf8(bytes).map(parse_mirrorlist);
});
