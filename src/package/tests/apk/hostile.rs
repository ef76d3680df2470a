//! Packages that try to do harm; no judge is needed to see that they are refused.

use libtest_mimic::Failed;
use rootfs_package::apk::{ApkFault, PublicKeys, Sha1Sum, Trust, read_apk};
use rootfs_package::payload::StreamFault;
use rootfs_tests::{ApkPackage, RsaKey, TarEntry, ensure};

/// What a case does.
type Plain = (&'static str, fn() -> Result<(), Failed>);

pub(crate) const CASES: &[Plain] = &[
    ("hostile_entries_are_refused", entries),
    ("bombs_are_refused", bombs),
    ("writes_that_fail_are_told_apart", writes),
    ("fuzzing_begins_with_what_is_read", seeds),
];

fn read(package: &ApkPackage) -> Result<Result<(), ApkFault>, Failed> {
    let key = RsaKey::generate("key.rsa.pub")?;
    let mut keys = PublicKeys::new();
    keys.add(key.name(), &key.public()?)?;
    let bytes = package.build(&key)?.bytes;
    Ok(read_apk(&bytes[..], bytes.len() as u64, Trust::Signature(&keys), &mut std::io::sink()).map(|_content| ()))
}

fn entries() -> Result<(), Failed> {
    let file = |name: &str| TarEntry::file(name, "x");
    let usr = || TarEntry::directory("usr");
    let cases = [
        ("a path that leaves the root", vec![file("../x")]),
        ("a path that leaves its directory", vec![usr(), file("usr/../x")]),
        ("an absolute path", vec![file("/x")]),
        ("a dot", vec![file("./x")]),
        ("an empty component", vec![usr(), file("usr//x")]),
        ("a newline", vec![file("a\nR:b")]),
        ("a control character", vec![file("a\x1b")]),
        ("no directory", vec![file("usr/x")]),
        ("a link as directory", vec![TarEntry::symlink("usr", "/etc"), file("usr/x")]),
        ("a link above a directory", vec![TarEntry::symlink("usr", "/etc"), TarEntry::directory("usr/lib")]),
        ("a file above a directory", vec![file("usr"), TarEntry::directory("usr/lib")]),
        ("twice", vec![file("a"), file("a")]),
        ("another directory", vec![usr(), usr().mode(0o700)]),
        ("a directory, then a file", vec![usr(), file("usr")]),
        ("a hard link to nothing", vec![TarEntry::hard_link("a", "b")]),
        ("a hard link out", vec![TarEntry::hard_link("a", "../etc/shadow")]),
        ("a hard link to a directory", vec![usr(), TarEntry::hard_link("a", "usr")]),
        ("a link to nothing", vec![TarEntry::symlink("a", "")]),
        ("an unknown type", vec![TarEntry::new(b'S', "a")]),
        ("a long link", vec![TarEntry::new(b'K', "././@LongLink").content("x\0"), file("a")]),
        ("a size that lies", vec![file("a").size(*b"77777777777\0")]),
        ("a size in base 256", vec![file("a").size([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])]),
        ("an extended header that lies", vec![TarEntry::new(b'x', "x").content("99 path=a\n"), usr()]),
        ("an extended header for nothing", vec![TarEntry::new(b'x', "x").content("10 path=a\n")]),
        ("a name in an extended header", vec![TarEntry::new(b'x', "x").content("13 path=../x\n"), TarEntry::directory("a")]),
        (
            "another checksum",
            vec![
                TarEntry::new(b'x', "x").content(format!("68 APK-TOOLS.checksum.SHA1={}\n", "0".repeat(40))),
                usr(),
                TarEntry::new(b'0', "usr/a"),
            ],
        ),
    ];
    for (name, entries) in cases {
        let unsummed = ["another checksum"].contains(&name);
        let package = entries.into_iter().fold(ApkPackage::new("a", "1"), ApkPackage::entry);
        let package = if unsummed { package.without_checksums() } else { package };
        let verdict = read(&package)?;
        ensure!(matches!(verdict, Err(ApkFault::Entry { .. } | ApkFault::Stream(StreamFault::Truncated { .. }))), "{name}: {verdict:?}");
    }
    let plain = ApkPackage::new("a", "1").directories(&["usr"]).file("usr/a", "x");
    ensure!(read(&plain)?.is_ok(), "a sound package");
    ensure!(matches!(read(&plain.clone().without_checksums())?, Err(ApkFault::Entry { .. })), "no checksum");
    ensure!(matches!(read(&plain.field("datahash", "x"))?, Err(ApkFault::Line { .. })), "a hash that is none");
    Ok(())
}

fn bombs() -> Result<(), Failed> {
    let long = TarEntry::new(b'x', "x").content(vec![b'0'; 2 << 20]);
    let verdict = read(&ApkPackage::new("a", "1").entry(long).file("a", ""))?;
    ensure!(matches!(verdict, Err(ApkFault::Entry { .. })), "{verdict:?}");
    let script = read(&ApkPackage::new("a", "1").script("post-install", vec![b'#'; 17 << 20]))?;
    ensure!(matches!(script, Err(ApkFault::TooLarge { .. })), "{script:?}");
    Ok(())
}

fn writes() -> Result<(), Failed> {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _bytes: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let key = RsaKey::generate("key.rsa.pub")?;
    let file = ApkPackage::new("a", "1").file("a", "x").build(&key)?;
    let mut keys = PublicKeys::new();
    keys.add(key.name(), &key.public()?)?;
    let verdict = read_apk(&file.bytes[..], file.bytes.len() as u64, Trust::Signature(&keys), &mut Full);
    ensure!(matches!(verdict, Err(ApkFault::Stream(StreamFault::Write(_)))), "{verdict:?}");
    Ok(())
}

/// Each of them is read to its end, where its hash is compared.
fn seeds() -> Result<(), Failed> {
    for (name, input) in crate::fuzz_apk::seeds() {
        let (control, package) = crate::fuzz_apk::package(&input);
        let trust = Trust::Identity(Sha1Sum::of(&control));
        let verdict = read_apk(&package[..], package.len() as u64, trust, &mut std::io::sink());
        ensure!(matches!(verdict, Err(ApkFault::DataHash { .. })), "{name}: {verdict:?}");
    }
    Ok(())
}
