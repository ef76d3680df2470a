//! What a disk that starts by itself has besides its tree.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use rootfs_image::{DiskLayout, DiskOptions};
use rootfs_package::kernel::fetch_kernel;
use rootfs_package::lock::Lock;
use rootfs_package::store::Store;
use rootfs_package::tools::{ToolOptions, Tools};
use rootfs_plugin::Plan;
use rootfs_tree::Tree;

use crate::architecture::has_bios;
use crate::bios::BiosParts;
use crate::command_line;
use crate::engine_options::program;
use crate::failure::{Exit, Failure};
use crate::invocation::Invocation;
use crate::output::Boot;
use crate::progress::Progress;
use crate::uefi::UefiParts;

/// What starts a disk has the root filesystem's identity in it. That follows from how much room there is, if a size was asked for, and so from the
/// size of what starts it, which is the same from the second time on.
const MOST_PLANS: usize = 4;

/// What a machine's firmware starts, by its kind.
#[derive(Debug)]
pub(crate) enum Starter {
    /// A program on a partition of its own.
    Uefi(UefiParts),
    /// GRUB, which takes the kernel from the root filesystem.
    Bios(BiosParts),
}

impl Starter {
    /// The tree as it is written, with what is to be told of that.
    ///
    /// # Errors
    /// When it has several kernels, or a damaged one.
    pub(crate) fn furnish<'a>(&self, tree: &'a Tree) -> Result<(Cow<'a, Tree>, Vec<String>), Failure> {
        match self {
            Self::Uefi(_) => Ok((Cow::Borrowed(tree), Vec::new())),
            Self::Bios(parts) => parts.furnish(tree),
        }
    }

    /// Plans a disk of a tree that was furnished, and adds what starts it to its options.
    ///
    /// # Errors
    /// When the tree doesn't fit, or what starts the disk can't be made.
    pub(crate) fn plan(&self, tree: &Tree, options: &mut DiskOptions, progress: &Progress) -> Result<DiskLayout, Failure> {
        let planned = |options: &DiskOptions| {
            DiskLayout::plan(tree, options).map_err(|error: rootfs_image::DiskError| Failure::of(&error).hint(error.hint()))
        };
        let mut layout = planned(options)?;
        for _ in 0..MOST_PLANS {
            let partuuid = layout.root_partuuid().ok_or_else(|| Failure::new("nothing names the root filesystem's partition"))?;
            let command_line = command_line::with_root(&options.root, &format!("PARTUUID={partuuid}"));
            match self {
                Self::Uefi(parts) => options.esp = Some(parts.partition(tree, &command_line)?),
                Self::Bios(parts) => options.bios = Some(parts.loader(tree, &layout, options.table, &command_line, progress)?),
            }
            layout = planned(options)?;
            if layout.root_partuuid().as_ref() == Some(&partuuid) {
                return Ok(layout);
            }
        }
        Err(Failure::new("the disk's identity depends on what starts it"))
    }
}

/// Fails unless the distribution has what the disk is to be started by.
///
/// # Errors
/// Wrong usage: what it has nothing for.
pub(crate) fn require_planned(plan: &Plan, boot: Boot) -> Result<(), Failure> {
    let Plan { distribution, release, architecture, .. } = plan;
    let (reason, hint) = match boot {
        Boot::Direct => return Ok(()),
        Boot::Bios if !has_bios(*architecture) => {
            (format!("machines of {architecture} have no BIOS"), Some("`--boot uefi` makes a disk that they start"))
        }
        _ if plan.kernel.is_none() => (format!("{distribution} {release} has no kernel for guests on {architecture}"), None),
        Boot::Bios if plan.bios_loader.is_empty() => {
            (format!("{distribution} {release} has no boot loader for a BIOS"), Some("`--boot uefi`, or a kernel from outside"))
        }
        Boot::Uefi | Boot::Bios => return Ok(()),
    };
    Err(Failure::new(format!("--boot {boot}: {reason}")).hint(hint.map(str::to_owned)).exit(Exit::Usage))
}

/// Fails unless the lock pins what the disk is to be started by.
///
/// # Errors
/// What it doesn't pin.
pub(crate) fn require_pinned(lock: &Lock, boot: Boot) -> Result<(), Failure> {
    let missing = match boot {
        Boot::Direct => None,
        Boot::Uefi | Boot::Bios if lock.kernel.is_empty() => Some("kernel"),
        Boot::Bios if lock.tools.is_empty() => Some("boot loader"),
        Boot::Uefi | Boot::Bios => None,
    };
    let Some(missing) = missing else { return Ok(()) };
    let hint = format!("make a lock of a build with `--boot {boot}`");
    Err(Failure::new(format!("the lock pins no {missing}")).hint(Some(hint)))
}

/// What starts the disk of a build, of the packages that its lock pins; nothing where it doesn't start by itself. `stage` is a directory of ours.
///
/// # Errors
/// When a package can't be had, or one is missing from the lock.
pub(crate) fn of_lock(
    invocation: &Invocation,
    plan: &Plan,
    lock: Option<&Lock>,
    store: &Store,
    stage: &Path,
    progress: &Progress,
) -> Result<Option<Starter>, Failure> {
    let boot = invocation.boot();
    let Some(lock) = lock.filter(|_| boot != Boot::Direct) else { return Ok(None) };
    require_pinned(lock, boot)?;
    let fetch = || invocation.fetch_options();
    let packages = fetch_kernel(&lock.kernel, plan, fetch(), store, progress)?;
    if boot == Boot::Uefi {
        return UefiParts::of(&packages, plan.architecture).map(|parts| Some(Starter::Uefi(parts)));
    }
    let options = ToolOptions {
        stage: stage.to_owned(),
        architecture: plan.architecture,
        reuse: invocation.cache.then(program).transpose()?,
        seats: Arc::clone(&invocation.seats),
        cancelled: progress.interrupted(),
    };
    let tools = Tools::fetch(lock.tools.clone(), plan, fetch(), options, store, progress)?;
    Ok(Some(Starter::Bios(BiosParts::new(packages, tools, plan.architecture))))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rootfs_package::lock::LockedPackage;
    use rootfs_plugin::{AptInstaller, Architecture, Installer};

    use super::*;

    fn package() -> LockedPackage {
        LockedPackage {
            name: "one".to_owned(),
            version: "1".to_owned(),
            architecture: "all".to_owned(),
            repository: "debian".to_owned(),
            path: "one.deb".to_owned(),
            size: 1,
            sha256: rootfs_tree::Digest([0; 32]),
            automatic: false,
            essential: false,
            build: None,
        }
    }

    #[test]
    fn a_lock_pins_what_starts_the_disk() {
        let lock = |kernel, tools| Lock {
            distribution: "debian".to_owned(),
            release: "trixie".to_owned(),
            architecture: "x86_64".to_owned(),
            agent: None,
            keys: BTreeMap::new(),
            kernel,
            tools,
            sources: Vec::new(),
            compilers: Vec::new(),
            packages: Vec::new(),
        };
        let told = |lock: &Lock, boot| require_pinned(lock, boot).err().map(|failure| failure.message);
        let none = lock(Vec::new(), Vec::new());
        let missing = |what: &str| Some(format!("the lock pins no {what}"));
        assert_eq!(Boot::ALL.map(|(_, boot)| told(&none, boot)), [None, missing("kernel"), missing("kernel")]);
        let kernel = lock(vec![package()], Vec::new());
        assert_eq!(Boot::ALL.map(|(_, boot)| told(&kernel, boot)), [None, None, missing("boot loader")]);
        let all = lock(vec![package()], vec![package()]);
        assert_eq!(Boot::ALL.map(|(_, boot)| told(&all, boot)), [None, None, None]);
    }

    #[test]
    fn a_distribution_may_have_no_boot_loader() {
        let plan = |architecture, kernel: Option<&str>, loader: &[&str]| Plan {
            distribution: "other".to_owned(),
            release: "1".to_owned(),
            architecture,
            variant: "guest".to_owned(),
            installer: Installer::Apt(AptInstaller {
                repositories: Vec::new(),
                recommends: false,
                ignore_valid_until: false,
                merged_usr: true,
            }),
            include: Vec::new(),
            selection: None,
            source: None,
            without: Vec::new(),
            tweaks: Vec::new(),
            kernel: kernel.map(str::to_owned),
            uefi_stub: None,
            bios_loader: loader.iter().map(|name| (*name).to_owned()).collect(),
            init_expected: true,
        };
        let told = |plan: &Plan, boot| require_planned(plan, boot).err().map(|failure| (failure.message, failure.exit));
        let refused = |boot: &str, why: &str| Some((format!("--boot {boot}: {why}"), Exit::Usage));
        let all = plan(Architecture::X86_64, Some("linux"), &["grub"]);
        assert_eq!(Boot::ALL.map(|(_, boot)| told(&all, boot)), [None, None, None]);
        let no_grub = plan(Architecture::X86_64, Some("linux"), &[]);
        assert_eq!(told(&no_grub, Boot::Uefi), None);
        assert_eq!(told(&no_grub, Boot::Bios), refused("bios", "other 1 has no boot loader for a BIOS"));
        let no_kernel = plan(Architecture::I686, None, &["grub"]);
        let why = "other 1 has no kernel for guests on i686";
        assert_eq!(Boot::ALL.map(|(_, boot)| told(&no_kernel, boot)), [None, refused("uefi", why), refused("bios", why)]);
        let arm = plan(Architecture::Aarch64, Some("linux"), &[]);
        assert_eq!(told(&arm, Boot::Bios), refused("bios", "machines of aarch64 have no BIOS"));
    }
}
