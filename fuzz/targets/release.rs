//! A signed index before anybody vouches for it: the cleartext signature framework, then the file itself.
#![no_main]

use rootfs_package::apt::release::Release;
use rootfs_package::openpgp::Keyring;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let nobody = Keyring::new();
    assert!(nobody.verify_clearsigned(bytes, 1_700_000_000).is_err(), "nobody's signature was accepted");
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Release::parse(text);
    }
});
