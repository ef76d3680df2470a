//! Distributions that are Fedora's relatives.

use rootfs_tests::{Failed, RpmArchive, Workbench, ensure};

use super::{BUSYBOX, build};

/// Each one's release, and where its repositories are.
const RELATIVES: [(&str, &str, [&str; 2]); 5] = [
    ("centos-stream", "10", ["10-stream/BaseOS/x86_64/os", "10-stream/AppStream/x86_64/os"]),
    ("rocky", "10", ["10/BaseOS/x86_64/os", "10/AppStream/x86_64/os"]),
    ("almalinux", "10", ["10/BaseOS/x86_64/os", "10/AppStream/x86_64/os"]),
    ("opensuse", "16.0", ["distribution/leap/16.0/repo/oss/x86_64", "distribution/leap/16.0/repo/non-oss/x86_64"]),
    ("opensuse", "tumbleweed", ["tumbleweed/repo/oss", "update/tumbleweed"]),
];

/// Without a host name, in which they differ.
const BARE: [&str; 2] = ["--variant", "minbase"];

/// The same packages from each one's places.
pub(super) fn same_tree(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let archive = RpmArchive::new(workbench, &[])?;
    let place = |name: &str| scratch.path().join(format!("{name}.tar"));
    build(&archive, workbench.product(), BUSYBOX).args(BARE).arg("-o").arg(place("fedora")).run()?.success()?;
    let expected = fs_err::read(place("fedora"))?;
    for (distribution, release, places) in RELATIVES {
        let mirror = tempfile::tempdir_in(scratch.path())?;
        for (repository, below) in archive.repositories().into_iter().zip(places) {
            let link = mirror.path().join(below);
            link.parent().map_or(Ok(()), fs_err::create_dir_all)?;
            fs_err::os::unix::fs::symlink(repository, link)?;
        }
        let output = place(&format!("{distribution}-{release}"));
        let product =
            workbench.product().args([distribution, "--release", release, "--agent", "none", "--keyring"]).arg(archive.key_file());
        let product = product.arg("--mirror").arg(format!("file://{}", mirror.path().display())).args(["--package", &BUSYBOX.join(",")]);
        product.args(BARE).arg("-o").arg(&output).run()?.success()?;
        ensure!(fs_err::read(output)? == expected, "{distribution} {release} is another tree");
    }
    Ok(())
}
