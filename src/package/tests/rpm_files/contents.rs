//! What is in a package, however it is packed.

use std::path::Path;

use rootfs_package::payload::EntryKind;
use rootfs_package::rpm::package::{Owners, RpmContent, RpmEntry, RpmLayer, Trust, read_rpm};
use rootfs_tests::{Failed, Listing, Process, ensure, words};
use rootfs_tree::Tree;

pub(crate) type Case = (&'static str, fn() -> Result<(), Failed>);

pub(crate) const CASES: &[Case] =
    &[("contents::every compression gives what rpm lists and rpm2cpio unpacks", compressions), ("contents::who it is", identity)];

fn read(package: &Path, data: &Path) -> RpmContent {
    let file = fs_err::File::open(package).unwrap();
    let size = file.metadata().unwrap().len();
    read_rpm(file, size, Trust::Pinned, &mut fs_err::File::create(data).unwrap()).unwrap()
}

fn compressions() -> Result<(), Failed> {
    for payload in ["w9.gzdio", "w7.xzdio", "w3.zstdio", "w9.bzdio", "w.ufdio"] {
        let directory = tempfile::tempdir()?;
        let place = |name: &str| directory.path().join(name);
        fs_err::create_dir(place("packages"))?;
        crate::sample().says(&format!("%global _binary_payload {payload}")).build(&place("packages"))?;
        let package = crate::only(&place("packages"));
        let content = read(&package, &place("data"));
        let listed = Process::judge("rpm").args(["-qlp", "--dump", "--nosignature", "--noghost"]).arg(&package).run()?.success()?.output;
        let mut theirs: Vec<String> = listed.lines().map(told_by_rpm).collect();
        let mut ours: Vec<String> = content.entries.iter().map(|entry| told(entry, &content)).collect();
        theirs.sort();
        ours.sort();
        ensure!(ours == theirs && ours.len() == 10, "{payload}\nours:\n{}\ntheirs:\n{}", ours.join("\n"), theirs.join("\n"));
        // And on disk; rpm2cpio knows no capabilities, and what is not listed is not compared.
        let mut tree = Tree::default();
        let owners = Owners::of(&fs_err::read("/etc/passwd")?, &fs_err::read("/etc/group")?);
        let layer = RpmLayer { content, data: place("data") };
        layer.lay_over(&mut tree, &owners).unwrap();
        let metadata = |path: &[u8]| tree.node(tree.lookup(path).unwrap()).metadata.clone();
        let owned = metadata(b"/usr/share/sample");
        ensure!((owned.uid, owned.gid) == (65534, 60), "{owned:?}");
        let capability = metadata(b"/usr/share/sample/zeros").xattrs.unwrap();
        ensure!(capability[&b"security.capability"[..]][..8] == [1, 0, 0, 2, 0, 0x30, 0, 0], "{capability:?}");
        // rpm2cpio gives everything to root.
        let mut tree = Tree::default();
        layer.lay_over(&mut tree, &Owners::default()).unwrap();
        tree.materialise(&place("ours")).unwrap();
        fs_err::create_dir(place("theirs"))?;
        let archive = place("archive");
        let script = "rpm2cpio \"$1\" > \"$2\" && cd \"$3\" && cpio --quiet -idm < \"$2\"";
        rootfs_tests::judge::count_run("rpm2cpio");
        let unpack = Process::judge("sh").args(words([&"-c", &script, &"sh", &package, &archive, &place("theirs")]));
        unpack.run()?.success()?;
        let list = |tree: &str| -> Result<Listing, Failed> {
            // Directories that the package doesn't own are made as each likes.
            Ok(Listing::of(&place(tree))?.without(|path| matches!(path, "/usr" | "/usr/bin" | "/usr/share" | "/var" | "/var/spool")))
        };
        let differences = list("ours")?.differences(&list("theirs")?);
        ensure!(differences.is_empty(), "{payload}: {}", differences.join("\n"));
    }
    Ok(())
}

/// `path size mtime digest mode owner group isconfig isdoc rdev symlink`, without what a payload doesn't decide.
fn told_by_rpm(line: &str) -> String {
    let fields: Vec<&str> = line.split(' ').collect();
    let is_directory = fields[4].starts_with("04");
    let size = if is_directory { "-" } else { fields[1] };
    format!("{} {size} {} {} {} {} {} {}", fields[0], fields[2], fields[3], fields[4], fields[5], fields[6], fields[10])
}

fn told(entry: &RpmEntry, content: &RpmContent) -> String {
    let kind = match &entry.kind {
        EntryKind::Hardlink(target) => &content.entries.iter().find(|other| other.path == *target).unwrap().kind,
        kind => kind,
    };
    let none = "0".repeat(64);
    let (bits, size, digest, link) = match kind {
        EntryKind::File { length, sha256, .. } => (0o100_000, length.to_string(), sha256.to_string(), "X".to_owned()),
        EntryKind::Symlink(target) => (0o120_000, target.len().to_string(), none, String::from_utf8(target.clone()).unwrap()),
        EntryKind::Directory => (0o040_000, "-".to_owned(), none, "X".to_owned()),
        EntryKind::Fifo => (0o010_000, "0".to_owned(), none, "X".to_owned()),
        other => panic!("{other:?}"),
    };
    let [path, user, group] = [&entry.path, &entry.user, &entry.group].map(|bytes| String::from_utf8(bytes.clone()).unwrap());
    format!("/{path} {size} {} {digest} 0{:o} {user} {group} {link}", entry.mtime, bits | u32::from(entry.mode))
}

fn identity() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    crate::sample().build(directory.path())?;
    let package = crate::only(directory.path());
    let identity = read(&package, Path::new("/dev/null")).identity;
    let format = "%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH} %{EVR} %{BUILDTIME}";
    let told = Process::judge("rpm").args(["-qp", "--nosignature", "--qf", format]).arg(&package).run()?.success()?.output;
    let ours = format!("{} {} {}", identity.title(), identity.evr(), identity.build_time);
    ensure!(ours == told, "{ours}, and rpm says {told}");
    Ok(())
}
