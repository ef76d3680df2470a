//! A disk of QEMU's: what can be read of it is the same in one piece and in many, and looking at its tables ends.
#![no_main]

use rootfs_image::inspect::{Inspection, Verification};
use rootfs_image::{ImageSource as _, Qcow2Image};

/// Bytes that are read of any disk.
const MOST: usize = 1 << 18;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let inspection = Inspection::of(&bytes).expect("memory can be read");
    let _ = Verification::of(&bytes, &inspection, None).expect("memory can be read");
    let Ok(image) = Qcow2Image::open(&bytes) else { return };
    let length = usize::try_from(image.length()).unwrap_or(MOST).min(MOST);
    let mut whole = vec![0; length];
    if image.read_exact_at(0, &mut whole).is_err() {
        return;
    }
    for (index, piece) in whole.chunks(700).enumerate() {
        let mut again = vec![1; piece.len()];
        image.read_exact_at(index as u64 * 700, &mut again).expect("it could be read before");
        assert!(again == piece, "another content the second time");
    }
});
