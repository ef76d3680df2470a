use super::header::Header;
use super::{RpmFault, tags};

/// No package has more of one kind.
const MOST: usize = 1 << 20;

/// A kind of dependency, by the name that repositories' metadata have for it, with its tags: names, flags, versions.
const KINDS: [(&str, u32, u32, u32); 8] = [
    ("provides", 1047, 1112, 1113),
    ("requires", 1049, 1048, 1050),
    ("conflicts", 1054, 1053, 1055),
    ("obsoletes", 1090, 1114, 1115),
    ("recommends", 5046, 5048, 5047),
    ("suggests", 5049, 5051, 5050),
    ("supplements", 5052, 5054, 5053),
    ("enhances", 5055, 5057, 5056),
];

/// What a package says of others, and the paths it owns, ghosts among them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct RpmRelations {
    /// By kind, as in `primary.xml`: `provides`, `requires` …
    pub(crate) lists: Vec<(&'static str, Vec<RpmRelation>)>,
    /// Absolute.
    pub(crate) files: Vec<Vec<u8>>,
    /// The file name of the source package.
    pub(crate) source: String,
}

/// One dependency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RpmRelation {
    pub(crate) name: String,
    /// `RPMSENSE_*` of rpm's `rpmds.h`.
    pub(crate) flags: u64,
    /// `[EPOCH:]VERSION[-RELEASE]`, empty for any.
    pub(crate) version: String,
}

pub(super) fn read_relations(header: &Header) -> Result<RpmRelations, RpmFault> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut lists = Vec::new();
    for (kind, names, flags, versions) in KINDS {
        let (texts, numbers, evrs) = (header.texts(names)?, header.numbers(flags)?, header.texts(versions)?);
        if texts.len() > MOST || [numbers.len(), evrs.len()].iter().any(|length| *length != texts.len() && *length != 0) {
            return Err(RpmFault::Tag { tag: names, reason: "its dependencies are not told for each" });
        }
        let one = |(at, name): (usize, &&[u8])| RpmRelation {
            name: text(name),
            flags: numbers.get(at).copied().unwrap_or_default(),
            version: evrs.get(at).map(|evr| text(evr)).unwrap_or_default(),
        };
        lists.push((kind, texts.iter().enumerate().map(one).collect()));
    }
    let files = super::files::read_files(header)?.into_iter().map(|file| [b"/", &file.path[..]].concat()).collect();
    Ok(RpmRelations { lists, files, source: header.text(tags::SOURCE_RPM)?.map(text).unwrap_or_default() })
}
