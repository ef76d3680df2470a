use super::*;
use crate::portage::split_cpv;

/// `CATEGORY/NAME-VERSION[:SLOT[/SUB]][::REPOSITORY] [FLAG|-FLAG …]`
struct Sample {
    category: String,
    name: String,
    version: Version,
    slot: (String, String),
    repository: String,
    flags: Vec<(String, bool)>,
}

impl Sample {
    fn new(text: &str) -> Self {
        let (text, flags) = text.split_once(' ').unwrap_or((text, ""));
        let (text, repository) = text.split_once("::").unwrap_or((text, ""));
        let (text, slot) = text.split_once(':').unwrap_or((text, "0"));
        let (slot, sub_slot) = slot.split_once('/').unwrap_or((slot, slot));
        let (category, name, version) = split_cpv(text).unwrap();
        let flags = flags.split_whitespace().map(|flag| (flag.trim_start_matches('-').to_owned(), !flag.starts_with('-'))).collect();
        let slot = (slot.to_owned(), sub_slot.to_owned());
        Self {
            category: category.to_owned(),
            name: name.to_owned(),
            version: version.owned(),
            slot,
            repository: repository.to_owned(),
            flags,
        }
    }
}

impl AtomCandidate for Sample {
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
        Some(2)
    }

    fn slot(&self) -> (&str, &str) {
        (&self.slot.0, &self.slot.1)
    }

    fn repository(&self) -> &str {
        &self.repository
    }

    fn has_flag(&self, flag: &str) -> bool {
        self.flags.iter().any(|(name, _)| name == flag)
    }

    fn is_on(&self, flag: &str) -> bool {
        self.flags.iter().any(|(name, on)| name == flag && *on)
    }
}

#[test]
fn what_is_valid_depends_on_who_writes_it() {
    let new = AtomSyntax::Dependency(Eapi::parse("8").unwrap());
    let old = AtomSyntax::Dependency(Eapi::parse("3").unwrap());
    for (text, valid) in [
        ("a/b", &[new, old, AtomSyntax::Argument, AtomSyntax::Pattern][..]),
        ("!!>=a/b-1.2_p3-r1:0[c,-d]", &[new, old, AtomSyntax::Argument, AtomSyntax::Pattern]),
        ("=a/b-1*:0/2=::r[c(+)?,!d(-)=]", &[AtomSyntax::Argument, AtomSyntax::Pattern]),
        ("a/b:=", &[new, AtomSyntax::Argument, AtomSyntax::Pattern]),
        ("=a/b-1-2", &[AtomSyntax::Argument, AtomSyntax::Pattern]),
        ("*/*", &[AtomSyntax::Pattern]),
        ("=*/*-*9999*:0::r", &[AtomSyntax::Pattern]),
        ("a/b:0*", &[]),
        ("=a/b-1-02", &[]),
        ("a/**", &[]),
        ("*/b[c]", &[]),
        ("a/b[c(+),-c(-)]", &[]),
    ] {
        for syntax in [new, old, AtomSyntax::Argument, AtomSyntax::Pattern] {
            let found = Atom::parse(text, syntax);
            assert_eq!(found.is_ok(), valid.contains(&syntax), "{text} {syntax:?} {found:?}");
            if let Ok(atom) = found {
                assert_eq!(atom.to_string(), text);
            }
        }
    }
}

#[test]
fn flags_are_told_apart() {
    for (atom, sample, expected) in [
        ("a/b[c]", "a/b-1 c", true),
        ("a/b[c]", "a/b-1 -c", false),
        ("a/b[c]", "a/b-1", false),
        ("a/b[-c]", "a/b-1", false),
        ("a/b[-c]", "a/b-1 -c", true),
        ("a/b[c(+)]", "a/b-1", true),
        ("a/b[c(+)]", "a/b-1 -c", false),
        ("a/b[c(-)]", "a/b-1", false),
        ("a/b[-c(-)]", "a/b-1", true),
        ("a/b[-c(+)]", "a/b-1", false),
        ("a/b[c(-),d]", "a/b-1 c d", true),
    ] {
        assert_eq!(Atom::parse(atom, AtomSyntax::Argument).unwrap().matches(&Sample::new(sample)), expected, "{atom} {sample}");
    }
    // What was written conditionally must be a flag of the package even where the condition doesn't hold.
    let atom = Atom::parse("a/b[c?]", AtomSyntax::Argument).unwrap().evaluated(|_| false);
    assert_eq!(
        (atom.to_string().as_str(), atom.matches(&Sample::new("a/b-1")), atom.matches(&Sample::new("a/b-1 -c"))),
        ("a/b", false, true)
    );
}

#[test]
fn versions_slots_and_repositories_are_told_apart() {
    for (atom, sample, expected) in [
        ("=a/b-1*", "a/b-1.0", true),
        ("=a/b-1*", "a/b-10", false),
        ("=a/b-1*", "a/b-1b", true),
        ("=a/b-01*", "a/b-1", true),
        ("~a/b-1", "a/b-1-r3", true),
        ("~a/b-1", "a/b-01", false),
        ("=a/b-1", "a/b-1-r0", true),
        ("=a/b-1-2", "a/b-1", true),
        ("=a/b-1-3", "a/b-1", false),
        ("a/b:0/2", "a/b-1:0/2", true),
        ("a/b:0/2", "a/b-1:0/3", false),
        ("a/b:=", "a/b-1:7", true),
        ("a/b::r", "a/b-1::r", true),
        ("a/b::r", "a/b-1::s", false),
        ("a/b::r", "a/b-1", true),
        ("*/b", "a/b-1", true),
        ("a*c/*", "abbc/b-1", true),
        ("a*c/*", "abbcd/b-1", false),
        ("=*/*-*999*", "a/b-9999", true),
        ("=*/*-*99_*", "a/b-9999", false),
    ] {
        assert_eq!(Atom::parse(atom, AtomSyntax::Pattern).unwrap().matches(&Sample::new(sample)), expected, "{atom} {sample}");
    }
}
