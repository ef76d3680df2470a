//! Gentoo's binary packages: from a binary host's index to the packages that emerge would choose, without emerge.
//!
//! ```text
//! Packages[.gz]   ──► PackageIndex::read ──► PackageIndex     every package, as places in the text
//! ```

mod fault;
mod field;
mod index;
mod name;
mod package;
mod version;

pub use fault::IndexFault;
pub use field::Field;
pub use index::PackageIndex;
pub use name::split_cpv;
pub use package::{BinaryPackage, IndexPackage, IuseFlag};
pub use version::{Version, VersionError};
