//! Packages that portage itself compiles.
//!
//! ```text
//! stage3, ebuilds ──► Shelf::find   ──► Source        verified, by hash; an archive lies in the store
//! Source …        ──► Builder::make ──► Builder       the stage3 on disk, with the repositories and a configuration of its own
//! Builder         ──► Emerge        ──► packages      source archives are fetched by us; emerge runs without a network, in the seat of all scripts
//! packages        ──► made::choose  ──► Lock          in the store, without the time they were made at; chosen of as of a binary host's
//! ```
//!
//! From then on they are binary packages as any others: what is merged into the guest is read from the store by the lock, and emerge's own root is thrown away.

mod builder;
mod configuration;
mod distfiles;
mod ebuilds;
mod error;
mod made;
mod run;
mod settle;
mod source;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rootfs_plugin::{BuildError, Plan, PortageCompile, PortageInstaller, Stage3};
use rootfs_sandbox::{SandboxOptions, SeatImage, Seats};
use rootfs_tree::{Kind, Time, Tree, TreeError};

use super::acquire::{names, policy, require_names, wishes};
use crate::acquire::begin_index;
use crate::engine::build_error;
use crate::fetch::Fetcher;
use crate::inputs::Inputs;
use crate::lock::{Lock, LockedAgent, LockedPackage};
use crate::observer::{Event, Step};
use crate::reuse::Reuse;
use builder::Builder;
use ebuilds::Repository;
use run::Emerge;
use source::{Shelf, Signers, Source};

pub use error::CompileError;

/// What a lock calls the place of packages that were compiled.
pub(crate) const REPOSITORY: &str = "compiled";

/// What every root begins with, and is compiled first: it makes the directories that others must find.
const FIRST: &str = "sys-apps/baselayout";

/// What engines put into every root: empty files and links, and places to mount on.
const OF_ENGINES: [&str; 7] = ["/dev", "/.dockerenv", "/etc/hostname", "/etc/hosts", "/etc/mtab", "/etc/resolv.conf", "/run/.containerenv"];

/// What compiling needs besides a plan.
pub(crate) struct Workplace<'a> {
    /// A directory of ours.
    pub(crate) stage: &'a Path,
    pub(crate) seats: &'a dyn Seats,
    pub(crate) cancelled: Arc<AtomicBool>,
    /// Seconds since 1970, for signatures.
    pub(crate) now: i64,
    /// What the user said that no time may be later than.
    pub(crate) epoch: Option<i64>,
    pub(crate) fetcher: &'a Fetcher<'a>,
    pub(crate) reuse: Reuse<'a>,
}

/// What goes into a builder.
struct Ingredients {
    stage3: Source,
    /// The stage3 is the root of this one.
    image: Option<SeatImage>,
    ebuilds: Vec<Source>,
    configuration: Option<Tree>,
}

impl Workplace<'_> {
    /// Has emerge compile what a plan asks for, unless that was done with the same stage3, ebuilds and configuration before.
    pub(crate) fn compile(
        &self,
        plan: &Plan,
        portage: &PortageInstaller,
        compile: &PortageCompile,
        agent: Option<&LockedAgent>,
    ) -> Result<Lock, BuildError> {
        let Reuse { store, observer, .. } = self.reuse;
        require_names(&plan.include)?;
        // What is no package and no flag is better told before than after hours.
        policy(portage, &wishes(&plan.include)?)?;
        begin_index(observer);
        let ingredients = self.find(portage, compile)?;
        let inputs = ingredients.inputs(plan, portage, compile, self.epoch)?;
        if let Some(lock) = self.reuse.lock(&inputs)
            && lock.packages.iter().all(|package| store.holds(&package.sha256, package.size))
        {
            return Ok(Lock { agent: agent.cloned(), ..lock });
        }
        self.seats.require(&self.cancelled).map_err(|error| build_error(&error))?;
        let mut packages = self.make(plan, portage, compile, &ingredients)?;
        LockedPackage::sort(&mut packages);
        let lock = Lock { packages, ..ingredients.lock(plan, agent) };
        self.reuse.keep_lock(&inputs, &lock);
        Ok(lock)
    }

    fn find(&self, portage: &PortageInstaller, compile: &PortageCompile) -> Result<Ingredients, BuildError> {
        let signers = Signers::read(&compile.stage3, portage.allow_unsigned, self.now)?;
        let shelf = Shelf { fetcher: self.fetcher, store: self.reuse.store, signers: &signers };
        let configuration = configuration::read(compile.config_root.as_deref())?;
        let Stage3 { location, is_list, .. } = &compile.stage3;
        // Whoever names a stage3 means that.
        let image = if *is_list { self.image()? } else { None };
        let stage3 = match &image {
            Some(image) => Source::of_image(image)?,
            None if *is_list => shelf.find("stage3", &shelf.first_of_list(location)?, true)?,
            None => shelf.find("stage3", location, true)?,
        };
        Ok(Ingredients { stage3, image, ebuilds: ebuilds::find(&compile.ebuilds, &shelf)?, configuration })
    }

    fn image(&self) -> Result<Option<SeatImage>, BuildError> {
        let log = |line: &str| self.reuse.observer.event(Event::Note(line));
        self.seats.image(&log, &self.cancelled).map_err(|error| build_error(&error))
    }

    /// The root of an image, without what the engine puts into it at the moment. `spool` must stay as long as the tree is used.
    fn root_of(&self, image: &SeatImage, spool: &Path) -> Result<Tree, BuildError> {
        let archive = spool.join("image.tar");
        self.seats.export(image, &archive, &self.cancelled).map_err(|error| build_error(&error))?;
        let read = || -> Result<Tree, TreeError> {
            let mut tree = Tree::from_tar(&archive, &spool.join("stage3"))?;
            for path in OF_ENGINES {
                tree.remove(path.as_bytes(), Time::default())?;
            }
            Ok(tree)
        };
        let failed = |source| build_error(&CompileError::Tree { what: "image", place: image.name.clone(), source });
        read().map_err(failed)
    }

    /// Compiles; the builder is gone when this returns.
    fn make(
        &self,
        plan: &Plan,
        portage: &PortageInstaller,
        compile: &PortageCompile,
        ingredients: &Ingredients,
    ) -> Result<Vec<LockedPackage>, BuildError> {
        let Reuse { store, observer, .. } = self.reuse;
        observer.event(Event::Began(Step::Unpack));
        let spool = tempfile::tempdir_in(self.stage).map_err(|error| build_error(&error))?;
        let tree = match &ingredients.image {
            Some(image) => self.root_of(image, spool.path())?,
            None => ingredients.stage3.tree(store, &spool.path().join("stage3"))?,
        };
        let epoch = self.epoch.unwrap_or_else(|| newest_file(&tree));
        let builder = Builder::make(tree, ingredients.stage3.place(), self.stage)?;
        let mut repositories = Vec::new();
        for (at, source) in ingredients.ebuilds.iter().enumerate() {
            let repository = Repository::read(source, store, &spool.path().join(at.to_string()), Time::from_seconds(epoch))?;
            builder.add_repository(&repository)?;
            repositories.push(repository.name);
        }
        drop(spool);
        if builder.repositories()?.is_empty() {
            return Err(build_error(&CompileError::NoRepository));
        }
        configuration::write(&builder, portage, compile, ingredients.configuration.as_ref(), &repositories, epoch)?;
        distfiles::add_own(&builder, compile.distfiles.as_deref())?;

        let options =
            SandboxOptions { hostname: "localhost".to_owned(), cancelled: Arc::clone(&self.cancelled), ..SandboxOptions::default() };
        let mut seat = self.seats.sandbox(builder.stage(), &options).map_err(|error| build_error(&error))?;
        let mut emerge = Emerge { seat: seat.as_mut(), store, observer, epoch };
        let atoms: Vec<&str> = names(&plan.include).map(String::as_str).collect();
        observer.event(Event::Began(Step::Compile));
        emerge.ask_for_sources(&atoms)?;
        emerge.seat.bring_back().map_err(|error| build_error(&error))?;
        distfiles::fetch_wanted(&builder, self.fetcher, &self.reuse)?;
        observer.event(Event::Began(Step::Compile));
        if atoms.len() > 1 && atoms.contains(&FIRST) {
            emerge.compile(&[FIRST])?;
        }
        emerge.compile(&atoms)?;
        emerge.seat.bring_back().map_err(|error| build_error(&error))?;
        let mut made = made::collect(&builder, epoch, store)?;
        let lent = made::lent(&made, portage, &builder)?;
        for package in &lent {
            emerge.pack(package)?;
        }
        if !lent.is_empty() {
            emerge.seat.bring_back().map_err(|error| build_error(&error))?;
            made = made::collect(&builder, epoch, store)?;
        }
        seat.stop().map_err(|error| build_error(&error))?;
        made::choose(&made, plan, portage)
    }
}

/// The time of the youngest file, in seconds since 1970: directories are young wherever somebody has put something into a root.
fn newest_file(tree: &Tree) -> i64 {
    let files = tree.walk().map(|entry| tree.node(entry.id)).filter(|node| matches!(node.kind, Kind::File(_)));
    files.map(|node| node.metadata.mtime.seconds).max().unwrap_or_default()
}

impl Ingredients {
    /// All that packages which are compiled depend on. Source archives are not on the list: the ebuilds have their hashes.
    fn inputs(&self, plan: &Plan, portage: &PortageInstaller, compile: &PortageCompile, epoch: Option<i64>) -> Result<Inputs, BuildError> {
        let mut inputs = Inputs::of_guest(plan);
        inputs.set("stage3", self.stage3.sha256.to_string());
        let ebuilds = self.ebuilds.iter().enumerate().map(|(at, source)| format!("ebuilds{at} {}", source.sha256));
        inputs.set_lines("ebuilds", ebuilds);
        let configuration = self.configuration.as_ref().map(Tree::digest).transpose().map_err(|error| build_error(&error))?;
        inputs.set("configuration", configuration.map_or_else(|| "none".to_owned(), |digest| digest.to_string()));
        inputs.set("profile", compile.profile.clone().unwrap_or_else(|| format!("the usual: {}", portage.profile)));
        inputs.set("USE", portage.flags.join(" "));
        inputs.set_lines("asked for", names(&plan.include).cloned());
        inputs.set_lines("parts", portage.parts.iter().map(|part| part.package.clone()));
        inputs.set("SOURCE_DATE_EPOCH", epoch.map_or_else(|| "the stage3's".to_owned(), |epoch| epoch.to_string()));
        inputs.set("compiled", "yes");
        Ok(inputs)
    }

    /// A lock that says what packages were compiled with, and has none yet.
    fn lock(&self, plan: &Plan, agent: Option<&LockedAgent>) -> Lock {
        let stage3 = self.stage3.locked("stage3", plan.architecture);
        let ebuilds = self.ebuilds.iter().enumerate().map(|(at, source)| source.locked(&format!("ebuilds{}", at + 1), plan.architecture));
        let signed = [("stage3", &self.stage3)].into_iter().filter(|(_, source)| !source.signed_by.is_empty());
        let keys = signed.map(|(name, source)| (name.to_owned(), source.signed_by.clone())).collect();
        Lock { keys, compilers: vec![stage3], sources: ebuilds.collect(), ..Lock::of(plan, agent) }
    }
}
