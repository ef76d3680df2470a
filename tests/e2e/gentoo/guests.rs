//! Guests of Gentoo that run.

use std::path::Path;

use rootfs_tests::{Case, Failed, GentooSite, Need, Product, Workbench, ensure};

use crate::formats::{kernel, machine};

pub(super) fn cases(needs: &[Need]) -> Vec<Case> {
    let boots = [needs, &[Need::Judge("qemu-system-x86_64")]].concat();
    vec![Case::new("gentoo::the set lxc boots in a machine", &boots, boots_in_machine).only_in_full()]
}

/// One of Gentoo's own sets.
pub(crate) fn build_set<'a>(site: &GentooSite, product: Product<'a>, set: &str) -> Product<'a> {
    let host = site.host("gpkg");
    product.args(["gentoo", "--agent", "none", "--allow-unsigned", "--set", set, "--binhost"]).arg(host)
}

fn boots_in_machine(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let site = GentooSite::new(workbench)?;
    let (layer, root) = (scratch.path().join("layer"), scratch.path().join("root.squashfs"));
    let script = layer.join("etc/rc.local");
    fs_err::create_dir_all(layer.join("etc"))?;
    fs_err::write(
        &script,
        "#!/bin/busybox sh\nbusybox mount | busybox grep -c -E ' (/proc|/sys|/dev|/run|/tmp) ' >/run/mounts\n\
         echo \"GUEST-UP $(busybox hostname) $(busybox cat /proc/1/comm) $(busybox cat /run/mounts)\" >/dev/console\nbusybox poweroff\n",
    )?;
    fs_err::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    build_set(&site, workbench.product(), "lxc").arg("--overlay").arg(&layer).arg("-o").arg(&root).run()?.success()?;
    let kernel = kernel(workbench)?;
    let said = machine(|process| {
        let process = process.arg("-kernel").arg(kernel.join("vmlinuz")).arg("-initrd").arg(kernel.join("initrd"));
        let process = process.args(["-append", "root=/dev/vda rootfstype=squashfs ro console=ttyS0 panic=-1"]);
        process.args(["-drive", &drive(&root)])
    })?;
    ensure!(said == "gentoo init 5", "{said}");
    Ok(())
}

fn drive(root: &Path) -> String {
    format!("if=virtio,format=raw,readonly=on,file={}", root.display())
}
