use std::collections::HashSet;

use super::InstallError;
use super::triggers::Directives;
use crate::apt::deb822::{Stanza, Stanzas};
use crate::apt::relation::{self, Operator, is_name};
use crate::deb::DebLayer;
use crate::lock::is_version;

/// What dpkg refuses in a package for what it would say of the system.
const OF_THE_DATABASE: [&str; 5] = ["Status", "Config-Version", "Conffiles", "Triggers-Pending", "Triggers-Awaited"];

/// What installing needs to know of a package, from its own control files.
#[derive(Debug, Clone, Default)]
pub(super) struct Control {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) architecture: String,
    /// dpkg names this package's files `NAME:ARCHITECTURE`.
    pub(super) multi_arch_same: bool,
    pub(super) essential: bool,
    /// Names of the alternatives of each dependency.
    pub(super) pre_depends: Vec<Vec<String>>,
    pub(super) depends: Vec<Vec<String>>,
    pub(super) provides: Vec<String>,
    replaces: Vec<Replaced>,
    /// Paths without their leading slash.
    pub(super) conffiles: HashSet<Vec<u8>>,
    /// The same in the package's order, and those that an upgrade is to remove, which the package doesn't bring.
    pub(super) conffile_list: Vec<Conffile>,
    pub(super) triggers: Directives,
    /// The control file itself, as dpkg's database takes it over.
    pub(super) stanza: String,
}

impl Control {
    /// Reads the control files of a package.
    pub(super) fn of(layer: &DebLayer) -> Result<Self, InstallError> {
        let file = |name: &str| layer.control.get(name).map(|file| file.content.as_slice()).unwrap_or_default();
        let bad = |package: &str, reason: String| InstallError::Control { package: package.to_owned(), reason };
        let text = std::str::from_utf8(file("control")).map_err(|error| bad("a package", error.to_string()))?;
        let stanza = Stanza::new(text.trim_matches('\n'));
        let field = |name: &str| stanza.get(name).map(str::trim).unwrap_or_default();
        let name = field("Package").to_owned();
        if name.is_empty() || field("Version").is_empty() || field("Architecture").is_empty() {
            return Err(bad(&name, "Package, Version or Architecture is missing".to_owned()));
        }
        for (what, value, rule) in [
            ("Package", field("Package"), is_name as fn(&str) -> bool),
            ("Version", field("Version"), is_version),
            ("Architecture", field("Architecture"), is_name),
        ] {
            if !rule(value) {
                return Err(bad(&name.escape_default().to_string(), format!("its {what} can't be: `{}`", value.escape_default())));
            }
        }
        if Stanzas::new(text).count() != 1 {
            return Err(bad(&name, "it is no single stanza of a package".to_owned()));
        }
        if let Some(own) = OF_THE_DATABASE.into_iter().find(|field| stanza.get(field).is_some()) {
            return Err(bad(&name, format!("it has the field {own}, which only dpkg's own database may have")));
        }
        let groups = |name: &str| names(&stanza, name).map_err(|reason| bad(field("Package"), reason));
        let conffile_list = conffiles(file("conffiles"));
        if conffile_list.iter().any(|conffile| std::str::from_utf8(&conffile.path).is_err()) {
            return Err(bad(&name, "a name in its conffiles is not UTF-8".to_owned()));
        }
        Ok(Self {
            pre_depends: groups("Pre-Depends")?,
            depends: groups("Depends")?,
            provides: groups("Provides")?.into_iter().flatten().collect(),
            replaces: replaced(&stanza).map_err(|reason| bad(&name, reason))?,
            conffiles: conffile_list.iter().filter(|file| !file.remove_on_upgrade).map(|file| file.path.clone()).collect(),
            conffile_list,
            triggers: Directives::parse(file("triggers")).map_err(|error| bad(&name, error.to_string()))?,
            version: field("Version").to_owned(),
            architecture: field("Architecture").to_owned(),
            multi_arch_same: field("Multi-Arch") == "same",
            essential: stanza.says_yes("Essential"),
            stanza: stanza.text().to_owned(),
            name,
        })
    }

    /// The name that dpkg uses where several architectures could be meant.
    pub(super) fn qualified_name(&self) -> String {
        if self.multi_arch_same { format!("{}:{}", self.name, self.architecture) } else { self.name.clone() }
    }

    /// Whether this package says that it may take over the other's files.
    pub(super) fn replaces(&self, other: &Self) -> bool {
        self.replaces.iter().any(|replaced| replaced.means(other))
    }

    #[cfg(test)]
    pub(super) fn named(name: &str) -> Self {
        Self { name: name.to_owned(), version: "1".to_owned(), architecture: "all".to_owned(), ..Self::default() }
    }
}

/// One relation of the Replaces field.
#[derive(Debug, Clone)]
struct Replaced {
    name: String,
    version: Option<(Operator, String)>,
}

impl Replaced {
    fn means(&self, package: &Control) -> bool {
        let accepted = |(operator, wanted): &(Operator, String)| operator.accepts(&package.version, wanted);
        self.name == package.name && self.version.as_ref().is_none_or(accepted)
    }
}

fn replaced(stanza: &Stanza<'_>) -> Result<Vec<Replaced>, String> {
    let field = stanza.folded("Replaces").unwrap_or_default();
    let groups = relation::parse(&field).map_err(|error| error.to_string())?;
    let owned = groups.into_iter().flat_map(|group| group.0).map(|relation| Replaced {
        name: relation.name.to_owned(),
        version: relation.version.map(|(operator, version)| (operator, version.to_owned())),
    });
    Ok(owned.collect())
}

/// The names in a field of relations, by alternatives.
fn names(stanza: &Stanza<'_>, field: &str) -> Result<Vec<Vec<String>>, String> {
    let value = stanza.folded(field).unwrap_or_default();
    let groups = relation::parse(&value).map_err(|error| error.to_string())?;
    Ok(groups.into_iter().map(|group| group.0.into_iter().map(|relation| relation.name.to_owned()).collect()).collect())
}

/// One line of a package's `conffiles`.
#[derive(Debug, Clone)]
pub(super) struct Conffile {
    /// Without its leading slash.
    pub(super) path: Vec<u8>,
    /// The package doesn't bring it any more.
    pub(super) remove_on_upgrade: bool,
}

/// Lines of a path, with `remove-on-upgrade` before it where that is meant (deb-conffiles(5)).
fn conffiles(content: &[u8]) -> Vec<Conffile> {
    content
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter_map(|line| {
            let gone = line.strip_prefix(b"remove-on-upgrade").map(<[u8]>::trim_ascii_start);
            let path = gone.unwrap_or(line).strip_prefix(b"/")?;
            Some(Conffile { path: path.to_vec(), remove_on_upgrade: gone.is_some() })
        })
        .collect()
}
