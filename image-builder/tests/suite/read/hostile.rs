use rootfs_image::SquashfsOptions;

use super::try_read;
use crate::squashfs::judge::COMPRESSIONS;

/// Numbers that look random, the same every time.
fn numbers(seed: u64) -> impl FnMut() -> usize {
    let mut state = seed;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 16).unwrap()
    }
}

/// Changes bytes where there is something, and reads: anything may be found but a panic, and nothing takes long.
fn shake(image: &std::path::Path, rounds: u64) {
    let whole = fs_err::read(image).unwrap();
    let used: Vec<usize> =
        whole.chunks(64).enumerate().filter(|(_, chunk)| chunk.iter().any(|byte| *byte != 0)).map(|(at, _)| at * 64).collect();
    let (mut good, mut bad) = (0, 0);
    for round in 1..=rounds {
        let mut next = numbers(round);
        let mut bytes = whole.clone();
        for _ in 0..1 + next() % 8 {
            let at = used[next() % used.len()] + next() % 64;
            if let Some(byte) = bytes.get_mut(at) {
                *byte = u8::try_from(next() % 256).unwrap();
            }
        }
        fs_err::write(image, &bytes).unwrap();
        match try_read(image) {
            Ok(_) => good += 1,
            Err(error) => {
                assert!(!error.to_string().is_empty());
                bad += 1;
            }
        }
    }
    assert!(good > 0 && bad > 0, "{good} were read, {bad} not");
}

#[test]
fn damaged_filesystems_do_no_harm() {
    let tree = crate::squashfs::judge::everything();
    for profile in [rootfs_image::Profile::Compat, rootfs_image::Profile::Default] {
        let judged = crate::judge::write(&tree, &rootfs_image::Ext4Options { profile, ..Default::default() });
        shake(&judged.image, 150);
    }
    for compression in [COMPRESSIONS[0], COMPRESSIONS[4]] {
        let judged = crate::squashfs::judge::write(&tree, &SquashfsOptions { compression, block_size: 4096, ..Default::default() });
        shake(&judged.image, 150);
    }
    let directory = tempfile::tempdir().unwrap();
    let archive = directory.path().join("archive");
    rootfs_image::write_cpio(&tree, &mut fs_err::File::create(&archive).unwrap()).unwrap();
    shake(&archive, 300);
}

/// A file that says it is as long as can be, of one block.
#[test]
fn lengths_are_not_believed() {
    let judged = crate::judge::write(&crate::forest::everything(), &Default::default());
    for size in ["0xffffffffffff", "0x7fffffffffffffff", "0xffffffffffffffff"] {
        crate::judge::run_well("debugfs", &["-w", "-R", &format!("sif /bin/tool size {size}"), crate::judge::path(&judged.image)]);
        let spool = tempfile::tempdir().unwrap();
        // Not hashed: what is not there is a hole.
        let read =
            rootfs_image::ReadImage::of(&judged.image, &rootfs_image::ContainerChoice::default(), spool.path(), &rootfs_image::Quiet);
        let on_disk: u64 = fs_err::read_dir(spool.path())
            .unwrap()
            .map(|entry| std::os::unix::fs::MetadataExt::blocks(&entry.unwrap().metadata().unwrap()) * 512)
            .sum();
        assert!(on_disk < 1 << 20, "{on_disk}");
        if size.len() == 18 {
            assert!(read.is_err());
        }
    }
}
