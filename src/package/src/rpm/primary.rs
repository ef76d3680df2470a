//! `primary.xml`: what a repository's packages are called, need and provide.
//!
//! The format is createrepo_c's; there is no other description of it than what the programs write and libsolv reads (ext/repo_rpmmd.c).

mod entry;

use std::io::BufRead;

use self::entry::Lists;
use super::architecture::Score;
use super::checksum::RpmChecksum;
use super::strings::StringId;
use super::universe::{Package, Part, RpmRepositoryId, RpmUniverse};
use super::xml::{Step, Xml};
use super::{MetadataFault, dependency::Relation, dependency::Sense};

/// Adds all packages that run on the universe's machine.
pub(super) fn read(universe: &mut RpmUniverse, repository: RpmRepositoryId, reader: impl BufRead) -> Result<(), MetadataFault> {
    let mut xml = Xml::new(reader, "metadata")?;
    let mut lists = Lists::default();
    loop {
        match xml.step()? {
            Step::Open if xml.name() == "package" => {
                let draft = read_package(&mut xml, universe, &mut lists)?;
                add(&xml, universe, repository, draft, &mut lists)?;
                xml.set_within("");
            }
            Step::Open => xml.skip()?,
            Step::Close => {}
            Step::End => return Ok(()),
        }
    }
}

/// What was read of a package so far.
#[derive(Debug, Default)]
struct Draft {
    name: Option<StringId>,
    architecture: Option<StringId>,
    evr: Option<StringId>,
    checksum: Option<(StringId, StringId)>,
    location: Option<(StringId, StringId)>,
    size: Option<(u64, u64)>,
    source: Option<StringId>,
}

/// Keeps a value that may be there once.
fn once<T, R: BufRead>(xml: &Xml<R>, place: &mut Option<T>, value: T, element: &str) -> Result<(), MetadataFault> {
    if place.replace(value).is_some() { Err(xml.refuse(&format!("`{element}` is there twice"))) } else { Ok(()) }
}

fn read_package<R: BufRead>(xml: &mut Xml<R>, universe: &mut RpmUniverse, lists: &mut Lists) -> Result<Draft, MetadataFault> {
    let mut draft = Draft::default();
    lists.clear();
    while xml.child()? {
        match xml.name() {
            "name" => {
                let name = xml.leaf()?.to_owned();
                xml.set_within(&name);
                once(xml, &mut draft.name, universe.strings.intern(&name)?, "name")?;
            }
            "arch" => {
                let architecture = universe.strings.intern(xml.leaf()?)?;
                once(xml, &mut draft.architecture, architecture, "arch")?;
            }
            "version" => {
                let evr = lists.read_evr(xml)?;
                let evr = universe.strings.intern(evr)?;
                once(xml, &mut draft.evr, evr, "version")?;
                xml.skip()?;
            }
            "checksum" => {
                let kind = xml.attribute("type")?.unwrap_or_default();
                let sum = RpmChecksum::parse(&kind, xml.leaf()?).map_err(|error| xml.refuse(&error.to_string()))?;
                let sum = (universe.strings.intern(sum.kind())?, universe.strings.intern(sum.hex())?);
                once(xml, &mut draft.checksum, sum, "checksum")?;
            }
            "size" => {
                let number = |name| -> Result<u64, MetadataFault> {
                    let text = xml.attribute(name)?;
                    text.as_deref().unwrap_or("0").parse().map_err(|_none| xml.refuse(&format!("its size `{name}` is no number")))
                };
                let size = (number("package")?, number("installed")?);
                once(xml, &mut draft.size, size, "size")?;
                xml.skip()?;
            }
            "location" => {
                let location = xml.attribute("href")?.unwrap_or_default();
                check_location(&location).map_err(|reason| xml.refuse(reason))?;
                let base = xml.attribute("xml:base")?.unwrap_or_default();
                let location = (universe.strings.intern(&location)?, universe.strings.intern(&base)?);
                once(xml, &mut draft.location, location, "location")?;
                xml.skip()?;
            }
            "format" => read_format(xml, universe, lists, &mut draft)?,
            _ => xml.skip()?,
        }
    }
    Ok(draft)
}

fn read_format<R: BufRead>(
    xml: &mut Xml<R>,
    universe: &mut RpmUniverse,
    lists: &mut Lists,
    draft: &mut Draft,
) -> Result<(), MetadataFault> {
    while xml.child()? {
        match xml.name() {
            "file" => {
                let file = universe.strings.intern(xml.leaf()?)?;
                lists.files.push(file);
            }
            "rpm:sourcerpm" => {
                let source = universe.strings.intern(xml.leaf()?)?;
                once(xml, &mut draft.source, source, "rpm:sourcerpm")?;
            }
            _ => lists.read(xml, universe)?,
        }
    }
    Ok(())
}

fn add<R: BufRead>(
    xml: &Xml<R>,
    universe: &mut RpmUniverse,
    repository: RpmRepositoryId,
    draft: Draft,
    lists: &mut Lists,
) -> Result<(), MetadataFault> {
    let lacks = |element| xml.refuse(&format!("a package has no `{element}`"));
    let name = draft.name.ok_or_else(|| lacks("name"))?;
    let architecture = draft.architecture.ok_or_else(|| lacks("arch"))?;
    let evr = draft.evr.ok_or_else(|| lacks("version"))?;
    let (checksum_kind, checksum) = draft.checksum.ok_or_else(|| lacks("checksum"))?;
    let (location, base) = draft.location.ok_or_else(|| lacks("location"))?;
    for (element, text) in [("name", name), ("arch", architecture), ("version", evr)] {
        let text = universe.text(text);
        if text.is_empty() || text.contains(|sign: char| sign == '/' || sign.is_whitespace() || sign.is_control()) {
            return Err(xml.refuse(&format!("`{}` is not possible as its {element}", text.escape_debug())));
        }
    }
    let score = universe.architectures.score(universe.text(architecture));
    if score == Score::Never {
        return Ok(());
    }
    let itself = universe.relations.intern(Relation::Versioned { name, sense: Sense::EQUAL, version: evr })?;
    lists.provides.push(itself);
    let files = universe.files.len();
    universe.files.append(&mut lists.files);
    let (size, installed_size) = draft.size.unwrap_or_default();
    let package = Package {
        repository,
        name,
        architecture,
        evr,
        location,
        base,
        checksum_kind,
        checksum,
        source: draft.source.unwrap_or(StringId::EMPTY),
        size,
        installed_size,
        score,
        fault: universe.strings.intern(&lists.fault)?,
        provides: lists.keep(universe, |lists| &mut lists.provides)?,
        requires: lists.keep(universe, |lists| &mut lists.requires)?,
        requires_before: lists.keep(universe, |lists| &mut lists.requires_before)?,
        conflicts: lists.keep(universe, |lists| &mut lists.conflicts)?,
        obsoletes: lists.keep(universe, |lists| &mut lists.obsoletes)?,
        recommends: lists.keep(universe, |lists| &mut lists.recommends)?,
        suggests: lists.keep(universe, |lists| &mut lists.suggests)?,
        supplements: lists.keep(universe, |lists| &mut lists.supplements)?,
        enhances: lists.keep(universe, |lists| &mut lists.enhances)?,
        files: Part::new(files, universe.files.len())?,
    };
    universe.packages.push(package);
    Ok(())
}

/// Whether a place is below the repository's own.
pub(super) fn check_location(location: &str) -> Result<(), &'static str> {
    if location.is_empty() {
        return Err("a location is empty");
    }
    let is_outside = location.starts_with('/') || location.split('/').any(|part| part == "..") || location.contains(":/");
    if is_outside || location.contains('\\') || location.chars().any(char::is_control) {
        return Err("a location is not one below the repository");
    }
    Ok(())
}
