//! rpm's packages: from a repository's metadata to the packages that dnf would choose, without dnf.
//!
//! ```text
//! metalink.xml    ──► parse_metalink     ──► Metalink       mirrors in their order, and what repomd.xml must be
//! repomd.xml      ──► parse_repomd       ──► Repomd         which files there are, with their checksums
//! primary.xml …   ──► Universe::add_…    ──► RpmUniverse    every package, as numbers
//! comps.xml       ──► parse_comps        ──► Comps          groups
//! requests        ──► resolve            ──► RpmSelection   what dnf would install, or why it can't be
//! ```

pub(crate) mod acquire;
mod architecture;
mod checksum;
mod comps;
mod dependency;
mod fault;
mod filelists;
pub(crate) mod index;
pub(crate) mod inputs;
mod local;
pub(crate) mod locked;
mod metalink;
pub mod package;
mod primary;
mod repomd;
pub mod resolve;
mod strings;
pub mod transaction;
mod universe;
mod version;
mod xml;

pub use checksum::{RpmChecksum, RpmChecksumError};
pub use comps::{Comps, CompsEnvironment, CompsGroup, CompsKind, CompsPackage, parse_comps};
pub use dependency::{Operator, RichError, RichSyntax, Sense, parse_rich};
pub use fault::MetadataFault;
pub use metalink::{Metalink, RepomdState, parse_metalink, parse_mirrorlist};
pub use repomd::{Repomd, RepomdFile, parse_repomd};
pub use resolve::{RpmRequest, RpmResolution, RpmResolveError, RpmSelection, SelectedRpm, resolve};
pub use universe::{RpmRepository, RpmRepositoryId, RpmUniverse};
pub use version::{Evr, Nevra, compare_evr, compare_versions};
