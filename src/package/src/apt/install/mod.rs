//! Installing Debian packages into an empty root: dpkg's meaning of preinst, unpack, diversions, Replaces, conffiles and triggers, natively and in
//! parallel; configuring is left to the root's own dpkg.

mod control;
mod database;
mod diversions;
mod error;
mod overrides;
mod scripts;
mod triggers;
mod trims;
mod unpack;
mod waves;
mod written;

use std::sync::atomic::{AtomicUsize, Ordering};

use rootfs_plugin::{Architecture, Trim};

pub use self::error::InstallError;
pub(crate) use self::scripts::DATABASE;
pub use self::triggers::BadDirective;
pub use self::written::Written;

use self::control::Control;
use self::database::State;
use self::diversions::Diversions;
use self::overrides::Overrides;
use self::triggers::{Activated, Interests};
use self::unpack::{Owners, Rules, Unpacking};
use self::waves::Wave;
use crate::deb::DebLayer;
use crate::observer::{Event, Observer, Step};
use crate::root::Root;
use crate::scripts::Scripts;

const POLICY: &[u8] = b"usr/sbin/policy-rc.d";
/// invoke-rc.d's word for "not allowed": no service may be started while an image is built.
const NO_SERVICES: &[u8] = b"#!/bin/sh\nexit 101\n";

/// What is to be installed, and how.
#[derive(Debug)]
pub struct Installation<'a> {
    /// An empty root, but for what the distribution wants there first.
    pub root: &'a Root,
    /// Every package, each once.
    pub layers: &'a [DebLayer],
    /// What the root is for.
    pub architecture: Architecture,
    /// `/bin` and its like are links into `/usr` from the start.
    pub merged_usr: bool,
    /// What is left out of every package.
    pub without: &'a [Trim],
}

impl Installation<'_> {
    /// Installs everything, and tells what was written.
    ///
    /// # Errors
    /// The first thing that failed; the root is then useless.
    pub(crate) fn run(&self, scripts: &mut Scripts<'_>, observer: &dyn Observer) -> Result<Written, InstallError> {
        let controls = self.layers.iter().map(Control::of).collect::<Result<Vec<_>, _>>()?;
        let waves = waves::plan_waves(&controls)
            .map_err(|cycle| InstallError::Cycle { packages: cycle.packages.iter().map(|at| controls[*at].name.clone()).collect() })?;
        self.prepare(&controls)?;
        let mut progress = Progress::default();
        for (number, wave) in waves.iter().enumerate() {
            if observer.cancelled() {
                return Err(InstallError::Cancelled);
            }
            self.unpack_wave(wave, number == 0, &controls, &mut progress, scripts, observer)?;
            observer.event(Event::Began(Step::Configure));
            if number + 1 == waves.len() {
                observer.event(Event::Expect { items: controls.len() as u64, bytes: 0 });
                scripts.run_dpkg(&["--configure", "--pending"])?;
            } else if !wave.configure.is_empty() {
                let names = wave.configure.iter().map(|at| controls[*at].qualified_name());
                let arguments: Vec<String> = std::iter::once("--configure".to_owned()).chain(names).collect();
                scripts.run_dpkg(&arguments.iter().map(String::as_str).collect::<Vec<_>>())?;
            }
            scripts.bring_back()?;
            progress.status = String::from_utf8_lossy(&self.root.read(database::STATUS)?.unwrap_or_default()).into_owned();
        }
        self.tidy()?;
        database::check_installed(self.root)?;
        Ok(progress.written)
    }

    fn prepare(&self, controls: &[Control]) -> Result<(), InstallError> {
        if self.merged_usr {
            for link in ["bin", "sbin", "lib"].into_iter().chain(self.architecture.library_directories().iter().copied()) {
                self.root.make_directory(format!("usr/{link}").as_bytes())?;
                self.root.symlink(format!("usr/{link}").as_bytes(), link.as_bytes())?;
            }
        }
        if !self.without.is_empty() {
            self.root.write(b"etc/dpkg/dpkg.cfg.d/rootfs-gen", trims::dpkg_configuration(self.without).as_bytes(), 0o644)?;
        }
        database::write_empty(self.root, self.architecture.debian())?;
        if controls.is_empty() { Err(InstallError::Nothing) } else { Ok(()) }
    }

    fn unpack_wave(
        &self,
        wave: &Wave,
        bootstrap: bool,
        controls: &[Control],
        progress: &mut Progress,
        scripts: &mut Scripts<'_>,
        observer: &dyn Observer,
    ) -> Result<(), InstallError> {
        if bootstrap {
            // There is nothing to run a script with before these are unpacked; their preinst scripts run on top of their files.
            self.unpack(wave, true, controls, progress, observer)?;
            self.root.write(POLICY, NO_SERVICES, 0o755)?;
            // Every other script may need users and groups, which base-passwd's preinst makes.
            let (first, rest): (Vec<usize>, Vec<usize>) = wave.unpack.iter().partition(|at| controls[**at].name == "base-passwd");
            first.iter().chain(&rest).try_for_each(|at| scripts.run_preinst(self.root, &controls[*at], &self.layers[*at]))
        } else {
            self.write_status(wave, State::HalfInstalled, controls, progress)?;
            wave.unpack.iter().try_for_each(|at| scripts.run_preinst(self.root, &controls[*at], &self.layers[*at]))?;
            scripts.bring_back()?;
            self.unpack(wave, false, controls, progress, observer)
        }
    }

    fn unpack(
        &self,
        wave: &Wave,
        bootstrap: bool,
        controls: &[Control],
        progress: &mut Progress,
        observer: &dyn Observer,
    ) -> Result<(), InstallError> {
        observer.event(Event::Began(Step::Unpack));
        let read = |path| Ok::<_, InstallError>(self.root.read(path)?.unwrap_or_default());
        let diversions = Diversions::parse(&read(database::DIVERSIONS)?);
        let overrides = Overrides::parse(&read(database::STATOVERRIDE)?, &read(b"etc/passwd")?, &read(b"etc/group")?);
        let rules = Rules { diversions: &diversions, overrides: &overrides, without: self.without, conffiles_beside: !bootstrap };
        let unpackings =
            wave.unpack.iter().map(|at| progress.owners.plan(*at, controls, &self.layers[*at], &rules)).collect::<Result<Vec<_>, _>>()?;
        observer.event(Event::Expect { items: unpackings.len() as u64, bytes: 0 });
        let cancelled = AtomicUsize::new(0);
        let written = unpack::write_wave(self.root, &unpackings, &|at, bytes| {
            observer.event(Event::Bytes(bytes));
            observer.event(Event::Item(&controls[wave.unpack[at]].name));
            cancelled.fetch_add(usize::from(observer.cancelled()), Ordering::Relaxed);
        })?;
        progress.written.extend(written);
        if cancelled.into_inner() > 0 {
            return Err(InstallError::Cancelled);
        }
        self.register(wave, &unpackings, bootstrap, controls, progress)
    }

    /// Tells dpkg what has been unpacked.
    fn register(
        &self,
        wave: &Wave,
        unpackings: &[Unpacking<'_>],
        bootstrap: bool,
        controls: &[Control],
        progress: &mut Progress,
    ) -> Result<(), InstallError> {
        let mut activated = Activated::default();
        for (at, unpacking) in wave.unpack.iter().zip(unpackings) {
            let control = &controls[*at];
            database::write_info(self.root, control, unpacking)?;
            activated.unpacked(
                &control.qualified_name(),
                &control.triggers.activations,
                unpacking.list.iter().copied(),
                &progress.interests,
            );
        }
        for taken in unpackings.iter().flat_map(|unpacking| &unpacking.taken) {
            database::drop_from_list(self.root, &controls[taken.from], &taken.path)?;
        }
        for at in &wave.unpack {
            progress.interests.add(&controls[*at].qualified_name(), &controls[*at].triggers.interests);
        }
        self.root.write(b"var/lib/dpkg/triggers/File", &progress.interests.file_database(), 0o644)?;
        for (name, text) in progress.interests.explicit_databases() {
            self.root.write(format!("var/lib/dpkg/triggers/{name}").as_bytes(), text.as_bytes(), 0o644)?;
        }
        self.root.append(b"var/lib/dpkg/triggers/Unincorp", activated.database().as_bytes(), 0o644)?;
        self.write_status(wave, State::Unpacked { conffiles_in_place: bootstrap }, controls, progress)
    }

    fn write_status(&self, wave: &Wave, state: State, controls: &[Control], progress: &Progress) -> Result<(), InstallError> {
        let mut text = progress.status.clone();
        for at in &wave.unpack {
            text.push_str(&database::stanza(&controls[*at], &self.layers[*at], state));
        }
        Ok(self.root.write(database::STATUS, text.as_bytes(), 0o644)?)
    }

    fn tidy(&self) -> Result<(), InstallError> {
        if self.root.read(POLICY)?.as_deref() == Some(NO_SERVICES) {
            self.root.remove(POLICY)?;
        }
        Ok(())
    }
}

/// What one wave leaves to the next.
#[derive(Debug, Default)]
struct Progress {
    written: Written,
    owners: Owners,
    interests: Interests,
    /// dpkg's status file as dpkg last wrote it.
    status: String,
}
