//! What a package asks of the rpm that installs it: `rpmlib(NAME) <= VERSION`.

use super::Sense;

/// What rpm 4.20 can do (lib/rpmds.c), with the version since when.
const FEATURES: [(&str, &str); 21] = [
    ("BuiltinLuaScripts", "4.2.2-1"),
    ("CaretInVersions", "4.15.0-1"),
    ("CompressedFileNames", "3.0.4-1"),
    ("ConcurrentAccess", "4.1-1"),
    ("DynamicBuildRequires", "4.15.0-1"),
    ("ExplicitPackageProvide", "4.0-1"),
    ("FileCaps", "4.6.1-1"),
    ("FileDigests", "4.6.0-1"),
    ("HeaderLoadSortsTags", "4.0.1-1"),
    ("LargeFiles", "4.12.0-1"),
    ("PartialHardlinkSets", "4.0.4-1"),
    ("PayloadFilesHavePrefix", "4.0-1"),
    ("PayloadIsBzip2", "3.0.5-1"),
    ("PayloadIsLzma", "4.4.2-1"),
    ("PayloadIsXz", "5.2-1"),
    ("PayloadIsZstd", "5.4.18-1"),
    ("RichDependencies", "4.12.0-1"),
    ("ScriptletExpansion", "4.9.0-1"),
    ("ScriptletInterpreterArgs", "4.0.3-1"),
    ("TildeInVersions", "4.10.0-1"),
    ("VersionedDependencies", "3.0.3-1"),
];

/// The feature's name, if it is one.
fn feature(name: &str) -> Option<&str> {
    name.strip_prefix("rpmlib(")?.strip_suffix(')')
}

/// Whether the name is one that rpm itself provides.
pub(in crate::rpm) fn is_rpmlib(name: &str) -> bool {
    name.starts_with("rpmlib(")
}

/// Whether rpm has the feature in a version that is in the range.
pub(in crate::rpm) fn supports(name: &str, range: Option<(Sense, &str)>) -> bool {
    let known = FEATURES.iter().find(|(known, _)| feature(name) == Some(known));
    known.is_some_and(|(_, since)| range.is_none_or(|(sense, version)| Sense::EQUAL.overlaps(since, sense, version)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_features_are_supported() {
        let least = Sense::from_metadata("LE").unwrap();
        assert!(supports("rpmlib(PayloadIsZstd)", Some((least, "5.4.18-1"))));
        assert!(supports("rpmlib(FileDigests)", None));
        assert!(!supports("rpmlib(PayloadIsZstd)", Some((least, "5.4.17-1"))));
        assert!(!supports("rpmlib(SetVersions)", Some((least, "4.1-1"))));
        assert!(!supports("rpmlib(Unheard)", None));
    }
}
