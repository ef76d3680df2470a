//! Trees as images of containers: what skopeo and an engine make of them.

use std::path::Path;

use rootfs_tests::{Case, Failed, Need, Process, Workbench, ensure};
use serde_json::Value;

use crate::read_back::small_tree;

const ANYWHERE: &[Need] = &[Need::Product, Need::Root, Need::Judge("busybox")];

pub(crate) fn cases() -> Vec<Case> {
    let judged = [ANYWHERE, &[Need::Judge("skopeo")]].concat();
    let engine = [ANYWHERE, &[Need::Docker]].concat();
    vec![
        Case::new("containers::skopeo takes layouts and archives", &judged, skopeo),
        Case::new("containers::a layout keeps its other images", &judged, added),
        Case::new("containers::an engine runs what it was given", &engine, engine_runs),
    ]
}

fn image(workbench: &Workbench, tree: &Path, to: &str, flags: &[&str]) -> Result<String, Failed> {
    let run = workbench.product().arg("image").arg(tree).arg("-o").arg(to).arg("--no-check").args(flags).run()?.success()?;
    Ok(run.error)
}

fn inspect(reference: &str) -> Result<Value, Failed> {
    let told = Process::judge("skopeo").args(["inspect", reference]).run()?.success()?.output;
    serde_json::from_str(&told).map_err(|error| format!("{error}: {told}").into())
}

/// Copies an image, which has skopeo look at the digests of all its parts.
fn copy(reference: &str, to: &Path) -> Result<rootfs_tests::Finished, Failed> {
    Process::judge("skopeo").args(["copy", "--insecure-policy", reference]).arg(format!("dir:{}", to.display())).run()
}

/// Changes one bit in the largest blob of a layout, which is the layer.
pub(crate) fn damage_layer(layout: &Path) -> Result<(), Failed> {
    let blobs = fs_err::read_dir(layout.join("blobs/sha256"))?.filter_map(Result::ok);
    let layer = blobs.max_by_key(|entry| entry.metadata().map_or(0, |data| data.len())).ok_or("no blob")?.path();
    let mut bytes = fs_err::read(&layer)?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    Ok(fs_err::write(&layer, bytes)?)
}

fn skopeo(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let tree = small_tree(scratch.path())?;
    let place = |name: &str| scratch.path().join(name);
    for (name, flags) in [("gzip", &[][..]), ("zstd", &["--compress", "zstd:5"]), ("plain", &["--compress", "none"])] {
        let reference = format!("oci:{}:1.0", place(name).display());
        image(workbench, &tree, &reference, flags)?;
        let told = inspect(&reference)?;
        ensure!(told["Os"] == "linux" && told["Created"] == "2023-11-14T22:13:20Z", "{told}");
        ensure!(told["Layers"].as_array().is_some_and(|layers| layers.len() == 1), "{told}");
        copy(&reference, &place(&format!("copied-{name}")))?.success()?;
        // The same again is the same, file by file.
        let again = format!("oci:{}:1.0", place("again").display());
        image(workbench, &tree, &again, flags)?;
        Process::judge("diff").arg("-r").arg(place(name)).arg(place("again")).run()?.success()?;
        fs_err::remove_dir_all(place("again"))?;
    }
    let config =
        Process::judge("skopeo").args(["inspect", "--config", &format!("oci:{}:1.0", place("gzip").display())]).run()?.success()?;
    ensure!(config.output.contains("\"/bin/sh\"") && config.output.contains("PATH="), "{}", config.output);
    // One wrong bit in the layer, and the judge says no.
    damage_layer(&place("gzip"))?;
    let refused = copy(&format!("oci:{}:1.0", place("gzip").display()), &place("refused"))?;
    ensure!(!refused.status.success(), "skopeo takes a damaged layer");

    let reference = format!("docker-archive:{}:my/guest:2", place("a.tar").display());
    image(workbench, &tree, &reference, &[])?;
    copy(&reference, &place("copied-a.tar"))?.success()?;
    ensure!(inspect(&reference)?["Created"] == "2023-11-14T22:13:20Z", "another time");
    let first = fs_err::read(place("a.tar"))?;
    image(workbench, &tree, &reference, &["--force"])?;
    ensure!(fs_err::read(place("a.tar"))? == first, "the archive is another the second time");
    Ok(())
}

fn added(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let tree = small_tree(scratch.path())?;
    let layout = scratch.path().join("layout");
    let reference = |tag: &str| format!("oci:{}:{tag}", layout.display());
    image(workbench, &tree, &reference("one"), &[])?;
    let first = inspect(&reference("one"))?["Digest"].clone();
    fs_err::write(tree.join("etc/hostname"), "merlin\n")?;
    image(workbench, &tree, &reference("two"), &[])?;
    image(workbench, &tree, &reference("three"), &[])?;
    let second = inspect(&reference("two"))?["Digest"].clone();
    ensure!(inspect(&reference("one"))?["Digest"] == first && first != second, "{first} {second}");
    // A tag that is there means the new image.
    image(workbench, &tree, &reference("one"), &[])?;
    ensure!(inspect(&reference("one"))?["Digest"] == second, "the tag kept its image");
    let index: Value = serde_json::from_slice(&fs_err::read(layout.join("index.json"))?)?;
    ensure!(index["manifests"].as_array().is_some_and(|all| all.len() == 3), "{index}");
    // What is no layout is left alone, and a layout that can't be read is not changed.
    let other = scratch.path().join("other");
    fs_err::create_dir(&other)?;
    fs_err::write(other.join("letter"), "dear reader")?;
    let run = workbench.product().arg("image").arg(&tree).arg("-o").arg(format!("oci:{}", other.display())).arg("--no-check").run()?;
    run.exits_with(2)?.complains(&["is not empty"])?;
    fs_err::write(layout.join("index.json"), "{ not json")?;
    let run = workbench.product().arg("image").arg(&tree).arg("-o").arg(reference("four")).arg("--no-check").run()?;
    run.exits_with(1)?.complains(&["can't add the image"])?;
    ensure!(fs_err::read_to_string(layout.join("index.json"))? == "{ not json", "the index was changed");
    Ok(())
}

fn engine_runs(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let tree = small_tree(scratch.path())?;
    let docker = || Process::judge("docker");
    let name = format!("rootfs-gen-tests/loaded-{}:1", std::process::id());
    let archive = scratch.path().join("image.tar");
    // skopeo 1.9 takes no archive that is packed, whoever packed it; engines do.
    let said = image(workbench, &tree, &format!("docker-archive:{}:{name}", archive.display()), &["--compress", "gz"])?;
    docker().arg("load").arg("--input").arg(&archive).run()?.success()?;
    let run = docker().args(["run", "--rm", "--network", "none", &name, "/bin/cat", "/etc/hostname", "/etc/same"]).run()?;
    let id = docker().args(["image", "inspect", "--format", "{{.Id}} {{.Architecture}} {{.Config.Cmd}}", &name]).run()?;
    docker().args(["rmi", &name]).run()?.success()?;
    // The engine puts a name of its own over the first; the second is the same file.
    let run = run.success()?;
    ensure!(run.output.contains("kestrel"), "{}", run.report("another file"));
    let id = id.success()?.output;
    ensure!(id.contains("[/bin/sh]"), "{id}");
    // The engine's name for it is what the program said.
    let digest = id.split(' ').next().unwrap_or_default();
    ensure!(digest.starts_with("sha256:") && said.contains(digest), "{said} {id}");
    // Half an archive is none.
    let bytes = fs_err::read(&archive)?;
    fs_err::write(&archive, &bytes[..bytes.len() / 2])?;
    let half = docker().arg("load").arg("--input").arg(&archive).run()?;
    ensure!(!half.status.success(), "the engine takes half an archive");
    Ok(())
}
