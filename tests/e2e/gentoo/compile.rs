//! Guests whose packages the real emerge compiles, in the sandbox and in a container: with the portage of PyPI in a root of Debian's in place of a stage3.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use rootfs_tests::{
    Case, CompileSite, Failed, GentooSite, Mirror, Need, Origin, PlainUser, Process, Product, SigningKey, Workbench, ensure, words,
};
use rustix::process::Signal;

use crate::build::BUILD;
use crate::interrupt::{expect_no_mount, expect_no_process};

/// What emerge is asked for.
const HELLO: &str = "sys-apps/baselayout,app-misc/hello";

/// How long a build that was interrupted may take to end.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn cases() -> Vec<Case> {
    let of = |more: &[Need]| [BUILD, &["python3", "gpg", "tar"].map(Need::Judge), more].concat();
    let needs = of(&[]);
    vec![
        Case::new("gentoo::compile::a stage3 that can't be trusted or used is refused", &needs, refused),
        Case::new("gentoo::compile::what is compiled runs, is emerge's, and is compiled once", &of(&[Need::Judge("taskset")]), once)
            .only_in_full(),
        Case::new(
            "gentoo::compile::a container and a plain user make the same packages",
            &of(&[Need::Docker, Need::Judge("newuidmap")]),
            same,
        )
        .only_in_full(),
        Case::new("gentoo::compile::an image of an engine's compiles as its root does", &of(&[Need::Docker]), of_image).only_in_full(),
        Case::new("gentoo::compile::a configuration counts, and a mirror has the sources", &needs, configured).only_in_full(),
        Case::new("gentoo::compile::what an ebuild says that fails is told, and kept", &needs, failing).only_in_full(),
        Case::new("gentoo::compile::Ctrl-C leaves nothing", &needs, interrupted).only_in_full(),
    ]
}

/// A build of these packages with the site's stage3, whose signature must hold.
fn compile<'a>(site: &CompileSite, product: Product<'a>, packages: &str) -> Product<'a> {
    let product = product.args(["gentoo", "--agent", "none", "--package", packages, "--compile", "--stage3"]).arg(site.stage3());
    product.arg("--key").arg(site.key()).arg("--ebuilds").arg(site.ebuilds())
}

/// The same of what runs, without a network for its sources.
fn hello<'a>(site: &CompileSite, product: Product<'a>) -> Product<'a> {
    compile(site, product, HELLO).args(["--profile", "tiny", "--distfiles"]).arg(site.sources())
}

fn of_image(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let site = CompileSite::new(workbench)?;
    let image = format!("rootfs-gen-stage3-{}:1", std::process::id());
    let docker =
        |arguments: Vec<OsString>| -> Result<String, Failed> { Ok(Process::judge("docker").args(arguments).run()?.success()?.output) };
    docker(words([&"import", &site.stage3(), &image]))?;
    let of_image = |name: &str, out: &str| {
        let product =
            workbench.product().afresh().args(["gentoo", "--agent", "none", "--package", HELLO, "--compile", "--profile", "tiny"]);
        let product = product.args(["--docker-image", name, "--distfiles"]).arg(site.sources()).arg("--ebuilds").arg(site.ebuilds());
        product.arg("--lock").arg(scratch.path().join("image.lock")).into_directory(&scratch.path().join(out)).run()
    };
    let built = of_image(&image, "image").and_then(|run| run.success());
    let containers = docker(words([&"ps", &"--all", &"--quiet", &"--filter", &format!("ancestor={image}")]));
    docker(words([&"rmi", &image]))?;
    ensure!(built?.error.contains("running emerge") && containers?.is_empty(), "nothing was compiled, or a container is left");
    let said = said(workbench, &scratch.path().join("image"))?;
    ensure!(said == "HELLO from a library\n", "what was compiled says {said}");
    hello(&site, workbench.product().afresh()).into_directory(&scratch.path().join("stage3")).run()?.success()?;
    let digest = |name: &str| workbench.product().digest(&scratch.path().join(name));
    ensure!(digest("image")? == digest("stage3")?, "the image's packages are not those of its root");
    let lock = fs_err::read_to_string(scratch.path().join("image.lock"))?;
    ensure!(lock.contains("[[compiler]]") && lock.contains("repository = \"compiled\""), "{lock}");
    of_image("localhost/no-such-image:1", "none")?.exits_with(1)?.complains(&["localhost/no-such-image:1"])?;
    Ok(())
}

fn said(workbench: &Workbench, out: &Path) -> Result<String, Failed> {
    Ok(workbench.product().arg("shell").arg(out).args(["--", "/usr/bin/hello"]).run()?.success()?.output)
}

fn once(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let place = |name: &str| scratch.path().join(name);
    let site = CompileSite::new(workbench)?;
    let store = place("store");
    let product = || workbench.product().store(&store);
    let (lock, tar) = (place("lock"), place("a.tar"));
    let first = hello(&site, product()).arg("--lock").arg(&lock).arg("-o").arg(&tar).run()?.success()?;
    for text in ["note: running emerge --config-root=/", " sys-apps/baselayout app-misc/hello\n", "compile    "] {
        ensure!(first.error.contains(text), "{}", first.report(&format!("it doesn't say `{text}`")));
    }
    let text = fs_err::read_to_string(&lock)?;
    for line in [
        "[[compiler]]\nname = \"stage3\"",
        "[[source]]\nname = \"ebuilds1\"",
        "\"stage3\" = [\"",
        "repository = \"compiled\"",
        "use = \"loud\"",
    ] {
        ensure!(text.contains(line), "the lock lacks `{line}`:\n{text}");
    }
    let bytes = fs_err::read(&tar)?;

    // A second time nothing is compiled, with the lock or without; and a lock needs nothing to compile with.
    let out = place("out");
    let second = hello(&site, product()).into_directory(&out).arg("-o").arg(place("b.tar")).run()?.success()?;
    ensure!(!second.error.contains("running emerge"), "{}", second.report("it was compiled again"));
    ensure!(said(workbench, &out)? == "HELLO from a library\n", "{}", said(workbench, &out)?);
    let locked = product().args(["gentoo", "--agent", "none", "--package", HELLO, "--offline", "--locked"]).arg(&lock);
    locked.arg("-o").arg(place("c.tar")).run()?.success()?;
    for name in ["b.tar", "c.tar"] {
        ensure!(fs_err::read(place(name))? == bytes, "{name} is another tree");
    }
    // A store that has the packages no more says so.
    let empty = workbench.product().store(&place("empty")).args(["gentoo", "--agent", "none", "--package", HELLO, "--locked"]).arg(&lock);
    empty.arg("-o").arg(place("d.tar")).run()?.exits_with(1)?.complains(&["was compiled", "--binhost"])?;

    // Compiled anew, by one processor, the packages have the same bytes.
    let again = Product::under(workbench, Process::new("taskset").args(["-c", "0"])).store(&store).afresh();
    let again = hello(&site, again).arg("--lock").arg(place("lock2")).arg("-o").arg(place("e.tar")).run()?.success()?;
    ensure!(again.error.contains("running emerge"), "{}", again.report("nothing was compiled"));
    ensure!(fs_err::read_to_string(place("lock2"))? == text, "another lock:\n{text}\n{}", fs_err::read_to_string(place("lock2"))?);
    ensure!(fs_err::read(place("e.tar"))? == bytes, "another tree");

    is_emerges(workbench, &store, &text, &out, scratch.path())
}

/// The packages, as a binary host, are what the host's emerge installs the same files of.
fn is_emerges(workbench: &Workbench, store: &Path, lock: &str, ours: &Path, scratch: &Path) -> Result<(), Failed> {
    let host = scratch.join("host");
    for package in lock.split("[[package]]").skip(1) {
        let value = |key: &str| {
            package.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"')).unwrap_or_default()
        };
        let (path, sha256) = (host.join(value("path")), value("sha256"));
        fs_err::create_dir_all(path.parent().unwrap_or(&host))?;
        fs_err::copy(store.join("blobs").join(sha256.get(..2).unwrap_or_default()).join(sha256), path)?;
    }
    let site = GentooSite::new(workbench)?;
    let emerge = |root: &str| -> Result<Process, Failed> {
        Ok(site.emerge("gpkg", &scratch.join(root))?.env("PKGDIR", &host).env("FEATURES", "-pkgdir-index-trusted").args(HELLO.split(',')))
    };
    emerge("theirs")?.run()?.success()?;
    let digest = |root: &Path| -> Result<Vec<u8>, Failed> { Ok(fs_err::read(root.join("usr/bin/hello"))?) };
    ensure!(digest(ours)? == digest(&scratch.join("theirs"))?, "emerge has installed another program");
    // The judge says no to a package that was damaged.
    let package = host.join("app-misc/hello/hello-1.0-1.gpkg.tar");
    let mut bytes = fs_err::read(&package)?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs_err::write(&package, &bytes)?;
    let run = emerge("damaged")?.run()?;
    ensure!(!run.status.success(), "{}", run.report("emerge takes a damaged package"));
    Ok(())
}

fn same(workbench: &Workbench) -> Result<(), Failed> {
    // Nobody but root may look into the workbench.
    let scratch = tempfile::Builder::new().permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755)).tempdir_in("/var/tmp")?;
    let place = |name: &str| scratch.path().join(name);
    let made = CompileSite::new(workbench)?;
    let site = made.copied(&place("site"))?;
    let build = |product: Product<'_>, name: &str, more: &[&str]| -> Result<String, Failed> {
        let lock = scratch.path().join(format!("{name}.lock"));
        let tar = scratch.path().join(format!("{name}.tar"));
        let run = hello(&site, product.afresh()).args(more).arg("--lock").arg(&lock).arg("-o").arg(&tar).run()?.success()?;
        ensure!(run.error.contains("running emerge"), "{}", run.report("nothing was compiled"));
        Ok(fs_err::read_to_string(lock)? + &workbench.product().digest(&tar)?)
    };
    fs_err::set_permissions(scratch.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777))?;
    let ours = build(workbench.product(), "root", &[])?;
    let container = build(workbench.product(), "container", &["--docker"])?;
    ensure!(container == ours, "a container's:\n{container}\nand the sandbox's:\n{ours}");
    let user = PlainUser::new(workbench, 65536)?;
    let theirs = build(user.product(workbench), "user", &[])?;
    ensure!(theirs == ours, "a plain user's:\n{theirs}\nand root's:\n{ours}");
    Ok(())
}

fn configured(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let place = |name: &str| scratch.path().join(name);
    let site = CompileSite::new(workbench)?;
    let mirror = Mirror::start(Origin::Directory(site.mirror()))?;
    let portage = place("conf/etc/portage");
    fs_err::create_dir_all(portage.join("package.use"))?;
    fs_err::write(portage.join("make.conf"), format!("GENTOO_MIRRORS=\"{}\"\nCFLAGS=\"-O1\"\nFEATURES=\"sandbox\"\n", mirror.url()))?;
    fs_err::write(portage.join("package.use/hello"), "app-misc/hello -loud\n")?;
    fs_err::os::unix::fs::symlink("../../var/db/repos/tiny/profiles/tiny", portage.join("make.profile"))?;
    let build = |ebuilds: &Path, out: &str| {
        let product = workbench.product().store(&place("store")).args(["gentoo", "--agent", "none", "--package", HELLO, "--compile"]);
        let product = product.arg("--stage3").arg(site.stage3()).arg("--key").arg(site.key()).arg("--ebuilds").arg(ebuilds);
        product.arg("--config-root").arg(place("conf")).into_directory(&place(out)).run()
    };
    build(&site.ebuilds(), "out")?.success()?;
    ensure!(said(workbench, &place("out"))? == "hello from a library\n", "{}", said(workbench, &place("out"))?);
    let asked: Vec<String> = mirror.asked().into_iter().map(|asked| asked.path).collect();
    ensure!(asked.len() == 1 && asked.iter().all(|path| path.starts_with("distfiles/")), "{asked:?}");
    let files = fs_err::read_to_string(place("out/var/db/pkg/app-misc/hello-1.0/CFLAGS"))?;
    ensure!(files == "-O1\n", "{files}");
    // Another archive than the Manifest has the hash of.
    let ebuilds = place("ebuilds");
    rootfs_tests::copy_tree(&site.ebuilds(), &ebuilds)?;
    let manifest = fs_err::read_to_string(ebuilds.join("app-misc/hello/Manifest"))?;
    let (before, hash) = manifest.rsplit_once(' ').ok_or("a Manifest without hashes")?;
    let other = hash.trim().chars().rev().collect::<String>();
    fs_err::write(ebuilds.join("app-misc/hello/Manifest"), format!("{before} {other}\n"))?;
    build(&ebuilds, "other")?.exits_with(1)?.complains(&["app-misc/hello-1.0", "digest"])?;
    ensure!(!place("other").exists(), "something is left");
    Ok(())
}

fn failing(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let site = CompileSite::new(workbench)?;
    let store = scratch.path().join("store");
    let build = |packages: &str, profile: &str| {
        let build = compile(&site, workbench.product().store(&store), packages).args(["--profile", profile]);
        build.into_directory(&scratch.path().join("out")).run()
    };
    let run = build("sys-apps/baselayout,app-misc/failing", "tiny")?.exits_with(1)?;
    let log = store.join("logs/app-misc_failing-1.0.log");
    let run =
        run.complains(&["app-misc/failing-1.0 can't be compiled", "missing", "the compiler didn't like it", &log.display().to_string()])?;
    ensure!(!run.error.contains("baselayout-2.18::tiny failed"), "{}", run.report("another package is blamed"));
    ensure!(fs_err::read_to_string(&log)?.contains("Compiling source in"), "the log is not whole");
    build("app-misc/nothing", "tiny")?.exits_with(1)?.complains(&["emerge exited with 1", "app-misc/nothing"])?;
    build(HELLO, "other")?.exits_with(1)?.complains(&["`other`", "(tiny)", "--profile"])?;
    ensure!(!scratch.path().join("out").exists(), "something is left");
    Ok(())
}

fn interrupted(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let site = CompileSite::new(workbench)?;
    let build = hello(&site, workbench.product().afresh()).into_directory(&scratch.path().join("out"));
    let mut running = build.start()?;
    while !running.error_so_far()?.contains("running emerge") {
        ensure!(!running.has_ended()?, "it ended early: {}", running.error_so_far()?);
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(500));
    running.signal(Signal::INT)?;
    let finished = running.finish(PATIENCE)?;
    ensure!(finished.status.code() == Some(130), "{}", finished.report("it was not interrupted"));
    expect_no_process(scratch.path())?;
    expect_no_mount(scratch.path())?;
    let left: Vec<_> = fs_err::read_dir(scratch.path())?.filter_map(|entry| entry.ok().map(|entry| entry.file_name())).collect();
    ensure!(left.is_empty(), "{left:?} was left behind");
    Ok(())
}

/// Nothing is compiled here: what is refused is refused before.
fn refused(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let place = |name: &str| scratch.path().join(name);
    let key = SigningKey::generate("stage3")?;
    key.export(&place("key.asc"))?;
    for (name, files) in [("empty", &[][..]), ("stage3", &["usr/bin/emerge"]), ("repository", &["profiles/repo_name"])] {
        fs_err::create_dir_all(place(name))?;
        for file in files {
            let path = place(name).join(file);
            fs_err::create_dir_all(path.parent().unwrap_or(scratch.path()))?;
            fs_err::write(path, "tiny\n")?;
        }
    }
    let archive = place("stage3.tar");
    Process::judge("tar").args(words([&"-C", &place("stage3"), &"-cf", &archive, &"."])).run()?.success()?;
    let attempt = |arguments: &[&dyn AsRef<std::ffi::OsStr>], code: i32, texts: &[&str]| -> Result<(), Failed> {
        let build =
            workbench.product().store(&place("store")).args(["gentoo", "--agent", "none"]).args(arguments.iter().map(AsRef::as_ref));
        build.arg("-o").arg(place("x.tar")).run()?.exits_with(code)?.complains(texts)?;
        ensure!(!place("x.tar").exists(), "something is left");
        Ok(())
    };
    let key_file = place("key.asc");
    attempt(&[&"--stage3", &archive], 2, &["--stage3", "--compile"])?;
    attempt(&[&"--compile", &"--stage3", &place("missing.tar")], 1, &["missing.tar"])?;
    attempt(&[&"--compile", &"--stage3", &archive], 1, &["no key is known that signs the stage3", "--key"])?;
    attempt(
        &[&"--compile", &"--stage3", &archive, &"--key", &key_file],
        1,
        &["stage3.tar` is not signed", "stage3.tar.asc", "--allow-unsigned"],
    )?;
    // Of a list of hashes, and then of the archive itself: one that holds, and one of something else.
    let sum = Process::new("sha512sum").arg(&archive).run()?.success()?.output;
    let hash = sum.split_ascii_whitespace().next().unwrap_or_default();
    let list = |hash: &str| -> Result<(), Failed> {
        Ok(fs_err::write(place("stage3.tar.DIGESTS"), key.clearsign(&format!("# SHA512 HASH\n{hash}  stage3.tar\n"))?)?)
    };
    let signed = [&"--compile" as &dyn AsRef<std::ffi::OsStr>, &"--stage3", &archive, &"--key", &key_file];
    list(hash)?;
    attempt(&signed, 1, &["no ebuild repository", "--ebuilds"])?;
    list(&hash.chars().rev().collect::<String>())?;
    attempt(&signed, 1, &["SHA-512", "stage3.tar.DIGESTS"])?;
    key.sign_file(&archive, &place("stage3.tar.asc"))?;
    attempt(&signed, 1, &["no ebuild repository", "--ebuilds"])?;
    let mut bytes = fs_err::read(&archive)?;
    bytes[512] ^= 1;
    fs_err::write(&archive, bytes)?;
    attempt(&signed, 1, &["the signature of the stage3", "doesn't hold"])?;
    // A directory is the user's own.
    let own = place("stage3");
    attempt(&[&"--compile", &"--stage3", &place("empty")], 1, &["has no emerge", "--stage3"])?;
    attempt(&[&"--compile", &"--stage3", &own, &"--ebuilds", &place("empty")], 1, &["no ebuild repository", "profiles"])?;
    attempt(&[&"--compile", &"--stage3", &own, &"--config-root", &place("empty")], 1, &["etc/portage"])?;
    attempt(&[&"--compile", &"--stage3", &own, &"--ebuilds", &place("repository")], 1, &["no profile", "--profile"])?;
    // Gentoo's own, of whose keys none is known.
    attempt(&[&"--compile", &"--offline"], 1, &["latest-stage3-amd64"])
}
