//! A guest for Kata's agent.

use rootfs_tests::{Failed, RpmArchive, Workbench, ensure};

use crate::formats::kernel;

/// Says what is not as it should be. This guest is made of Debian's packages without
/// their scripts: chrony's unit has another name, and the bus lacks its user.
const STATE: &str = "for unit in kata-containers.target tmp.mount; do
    systemctl is-active --quiet $unit || echo $unit is not active
done
systemctl is-active --quiet multi-user.target && echo more was started than asked for
test -f /etc/resolv.conf && test ! -L /etc/resolv.conf || echo nothing can be mounted over resolv.conf
case $(cat /etc/chrony.conf) in *' /dev/ptp0 '*) ;; *) echo chrony has another clock ;; esac
exit 7";

pub(super) fn target(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let archive = RpmArchive::of_kata(workbench)?;
    let disk = scratch.path().join("kata.img");
    let product = workbench.product().args(["fedora", "--profile", "kata", "--agent", "own", "--dax", "--keyring"]).arg(archive.key_file());
    let product = product.arg("--mirror").arg(format!("file://{}", archive.mirror().display()));
    // Debian, of whose packages these are made, has apart what in Fedora belongs to systemd, bash, util-linux and dbus-broker.
    product.args(["--extra-pkg", "systemd-sysv,dash,mount,dbus"]).arg("-o").arg(&disk).run()?.success()?;
    let kernel = kernel(workbench)?;
    let boot =
        workbench.product().arg("boot").arg(&disk).arg("--kernel").arg(kernel.join("vmlinuz")).arg("--initrd").arg(kernel.join("initrd"));
    let boot = boot.args(["--append", "systemd.unit=kata-containers.target", "--timeout", "240s", "--", "sh", "-c", STATE]);
    let said = boot.run_guest()?.exits_with(7)?;
    ensure!(said.output.is_empty(), "{}", said.output);
    Ok(())
}
