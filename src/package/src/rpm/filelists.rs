//! `filelists.xml`: every file of every package. Only the ones that something depends on are kept.

use std::collections::HashMap;
use std::io::BufRead;

use super::MetadataFault;
use super::dependency::Relation;
use super::strings::StringId;
use super::universe::{PackageId, RpmRepositoryId, RpmUniverse, is_listed_only};
use super::xml::{Step, Xml};

/// Adds the wanted files of a repository's packages, which are told apart by their checksums.
pub(super) fn read(
    universe: &mut RpmUniverse,
    repository: RpmRepositoryId,
    reader: impl BufRead,
    asked: &[String],
) -> Result<(), MetadataFault> {
    let wanted = wanted(universe, asked)?;
    let known = universe.ids().map(|id| (id, universe.package(id))).filter(|(_, package)| package.repository == repository);
    let packages: HashMap<StringId, PackageId> = known.map(|(id, package)| (package.checksum, id)).collect();
    let mut found = Vec::new();
    let mut xml = Xml::new(reader, "filelists")?;
    loop {
        match xml.step()? {
            Step::Open if xml.name() == "package" => {
                let identity = xml.attribute("pkgid")?.unwrap_or_default().to_ascii_lowercase();
                let package = universe.strings.lookup(&identity).and_then(|sum| packages.get(&sum));
                let Some(package) = package else {
                    xml.skip()?;
                    continue;
                };
                while xml.child()? {
                    if xml.name() != "file" {
                        xml.skip()?;
                        continue;
                    }
                    let file = universe.strings.lookup(xml.leaf()?);
                    found.extend(file.filter(|file| wanted.get(file.index()).is_some_and(|is| *is)).map(|file| (file, *package)));
                }
            }
            Step::Open => xml.skip()?,
            Step::Close => {}
            Step::End => break,
        }
    }
    universe.listed_files.extend(found);
    // They are read again for other paths.
    universe.listed_files.sort_unstable();
    universe.listed_files.dedup();
    Ok(())
}

/// Which texts are paths that something depends on, or that were asked for.
fn wanted(universe: &mut RpmUniverse, asked: &[String]) -> Result<Vec<bool>, MetadataFault> {
    let mut paths = Vec::new();
    for path in asked.iter().filter(|path| path.starts_with('/')) {
        paths.push(universe.strings.intern(path)?);
    }
    let mut wanted = vec![false; universe.strings.len()];
    let names = universe.relations.iter().filter_map(|relation| match relation {
        Relation::Name(name) if is_listed_only(universe.text(name)) => Some(name),
        _ => None,
    });
    for name in names.chain(paths) {
        if let Some(is_wanted) = wanted.get_mut(name.index()) {
            *is_wanted = true;
        }
    }
    Ok(wanted)
}
