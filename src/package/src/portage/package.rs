//! A binary package, as an index tells it.

use super::index::Entry;
use super::name::is_slot;
use super::{AtomCandidate, Field, PackageIndex, Version};

/// A package of an index, read as it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct IndexPackage<'a> {
    pub(super) index: &'a PackageIndex,
    pub(super) entry: &'a Entry,
}

/// A package on its own.
///
/// Lists are in the index's order. Dependencies are texts ([`DependencyList`](super::DependencyList) reads them), with their conditions where the host has not
/// decided them by the package's USE flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinaryPackage {
    /// `sys-apps`
    pub category: String,
    /// `baselayout`
    pub name: String,
    /// `2.15-r1`
    pub version: Version,
    /// Which build of this version, from 1; none on hosts that keep one only.
    pub build_id: Option<u64>,
    /// `0`
    pub slot: String,
    /// `0` as well where the slot has none of its own.
    pub sub_slot: String,
    /// `gentoo`; empty if it is not known.
    pub repository: String,
    /// The flags it was built with, also those that are not its own.
    pub use_flags: Vec<String>,
    /// The flags it has, without their `+` and `-`.
    pub iuse: Vec<IuseFlag>,
    /// `8`
    pub eapi: String,
    /// `amd64`, `~arm64`
    pub keywords: Vec<String>,
    /// `x86_64-pc-linux-gnu`; empty if nobody says.
    pub chost: String,
    /// The size of its file, in bytes, as the index says it.
    pub size: Option<u64>,
    /// In hexadecimal, as the index says it.
    pub md5: Option<String>,
    /// In hexadecimal, as the index says it.
    pub sha1: Option<String>,
    /// Its file below the binary host: `sys-apps/baselayout/baselayout-2.15-1.gpkg.tar`
    pub path: String,
    /// What must be there when it runs.
    pub rdepend: String,
    /// What must be there, but may come after it.
    pub pdepend: String,
    /// What its installation runs.
    pub idepend: String,
    /// What building it ran.
    pub bdepend: String,
    /// What building it used.
    pub depend: String,
    /// `postinst`, `preinst`; without the `-` that stands for none.
    pub defined_phases: Vec<String>,
    /// `GPL-2 || ( MIT BSD )`
    pub license: String,
    /// `interactive`, …
    pub properties: String,
    /// `bindist`, …
    pub restrict: String,
    /// `x86_64: libz.so.1; x86_32: libz.so.1`
    pub provides: String,
    /// The same for what it needs.
    pub requires: String,
    /// One line about it.
    pub description: String,
    /// When it was built, in seconds since 1970.
    pub build_time: u64,
    /// When its file was written, in seconds since 1970, as the host says.
    pub mtime: Option<u64>,
}

/// A flag that a package has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IuseFlag {
    /// `nls`
    pub name: String,
    /// Whether it is on (`+nls`) or off (`-nls`) by default, or its package doesn't say.
    pub default: Option<bool>,
}

impl<'a> IndexPackage<'a> {
    /// A value as it is written; empty where there is none.
    #[must_use]
    pub fn field(&self, field: Field) -> &'a str {
        self.index.value(self.entry, field).unwrap_or_default()
    }

    /// `CATEGORY/NAME-VERSION`
    #[must_use]
    pub fn cpv(&self) -> &'a str {
        self.field(Field::Cpv)
    }

    /// `sys-apps`
    #[must_use]
    pub fn category(&self) -> &'a str {
        self.cpv().get(..usize::from(self.entry.category)).unwrap_or_default()
    }

    /// `sys-apps/baselayout`
    #[must_use]
    pub fn category_and_name(&self) -> &'a str {
        let end = usize::from(self.entry.category) + 1 + usize::from(self.entry.name);
        self.cpv().get(..end).unwrap_or_default()
    }

    /// `baselayout`
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.category_and_name().get(usize::from(self.entry.category) + 1..).unwrap_or_default()
    }

    /// `2.15-r1`
    #[must_use]
    pub fn version(&self) -> Version<&'a str> {
        let start = self.category_and_name().len() + 1;
        Version::from_parts(self.cpv().get(start..).unwrap_or_default(), self.entry.version)
    }

    /// Which build of this version; none on hosts that keep one only, or where it is no number.
    #[must_use]
    pub fn build_id(&self) -> Option<u64> {
        self.field(Field::BuildId).parse().ok()
    }

    /// When it was built, in seconds since 1970; 0 if that is not known.
    #[must_use]
    pub fn build_time(&self) -> u64 {
        self.field(Field::BuildTime).parse().unwrap_or(0)
    }

    /// Its slot and its sub-slot, which is the slot where none is said. None where they are malformed.
    #[must_use]
    pub fn slot(&self) -> Option<(&'a str, &'a str)> {
        let text = self.index.value(self.entry, Field::Slot).unwrap_or("0");
        let (slot, sub_slot) = text.split_once('/').unwrap_or((text, text));
        (is_slot(slot) && is_slot(sub_slot)).then_some((slot, sub_slot))
    }

    /// `8`
    #[must_use]
    pub fn eapi(&self) -> &'a str {
        self.index.value(self.entry, Field::Eapi).unwrap_or("0")
    }

    /// Its flags, with what it says of each: on or off by default, or nothing.
    pub fn iuse(&self) -> impl Iterator<Item = (&'a str, Option<bool>)> {
        self.field(Field::Iuse).split_ascii_whitespace().map(|flag| match flag.as_bytes().first() {
            Some(b'+') => (flag.get(1..).unwrap_or_default(), Some(true)),
            Some(b'-') => (flag.get(1..).unwrap_or_default(), Some(false)),
            _ => (flag, None),
        })
    }

    /// Whether it was built with a flag, its own or not.
    pub(super) fn has_use(&self, flag: &str) -> bool {
        self.field(Field::Use).split_ascii_whitespace().any(|name| name == flag)
    }

    /// Its file below the binary host; where the index says none, what portage takes then.
    #[must_use]
    pub fn path(&self) -> String {
        match self.field(Field::Path) {
            "" => format!("{}.tbz2", self.cpv()),
            path => path.to_owned(),
        }
    }

    /// All of it on its own. A malformed slot is as none, `0`: [`resolve`](super::resolve::resolve) doesn't choose such packages.
    #[must_use]
    pub fn to_package(&self) -> BinaryPackage {
        let text = |field| self.field(field).to_owned();
        let words = |field| self.field(field).split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let number = |field| self.field(field).parse::<u64>().ok();
        let (slot, sub_slot) = self.slot().unwrap_or(("0", "0"));
        let mut phases = words(Field::DefinedPhases);
        phases.retain(|phase| phase != "-");
        BinaryPackage {
            category: self.category().to_owned(),
            name: self.name().to_owned(),
            version: self.version().owned(),
            build_id: self.build_id(),
            slot: slot.to_owned(),
            sub_slot: sub_slot.to_owned(),
            repository: text(Field::Repository),
            use_flags: words(Field::Use),
            iuse: self.iuse().map(|(name, default)| IuseFlag { name: name.to_owned(), default }).collect(),
            eapi: self.eapi().to_owned(),
            keywords: words(Field::Keywords),
            chost: text(Field::Chost),
            size: number(Field::Size),
            md5: Some(text(Field::Md5)).filter(|hash| !hash.is_empty()),
            sha1: Some(text(Field::Sha1)).filter(|hash| !hash.is_empty()),
            path: self.path(),
            rdepend: text(Field::Rdepend),
            pdepend: text(Field::Pdepend),
            idepend: text(Field::Idepend),
            bdepend: text(Field::Bdepend),
            depend: text(Field::Depend),
            defined_phases: phases,
            license: text(Field::License),
            properties: text(Field::Properties),
            restrict: text(Field::Restrict),
            provides: text(Field::Provides),
            requires: text(Field::Requires),
            description: text(Field::Description),
            build_time: self.build_time(),
            mtime: number(Field::Mtime),
        }
    }
}

impl AtomCandidate for BinaryPackage {
    fn category(&self) -> &str {
        &self.category
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn version(&self) -> Version<&str> {
        self.version.borrowed()
    }

    fn build_id(&self) -> Option<u64> {
        self.build_id
    }

    fn slot(&self) -> (&str, &str) {
        (&self.slot, &self.sub_slot)
    }

    fn repository(&self) -> &str {
        &self.repository
    }

    /// What it was built with counts as its own as well; flags of the profile that were off are not known any more.
    fn has_flag(&self, flag: &str) -> bool {
        self.iuse.iter().any(|own| own.name == flag) || self.is_on(flag)
    }

    fn is_on(&self, flag: &str) -> bool {
        self.use_flags.iter().any(|on| on == flag)
    }
}
