//! Images of containers as sources, whoever made them: the same trees as skopeo and an engine see in them.

use std::path::{Path, PathBuf};

use rootfs_tests::{Case, Failed, Listing, Need, Process, Workbench, ensure};
use serde_json::Value;

use crate::containers::damage_layer;
use crate::read_back::small_tree;

const ANYWHERE: &[Need] = &[Need::Product, Need::Root, Need::Judge("busybox")];

pub(crate) fn cases() -> Vec<Case> {
    let judged = [ANYWHERE, &[Need::Judge("skopeo"), Need::Judge("gzip")]].concat();
    let engine = [ANYWHERE, &[Need::Docker, Need::Judge("skopeo"), Need::Judge("tar")]].concat();
    vec![
        Case::new("container_sources::an image has the digest of its tree, whoever copied it", &judged, one_digest),
        Case::new("container_sources::what is wrong with an image is told", ANYWHERE, refused),
        Case::new("container_sources::several layers are what a container of them has", &engine, layers),
    ]
}

fn run(workbench: &Workbench, arguments: &[&str]) -> Result<rootfs_tests::Finished, Failed> {
    workbench.product().args(arguments).run()
}

fn digest(workbench: &Workbench, source: &str, flags: &[&str]) -> Result<String, Failed> {
    let run = workbench.product().arg("digest").arg(source).args(flags).run()?.success()?;
    Ok(run.output.trim().to_owned())
}

fn skopeo_copy(from: &str, to: &str, flags: &[&str]) -> Result<(), Failed> {
    Process::judge("skopeo").args(["copy", "--quiet", "--insecure-policy"]).args(flags).args([from, to]).run()?.success().map(drop)
}

/// An image of the small tree in `a.tar` and in the layout `own`.
fn written(workbench: &Workbench, scratch: &Path) -> Result<(PathBuf, String), Failed> {
    let tree = small_tree(scratch)?;
    for to in
        [format!("docker-archive:{}:my/guest:2", scratch.join("a.tar").display()), format!("oci:{}:1.0", scratch.join("own").display())]
    {
        workbench.product().arg("image").arg(&tree).args(["-o", &to, "--no-check"]).run()?.success()?;
    }
    let digest = workbench.product().digest(&tree)?;
    Ok((tree, digest))
}

fn one_digest(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let at = |prefix: &str, name: &str| format!("{prefix}{}", scratch.path().join(name).display());
    let (_, expected) = written(workbench, scratch.path())?;
    // Layouts and archives that skopeo makes: packed otherwise, in a tar, of Docker's types.
    let first = at("docker-archive:", "a.tar:my/guest:2");
    skopeo_copy(&first, &at("oci:", "gzip:x"), &[])?;
    skopeo_copy(&first, &at("oci:", "zstd:x"), &["--dest-compress-format", "zstd"])?;
    skopeo_copy(&at("oci:", "own:1.0"), &at("oci-archive:", "b.tar:y"), &[])?;
    skopeo_copy(&at("oci:", "own:1.0"), &at("docker-archive:", "c.tar:other:3"), &[])?;
    Process::judge("gzip").args(["--keep", &at("", "a.tar")]).run()?.success()?;
    let sources = [
        first,
        at("", "a.tar"),
        at("", "a.tar.gz"),
        at("", "own"),
        at("oci:", "own:1.0"),
        at("oci:", "gzip:x"),
        at("oci:", "zstd"),
        at("oci-archive:", "b.tar:y"),
        at("", "b.tar"),
        at("docker-archive:", "c.tar:other:3"),
    ];
    for source in &sources {
        ensure!(digest(workbench, source, &[])? == expected, "{source} is another tree");
        let verified = run(workbench, &["verify", source])?.success()?.output;
        ensure!(verified.contains("checked: image ") && verified.ends_with("sound\n"), "{verified}");
    }
    let image = at("", "x.squashfs");
    run(workbench, &["image", &sources[5], "-o", &image, "--no-check"])?.success()?;
    ensure!(digest(workbench, &image, &[])? == expected, "the squashfs is another tree");
    let told = run(workbench, &["inspect", &sources[4]])?.success()?.output;
    ensure!(told.contains("one image") && told.contains("image      1.0, sha256:") && told.contains("runs     /bin/sh"), "{told}");
    let told: Value = serde_json::from_str(&run(workbench, &["inspect", "--json", &sources[9]])?.success()?.output)?;
    ensure!(
        told["content"]["type"] == "docker-archive" && told["content"]["images"][0]["names"][0] == "docker.io/library/other:3",
        "{told}"
    );
    // Nothing starts by /sbin/init that a container doesn't need, but this tree has one; what is checked is the tree.
    let checked = run(workbench, &["check", "--json", &sources[4]])?;
    ensure!(checked.output == run(workbench, &["check", "--json", &sources[0]])?.output, "another check: {}", checked.output);
    Ok(())
}

fn refused(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let at = |prefix: &str, name: &str| format!("{prefix}{}", scratch.path().join(name).display());
    written(workbench, scratch.path())?;
    let layout = at("oci:", "own");
    for (arguments, code, words) in [
        (vec!["digest", &at("oci:", "own:2.0")], 1, vec!["there is no image `2.0`; there is `1.0`", "hint: name one behind a colon"]),
        (vec!["digest", "--arch", "s390x", &layout], 1, vec!["there is no image for linux/s390x", "hint: --arch"]),
        (vec!["digest", "--arch", "x86_64", &at("", "tree")], 2, vec!["is for one machine alone"]),
        (vec!["digest", &at("oci:", "tree")], 1, vec!["it is no OCI layout", "hint:"]),
        (vec!["digest", &at("docker-archive:", "a.tar:none")], 1, vec!["there is no image `none`; there is `my/guest:2`"]),
        (vec!["digest", &at("oci:", "nowhere")], 1, vec!["can't open"]),
        (vec!["image", &layout, "-o", &at("oci-archive:", "x.tar")], 2, vec!["is read, and not written", "hint:"]),
        (vec!["shell", &layout], 2, vec!["is an image of containers", "hint: make something else of it first"]),
        (vec!["shell", &at("", "own")], 2, vec!["is an image of containers"]),
        (vec!["lxc", "--name", "kestrel", &layout], 2, vec!["is an image of containers"]),
        (vec!["boot", &layout], 125, vec!["is an image of containers"]),
    ] {
        run(workbench, &arguments)?.exits_with(code)?.complains(&words)?;
    }
    damage_layer(&scratch.path().join("own"))?;
    run(workbench, &["digest", &layout])?.exits_with(1)?.complains(&["can't read the image", "is not what it is said to be", "hint:"])?;
    let verified = run(workbench, &["verify", &layout])?.exits_with(3)?;
    ensure!(verified.output.contains("problem: image 1.0") && verified.output.ends_with("1 problem\n"), "{}", verified.output);
    let image = scratch.path().join("x.img");
    workbench.product().args(["image", &layout, "--no-check", "-o"]).arg(&image).run()?.exits_with(1)?;
    ensure!(!image.exists(), "a half image was left");
    Ok(())
}

/// What an engine puts into containers itself.
fn is_engines(path: &str) -> bool {
    let own = ["/.dockerenv", "/dev", "/proc", "/sys", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/etc/mtab"];
    own.iter().any(|name| path == *name || path.starts_with(&format!("{name}/")))
}

fn unpacked(archive: &Path, to: &Path) -> Result<Listing, Failed> {
    fs_err::create_dir(to)?;
    Process::judge("tar")
        .args(["--extract", "--numeric-owner", "--same-permissions", "--directory"])
        .arg(to)
        .arg("--file")
        .arg(archive)
        .run()?
        .success()?;
    Ok(Listing::of(to)?.without(is_engines))
}

/// What is done in containers, each of which becomes a layer: files come, go, are replaced by directories and the other way round.
const CHANGES: [&str; 3] = [
    "cd /usr/lib && busybox mkdir a b && echo 1 > a/1 && echo 2 > a/2 && echo 3 > b/3 && busybox ln b/3 b/same && busybox chown 5:6 a/1",
    "cd /usr/lib && busybox rm -r a large && busybox mkdir a && echo new > a/new && busybox rm b/3 && busybox mkdir b/3 && echo > b/3/x && busybox chmod 1700 b",
    "cd /usr/lib && busybox rm -r b/3 && busybox ln -s ../a b/3 && busybox rm -r a && echo file > a",
];

fn layers(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let tree = small_tree(scratch.path())?;
    let place = |name: &str| scratch.path().join(name);
    let docker = |arguments: &[&str]| -> Result<String, Failed> {
        let run = Process::judge("docker").args(arguments).run()?.success()?;
        Ok(run.output.trim().to_owned())
    };
    let name = format!("rootfs-gen-tests/layered-{}", std::process::id());
    workbench.product().arg("image").arg(&tree).arg("-o").arg(place("base.tar")).arg("--no-check").run()?.success()?;
    docker(&["import", &place("base.tar").to_string_lossy(), &name])?;
    let container = format!("rootfs-gen-tests-layered-{}", std::process::id());
    let result = (|| {
        for change in CHANGES {
            docker(&[
                "run",
                "--name",
                &container,
                "--network",
                "none",
                &name,
                "/bin/busybox",
                "sh",
                "-ec",
                &format!("busybox() {{ /bin/busybox \"$@\"; }}; {change}"),
            ])?;
            docker(&["commit", &container, &name])?;
            docker(&["rm", &container])?;
        }
        docker(&["create", "--name", &container, &name, "/bin/sh"])?;
        docker(&["export", "--output", &place("exported.tar").to_string_lossy(), &container])?;
        docker(&["rm", &container])?;
        docker(&["save", "--output", &place("saved.tar").to_string_lossy(), &name])
    })();
    // Whatever came of it, nothing is left in the engine.
    let _gone = Process::judge("docker").args(["rm", "--force", &container]).run()?;
    docker(&["rmi", "--force", &name])?;
    result?;
    let told: Value =
        serde_json::from_str(&run(workbench, &["inspect", "--json", &place("saved.tar").to_string_lossy()])?.success()?.output)?;
    let count = told["content"]["images"][0]["layers"].as_array().map(Vec::len);
    ensure!(count == Some(CHANGES.len() + 1), "{told}");
    let judged = unpacked(&place("exported.tar"), &place("exported"))?;
    skopeo_copy(&format!("docker-archive:{}", place("saved.tar").display()), &format!("oci:{}:x", place("layout").display()), &[])?;
    let mut digests = Vec::new();
    for (number, source) in [place("saved.tar").display().to_string(), format!("oci:{}:x", place("layout").display())].iter().enumerate() {
        let tar = place(&format!("ours-{number}.tar"));
        workbench.product().args(["image", source, "--no-check", "-o"]).arg(&tar).run()?.success()?;
        let differences = unpacked(&tar, &place(&format!("ours-{number}")))?.differences(&judged);
        ensure!(differences.is_empty(), "{source} is not what the container has: {differences:#?}");
        digests.push(digest(workbench, source, &[])?);
    }
    ensure!(digests[0] == digests[1] && judged.len() > 12, "{digests:?}, {} files", judged.len());
    // The judge sees what is missing: the base alone is another tree.
    let base = unpacked(&place("base.tar"), &place("base"))?;
    ensure!(!base.differences(&judged).is_empty(), "the layers have changed nothing");
    Ok(())
}
