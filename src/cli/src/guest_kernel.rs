//! The kernel of a virtual machine: chosen from a distribution's archive or taken as an image's record says, fetched through the store.

use rootfs_boot::Kernel;
use rootfs_package::kernel::{fetch_kernel, resolve_bios, resolve_kernel};
use rootfs_package::lock::LockedPackage;
use rootfs_package::observer::Observer;
use rootfs_package::store::Store;
use rootfs_package::tools::{ToolOptions, Tools};
use rootfs_plugin::{Distro, Plan};

use crate::args::{BuildArgs, SourceArgs};
use crate::bios::BiosParts;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::output::Boot;
use crate::settings::{Host, Settled, settle};
use crate::starter::{self, Starter};
use crate::uefi::UefiParts;

/// Where kernels of one release come from.
#[derive(Debug)]
pub(crate) struct KernelSource {
    plan: Plan,
    invocation: Invocation,
    store: Store,
}

impl KernelSource {
    /// Asks the distribution's plan, with the same settings that a build has.
    ///
    /// # Errors
    /// When there is no such release, or the store can't be opened.
    pub(crate) fn of(
        distro: &'static dyn Distro,
        release: Option<String>,
        arch: Option<String>,
        source: &SourceArgs,
        environment: &Environment,
        host: &Host,
        now: i64,
    ) -> Result<Self, Failure> {
        // A build's settings need a target; nothing is written there.
        let args = BuildArgs {
            rootfs: Some("kernel".into()),
            release,
            arch,
            mirror: source.mirror.clone(),
            keyring: source.keyring.clone(),
            offline: source.offline.then_some(true),
            store: source.store.clone(),
            ..BuildArgs::default()
        };
        Self::of_settled(distro, settle(distro, args, environment, host, now)?)
    }

    /// The same, with the settings of a build.
    ///
    /// # Errors
    /// When there is no such release, or the store can't be opened.
    pub(crate) fn of_settled(distro: &'static dyn Distro, settled: Settled) -> Result<Self, Failure> {
        let Settled { request, invocation, .. } = settled;
        let plan = distro.plan(&request)?;
        let store = Store::open(&invocation.store).map_err(|error| Failure::of(&error).hint(error.hint()))?;
        Ok(Self { plan, invocation, store })
    }

    /// What the plan says.
    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The kernel of the packages that are pinned, or the newest.
    ///
    /// # Errors
    /// When it can't be had, or isn't one.
    pub(crate) fn kernel(&self, pinned: Vec<LockedPackage>, observer: &dyn Observer) -> Result<Kernel, Failure> {
        let packages = if pinned.is_empty() {
            resolve_kernel(&self.plan, false, self.invocation.now, self.invocation.fetch_options(), &self.store, observer)?
        } else {
            pinned
        };
        let tree = fetch_kernel(&packages, &self.plan, self.invocation.fetch_options(), &self.store, observer)?;
        Kernel::from_tree(&tree).map_err(|error| Failure::of(&error).hint(error.hint().map(str::to_owned)))
    }

    /// The newest kernel, with what starts it on the machine; nothing where the monitor does.
    ///
    /// # Errors
    /// When one of them can't be had, or the plan has none.
    pub(crate) fn starter(&self, boot: Boot, tools: ToolOptions, observer: &dyn Observer) -> Result<Option<Starter>, Failure> {
        starter::require_planned(&self.plan, boot)?;
        let Self { plan, invocation, store } = self;
        let fetch = || invocation.fetch_options();
        Ok(match boot {
            Boot::Direct => None,
            Boot::Uefi => {
                let packages = resolve_kernel(plan, true, invocation.now, fetch(), store, observer)?;
                let packages = fetch_kernel(&packages, plan, fetch(), store, observer)?;
                Some(Starter::Uefi(UefiParts::of(&packages, plan.architecture)?))
            }
            Boot::Bios => {
                let (kernel, packages) = resolve_bios(plan, invocation.now, fetch(), store, observer)?;
                let kernel = fetch_kernel(&kernel, plan, fetch(), store, observer)?;
                let tools = Tools::fetch(packages, plan, fetch(), tools, store, observer)?;
                Some(Starter::Bios(BiosParts::new(kernel, tools, plan.architecture)))
            }
        })
    }
}
