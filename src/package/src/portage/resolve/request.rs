//! What is asked for, and what may be chosen.

use crate::portage::{Atom, AtomSyntax, BinaryPackage, PackageIndex, split_cpv};

/// A binary host whose packages may be chosen.
#[derive(Debug, Clone, Copy)]
pub struct Host<'a> {
    /// What it has.
    pub index: &'a PackageIndex,
    /// Of two packages that are alike, that of the host with the higher priority is taken.
    pub priority: i32,
}

/// Something that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there are a few of them only")]
pub enum Wish {
    /// A package.
    Atom(Atom),
    /// Several under one name: `@system`.
    Set {
        /// With its `@`.
        name: String,
        /// What is in it.
        atoms: Vec<Atom>,
    },
}

/// Which packages may be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Keywords that are accepted, as in `ACCEPT_KEYWORDS`: `amd64`, `~amd64`, `*`, `~*`, `**`. All packages are if there is none.
    pub keywords: Vec<String>,
    /// Machines whose packages are accepted, `x86_64-pc-linux-gnu`; all are if there is none.
    pub chosts: Vec<String>,
    /// Packages that are not taken; the profile's `package.mask` and the user's.
    pub masks: Vec<Atom>,
    /// Packages that are taken though one of `masks` means them.
    pub unmasks: Vec<Atom>,
    /// Packages that count as there, `sys-kernel/gentoo-sources-6.6.1`: the profile's `package.provided`.
    pub provided: Vec<String>,
    /// How flags must be: a package that has such a flag and was built with the other choice is not taken, as with `--binpkg-respect-use=y`.
    pub flags: Vec<FlagWish>,
    /// Whether the libraries that packages are linked to must be there (`REQUIRES`), also where their dependencies don't say so.
    pub sonames: bool,
    /// Libraries that count as there, `x86_64: libfoo.so.1`.
    pub sonames_provided: Vec<String>,
    /// Packages of which libraries are taken and nothing else, where only a library of theirs is missing: `sys-devel/gcc`.
    pub libraries_only: Vec<Atom>,
    /// Whether what packages run while they are installed (`IDEPEND`) belongs into the same root.
    pub idepend: bool,
    /// The profile's `@system`: its packages and what they need come first among equals.
    pub system: Vec<Atom>,
}

/// How flags must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagWish {
    /// Which packages it is about; none for all of them.
    pub atom: Option<Atom>,
    /// `nls`
    pub flag: String,
    /// Whether it must be on.
    pub is_on: bool,
}

impl Default for Policy {
    /// Everything may be taken, libraries must be there, and what installing needs comes into the same root.
    fn default() -> Self {
        Self {
            keywords: Vec::new(),
            chosts: Vec::new(),
            masks: Vec::new(),
            unmasks: Vec::new(),
            provided: Vec::new(),
            flags: Vec::new(),
            sonames: true,
            sonames_provided: Vec::new(),
            libraries_only: Vec::new(),
            idepend: true,
            system: Vec::new(),
        }
    }
}

impl FlagWish {
    /// Reads `-nls` or `nls`, for all packages.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (flag, is_on) = text.strip_prefix('-').map_or((text, true), |flag| (flag, false));
        crate::portage::name::is_flag(flag).then(|| Self { atom: None, flag: flag.to_owned(), is_on })
    }
}

impl Policy {
    /// Whether something counts as there. Slots and flags of such a package are not known, so that they don't matter.
    pub(super) fn is_provided(&self, atom: &Atom) -> bool {
        self.provided.iter().filter_map(|text| split_cpv(text)).any(|(category, name, version)| {
            category == atom.category
                && name == atom.name
                && atom.version.as_ref().is_none_or(|constraint| constraint.allows(&version, None))
        })
    }
}

/// What is to be installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// In the order in which they are to be installed.
    pub packages: Vec<SelectedPackage>,
    /// Packages of which only libraries are taken.
    pub donors: Vec<Donor>,
    /// How many other ways were tried before.
    pub retries: usize,
}

/// A package to install.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectedPackage {
    /// Which of the hosts has it, from 0.
    pub host: usize,
    /// What the host says of it.
    pub package: BinaryPackage,
    /// Who wants it: `@system`, `a/b-1 (needs c/d)`, in the order they came up.
    pub wanted_by: Vec<String>,
}

/// A package of which libraries are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Donor {
    /// Which of the hosts has it, from 0.
    pub host: usize,
    /// What the host says of it.
    pub package: BinaryPackage,
    /// Which libraries: `x86_64: libgcc_s.so.1`, sorted.
    pub sonames: Vec<String>,
}

impl Wish {
    /// Reads what a user may write: an atom. Sets are the caller's to look up.
    ///
    /// # Errors
    /// When it is no atom.
    pub fn parse(text: &str) -> Result<Self, crate::portage::AtomError> {
        Atom::parse(text, AtomSyntax::Argument).map(Self::Atom)
    }
}
