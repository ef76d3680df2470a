//! Looking at images: what we made and what others made, as anybody, and saying so when it is damaged.

use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::Path;

use rootfs_tests::{Case, Failed, Need, Process, Product, Workbench, ensure};
use serde_json::Value;

const ANYWHERE: &[Need] = &[Need::Product, Need::Root];

pub(crate) fn cases() -> Vec<Case> {
    let hashed = [ANYWHERE, &[Need::Judge("setpriv")]].concat();
    let foreign = [ANYWHERE, &[Need::Judge("sfdisk"), Need::Judge("mksquashfs"), Need::Judge("cpio")]].concat();
    vec![
        Case::new("inspect::an image with hashes, and one that was damaged", &hashed, with_hashes),
        Case::new("inspect::images of others", &foreign, of_others),
    ]
}

fn tree(place: &Path) -> Result<std::path::PathBuf, Failed> {
    let tree = place.join("tree");
    fs_err::create_dir_all(tree.join("etc"))?;
    fs_err::write(tree.join("etc/hostname"), "kestrel\n")?;
    Ok(tree)
}

fn json(text: &str) -> Result<Value, Failed> {
    serde_json::from_str(text).map_err(|error| format!("{error}: {text}").into())
}

/// As somebody who may do nothing but read the image.
fn with_hashes(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    fs_err::set_permissions(scratch.path(), std::fs::Permissions::from_mode(0o755))?;
    let image = scratch.path().join("kata.img");
    let made = workbench.product().arg("image").arg(tree(scratch.path())?).arg("-o").arg(&image);
    made.args(["--dax", "--verity", "--no-check"]).run()?.success()?;
    let anybody = || {
        let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"];
        Product::under(workbench, Process::judge("setpriv").args(nobody))
    };
    let told = json(&anybody().arg("inspect").arg(&image).arg("--json").run()?.success()?.output)?;
    let disk = &told["content"];
    ensure!(disk["type"] == "disk" && disk["dax"]["checksum_right"] == true && disk["dax"]["tables_agree"] == true, "{told}");
    ensure!(disk["partitions"][0]["content"]["type"] == "ext4" && disk["partitions"][0]["start"] == 3 << 20, "{told}");
    let sound = anybody().arg("verify").arg(&image).run()?.success()?;
    ensure!(sound.output.contains("partition 2 (verity)"), "{}", sound.report("the hashes were not checked"));

    let file = fs_err::OpenOptions::new().write(true).open(&image)?;
    // In a content, of which the filesystem has no checksum.
    let content = fs_err::read(scratch.path().join("tree/etc/hostname"))?;
    let bytes = fs_err::read(&image)?;
    let at = bytes.windows(content.len()).position(|window| window == content).ok_or("the content is not in the image")?;
    file.file().write_all_at(b"!", at as u64)?;
    let damaged = anybody().arg("verify").arg(&image).run()?.exits_with(3)?;
    let told = format!("block {} of the data is damaged", (at - (3 << 20)) / 4096);
    ensure!(damaged.output.contains(&told), "{}", damaged.report("damage was not found"));
    // Without the hash it can't be known, and that is said.
    fs_err::remove_file(scratch.path().join("kata.img.root_hash.txt"))?;
    fs_err::remove_file(scratch.path().join("kata.img.json"))?;
    let unknown = anybody().arg("verify").arg(&image).arg("--json").run()?.success()?;
    ensure!(json(&unknown.output)?["not_verified"].as_array().is_some_and(|notes| !notes.is_empty()), "{}", unknown.output);
    anybody().args(["verify", "/nowhere.img"]).run()?.exits_with(1)?.complains(&["/nowhere.img"]).map(drop)
}

fn of_others(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let (tree, place) = (tree(scratch.path())?, |name: &str| scratch.path().join(name));
    let inspect = |path: &Path| workbench.product().arg("inspect").arg(path).run()?.success().map(|run| run.output);
    let verify = |path: &Path| workbench.product().arg("verify").arg(path).run();

    Process::judge("mksquashfs").arg(&tree).arg(place("a.squashfs")).args(["-quiet", "-no-progress"]).run()?.success()?;
    ensure!(inspect(&place("a.squashfs"))?.contains("gzip, blocks of 131072"), "mksquashfs");
    verify(&place("a.squashfs"))?.success()?;

    let archive = Process::judge("cpio").args(["--quiet", "-o", "-H", "newc", "-O"]).arg(place("a.cpio")).directory(&tree);
    archive.input("etc\netc/hostname\n").run()?.success()?;
    ensure!(inspect(&place("a.cpio"))?.contains("2 members"), "cpio");
    let bytes = fs_err::read(place("a.cpio"))?;
    fs_err::write(place("b.cpio"), &bytes[..200])?;
    verify(&place("b.cpio"))?.exits_with(3)?;

    fs_err::File::create(place("a.img"))?.set_len(8 << 20)?;
    Process::judge("sfdisk").arg("--quiet").arg(place("a.img")).input("label: gpt\n,2M,U\n,,L\n").run()?.success()?;
    let told = inspect(&place("a.img"))?;
    ensure!(told.contains("backup right") && told.contains("part 2"), "{told}");
    verify(&place("a.img"))?.success()?;
    fs_err::OpenOptions::new().write(true).open(place("a.img"))?.file().write_all_at(b"!", 520)?;
    verify(&place("a.img"))?.exits_with(3).map(drop)
}
