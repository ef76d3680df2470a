//! Package files of the user's own, told as a repository tells of its packages.

use std::fmt::Write as _;
use std::path::Path;

use rootfs_plugin::{BuildError, Plan};
use rootfs_tree::Digest;

use super::package::{RpmIdentity, RpmRelation, RpmRelations, Trust};
use crate::acquire::local_files;
use crate::engine::caused;
use crate::store::Store;

/// Bits of a dependency's flags (`RPMSENSE_*` of rpm's `rpmds.h`).
const LESS: u64 = 2;
const GREATER: u64 = 4;
const EQUAL: u64 = 8;
const COMPARED: u64 = LESS | GREATER | EQUAL;
const BEFORE_SCRIPTS: u64 = 1 << 6 | 1 << 9 | 1 << 10;

/// A package file in the store.
#[derive(Debug)]
pub(super) struct LocalPackage {
    identity: RpmIdentity,
    relations: RpmRelations,
    /// The file's name.
    name: String,
    size: u64,
    sha256: Digest,
}

impl LocalPackage {
    /// What asks for this package and no other of the name, as on dnf's command line.
    pub(super) fn word(&self) -> String {
        format!("{}-{}.{}", self.identity.name, self.identity.evr(), self.identity.architecture)
    }
}

/// The plan's package files. Nobody needs to have signed them: who named them has.
pub(super) fn local_packages(plan: &Plan, store: &Store) -> Result<Vec<LocalPackage>, BuildError> {
    let read = |path: &Path| {
        let failed = |error: &(dyn std::error::Error + 'static)| caused(format!("can't use {}", path.display()), error);
        let (sha256, size) = store.insert_file(path).map_err(|error| failed(&error))?;
        let (header, relations) = store.rpm_relations(&sha256, Trust::Pinned).map_err(|error| failed(&error))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(LocalPackage { identity: header.identity, relations, name, size, sha256 })
    };
    local_files(&plan.include).map(read).collect()
}

/// The list of packages of a repository that has these.
pub(super) fn primary(packages: &[LocalPackage]) -> String {
    let mut xml =
        String::from("<metadata xmlns=\"http://linux.duke.edu/metadata/common\" xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\">\n");
    packages.iter().for_each(|package| write_package(&mut xml, package));
    xml.push_str("</metadata>\n");
    xml
}

// Writing to a string can't fail.
fn write_package(xml: &mut String, package: &LocalPackage) {
    let RpmIdentity { name, epoch, version, release, architecture, .. } = &package.identity;
    let (name, architecture, epoch) = (escaped(name), escaped(architecture), epoch.unwrap_or(0));
    let _ = writeln!(xml, "<package type=\"rpm\"><name>{name}</name><arch>{architecture}</arch>");
    let _ = writeln!(xml, "<version epoch=\"{epoch}\" ver=\"{}\" rel=\"{}\"/>", escaped(version), escaped(release));
    let _ = writeln!(xml, "<checksum type=\"sha256\" pkgid=\"YES\">{}</checksum>", package.sha256);
    let _ = writeln!(xml, "<size package=\"{}\"/><location href=\"{}\"/><format>", package.size, escaped(&package.name));
    let _ = writeln!(xml, "<rpm:sourcerpm>{}</rpm:sourcerpm>", escaped(&package.relations.source));
    for (kind, relations) in &package.relations.lists {
        let _ = writeln!(xml, "<rpm:{kind}>");
        relations.iter().for_each(|relation| write_relation(xml, relation));
        let _ = writeln!(xml, "</rpm:{kind}>");
    }
    for file in &package.relations.files {
        let _ = writeln!(xml, "<file>{}</file>", escaped(&String::from_utf8_lossy(file)));
    }
    xml.push_str("</format></package>\n");
}

fn write_relation(xml: &mut String, relation: &RpmRelation) {
    let _ = write!(xml, "<rpm:entry name=\"{}\"", escaped(&relation.name));
    let sense = match relation.flags & COMPARED {
        LESS => "LT",
        GREATER => "GT",
        EQUAL => "EQ",
        flags if flags == LESS | EQUAL => "LE",
        flags if flags == GREATER | EQUAL => "GE",
        _ => "",
    };
    if !sense.is_empty() && !relation.version.is_empty() {
        let (epoch, rest) = relation.version.split_once(':').unwrap_or(("0", &relation.version));
        let (version, release) = rest.split_once('-').unwrap_or((rest, ""));
        let _ = write!(xml, " flags=\"{sense}\" epoch=\"{}\" ver=\"{}\"", escaped(epoch), escaped(version));
        if !release.is_empty() {
            let _ = write!(xml, " rel=\"{}\"", escaped(release));
        }
    }
    let before = if relation.flags & BEFORE_SCRIPTS == 0 { "" } else { " pre=\"1\"" };
    let _ = writeln!(xml, "{before}/>");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpm::resolve::{RpmRequest, RpmResolution, resolve};
    use crate::rpm::{Comps, RpmRepository, RpmUniverse};

    fn package(name: &str, requires: &[(&str, u64, &str)]) -> LocalPackage {
        let [version, release, architecture] = ["1", "2.fc43", "noarch"].map(str::to_owned);
        let relation = |(name, flags, version): &(&str, u64, &str)| RpmRelation {
            name: (*name).to_owned(),
            flags: *flags,
            version: (*version).to_owned(),
        };
        LocalPackage {
            identity: RpmIdentity { name: name.to_owned(), epoch: Some(1), version, release, architecture, build_time: 0 },
            relations: RpmRelations {
                lists: vec![("requires", requires.iter().map(relation).collect())],
                files: vec![format!("/opt/{name}<&>").into_bytes()],
                source: String::new(),
            },
            name: format!("{name}.rpm"),
            size: 7,
            sha256: Digest([9; 32]),
        }
    }

    #[test]
    fn what_is_told_of_files_is_understood() {
        let first = package("first", &[("second", GREATER | EQUAL, "1:1-2"), ("/opt/second<&>", 1 << 9, "")]);
        let packages = [first, package("second", &[])];
        let mut universe = RpmUniverse::new("x86_64");
        let local = universe.add_primary(RpmRepository::named("local"), primary(&packages).as_bytes()).unwrap();
        universe.add_filelists(local, "<filelists></filelists>".as_bytes(), &["/opt/second<&>".to_owned()]).unwrap();
        let request = RpmRequest { install: vec![packages[0].word()], ..RpmRequest::default() };
        let RpmResolution::Done(selection) = resolve(&universe, &Comps::default(), &request).unwrap() else { panic!("files are missing") };
        let chosen: Vec<_> = selection.packages.iter().map(|package| package.nevra.to_string()).collect();
        assert_eq!(chosen, ["first-1:1-2.fc43.noarch", "second-1:1-2.fc43.noarch"]);
        assert_eq!((selection.packages[1].location.as_str(), selection.packages[1].size), ("second.rpm", 7));
    }
}
