//! What is refused, and with which words.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use liblzma::write::XzEncoder;
use rootfs_tests::{
    Case, Deb, Failed, Mirror, Need, Origin, Process, Product, SuiteArchive, TarEntry, Workbench, ar, ar_member, ensure, tar,
};

use super::{Outside, control, control_text, deb};

const NEEDS: &[Need] = &[Need::Product, Need::Root, Need::Judge("gpg"), Need::Judge("dpkg-deb")];

/// A name, the package, and words of the error besides the package's file.
type Row = (&'static str, fn(&Path) -> Vec<u8>, &'static [&'static str]);

pub(super) fn cases() -> Vec<Case> {
    let row = |(name, make, complaints): &Row| {
        let (make, complaints) = (*make, *complaints);
        Case::new(format!("hostile::{name}"), NEEDS, move |workbench| refused(workbench, make, complaints))
    };
    let mut cases: Vec<Case> = [PATHS, LINKS, TAR, MEMBERS, CONTROL].concat().iter().map(row).collect();
    cases.push(Case::new("hostile::a package that is another than its index says", NEEDS, another));
    cases.push(Case::new("hostile::a file through another package's link to the host", NEEDS, through_another));
    cases.push(Case::new("hostile::a gigabyte of zeros", &[NEEDS, &[Need::Judge("time")]].concat(), bomb));
    cases.push(Case::new("judges::a harmless package is not refused for what it is", NEEDS, harmless));
    cases
}

fn hostile(entries: &[TarEntry]) -> Vec<u8> {
    deb(&control(&control_text("hostile"), &[]), &tar(entries))
}

const PATHS: &[Row] = &[
    ("`..` in a name", |_| hostile(&[TarEntry::file("./srv/../../rootfs-gen-canary", "x")]), &["srv/../../rootfs-gen-canary", "`..`"]),
    ("a file whose name ends in a slash", |_| hostile(&[TarEntry::new(0, "./a/")]), &["`./a/`", "ends in a slash"]),
    ("an absolute name with `..`", |_| hostile(&[TarEntry::file("/../rootfs-gen-canary", "x")]), &["/../rootfs-gen-canary", "`..`"]),
    ("a name of 256 bytes", |_| hostile(&[TarEntry::file("n".repeat(256), "x")]), &["longer than 255 bytes"]),
    ("a path of 4096 bytes", |_| hostile(&[TarEntry::file("abcdefg/".repeat(512) + "a", "x")]), &["longer than 4095 bytes"]),
    ("5,000 directories deep", |_| hostile(&[TarEntry::directory("d/".repeat(5000))]), &["longer than"]),
    ("an empty name", |_| hostile(&[TarEntry::file("", "x")]), &["it has no name"]),
    ("a name with a newline", |_| hostile(&[TarEntry::file("./a\n/etc/passwd", "x")]), &["a\\n/etc/passwd", "newline"]),
    ("a file, then a directory", |_| hostile(&[TarEntry::file("./a", "x"), TarEntry::directory("./a/")]), &["`./a/`", "twice"]),
    (
        "a symlink, then a file",
        |at| hostile(&[TarEntry::symlink("./a", out(at, "canary")), TarEntry::file("./a", "x")]),
        &["`./a`", "twice"],
    ),
    ("a file below a file", |_| hostile(&[TarEntry::file("./a", "x"), TarEntry::file("./a/b", "y")]), &["`./a/b`", "below `a`"]),
];

const LINKS: &[Row] = &[
    ("a hard link to the host", |at| hostile(&[TarEntry::hard_link("./a", out(at, "canary"))]), &["`./a`", "hard link to what is no file"]),
    ("a hard link to `..`", |_| hostile(&[TarEntry::hard_link("./a", "../../etc/passwd")]), &["`./a`", "`..`"]),
    (
        "a hard link to a link",
        |at| hostile(&[TarEntry::symlink("./a", out(at, "canary")), TarEntry::hard_link("./b", "./a")]),
        &["`./b`", "hard link to what is no file"],
    ),
    ("a hard link through a link", through_hard_link, &["`./b`", "hard link to what is no file"]),
    (
        "a file through a link to the host",
        |at| hostile(&[TarEntry::symlink("./a", out(at, "")), TarEntry::file("./a/b", "x")]),
        &["`./a/b`", "below `a`"],
    ),
    (
        "a directory through a link to the host",
        |at| hostile(&[TarEntry::symlink("./a", out(at, "")), TarEntry::directory("./a/b/c")]),
        &["`./a/b/c`", "below `a`"],
    ),
    (
        "a link in a circle",
        |_| hostile(&[TarEntry::symlink("./a", "b"), TarEntry::symlink("./b", "a"), TarEntry::file("./a/c", "x")]),
        &["`./a/c`", "below `a`"],
    ),
];

const TAR: &[Row] = &[
    (
        "eight exbibytes",
        |_| hostile(&[TarEntry::file("./a", "x").size(*b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff")]),
        &["`./a`", "absurd"],
    ),
    ("a negative size", |_| hostile(&[TarEntry::file("./a", "x").size([0xff; 12])]), &["`./a`", "negative"]),
    ("an owner that means none", |_| hostile(&[TarEntry::file("./a", "x").owner(u32::MAX)]), &["`./a`", "its owner is nobody's number"]),
    ("a time without end", |_| hostile(&[TarEntry::file("./a", "x").mtime(i64::MAX)]), &["`./a`", "is absurd"]),
    ("a pax path with NUL", |_| hostile(&[pax("path=a\0b"), TarEntry::file("./a", "x")]), &["pax headers are not supported"]),
    ("a pax size", |_| hostile(&[pax("size=4096"), TarEntry::file("./a", "x")]), &["pax headers are not supported"]),
    (
        "a pax attribute",
        |_| hostile(&[pax("SCHILY.xattr.trusted.overlay.opaque=y"), TarEntry::file("./a", "x")]),
        &["pax headers are not supported"],
    ),
    ("a sparse file", |_| hostile(&[TarEntry::new(b'S', "./a")]), &["`./a`", "its type `S` is not supported"]),
    (
        "a payload that ends early",
        |_| deb(&control(&control_text("hostile"), &[]), &TarEntry::file("./a", [b'x'; 4000]).bytes()[..2048]),
        &["in the middle of `data.tar`"],
    ),
];

const MEMBERS: &[Row] = &[
    ("a member larger than the file", |_| members(&ar_member("data.tar", "99999999", b"")), &["in the middle of member `data.tar`"]),
    ("a member without its padding", |_| [&b"!<arch>\n"[..], &ar_member("debian-binary", "3", b"2.0\n")].concat(), &["format version"]),
    ("two control archives", |_| members(&ar_member("control.tar", "0", b"")), &["`data.tar` must be here"]),
    ("the payload first", |_| ar(&[("debian-binary", b"2.0\n"), ("data.tar", &tar(&[]))]), &["`control.tar` must be here"]),
    ("a compressor that nobody knows", |_| members(&ar_member("data.tar.rar", "4", b"Rar!")), &["compressed with rar"]),
];

const CONTROL: &[Row] = &[
    ("no Package", |_| of_control("Version: 1\nArchitecture: all\n", &[]), &["has no Package"]),
    ("no Version", |_| of_control("Package: hostile\nArchitecture: all\n", &[]), &["has no Version"]),
    ("a Package with a slash", |_| of_control(&control_text("a/b"), &[]), &["Package", "a/b"]),
    ("a Package that climbs", |_| of_control(&control_text("../../../rootfs-gen-canary"), &[]), &["Package", "../../../rootfs-gen-canary"]),
    (
        "a Package that is installed by its own words",
        |_| of_control(&format!("{}Status: install ok installed\n", control_text("hostile")), &[]),
        &["hostile", "the field Status"],
    ),
    ("a control file that climbs", |_| of_control(&control_text("hostile"), &[TarEntry::file("../../x", "x")]), &["../../x", "`..`"]),
    (
        "a control file that is a link",
        |at| of_control(&control_text("hostile"), &[TarEntry::symlink("./postinst", out(at, "canary"))]),
        &["`./postinst`", "not a regular file"],
    ),
    (
        "a conffile's name that is no text",
        |_| of_control(&control_text("hostile"), &[TarEntry::file("./conffiles", b"/etc/caf\xe9\n")]),
        &["hostile", "not UTF-8"],
    ),
    (
        "a trigger that climbs",
        |_| of_control(&control_text("hostile"), &[TarEntry::file("./triggers", "interest a/../../x\n")]),
        &["hostile", "interest a/../../x"],
    ),
    (
        "a trigger called as dpkg's own file",
        |_| of_control(&control_text("hostile"), &[TarEntry::file("./triggers", "interest File\n")]),
        &["hostile", "interest File"],
    ),
];

fn of_control(text: &str, more: &[TarEntry]) -> Vec<u8> {
    deb(&control(text, more), &tar(&[]))
}

/// A package whose last member is this.
fn members(last: &[u8]) -> Vec<u8> {
    let control = control(&control_text("hostile"), &[]);
    [ar(&[("debian-binary", b"2.0\n"), ("control.tar", &control)]), last.to_vec()].concat()
}

fn pax(record: &str) -> TarEntry {
    TarEntry::new(b'x', "./pax").content(format!("{} {record}\n", record.len() + 4))
}

fn out(outside: &Path, name: &str) -> String {
    outside.join(name).display().to_string()
}

fn through_hard_link(outside: &Path) -> Vec<u8> {
    hostile(&[TarEntry::symlink("./a", out(outside, "")), TarEntry::hard_link("./b", "./a/canary")])
}

/// The smallest archive there is, so that a case takes no time.
fn archive(workbench: &Workbench) -> Result<PathBuf, Failed> {
    workbench.once("hostile-archive", |path| {
        fs_err::create_dir(path)?;
        let mut archive = SuiteArchive::new(&["noble", "noble-updates", "noble-security"], &["main", "universe"])?;
        let scratch = workbench.scratch()?;
        let named = Deb::new("named", "1.0").build(scratch.path())?;
        archive.add("noble", "main", &named, "")?;
        archive.publish()?;
        rootfs_tests::copy_tree(&archive.path().join("ubuntu"), &path.join("ubuntu"))?;
        Ok(fs_err::copy(archive.key_file(), path.join("key.asc")).map(drop)?)
    })
}

fn build<'a>(product: Product<'a>, archive: &Path, mirror: &Mirror, scratch: &Path, package: &str) -> Product<'a> {
    let url = mirror.url();
    let product = product.args(["ubuntu", "--release", "noble", "--agent", "none", "--variant", "minbase", "--package", package]);
    let product = product.args(["--mirror".to_owned(), format!("{url}/ubuntu"), "--mirror".to_owned(), format!("security={url}/ubuntu")]);
    product.arg("--keyring").arg(archive.join("key.asc")).store(&scratch.join("store")).into_directory(&scratch.join("out"))
}

fn refused(workbench: &Workbench, make: fn(&Path) -> Vec<u8>, complaints: &[&str]) -> Result<(), Failed> {
    let (archive, scratch) = (archive(workbench)?, workbench.scratch()?);
    let mirror = Mirror::start(Origin::Directory(archive.clone()))?;
    let outside = Outside::make(scratch.path())?;
    let package = scratch.path().join("hostile.deb");
    fs_err::write(&package, make(outside.path()))?;
    let run = build(workbench.product(), &archive, &mirror, scratch.path(), &package.display().to_string()).run()?;
    run.exits_with(1)?.complains(&[&["hostile"], complaints].concat())?;
    expect_nothing(scratch.path(), &outside, &["hostile.deb", "outside", "store"])
}

/// Nothing is left but what was there, and the store.
fn expect_nothing(scratch: &Path, outside: &Outside, expected: &[&str]) -> Result<(), Failed> {
    outside.expect_untouched()?;
    let names = fs_err::read_dir(scratch)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let left: Vec<String> =
        names.collect::<Result<Vec<_>, Failed>>()?.into_iter().filter(|name| !expected.contains(&name.as_str())).collect();
    ensure!(left.is_empty(), "{left:?} was left behind");
    Ok(())
}

/// The index says `named` 1.0; a signed archive serves a package that calls itself otherwise.
fn another(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let outside = Outside::make(scratch.path())?;
    let mut archive = SuiteArchive::new(&["noble", "noble-updates", "noble-security"], &["main", "universe"])?;
    let package = scratch.path().join("other.deb");
    fs_err::write(&package, of_control(&control_text("other"), &[]))?;
    archive.add("noble", "main", &package, "")?;
    archive.rename("noble", "main", "other", "named")?;
    archive.publish()?;
    let mirror = Mirror::start(Origin::Directory(archive.path().to_path_buf()))?;
    let run = build(workbench.product(), archive.path(), &mirror, scratch.path(), "named").run()?;
    run.exits_with(1)?.complains(&["can't unpack named 1.0", "its own Package is `other`"])?;
    expect_nothing(scratch.path(), &outside, &["other.deb", "outside", "store"])
}

/// Outside of the package that brings it a link may be followed, but never out of the root.
fn through_another(workbench: &Workbench) -> Result<(), Failed> {
    let (archive, scratch) = (archive(workbench)?, workbench.scratch()?);
    let mirror = Mirror::start(Origin::Directory(archive.clone()))?;
    let outside = Outside::make(scratch.path())?;
    let up = format!("{}{}", "../".repeat(20), outside.path().display());
    let links = [TarEntry::symlink("./absolute", out(outside.path(), "")), TarEntry::symlink("./relative", up)];
    let helper = scratch.path().join("helper.deb");
    fs_err::write(&helper, deb(&control(&control_text("helper"), &[]), &tar(&links)))?;
    for link in ["absolute", "relative"] {
        let package = scratch.path().join("hostile.deb");
        let text = format!("{}Pre-Depends: helper\n", control_text("hostile"));
        fs_err::write(&package, deb(&control(&text, &[]), &tar(&[TarEntry::file(format!("./{link}/written"), "x")])))?;
        let packages = format!("{},{}", helper.display(), package.display());
        let run = build(workbench.product(), &archive, &mirror, scratch.path(), &packages).run()?;
        run.exits_with(1)?.complains(&["error: "])?;
        expect_nothing(scratch.path(), &outside, &["helper.deb", "hostile.deb", "outside", "store"])?;
    }
    Ok(())
}

/// A gibibyte of zeros in 150 KB: refused, and never in memory.
fn bomb(workbench: &Workbench) -> Result<(), Failed> {
    const MOST_KIB: u64 = 256 << 10;
    let (archive, scratch) = (archive(workbench)?, workbench.scratch()?);
    let mirror = Mirror::start(Origin::Directory(archive.clone()))?;
    let outside = Outside::make(scratch.path())?;
    let mut data = XzEncoder::new(Vec::new(), 0);
    data.write_all(&TarEntry::file("./zeros", "").size(*b"10000000000\0").bytes())?;
    for _ in 0..1024 {
        data.write_all(&[0; 1 << 20])?;
    }
    let control = control(&control_text("hostile"), &[]);
    let package = scratch.path().join("hostile.deb");
    fs_err::write(&package, ar(&[("debian-binary", b"2.0\n"), ("control.tar", &control), ("data.tar.xz", &data.finish()?)]))?;
    let report = scratch.path().join("memory");
    let time = Process::judge("time").args(["-f", "%M", "-o"]).arg(&report);
    let run = build(Product::under(workbench, time), &archive, &mirror, scratch.path(), &package.display().to_string()).run()?;
    run.exits_with(1)?.complains(&["hostile", "unpacks to more than"])?;
    let memory = fs_err::read_to_string(&report)?;
    let used: u64 = memory.lines().last().unwrap_or_default().trim().parse()?;
    ensure!(used < MOST_KIB, "it took {used} KiB");
    expect_nothing(scratch.path(), &outside, &["hostile.deb", "outside", "store", "memory"])
}

/// The smallest archive and a sound package: the build gets as far as configuring, for which there is no dpkg.
fn harmless(workbench: &Workbench) -> Result<(), Failed> {
    let (archive, scratch) = (archive(workbench)?, workbench.scratch()?);
    let mirror = Mirror::start(Origin::Directory(archive.clone()))?;
    let package = scratch.path().join("hostile.deb");
    fs_err::write(&package, hostile(&[TarEntry::directory("./srv"), TarEntry::file("./srv/a", "x")]))?;
    let run = build(workbench.product(), &archive, &mirror, scratch.path(), &package.display().to_string()).run()?;
    run.exits_with(1)?.complains(&["dpkg"]).map(drop)
}
