//! An image of a filesystem to be inspected and verified.
#![no_main]

use rootfs_image::Ext4Image;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(image) = Ext4Image::open(&bytes) else { return };
    let _ = image.inspect();
    if let Ok(report) = image.verify() {
        assert!(report.problems.len() <= 100);
        assert!(report.blocks <= bytes.len() as u64 / 1024);
    }
});
