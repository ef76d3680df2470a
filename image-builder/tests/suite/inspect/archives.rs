use std::path::Path;

use rootfs_image::inspect::{ArchiveFacts, ArchiveForm, Content, Packing};

use super::{assert_each_matters, assert_sound, inspect, told, verify, verify_bytes};
use crate::judge::{path, run_well};

fn archives(image: &Path) -> Vec<ArchiveFacts> {
    let inspection = inspect(image);
    if let Content::Archives(archives) = inspection.content { archives } else { panic!("{inspection:?}") }
}

/// A directory with a file, a link, a long name and a hole, packed by a program.
fn packed(directory: &Path, name: &str, script: &str) -> std::path::PathBuf {
    let root = directory.join("root");
    if !root.exists() {
        fs_err::create_dir(&root).unwrap();
        fs_err::write(root.join("file"), (0..100_000_u32).map(|at| at.wrapping_mul(77).to_be_bytes()[2]).collect::<Vec<_>>()).unwrap();
        std::os::unix::fs::symlink("file", root.join("link")).unwrap();
        fs_err::write(root.join("n".repeat(200)), "long").unwrap();
        fs_err::File::create(root.join("hole")).unwrap().set_len(1 << 20).unwrap();
    }
    let image = directory.join(name);
    run_well("sh", &["-c", &format!("cd '{}' && {script}", path(&root)), "sh", path(&image)]);
    image
}

#[test]
fn tar_in_all_its_forms() {
    let directory = tempfile::tempdir().unwrap();
    for (form, content) in
        [("pax", 100_004 + (1 << 20)), ("gnu", 100_004 + (1 << 20)), ("gnu --sparse", 100_004), ("pax --sparse", 100_004)]
    {
        let image = packed(directory.path(), "tar", &format!("tar --format={form} -cf \"$1\" ."));
        let found = archives(&image);
        assert_eq!((found.len(), found[0].form, found[0].members), (1, ArchiveForm::Tar, 5), "{form}");
        assert!((content..content + 2048).contains(&found[0].content), "{form}: {}", found[0].content);
        assert_sound(&verify(&image, None));
    }
    let image = packed(directory.path(), "tar", "tar --format=ustar --exclude='nnn*' -cf \"$1\" .");
    let bytes = fs_err::read(&image).unwrap();
    assert_each_matters(&bytes, None, (512..666).chain(668..1024));
    assert_eq!(told(&verify_bytes(&bytes[..51_200], None).unwrap()).len(), 1);
}

#[test]
fn cpio_with_and_without_checksums() {
    let directory = tempfile::tempdir().unwrap();
    for form in ["newc", "crc"] {
        let image = packed(directory.path(), form, &format!("find . | cpio --quiet -o -H {form} >\"$1\""));
        let found = archives(&image);
        assert_eq!((found.len(), found[0].form, found[0].members), (1, ArchiveForm::Cpio, 5));
        assert_eq!(found[0].content, 100_004 + (1 << 20) + 4);
        assert_sound(&verify(&image, None));
    }
    let image = directory.path().join("crc");
    let bytes = fs_err::read(&image).unwrap();
    assert_each_matters(&bytes, None, (94..102).chain([20_000, 50_000]));
    assert!(told(&verify_bytes(&bytes[..50_000], None).unwrap())[0].contains("cut off"));
}

#[test]
fn compressed_streams() {
    let directory = tempfile::tempdir().unwrap();
    for (program, packing) in [
        ("gzip -c", Packing::Gzip),
        ("xz -c", Packing::Xz),
        ("zstd -qc", Packing::Zstd),
        ("bzip2 -c", Packing::Bzip2),
        ("lz4 -qc", Packing::Lz4),
    ] {
        for (script, form, members) in [
            ("tar -c .", ArchiveForm::Tar, 5),
            ("find . | cpio --quiet -o -H newc", ArchiveForm::Cpio, 5),
            ("cat file", ArchiveForm::Other, 0),
        ] {
            let image = packed(directory.path(), "packed", &format!("{script} | {program} >\"$1\""));
            let found = archives(&image);
            assert_eq!((found.len(), found[0].packing, found[0].form, found[0].members), (1, Some(packing), form, members));
            assert_sound(&verify(&image, None));
            let bytes = fs_err::read(&image).unwrap();
            let end = bytes.len();
            // Checksums of what is unpacked lie near the end.
            assert_each_matters(
                &bytes,
                None,
                [end / 2, end - 5, end - 6].into_iter().filter(|at| packing != Packing::Zstd || *at < end - 4),
            );
            assert!(!verify_bytes(&bytes[..end - 3], None).unwrap().is_sound());
        }
    }
}

/// What distributions boot from: microcode for the processor in front, the rest compressed behind.
#[test]
fn an_initrd_of_several_archives() {
    let directory = tempfile::tempdir().unwrap();
    let script = "find file link | cpio --quiet -o -H newc >\"$1\"; (find . | cpio --quiet -o -H newc; echo link | cpio --quiet -o -H newc) | gzip >>\"$1\"; \
                  head -c 3000 /dev/zero >>\"$1\"";
    let image = packed(directory.path(), "initrd", script);
    let found: Vec<_> = archives(&image).iter().map(|one| (one.packing, one.members)).collect();
    assert_eq!(found, [(None, 2), (Some(Packing::Gzip), 6)]);
    assert_sound(&verify(&image, None));
    let mut bytes = fs_err::read(&image).unwrap();
    bytes.extend_from_slice(b"and more");
    assert!(told(&verify_bytes(&bytes, None).unwrap())[0].contains("something else behind"));
}
