//! Alpine's packages: from a signed index to a tree that apk goes on from, without apk.
//!
//! ```text
//! APKINDEX.tar.gz ──► read_index  ──► ApkIndex      verified before it is unpacked
//! ApkIndex …      ──► resolve     ──► Selection     what apk would install for these names, in apk's order
//! NAME.apk        ──► Store::apk  ──► ApkLayer      its files uncompressed in the store, every one verified
//! ApkLayer …      ──► install     ──► Installed     a tree in memory, apk's database in it, and the scripts that only a shell can run
//! ```
//!
//! The formats are those of apk-tools 2.14: apk-package(5), apk-world(5), apk-repositories(5), and what that version of apk does where they say nothing.

pub(crate) mod acquire;
mod asked;
mod checksum;
mod dependency;
mod error;
mod fault;
mod gzip;
mod index;
mod info;
mod inputs;
pub mod install;
mod keys;
mod layer;
pub(crate) mod locked;
mod package;
mod path;
mod payload;
mod record;
pub(crate) mod repositories;
pub mod resolve;
mod script;
mod unknown;
mod version;

pub use checksum::{ChecksumError, Sha1Sum};
pub use dependency::{Constraint, Dependency, DependencyError, Operator, Provide, compare_names, parse_world};
pub use error::ApkError;
pub use fault::ApkFault;
pub use index::{ApkIndex, parse_index, read_index};
pub use info::PackageInfo;
pub use install::{InstallError, InstallPackage, Installed, PendingScript, install};
pub use keys::{KeyError, PublicKeys, SignatureError};
pub use package::{ApkContent, ApkEntry, ApkLayer, Trust, read_apk};
pub use record::IndexPackage;
pub use resolve::{Problem, RepositoryId, ResolveError, Selected, Selection, Universe, resolve};
pub use script::ScriptKind;
pub use version::Version;
