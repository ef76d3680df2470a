//! What an index says of a package, by the names of its lines.

/// A line that means something; all others are passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of Gentoo's metadata, which PMS and portage's own documentation explain")]
#[repr(u8)]
pub enum Field {
    Cpv,
    BuildId,
    BuildTime,
    Size,
    Md5,
    Sha1,
    Path,
    Slot,
    Use,
    Iuse,
    Keywords,
    Eapi,
    Rdepend,
    Pdepend,
    Idepend,
    Bdepend,
    Depend,
    DefinedPhases,
    License,
    Properties,
    Restrict,
    Provides,
    Requires,
    Description,
    Repository,
    Chost,
    Mtime,
}

/// How many there are.
pub(super) const FIELDS: usize = 27;

/// As they are written in an index, in the order of [`Field`].
const NAMES: [(&str, Field); FIELDS + 3] = [
    ("CPV", Field::Cpv),
    ("BUILD_ID", Field::BuildId),
    ("BUILD_TIME", Field::BuildTime),
    ("SIZE", Field::Size),
    ("MD5", Field::Md5),
    ("SHA1", Field::Sha1),
    ("PATH", Field::Path),
    ("SLOT", Field::Slot),
    ("USE", Field::Use),
    ("IUSE", Field::Iuse),
    ("KEYWORDS", Field::Keywords),
    ("EAPI", Field::Eapi),
    ("RDEPEND", Field::Rdepend),
    ("PDEPEND", Field::Pdepend),
    ("IDEPEND", Field::Idepend),
    ("BDEPEND", Field::Bdepend),
    ("DEPEND", Field::Depend),
    ("DEFINED_PHASES", Field::DefinedPhases),
    ("LICENSE", Field::License),
    ("PROPERTIES", Field::Properties),
    ("RESTRICT", Field::Restrict),
    ("PROVIDES", Field::Provides),
    ("REQUIRES", Field::Requires),
    ("DESC", Field::Description),
    ("REPO", Field::Repository),
    ("CHOST", Field::Chost),
    ("MTIME", Field::Mtime),
    // What portage calls them in memory, and reads as well.
    ("DESCRIPTION", Field::Description),
    ("repository", Field::Repository),
    ("_mtime_", Field::Mtime),
];

impl Field {
    /// The field of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find_map(|(known, field)| (*known == name).then_some(*field))
    }

    /// Its name in an index.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find_map(|(name, field)| (*field == self).then_some(*name)).unwrap_or_default()
    }

    pub(super) fn index(self) -> usize {
        usize::from(self as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_to_its_field_and_back() {
        for (place, (name, field)) in NAMES.iter().take(FIELDS).enumerate() {
            assert_eq!((Field::from_name(name), field.name(), field.index()), (Some(*field), *name, place));
        }
        assert_eq!((Field::from_name("REPO_REVISIONS"), Field::from_name("repository")), (None, Some(Field::Repository)));
    }
}
