//! A repository's packages and files; whatever is in them resolves to an answer.
#![no_main]

use rootfs_package::rpm::resolve::resolve;
use rootfs_package::rpm::{Comps, RpmRepository, RpmRequest, RpmResolution, RpmUniverse};

libfuzzer_sys::fuzz_target!(|input: (&[u8], &[u8], Vec<String>)| {
    let (primary, filelists, words) = input;
    let mut universe = RpmUniverse::new("x86_64");
    let Ok(id) = universe.add_primary(RpmRepository::named("fuzz"), primary) else { return };
    let mut install: Vec<String> = words.into_iter().take(3).collect();
    install.push("*".to_owned());
    let request = RpmRequest { install, weak: true, ..RpmRequest::default() };
    if let Ok(RpmResolution::NeedsFilelists { paths }) = resolve(&universe, &Comps::default(), &request)
        && universe.add_filelists(id, filelists, &paths).is_ok()
    {
        let again = resolve(&universe, &Comps::default(), &request);
        assert!(!matches!(again, Ok(RpmResolution::NeedsFilelists { .. })), "the lists of files are asked for again");
    }
});
