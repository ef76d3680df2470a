//! Gentoo's binary packages: from a binary host's index to a tree that portage goes on from, without portage.
//!
//! ```text
//! Packages[.gz]   ──► PackageIndex::read    ──► PackageIndex     every package, as places in the text
//! `a/b:0[c?]`     ──► Atom::parse           ──► Atom             which packages are meant
//! `|| ( … )`      ──► DependencyList::parse ──► DependencyList   what a package needs
//! PackageIndex …  ──► resolve               ──► Resolution       what emerge would install for these wishes, in its order
//! NAME.gpkg.tar   ──► Store::binary         ──► BinaryLayer      its files uncompressed in the store, every part verified
//! stage3, ebuilds ──► Workplace::compile  ──► Lock             the same packages, when emerge is to compile them
//! BinaryLayer …   ──► merge                 ──► Merged           a tree in memory, portage's database in it, and the phases that only bash can run
//! ```

pub(crate) mod acquire;
mod atom;
pub mod binary;
pub(crate) mod compile;
mod dependency;
mod eapi;
mod fault;
mod field;
mod hosts;
mod index;
mod inputs;
pub(crate) mod locked;
pub mod merge;
mod name;
mod package;
pub(crate) mod phases;
pub mod resolve;
mod unknown;
mod use_dependency;
mod version;

pub use atom::{Atom, AtomCandidate, AtomError, AtomSyntax, Blocker, Operator, SlotOperator, VersionConstraint};
pub use compile::CompileError;
pub use dependency::{DependencyError, DependencyItem, DependencyList, Need, Needs};
pub use eapi::Eapi;
pub use fault::IndexFault;
pub use field::Field;
pub use index::PackageIndex;
pub use name::split_cpv;
pub use package::{BinaryPackage, IndexPackage, IuseFlag};
pub use use_dependency::{UseDependency, UseWish};
pub use version::{Version, VersionError};
