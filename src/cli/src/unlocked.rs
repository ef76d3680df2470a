//! What only pinned packages can give.

use rootfs_plugin::Plan;

use crate::failure::{Exit, Failure};
use crate::invocation::Invocation;

/// Refuses options that a plan without a lock can't honour.
///
/// # Errors
/// With the first such option.
pub(crate) fn require_allowed(plan: &Plan, invocation: &Invocation) -> Result<(), Failure> {
    let asked = [
        (invocation.lock.is_some(), "--lock", "there is nothing to write into it"),
        (invocation.locked.is_some(), "--locked", "nothing says what it downloads"),
        (invocation.offline, "--offline", "what it downloads is not kept"),
    ];
    let refused = asked.into_iter().find(|(asked, ..)| *asked && !plan.installer.can_be_locked());
    let Some((_, option, why)) = refused else { return Ok(()) };
    let message = format!("{option}: {} is a shell directory, which downloads for itself; {why}", plan.distribution);
    let hint = format!("build without {option}, or use a distribution whose packages are pinned (rootfs-gen list)");
    Err(Failure::new(message).hint(Some(hint)).exit(Exit::Usage))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rootfs_plugin::{Installer, ShellInstaller};

    use super::*;
    use crate::args::BuildArgs;
    use crate::settings::{Host, Settled, settle};

    #[test]
    fn only_what_pins_nothing_is_refused() {
        let debian = rootfs_debian::debian();
        let args = |lock: Option<&str>, offline| BuildArgs {
            rootfs: Some("o".into()),
            store: Some("s".into()),
            arch: Some("x86_64".into()),
            lock: lock.map(Into::into),
            offline,
            ..BuildArgs::default()
        };
        let told = |args: BuildArgs| {
            let Settled { request, invocation, .. } = settle(debian, args, &std::iter::empty().collect(), &Host::default(), 0).unwrap();
            let pinned = debian.plan(&request).unwrap();
            assert!(require_allowed(&pinned, &invocation).is_ok());
            let shell = Installer::Shell(ShellInstaller { directory: "/p".into(), variables: BTreeMap::new(), can_fail: false });
            require_allowed(&Plan { installer: shell, ..pinned }, &invocation).err().map(|failure| (failure.message, failure.exit))
        };
        assert_eq!(told(args(None, None)), None);
        let (lock, exit) = told(args(Some("x.lock"), None)).unwrap();
        assert!(lock.starts_with("--lock: debian is a shell directory") && exit == Exit::Usage, "{lock}");
        assert!(told(args(None, Some(true))).unwrap().0.starts_with("--offline: "));
    }
}
