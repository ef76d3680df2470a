use serde::{Deserialize, Serialize};

/// Files taken out of packages without installing these: no maintainer script runs, and the tree has no package database. What the taken programs and
/// libraries are linked to is taken with them, from whichever package of the plan has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// Which files of which packages.
    pub picks: Vec<Pick>,
    /// What is left out of packages that are taken whole, as patterns.
    pub except: Vec<String>,
}

/// Files of one package.
///
/// A pattern is an absolute path as the package has it, or as it is under a merged `/usr`. `*` is any text within one name; a slash at the end means
/// all below a directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pick {
    /// The package's name, which the plan includes or some package of it depends on; for a package file of the user's, that file's name.
    pub package: String,
    /// Patterns, each of which may match nothing, but not all of them; none at all means the whole package.
    pub files: Vec<String>,
}
