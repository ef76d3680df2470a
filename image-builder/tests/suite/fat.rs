//! FAT as fsck and mtools read it.

use std::path::{Path, PathBuf};

use rootfs_image::{EspOptions, FatError, FatLayout, Image, ImageFile, Size};
use rootfs_tree::{Content, FileContent, Kind, Tree};
use tempfile::TempDir;

use crate::forest::{add, add_host_file, crowd, empty, node};
use crate::judge::{path, run, run_well};
use crate::snapshot::digest;

struct Judged {
    directory: TempDir,
    image: PathBuf,
    layout: FatLayout,
}

fn write(options: &EspOptions) -> Judged {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("esp");
    let layout = FatLayout::plan(options).unwrap();
    let file = ImageFile::create(&image).unwrap();
    layout.write(&options.tree, &Image::new(&file)).unwrap();
    file.finish(layout.size()).unwrap();
    Judged { directory, image, layout }
}

/// Has fsck find nothing to say but how much is in use, and mtools find every content.
fn judge(options: &EspOptions) -> Judged {
    let judged = write(options);
    assert_eq!(free_by_fsck(&judged.image), judged.layout.free());
    assert_mtools_see(&judged, &options.tree);
    judged
}

fn contents(tree: &Tree) -> Vec<(String, Option<Vec<u8>>)> {
    let walk = tree.walk().filter(|entry| entry.id != Tree::ROOT);
    let mut found: Vec<_> = walk
        .map(|entry| {
            let content = tree.file(entry.id).map(|_| tree.read(entry.id, 1 << 30).unwrap());
            (String::from_utf8(entry.path.to_vec()).unwrap(), content)
        })
        .collect();
    found.sort_unstable();
    found
}

/// What mtools take out of it.
fn assert_mtools_see(judged: &Judged, tree: &Tree) {
    let out = judged.directory.path().join("out");
    fs_err::create_dir(&out).unwrap();
    run_well("env", &["LC_ALL=C.UTF-8", "mcopy", "-s", "-n", "-Q", "-i", path(&judged.image), "::", path(&out)]);
    let found = contents(&Tree::scan(&out, &rootfs_tree::ScanOptions { hash: false, known: None }).unwrap());
    let expected = contents(tree);
    let names = |list: &[(String, Option<Vec<u8>>)]| list.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&found), names(&expected));
    assert!(found == expected);
}

/// An ESP as boot loaders have them, and names of every sort.
fn files() -> Tree {
    let mut tree = empty();
    let mut place = |name: &str, content: Vec<u8>| tree.place(name.as_bytes(), node(Kind::inline(content))).map(|_| ()).unwrap();
    place("/EFI/BOOT/BOOTX64.EFI", vec![1; 70_000]);
    place("/EFI/BOOT/grubx64.efi", (0..=255).collect());
    place("/EFI/Linux/debian 6.1.0-amd64+1.efi", vec![2; 513]);
    place("/loader/loader.conf", b"timeout 0\n".to_vec());
    place("/loader/entries/empty.conf", Vec::new());
    place("/loader/entries/.hidden", vec![3; 512]);
    place("/LONGNAME.TXT", vec![4; 1]);
    place("/longname with more.txt", vec![5; 1]);
    place("/longname with more of it.txt", vec![6; 1]);
    place("/Grüße 日本.txt", vec![7; 3]);
    place(&format!("/{}", "x".repeat(255)), vec![8; 3]);
    place("/LONGNA~1.TXT", vec![9; 2]);
    add(&mut tree, Tree::ROOT, "Empty Directory", Kind::directory());
    tree
}

#[test]
fn an_esp() {
    let judged = judge(&EspOptions { tree: files(), ..EspOptions::default() });
    let said = run_well("fsck.fat", &["-nv", path(&judged.image)]);
    for expected in ["FATs, 32 bit entries", "512 bytes per cluster"] {
        assert!(said.contains(expected), "{said}");
    }
    // mtools read the table, and find names of 8 and 3 letters.
    let said = run_well("mdir", &["-i", path(&judged.image), "-/", "-b", "::"]);
    assert!(said.contains("::/EFI/BOOT/BOOTX64.EFI"), "{said}");
    let said = run_well("mdir", &["-i", path(&judged.image), "::/"]);
    for line in ["Volume in drive : is ESP", "LONGNAME TXT         1 2023-11-14", "LONGNA~2 TXT", "LONGNA~3 TXT"] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    let id = judged.layout.volume_id();
    assert!(said.contains(&format!("Volume Serial Number is {:04X}-{:04X}", id >> 16, id & 0xFFFF)), "{said}");
    let out = judged.directory.path().join("loader");
    run_well("mcopy", &["-n", "-i", path(&judged.image), "::/EFI/BOOT/BOOTX64.EFI", path(&out)]);
    assert_eq!(fs_err::read(out).unwrap(), vec![1; 70_000]);
}

#[test]
fn sizes_are_exact() {
    let large = |bytes: usize| {
        let mut tree = files();
        add(&mut tree, Tree::ROOT, "large", Kind::inline(vec![1; bytes]));
        tree
    };
    let minimal = judge(&EspOptions { tree: large(50 << 20), ..EspOptions::default() });
    assert_eq!(minimal.layout.free(), 0);
    let free = judge(&EspOptions { tree: large(50 << 20), size: Size::Free(10 << 20), ..EspOptions::default() });
    assert_eq!(free.layout.free(), 10 << 20);
    // Most of the least that FAT32 can be is not stored.
    let small = judge(&EspOptions { tree: files(), ..EspOptions::default() });
    assert!((32 << 20..34 << 20).contains(&small.layout.size()));
    assert!(std::os::unix::fs::MetadataExt::blocks(&small.image.metadata().unwrap()) * 512 < 300_000);
}

/// Bytes that fsck counts as free; it must have nothing to say about anything.
fn free_by_fsck(image: &Path) -> u64 {
    let said = run_well("fsck.fat", &["-n", "-V", path(image)]);
    let lines: Vec<&str> = said.lines().collect();
    let ["Starting check/repair pass.", "Starting verification pass.", summary] = lines[1..] else { panic!("{said}") };
    let counts = summary.rsplit(' ').nth(1).and_then(|counts| counts.split_once('/')).unwrap();
    let [used, all] = [counts.0, counts.1].map(|count| count.parse::<u64>().unwrap());
    let verbose = run_well("fsck.fat", &["-n", "-v", path(image)]);
    let cluster = verbose.lines().find_map(|line| line.trim().strip_suffix(" bytes per cluster")).unwrap();
    (all - used) * cluster.parse::<u64>().unwrap()
}

/// All sizes where the kind of table, or the clusters' size, changes.
#[test]
fn fixed_sizes() {
    let fixed = |size| EspOptions { tree: files(), size: Size::Fixed(size), ..EspOptions::default() };
    let error = FatLayout::plan(&fixed(0)).unwrap_err();
    let FatError::TooSmall { needed, .. } = error else { panic!("{error}") };
    assert!(FatLayout::plan(&fixed(needed - 512)).is_err());
    let said = |size| {
        let judged = judge(&fixed(size));
        assert_eq!(judged.layout.size(), size / 512 * 512);
        run_well("fsck.fat", &["-nv", path(&judged.image)])
    };
    for (size, expected) in [
        (needed, "2 FATs, 16 bit entries"),
        (needed + 1024, "2 FATs, 16 bit entries"),
        (33 << 20, "2 FATs, 32 bit entries"),
        (66_598 * 512, "1024 bytes per cluster"),
        (66_599 * 512, "2 FATs, 32 bit entries"),
        (100_000_001, "2 FATs, 32 bit entries"),
        (261 << 20, "4096 bytes per cluster"),
    ] {
        let said = said(size);
        assert!(said.contains(expected), "{size}: {said}");
    }
}

#[test]
fn large_directories_and_files_of_the_host() {
    let mut tree = files();
    crowd(&mut tree, "crowd", 700, 40);
    let host = tempfile::tempdir().unwrap();
    fs_err::write(host.path().join("kernel"), vec![0x5A; 3_000_001]).unwrap();
    add_host_file(&mut tree, "vmlinuz", host.path(), "kernel");
    judge(&EspOptions { tree: tree.clone(), ..EspOptions::default() });
    // The root directory of FAT16 grows with its names.
    for index in 0..600 {
        add(&mut tree, Tree::ROOT, format!("ENTRY{index}"), Kind::inline(&b"x"[..]));
    }
    judge(&EspOptions { tree, size: Size::Fixed(16 << 20), ..EspOptions::default() });
}

#[test]
fn what_fat_can_not_hold_is_refused() {
    let refused = |name: &str, kind| {
        let mut tree = files();
        add(&mut tree, Tree::ROOT, name, kind);
        FatLayout::plan(&EspOptions { tree, ..EspOptions::default() }).unwrap_err().to_string()
    };
    let file = || Kind::inline(&b"x"[..]);
    assert_eq!(refused("link", Kind::Symlink(b"x"[..].into())), "`/link` is neither a directory nor a file, and FAT has nothing else");
    assert_eq!(refused("a:b", file()), r#"`/a:b` can't be a name on FAT: it has one of "*/:<>?\| or a control character"#);
    assert_eq!(refused("efi", Kind::directory()), "`/efi` and `/EFI` are one name on FAT");
    assert_eq!(refused("GRÜßE 日本.TXT", file()), "`/Grüße 日本.txt` and `/GRÜßE 日本.TXT` are one name on FAT");
    let length = 1 << 32;
    let large = Kind::File(FileContent { length, content: Content::Absent, sha256: None, dense: false });
    assert_eq!(refused("large", large), "`/large` has 4294967296 bytes, more than the 4294967295 that a file can have");
    for label in ["", "lower", "TWELVE BYTES", "É"] {
        let error = FatLayout::plan(&EspOptions { label: Some(label.to_owned()), ..EspOptions::default() }).unwrap_err();
        assert!(matches!(error, FatError::Label { .. }), "{error}");
    }
    let mut tree = empty();
    crowd(&mut tree, "crowd", 20_000, 40);
    let error = FatLayout::plan(&EspOptions { tree, ..EspOptions::default() }).unwrap_err();
    assert!(matches!(error, FatError::DirectoryTooLarge { .. }), "{error}");
    let mut tree = empty();
    let inside = add(&mut tree, Tree::ROOT, "a", Kind::directory());
    tree.insert(inside, b"again", inside).unwrap();
    let error = FatLayout::plan(&EspOptions { tree, ..EspOptions::default() }).unwrap_err();
    assert_eq!(error.to_string(), "the directory `/a/again` has another name too");
}

/// The digests change with the layout, on purpose only.
#[test]
fn twice_is_the_same() {
    let pools = [1, 7].map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap());
    let digests = pools.map(|pool| digest(&pool.install(|| write(&EspOptions { tree: files(), ..EspOptions::default() })).image));
    assert_eq!(digests[0], digests[1]);
    assert_eq!(digests[0], "8c8e6c6d8097a61284ee91d7809bb3432cca447eb4f28854998112b0bf614dea");
    let small = EspOptions { tree: files(), size: Size::Fixed(16 << 20), label: Some("BOOT".to_owned()), volume_id: Some(7) };
    assert_eq!(digest(&write(&small).image), "840e185c9b3f0cf21ce0ecac6374b35124744bf4d541a7d29e8c2692929f912f");
}

/// fsck sees one bit in the table, in a name, in the parameters.
#[test]
fn damage_is_seen() {
    let judged = judge(&EspOptions { tree: files(), ..EspOptions::default() });
    let whole = fs_err::read(&judged.image).unwrap();
    let name = whole.windows(11).position(|bytes| bytes == b"BOOTX64 EFI").unwrap();
    for at in [32 * 512 + 40, name + 26, 36] {
        let mut bytes = whole.clone();
        bytes[at] ^= 8;
        fs_err::write(&judged.image, bytes).unwrap();
        assert!(!run("fsck.fat", &["-n", path(&judged.image)]).status.success(), "{at}");
    }
}
