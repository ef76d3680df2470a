//! Guests as Kata's runtime starts them.

use rootfs_tests::{Case, Failed, Need, Workbench, ensure};

use crate::build::BUILD;

/// What Kata adds to the kernel's command line.
const TARGET: &str = "systemd.unit=kata-containers.target";

/// Says what is not as it should be.
const STATE: &str = "for unit in kata-containers.target tmp.mount dbus.socket; do
    systemctl is-active --quiet $unit || echo $unit is not active
done
systemctl is-active --quiet multi-user.target && echo more was started than asked for
systemctl --failed --plain --no-legend
test \"$(systemctl show --property=ConditionResult --value chrony)\" = no || echo chrony runs without a clock
touch /etc/written 2>/dev/null && echo the root can be written
touch /tmp/written || echo /tmp can not
test -f /etc/resolv.conf && test ! -L /etc/resolv.conf || echo nothing can be mounted over resolv.conf
exit 7";

pub(crate) fn cases() -> Vec<Case> {
    let needs = [BUILD, &[Need::Judge("qemu-system-x86_64")]].concat();
    vec![Case::new("kata::a guest comes up to its target, with a root that is mapped and can't be written", &needs, target)]
}

fn target(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let disk = scratch.path().join("kata.img");
    workbench.product().debian()?.args(["--profile", "kata", "--agent", "own", "--dax", "-o"]).arg(&disk).run()?.success()?;
    let boot = workbench.product().mirror(&workbench.mirror()?.url()).arg("boot").arg(&disk);
    let said = boot.args(["--append", TARGET, "--timeout", "240s", "--", "sh", "-c", STATE]).run_guest()?.exits_with(7)?;
    ensure!(said.output.is_empty(), "{}", said.output);
    Ok(())
}
