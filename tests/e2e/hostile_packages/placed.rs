//! What is strange and yet allowed: placed as the real dpkg places it.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rootfs_tests::{Case, Chroot, Failed, Listing, Need, TarEntry, Workbench, ar, copy_tree, ensure, findings, judge, tar};

use super::{Outside, control, control_text, deb};
use crate::build::minbase;
use crate::installed;

const NEEDS: &[Need] = &[Need::Product, Need::Root, Need::Debian, Need::Judge("unshare")];

/// A name of which dpkg's `.dpkg-new` still fits behind.
const LONGEST_OF_DPKG: usize = 255 - ".dpkg-new".len();

pub(super) fn cases() -> Vec<Case> {
    let case = |name: &str, body: fn(&Workbench) -> Result<(), Failed>| Case::new(format!("hostile::{name}"), NEEDS, body);
    vec![
        case("strange packages are placed as dpkg places them", |workbench| {
            let list = |tree: PathBuf| Ok::<_, Failed>(Listing::of(&tree)?.without(may_differ));
            let differences = list(ours(workbench)?)?.differences(&list(theirs(workbench)?)?);
            ensure!(differences.is_empty(), "first: ours\n{}", differences.join("\n"));
            Ok(())
        }),
        case("strange packages are recorded as dpkg records them", |workbench| {
            for (name, _) in packages(Path::new("/outside")) {
                let script = format!("dpkg -L {name} | LC_ALL=C sort -u; dpkg -s {name}");
                let (ours, theirs) = (Chroot::new(&ours(workbench)?).run(&script)?, Chroot::new(&theirs(workbench)?).run(&script)?);
                ensure!(ours.output == theirs.output, "{name}: ours\n{}\ndpkg's\n{}", ours.output, theirs.output);
            }
            Ok(())
        }),
        case("a name of 255 bytes is placed", |workbench| {
            let tree = ours(workbench)?;
            ensure!(tree.join("srv/longest").join("n".repeat(255)).is_file(), "it is not there");
            let found: Vec<String> = findings(&tree)?.into_iter().filter(|line| !line.contains("/srv/lies")).collect();
            ensure!(found.is_empty(), "{}", found.join("\n"));
            Ok(())
        }),
    ]
}

fn may_differ(path: &str) -> bool {
    let of_dpkg = ["/var/lib/dpkg/status", "/var/lib/dpkg/info/longest.list", "/var/lib/dpkg/info/longest.md5sums"];
    installed::may_differ(path) || path.starts_with("/srv/longest") || of_dpkg.contains(&path) || path.ends_with(".list")
}

/// All of them, by name; `outside` is a directory of the host.
fn packages(outside: &Path) -> Vec<(&'static str, Vec<u8>)> {
    let outside = outside.as_os_str().as_bytes();
    let of = |name: &'static str, entries: &[TarEntry]| (name, deb(&control(&control_text(name), &[]), &tar(entries)));
    vec![
        of(
            "links",
            &[
                TarEntry::directory("./srv/links/"),
                TarEntry::symlink("./srv/links/root", "/"),
                TarEntry::symlink("./srv/links/up", "../../../../../../../../srv"),
                TarEntry::symlink("./srv/links/chain", "up"),
                TarEntry::symlink("./srv/links/host", outside),
                TarEntry::symlink("./srv/links/canary", [&b"../../../../../.."[..], outside, b"/canary"].concat()),
                TarEntry::file("./srv/links/file", "x"),
                TarEntry::hard_link("./srv/links/hard", "./srv/links/file"),
                TarEntry::hard_link("./srv/links/harder", "./srv/links/hard"),
            ],
        ),
        ("through", through()),
        of(
            "kinds",
            &[
                TarEntry::directory("./srv/kinds/").mode(0o1777),
                TarEntry::new(b'6', "./srv/kinds/fifo"),
                TarEntry::new(b'3', "./srv/kinds/null").mode(0o666),
                TarEntry::new(b'4', "./srv/kinds/loop").mode(0o660),
                TarEntry::file("./srv/kinds/setuid", "x").mode(0o6755).owner(7),
                TarEntry::file("./srv/kinds/far", "x").owner(1 << 31),
                TarEntry::file("./srv/kinds/bits", "x").mode(0o777_7000),
                TarEntry::file("./srv/kinds/old", "x").mtime(-1),
                TarEntry::new(0, "./srv/kinds/v7"),
            ],
        ),
        of(
            "names",
            &[
                TarEntry::directory("./srv/names/"),
                TarEntry::file([b"./srv/names/".to_vec(), vec![b'n'; LONGEST_OF_DPKG]].concat(), "x"),
                TarEntry::file(b"./srv/names/caf\xe9", "not UTF-8"),
                TarEntry::file("./srv/names/-rf *", "x"),
                TarEntry::file("./srv/names/ \\\"'$(reboot)", "x"),
                TarEntry::file("/srv/names/absolute", "x"),
                TarEntry::file("///srv/names/...", "x"),
                TarEntry::directory("./srv/names/"),
            ],
        ),
        of("deep", &(1..=800).map(|depth| TarEntry::directory(format!("./srv/{}", "d/".repeat(depth)))).collect::<Vec<_>>()),
        ("lies", lies()),
        ("backwards", backwards()),
    ]
}

/// Files and a directory through the links of a package that is there before.
fn through() -> Vec<u8> {
    let text = format!("{}Pre-Depends: links\n", control_text("through"));
    let entries = [
        TarEntry::file("./srv/links/root/srv/through", "through a link to the root\n"),
        TarEntry::file("./srv/links/up/above", "through a link above the root\n"),
        TarEntry::file("./srv/links/chain/chained", "through two links\n"),
        TarEntry::directory("./srv/links/chain/below"),
        TarEntry::file("./srv/links/chain/below/file", "in a directory through two links\n"),
    ];
    deb(&control(&text, &[]), &tar(&entries))
}

/// Checksums that don't hold, and control files of names that dpkg's database has itself.
fn lies() -> Vec<u8> {
    let more = [
        TarEntry::file("./md5sums", "00000000000000000000000000000000  srv/lies\nffffffffffffffffffffffffffffffff  etc/passwd\n"),
        TarEntry::file("./list", "/etc/shadow\n"),
        TarEntry::file("./novelty", "x"),
    ];
    deb(&control(&control_text("lies"), &more), &tar(&[TarEntry::directory("./srv/"), TarEntry::file("./srv/lies", "x")]))
}

/// A control file in another order than any tool writes, members that deb(5) lets anybody add, no padding at the end.
fn backwards() -> Vec<u8> {
    let text = "Description: hostile\n with a second line\n .\n and a third\nMaintainer: Nobody <nobody@example.org>\nArchitecture: all\n\
                Version: 1.0\nPackage: backwards\n";
    let data = tar(&[TarEntry::directory("./srv/"), TarEntry::file("./srv/backwards", "x")]);
    let mut package =
        ar(&[("debian-binary", b"2.0\n"), ("_first", b"x"), ("control.tar", &control(text, &[])), ("data.tar", &data), ("_z", b"odd")]);
    package.pop();
    package
}

/// Ours also has what dpkg can't place.
fn ours(workbench: &Workbench) -> Result<PathBuf, Failed> {
    workbench.once("hostile-ours", |path| {
        let scratch = workbench.scratch()?;
        let outside = Outside::make(scratch.path())?;
        let mut files = write(scratch.path(), packages(Path::new("/outside")))?;
        let name = [b"./srv/longest/".to_vec(), vec![b'n'; 255]].concat();
        let longest = tar(&[TarEntry::directory("./srv/longest/"), TarEntry::file(name, "x")]);
        files.extend(write(scratch.path(), vec![("longest", deb(&control(&control_text("longest"), &[]), &longest))])?);
        let run =
            files.iter().fold(workbench.product().minbase(rootfs_tests::Release::Trixie)?, |run, file| run.arg("--extra-pkg").arg(file));
        run.into_directory(path).run()?.success()?;
        outside.expect_untouched()
    })
}

/// A tree without them, in which its own dpkg installs them.
fn theirs(workbench: &Workbench) -> Result<PathBuf, Failed> {
    workbench.once("hostile-theirs", |path| {
        copy_tree(&minbase(workbench)?, path)?;
        let names = write(&path.join("tmp"), packages(Path::new("/outside")))?;
        judge::count_run("dpkg --install");
        let names: Vec<String> = names.iter().filter_map(|file| Some(format!("/tmp/{}", file.file_name()?.to_string_lossy()))).collect();
        Chroot::new(path).run(&format!("for file in {}; do dpkg --install $file; done", names.join(" ")))?.success().map(drop)
    })
}

fn write(directory: &Path, packages: Vec<(&str, Vec<u8>)>) -> Result<Vec<PathBuf>, Failed> {
    let write = |(name, bytes): (&str, Vec<u8>)| {
        let file = directory.join(format!("{name}.deb"));
        fs_err::write(&file, bytes)?;
        Ok(file)
    };
    packages.into_iter().map(write).collect()
}
