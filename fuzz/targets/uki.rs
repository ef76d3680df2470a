//! A stub and a kernel, one half of the input each.
#![no_main]

use rootfs_image::Uki;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (stub, linux) = bytes.split_at(bytes.len() / 2);
    let uki = Uki { stub, linux, initrd: Some(b"initrd"), command_line: "quiet", os_release: None, uname: None };
    if let Ok(image) = uki.assemble() {
        assert!(image.starts_with(b"MZ") && image.len() > linux.len());
    }
});
