//! The three directories of the project's own.

use std::os::unix::fs::MetadataExt as _;

use rootfs_tests::{Case, Failed, Mirror, Need, Origin, Process, RpmPackage, SigningKey, Workbench, ensure, sign_rpms};

use crate::place::{Builder, Place, line, tree};

const USER: [Need; 4] = [Need::Root, Need::Judge("newuidmap"), Need::Judge("unshare"), Need::Judge("setpriv")];

pub(crate) fn cases() -> Vec<Case> {
    let needs = |more: &[Need]| [&USER[..], more].concat();
    let rpm = ["dnf", "createrepo_c", "rpmbuild", "rpmsign"].map(Need::Judge);
    vec![
        Case::new("directories::one that copies busybox", &needs(&[Need::Judge("busybox")]), trivial),
        Case::new("directories::its folder is laid over, or copied where that can't be", &USER, laid_over),
        Case::new("directories::one over Debian's archive, by mmdebstrap", &needs(&[Need::Judge("mmdebstrap"), Need::Debian]), archive),
        Case::new("directories::one without a builder of its own, by dnf", &needs(&rpm), packages),
    ]
}

fn trivial(workbench: &Workbench) -> Result<(), Failed> {
    let place = Place::new(workbench)?;
    let plugin = place.take("trivial")?;
    let mut trees = Vec::new();
    for builder in Builder::ALL {
        let built = place.build(builder, "trivial", &["release=2.5", "extra=vim git"])?.success()?;
        ensure!(built.output.contains(&format!("in a user namespace: {}\n", builder == Builder::PlainUser)), "{}", built.report("who?"));
        for (path, expected) in [
            ("/dev/console", "0600 0:0 +0 char 5:1"),
            ("/dev/null", "0666 0:0 +0 char 1:3"),
            ("/dev/vda", "0660 0:6 +0 block 254:0"),
            ("/etc/owned", "4711 33:44 +0 file "),
            ("/run/pipe", "0644 0:0 +0 fifo"),
            ("/tmp", "1777 0:0 +0 directory"),
            ("/sbin/init", "0777 0:0 +0 link ../bin/busybox"),
            ("/etc/greeting", "0644 0:0 +0 file hello\\nchanged\\n"),
            ("/etc/from-script-dir", "0644 0:0 +0 file OS_NAME=\\\"trivial\\\"\\n"),
        ] {
            ensure!(line(&built, path)? == expected, "{}", built.report(&format!("{path} is not `{expected}`")));
        }
        let told = line(&built, "/etc/told")?;
        for said in [
            "OS_NAME=trivial",
            "OS_VERSION=2.5",
            "ARCH=x86_64",
            "EXTRA_PKG=vim git",
            "EXTRA_PKGS=vim git",
            "AGENT_INIT=no",
            "AGENT_BIN=kata-agent",
            "SECCOMP=yes",
            "SELINUX=no",
            "LIBC=musl",
            "HOME=/root",
        ] {
            ensure!(told.contains(&format!("{said}\\n")), "{}", built.report(&format!("`{said}` was not told")));
        }
        ensure!(built.output.ends_with("devices on disk: 0\n"), "{}", built.report("device nodes are on the disk"));
        built.clone().complains(&["item: making a guest of busybox", "build_rootfs of trivial| OK: made", "nothing of it is pinned"])?;
        trees.push(tree(&built).into_iter().map(str::to_owned).collect::<Vec<_>>());
    }
    ensure!(trees[0] == trees[1], "root's tree and the user's differ: {trees:?}");
    let mut names: Vec<_> = fs_err::read_dir(&plugin)?.map(|entry| entry.map(|entry| entry.file_name())).collect::<Result<_, _>>()?;
    names.sort();
    ensure!(names == ["config.sh", "greeting", "rootfs_lib.sh"], "the plugin's folder was changed: {names:?}");
    ensure!(fs_err::read_to_string(plugin.join("greeting"))? == "hello\n", "a file of the plugin's was changed");
    Ok(())
}

fn laid_over(workbench: &Workbench) -> Result<(), Failed> {
    let place = Place::new(workbench)?;
    let library = "build_rootfs() {\n  mkdir -p \"$1/etc\"\n  echo two >>\"$CONFIG_DIR/file\"\n  echo new >\"$CONFIG_DIR/sub/new\"\n  rm \"$CONFIG_DIR/gone\"\n  \
                   cat \"$CONFIG_DIR/file\" \"$CONFIG_DIR/sub/new\" >\"$1/etc/file\"\n  stat -f -c %T \"$CONFIG_DIR\" >\"$1/etc/type\"\n}\n";
    place.make("own", "OS_NAME=own\n", Some(library))?;
    let plugin = place.plugin("own");
    fs_err::create_dir(plugin.join("sub"))?;
    fs_err::write(plugin.join("file"), "one\n")?;
    fs_err::write(plugin.join("gone"), "there\n")?;
    let user = fs_err::metadata(plugin.join("../.."))?.uid();
    for path in ["", "config.sh", "rootfs_lib.sh", "sub", "file", "gone"] {
        std::os::unix::fs::lchown(plugin.join(path), Some(user), Some(user))?;
    }
    let build = |builder: Builder| -> Result<String, Failed> {
        let built = place.build(builder, "own", &[])?.success()?;
        ensure!(line(&built, "/etc/file")?.ends_with("file one\\ntwo\\nnew\\n"), "{}", built.report("what was written is not there"));
        let is_as_before =
            fs_err::read_to_string(plugin.join("file"))? == "one\n" && plugin.join("gone").exists() && !plugin.join("sub/new").exists();
        ensure!(is_as_before, "{}", built.report("the plugin's folder was changed"));
        Ok(line(&built, "/etc/type")?.to_owned())
    };
    let own = [build(Builder::Root)?, build(Builder::PlainUser)?];
    ensure!(own.iter().all(|told| told.contains("overlay")), "the folder was not laid over: {own:?}");
    // A file of an owner whom the user doesn't know: it can't be laid over, and is copied.
    std::os::unix::fs::lchown(plugin.join("file"), Some(65534), Some(65534))?;
    let foreign = build(Builder::PlainUser)?;
    ensure!(!foreign.contains("overlay"), "what is nobody's was laid over: {foreign}");
    Ok(())
}

fn archive(workbench: &Workbench) -> Result<(), Failed> {
    let place = Place::new(workbench)?;
    place.take("archive")?;
    let mirror = format!("mirror={}/debian", workbench.mirror()?.url());
    let mut packages = Vec::new();
    for builder in Builder::ALL {
        let built = place.build(builder, "archive", &["release=bookworm", "extra=hostname", &mirror])?.success()?;
        ensure!(line(&built, "/dev/null")? == "0666 0:0 +0 char 1:3", "{}", built.report("a device is missing"));
        ensure!(line(&built, "/var/log/wtmp")? == "0664 0:43 +0 file ", "{}", built.report("owners are lost"));
        line(&built, "/usr/bin/hostname")?;
        line(&built, "/usr/lib/x86_64-linux-gnu/libseccomp.so.2")?;
        packages.push(line(&built, "/etc/packages")?.to_owned());
    }
    ensure!(packages[0] == packages[1], "root's packages and the user's differ: {packages:?}");
    Ok(())
}

fn packages(workbench: &Workbench) -> Result<(), Failed> {
    let place = Place::new(workbench)?;
    place.take("packages")?;
    let repository = tempfile::tempdir()?;
    let key = SigningKey::generate("shell directories")?;
    key.export(&repository.path().join("key.asc"))?;
    for package in [
        RpmPackage::new("base", "1").file("/etc/base", "base\n").file("/usr/share/doc/base/README", "pruned\n"),
        RpmPackage::new("init", "2").says("Requires: base").file("%attr(4755, root, root) /sbin/init", "init\n"),
        RpmPackage::new("more", "3").file("/etc/more", "more\n"),
    ] {
        package.build(repository.path())?;
    }
    sign_rpms(repository.path(), &key)?;
    Process::judge("createrepo_c").arg(repository.path()).run()?.success()?;
    let mirror = Mirror::start(Origin::Directory(repository.path().to_owned()))?;
    let said = format!("mirror={}", mirror.url());
    for builder in Builder::ALL {
        let built = place.build(builder, "packages", &["extra=more", &said])?.success()?;
        for (path, expected) in [
            ("/etc/base", "0644 0:0 +0 file base\\n"),
            ("/sbin/init", "4755 0:0 +0 file init\\n"),
            ("/etc/more", "0644 0:0 +0 file more\\n"),
        ] {
            ensure!(line(&built, path)? == expected, "{}", built.report(&format!("{path} is not `{expected}`")));
        }
        ensure!(line(&built, "/usr/share/doc").is_err(), "{}", built.report("documents are not pruned"));
        ensure!(line(&built, "/var/cache/dnf").is_err(), "{}", built.report("a cache is left"));
    }
    let left: Vec<_> = fs_err::read_dir(place.plugin("packages"))?.collect();
    ensure!(left.len() == 1, "the plugin's folder was changed: {left:?}");
    Ok(())
}
