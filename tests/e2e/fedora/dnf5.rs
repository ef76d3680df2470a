//! dnf 5, which Debian has in sid alone, as the judge of what is chosen: in a tree of ours.

use std::collections::BTreeSet;
use std::path::Path;

use rootfs_tests::{Chroot, Failed, RpmArchive, Workbench, copy_tree, ensure, rpm};

use super::{BUSYBOX, SYSTEMD, build, many};

pub(super) fn chooses_the_same(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let place = |name: &str| scratch.path().join(name);
    let tree = place("sid");
    let product =
        workbench.product().debian()?.args(["--release", "sid", "--variant", "minbase", "--agent", "none", "--extra-pkg", "dnf5"]);
    // A mirror that is kept for tests may be of another day.
    product.arg("--ignore-valid-until").into_directory(&tree).run()?.success()?;
    let archive = RpmArchive::new(workbench, &many::packages())?;
    copy_tree(&archive.repository(), &tree.join("repository"))?;
    let sets = [BUSYBOX.to_vec(), SYSTEMD.to_vec(), [BUSYBOX, &["many", "many-gone"]].concat()];
    for (number, packages) in sets.iter().enumerate() {
        let ours = place(&format!("ours-{number}"));
        build(&archive, workbench.product(), packages).into_directory(&ours).run()?.success()?;
        let installed = rpm(&ours).args(["-qa", "--qf", "%{NAME}-%{EVR}.%{ARCH}\n"]).run()?.success()?.output;
        let installed: BTreeSet<String> =
            installed.lines().filter(|line| !line.starts_with("gpg-pubkey")).map(|line| line.replace("(none):", "")).collect();
        let chosen = chosen(&tree, packages)?;
        ensure!(!chosen.is_empty() && installed == chosen, "ours:\n{installed:#?}\ndnf5's:\n{chosen:#?}");
        // The judge says no.
        ensure!(chosen != self::chosen(&tree, &packages[..1])?, "dnf5 answers the same whatever it is asked");
    }
    Ok(())
}

/// What dnf5 would install, as `name-version-release.architecture`.
fn chosen(tree: &Path, packages: &[&str]) -> Result<BTreeSet<String>, Failed> {
    let script = format!(
        "rm -rf /chosen /target; dnf5 install --assumeyes --store=/chosen --installroot=/target --releasever=43 --forcearch=x86_64 --no-gpgchecks \
         --setopt=install_weak_deps=False --setopt=best=True --setopt=plugins=False --setopt=optional_metadata_types=filelists --repofrompath=local,file:///repository --repo=local {} \
         >/dev/null; cat /chosen/transaction.json",
        packages.join(" ")
    );
    let transaction: serde_json::Value = serde_json::from_str(&Chroot::new(tree).prints(&script)?)?;
    let rpms = transaction["rpms"].as_array().cloned().unwrap_or_default();
    Ok(rpms.iter().filter_map(|rpm| rpm["nevra"].as_str()).map(|nevra| nevra.replace("-0:", "-")).collect())
}
