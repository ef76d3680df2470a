//! An archive of containers' images, as `docker save` writes it or with a layout in it: documents of the search with digests that hold, and any archives.
#![no_main]

use std::io::Write as _;
use std::os::fd::AsRawFd as _;

use rootfs_image::{ContainerChoice, ContainerPlatform, Containers, Quiet, ReadImage};
use sha2::{Digest as _, Sha256};

#[path = "../seeds/oci.rs"]
#[allow(dead_code, reason = "the seeds are for those who start the search")]
mod seeds;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let archive = seeds::archive(input, |bytes| Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect());
    let file = rustix::fs::memfd_create("image", rustix::fs::MemfdFlags::empty()).expect("a file in memory");
    let mut file = std::fs::File::from(file);
    file.write_all(&archive).expect("a file in memory can be written");
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let spool = std::env::temp_dir().join(format!("rootfs-fuzz-oci-{}", std::process::id()));
    if let Ok(Ok(containers)) = Containers::find(path.as_ref(), None, &spool, &Quiet) {
        for entry in containers.entries().iter().take(10) {
            let Ok(image) = containers.open(entry) else { continue };
            let is_sound = containers.verify(&image, &Quiet).is_ok();
            let read = containers.read(&image, &spool, &Quiet);
            assert!(is_sound || read.is_err(), "what is not sound was read");
        }
    }
    let choice = ContainerChoice { usual: Some(ContainerPlatform::linux("amd64", None)), ..ContainerChoice::default() };
    let _ = ReadImage::of(path.as_ref(), &choice, &spool, &Quiet);
    let _ = std::fs::remove_dir_all(spool);
});
