//! Ubuntu, on an archive laid out, packed and signed as Ubuntu's is and filled from Debian's packages: mmdebstrap and apt judge what is made of it.

use std::path::{Path, PathBuf};

use rootfs_tests::{
    Case, Chroot, Deb, Failed, Fault, Mirror, Need, Origin, Process, Reference, Release, Rule, SuiteArchive, Workbench, copy_tree, ensure,
    findings, judge, path_in_archive, repacked, words,
};

use crate::build::minbase;
use crate::sets::{expect_same_files, expect_same_set};

pub(crate) const NEEDS: &[Need] = &[
    Need::Product,
    Need::Root,
    Need::Debian,
    Need::Judge("mmdebstrap"),
    Need::Judge("unshare"),
    Need::Judge("gpg"),
    Need::Judge("dpkg-deb"),
    Need::Judge("tar"),
];

const SUITES: [&str; 3] = ["noble", "noble-updates", "noble-security"];

/// What is asked for besides the smallest set. Ubuntu's apt needs the keyring; Debian's, which is installed here, doesn't.
const EXTRA: &[&str] = &["ubuntu-keyring", "hello", "phased", "fixed"];

pub(crate) fn cases() -> Vec<Case> {
    let case = |name: &str, body: fn(&Workbench) -> Result<(), Failed>| Case::new(format!("ubuntu::{name}"), NEEDS, body);
    vec![
        case("package set is mmdebstrap's", |workbench| expect_same_set(&our_tree(workbench)?, &reference(workbench)?.packages()?)),
        case("files are mmdebstrap's", |workbench| expect_same_files(workbench, &our_tree(workbench)?, &reference(workbench)?)),
        case("dpkg finds nothing", |workbench| {
            let found = findings(&our_tree(workbench)?)?;
            ensure!(found.is_empty(), "{}", found.join("\n"));
            Ok(())
        }),
        case("sources name the public archive", expect_sources),
        case("a phased update is taken, as apt takes it in a new tree", phased),
        case("a kernel whose modules are a package of their own", kernel).only_in_full(),
        case("an archive that another key signed is refused", |workbench| {
            refused(workbench, None, Rule::always("no such path", Fault::Status(404)), &["InRelease", "sign"])
        }),
        case("a changed index is refused", |workbench| {
            let key = archive(workbench)?.join("key.asc");
            refused(workbench, Some(&key), Rule::always("main/binary-amd64/", Fault::Alter(40)), &["noble"])
        }),
        case("a changed package is refused", |workbench| {
            let key = archive(workbench)?.join("key.asc");
            refused(workbench, Some(&key), Rule::always("pool/universe/hello_", Fault::Alter(5000)), &["hello"])
        }),
    ]
}

/// The archive, made once in a run: minbase of trixie and its keyring in main, `hello` in universe, all packed by zstd; and small packages that have
/// a newer version in a later suite.
pub(crate) fn archive(workbench: &Workbench) -> Result<PathBuf, Failed> {
    workbench.once("ubuntu-archive", |path| {
        let mut archive = SuiteArchive::new(&SUITES, &["main", "universe"])?;
        for package in paths_of_minbase(workbench)? {
            archive.add("noble", "main", &repacked(workbench, &package)?, "")?;
        }
        for (component, name) in [("main", "ubuntu-keyring"), ("universe", "hello")] {
            let package = path_in_archive(workbench, Release::Trixie, name)?;
            archive.add("noble", component, &repacked(workbench, &package)?, "")?;
        }
        let scratch = workbench.scratch()?;
        let mut add =
            |suite: &str, component: &str, deb: Deb, fields: &str| archive.add(suite, component, &deb.build(scratch.path())?, fields);
        let versioned = |name: &str, version: &str| Deb::new(name, version).file(&format!("/usr/share/{name}/version"), version);
        add("noble", "main", versioned("phased", "1.0"), "")?;
        add("noble-updates", "main", versioned("phased", "1.1"), "Phased-Update-Percentage: 0\n")?;
        add("noble", "universe", versioned("fixed", "1.0"), "")?;
        add("noble-security", "universe", versioned("fixed", "1.0ubuntu0.1"), "")?;
        archive.publish()?;
        copy_tree(archive.path(), path)
    })
}

/// Where Debian's archive has the packages of a tree, by the lock beside it.
fn paths_of_minbase(workbench: &Workbench) -> Result<Vec<String>, Failed> {
    let tree = minbase(workbench)?;
    let lock = fs_err::read_to_string(tree.with_added_extension("rootfs-gen").join("rootfs-gen.lock"))?;
    let text = |line: &str, name: &str| Some(line.strip_prefix(name)?.trim_start_matches([' ', '=']).trim_matches('"').to_owned());
    let (mut paths, mut directory) = (Vec::new(), "debian");
    for line in lock.lines() {
        if let Some(repository) = text(line, "repository ") {
            directory = if repository == "security" { "debian-security" } else { "debian" };
        }
        paths.extend(text(line, "path ").map(|path| format!("{directory}/{path}")));
    }
    ensure!(paths.len() > 50, "the lock names only {} packages:\n{lock}", paths.len());
    Ok(paths)
}

/// A server of the archive, and its sources for a key at this path.
fn serve(workbench: &Workbench) -> Result<Mirror, Failed> {
    Mirror::start(Origin::Directory(archive(workbench)?))
}

fn sources(url: &str, key: &Path) -> Vec<String> {
    SUITES.iter().map(|suite| format!("deb [signed-by={}] {url}/ubuntu {suite} main universe", key.display())).collect()
}

fn our_tree(workbench: &Workbench) -> Result<PathBuf, Failed> {
    workbench.once("ubuntu-ours", |path| {
        let (mirror, key) = (serve(workbench)?, archive(workbench)?.join("key.asc"));
        build(workbench, &mirror, Some(&key)).into_directory(path).run()?.success().map(drop)
    })
}

fn build<'a>(workbench: &'a Workbench, mirror: &Mirror, key: Option<&Path>) -> rootfs_tests::Product<'a> {
    let url = mirror.url();
    let mut run = workbench.product().args(["ubuntu", "--release", "noble", "--variant", "minbase", "--agent", "none"]);
    run = run.arg("--extra-pkg").arg(EXTRA.join(","));
    run = run.args(["--mirror".to_owned(), format!("{url}/ubuntu"), "--mirror".to_owned(), format!("security={url}/ubuntu")]);
    if let Some(key) = key {
        run = run.arg("--keyring").arg(key);
    }
    run
}

fn reference(workbench: &Workbench) -> Result<Reference, Failed> {
    let made = workbench.once("ubuntu-theirs", |path| {
        fs_err::create_dir(path)?;
        let mirror = serve(workbench)?;
        let include: Vec<String> = EXTRA.iter().map(|package| (*package).to_owned()).collect();
        let sources = sources(&mirror.url(), &archive(workbench)?.join("key.asc"));
        Reference::of_sources("noble", &include, &sources, &path.join("tree.tar")).map(drop)
    })?;
    Ok(Reference::at(&made.join("tree.tar")))
}

fn expect_sources(workbench: &Workbench) -> Result<(), Failed> {
    let tree = our_tree(workbench)?;
    let text = fs_err::read_to_string(tree.join("etc/apt/sources.list"))?;
    let signed = "deb [signed-by=/usr/share/keyrings/ubuntu-archive-keyring.gpg]";
    let expected = format!(
        "{signed} http://archive.ubuntu.com/ubuntu noble main universe\n\
         {signed} http://archive.ubuntu.com/ubuntu noble-updates main universe\n\
         {signed} http://security.ubuntu.com/ubuntu noble-security main universe\n"
    );
    ensure!(text == expected, "{text}");
    Ok(())
}

/// `phased` 1.1 is for no machine yet. apt holds an update back from machines that have the older version and a machine-id; not here, unless it is
/// told to, which shows that it knows of the phase.
fn phased(workbench: &Workbench) -> Result<(), Failed> {
    let ours = our_tree(workbench)?;
    ensure!(fs_err::read_to_string(ours.join("usr/share/phased/version"))? == "1.1", "the update was not taken");
    ensure!(fs_err::read_to_string(ours.join("usr/share/fixed/version"))? == "1.0ubuntu0.1", "the fix was not taken");
    let (mirror, scratch) = (serve(workbench)?, workbench.scratch()?);
    let tree = scratch.path().join("tree");
    copy_tree(&ours, &tree)?;
    fs_err::copy(archive(workbench)?.join("key.asc"), tree.join("tmp/key.asc"))?;
    fs_err::write(tree.join("tmp/judge.list"), sources(&mirror.url(), Path::new("/tmp/key.asc")).join("\n") + "\n")?;
    judge::count_run("apt-get");
    let script = r#"
        sources="-o Dir::Etc::SourceList=/tmp/judge.list -o Dir::Etc::SourceParts=/dev/null -o Acquire::http::Proxy=DIRECT"
        apt-get -q -y $sources -o APT::Sandbox::User=root -o APT::Update::Error-Mode=any update >&2
        apt-get -s $sources dist-upgrade | grep -E '^(Inst|Remv)' >&2 && exit 1
        dpkg --purge phased >&2
        apt-get -s $sources install phased | grep ^Inst
        apt-get -s $sources -o APT::Get::Phase-Policy=true -o APT::Get::Never-Include-Phased-Updates=true install phased | grep ^Inst
    "#;
    let printed = Chroot::new(&tree).prints(script)?;
    let lines: Vec<&str> = printed.lines().collect();
    ensure!(lines.len() == 2 && lines[0].contains("(1.1 ") && lines[1].contains("(1.0 "), "apt would install:\n{printed}");
    Ok(())
}

/// Ubuntu has a kernel's image and its modules in two packages. Debian's kernel, taken apart so, must give the same files as Debian's.
fn kernel(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let debian = scratch.path().join("debian");
    let url = workbench.mirror()?.url();
    let release = workbench.product().mirror(&url).args(["kernel", "debian", "-d"]).arg(&debian).run()?.success()?.output;
    for (place, apart) in [("whole", true), ("without-modules", false)] {
        let archive = kernel_archive(workbench, release.trim(), scratch.path(), apart)?;
        let mirror = Mirror::start(Origin::Directory(archive.path().to_path_buf()))?;
        let mirrors =
            ["--mirror".to_owned(), format!("{}/ubuntu", mirror.url()), "--mirror".to_owned(), format!("security={}/ubuntu", mirror.url())];
        let ubuntu = scratch.path().join(place);
        let run = workbench.product().args(["kernel", "ubuntu", "--release", "noble", "-d"]).arg(&ubuntu).args(mirrors);
        run.arg("--keyring").arg(archive.key_file()).run()?.success()?;
        for name in ["vmlinuz", "initrd"] {
            let same = fs_err::read(debian.join(name))? == fs_err::read(ubuntu.join(name))?;
            ensure!(same == (apart || name == "vmlinuz"), "{place}: {name} is {}", if same { "the same" } else { "another" });
        }
    }
    Ok(())
}

/// An archive of a kernel in Ubuntu's three packages; `apart` says whether the image needs the modules, as it should.
fn kernel_archive(workbench: &Workbench, release: &str, scratch: &Path, apart: bool) -> Result<SuiteArchive, Failed> {
    let directory = tempfile::tempdir_in(scratch)?;
    let path = path_in_archive(workbench, Release::Trixie, &format!("linux-image-{release}"))?;
    let file = directory.path().join("kernel.deb");
    fs_err::write(&file, workbench.forward()?.read(&path)?.ok_or("the kernel is not there")?)?;
    let image = directory.path().join("image");
    Process::judge("dpkg-deb").args(words([&"--raw-extract", &file, &image])).run()?.success()?;
    let modules = directory.path().join("modules");
    for part in ["boot", "usr/lib", "DEBIAN"] {
        fs_err::create_dir_all(modules.join(part))?;
    }
    fs_err::rename(image.join("usr/lib/modules"), modules.join("usr/lib/modules"))?;
    for entry in fs_err::read_dir(image.join("boot"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        if !name.to_string_lossy().starts_with("vmlinuz-") {
            fs_err::rename(&path, modules.join("boot").join(name))?;
        }
    }
    let mut archive = SuiteArchive::new(&SUITES, &["main", "universe"])?;
    let needs = if apart { "Depends: linux-modules-6-generic\n" } else { "" };
    for (tree, name, needs) in [(&image, "linux-image-6-generic", needs), (&modules, "linux-modules-6-generic", "")] {
        let text =
            format!("Package: {name}\nVersion: 6\nArchitecture: amd64\n{needs}Maintainer: Nobody <nobody@example.org>\nDescription: x\n");
        fs_err::remove_dir_all(tree.join("DEBIAN"))?;
        fs_err::create_dir(tree.join("DEBIAN"))?;
        fs_err::write(tree.join("DEBIAN/control"), text)?;
        let package = directory.path().join(format!("{name}.deb"));
        Process::judge("dpkg-deb").args(words([&"-Zzstd", &"-z1", &"--build", tree, &package])).run()?.success()?;
        archive.add("noble", "main", &package, "")?;
    }
    let meta = Deb::new("linux-image-virtual", "6").field("Depends", "linux-image-6-generic").build(directory.path())?;
    archive.add("noble", "main", &meta, "")?;
    archive.publish()?;
    Ok(archive)
}

/// The build ends with these words and leaves nothing.
fn refused(workbench: &Workbench, key: Option<&Path>, damage: Rule, complaints: &[&str]) -> Result<(), Failed> {
    let (mirror, scratch) = (serve(workbench)?, workbench.scratch()?);
    mirror.misbehave(damage);
    let target = scratch.path().join("out");
    let run = build(workbench, &mirror, key).store(&scratch.path().join("store")).into_directory(&target).run()?;
    run.exits_with(1)?.complains(complaints)?;
    ensure!(!target.exists(), "the target was made");
    Ok(())
}
