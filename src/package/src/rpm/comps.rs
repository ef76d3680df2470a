//! `comps.xml`: groups of packages, and environments, which are groups of groups.

use super::MetadataFault;
use super::xml::{Step, Xml};

/// The groups of some repositories.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comps {
    /// In the file's order.
    pub groups: Vec<CompsGroup>,
    /// In the file's order.
    pub environments: Vec<CompsEnvironment>,
}

/// A group of packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompsGroup {
    /// `core`
    pub id: String,
    /// `Core`
    pub name: String,
    /// What belongs to it.
    pub packages: Vec<CompsPackage>,
}

/// A package of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompsPackage {
    /// Its name.
    pub name: String,
    /// Whether it comes along.
    pub kind: CompsKind,
    /// Whether only the machine's own architecture (and not `noarch`) is meant.
    pub only_native: bool,
}

/// Whether a package comes along with its group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompsKind {
    /// Always.
    Mandatory,
    /// Unless only the mandatory ones are asked for.
    Default,
    /// Only when asked for.
    Optional,
    /// If another package is there.
    Conditional {
        /// The other one.
        requires: String,
    },
}

/// A group of groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompsEnvironment {
    /// `minimal-environment`
    pub id: String,
    /// `Minimal Install`
    pub name: String,
    /// The identities of the groups that always belong to it.
    pub groups: Vec<String>,
    /// Those that can be added.
    pub options: Vec<String>,
}

impl Comps {
    /// Adds those of another repository; what both have is put together.
    pub fn merge(&mut self, other: Self) {
        for group in other.groups {
            match self.groups.iter_mut().find(|known| known.id == group.id) {
                Some(known) => extend_unless(&mut known.packages, group.packages, |one, two| one.name == two.name),
                None => self.groups.push(group),
            }
        }
        for environment in other.environments {
            match self.environments.iter_mut().find(|known| known.id == environment.id) {
                Some(known) => {
                    extend_unless(&mut known.groups, environment.groups, |one, two| one == two);
                    extend_unless(&mut known.options, environment.options, |one, two| one == two);
                }
                None => self.environments.push(environment),
            }
        }
    }

    /// The packages of a group or of an environment's own groups, by identity or name, regardless of case; none if there is no such.
    #[must_use]
    pub fn packages(&self, wanted: &str) -> Option<Vec<&CompsPackage>> {
        let is = |id: &str, name: &str| id == wanted || id.eq_ignore_ascii_case(wanted) || name.eq_ignore_ascii_case(wanted);
        if let Some(environment) = self.environments.iter().find(|environment| is(&environment.id, &environment.name)) {
            let groups = environment.groups.iter().filter_map(|id| self.groups.iter().find(|group| group.id == *id));
            return Some(groups.flat_map(|group| &group.packages).collect());
        }
        self.groups.iter().find(|group| is(&group.id, &group.name)).map(|group| group.packages.iter().collect())
    }
}

fn extend_unless<T>(list: &mut Vec<T>, more: Vec<T>, is_same: impl Fn(&T, &T) -> bool) {
    let known = list.len();
    for item in more {
        if !list.iter().take(known).any(|one| is_same(one, &item)) {
            list.push(item);
        }
    }
}

/// Reads `comps.xml`.
///
/// # Errors
/// When it is malformed, or a group or environment has no identity or is there twice.
pub fn parse_comps(bytes: &[u8]) -> Result<Comps, MetadataFault> {
    let mut xml = Xml::new(bytes, "comps")?;
    let mut comps = Comps::default();
    let mut seen = std::collections::HashSet::new();
    loop {
        let id = match xml.step()? {
            Step::Open if xml.name() == "group" => {
                let group = read_group(&mut xml)?;
                comps.groups.push(group);
                comps.groups.last().map(|group| format!("group {}", group.id))
            }
            Step::Open if xml.name() == "environment" => {
                let environment = read_environment(&mut xml)?;
                comps.environments.push(environment);
                comps.environments.last().map(|environment| format!("environment {}", environment.id))
            }
            Step::Open => {
                xml.skip()?;
                None
            }
            Step::Close => None,
            Step::End => return Ok(comps),
        };
        if let Some(id) = id
            && !seen.insert(id.clone())
        {
            return Err(xml.refuse(&format!("`{id}` is there twice, or has no identity")));
        }
    }
}

fn read_group(xml: &mut Xml<&[u8]>) -> Result<CompsGroup, MetadataFault> {
    let mut group = CompsGroup { id: String::new(), name: String::new(), packages: Vec::new() };
    while xml.child()? {
        match xml.name() {
            "id" => {
                xml.leaf()?.clone_into(&mut group.id);
                xml.set_within(&group.id);
            }
            "name" => read_name(xml, &mut group.name)?,
            "packagelist" => {
                while xml.child()? {
                    if xml.name() == "packagereq" { group.packages.push(read_requirement(xml)?) } else { xml.skip()? }
                }
            }
            _ => xml.skip()?,
        }
    }
    finish(xml, &group.id)?;
    Ok(group)
}

fn read_requirement(xml: &mut Xml<&[u8]>) -> Result<CompsPackage, MetadataFault> {
    let kind = match xml.attribute("type")?.as_deref() {
        None | Some("mandatory") => CompsKind::Mandatory,
        Some("default") => CompsKind::Default,
        Some("optional") => CompsKind::Optional,
        Some("conditional") => CompsKind::Conditional { requires: xml.attribute("requires")?.unwrap_or_default() },
        Some(other) => return Err(xml.refuse(&format!("packages of type `{other}` are not known"))),
    };
    let only_native = xml.attribute("basearchonly")?.is_some_and(|value| value == "true");
    Ok(CompsPackage { name: xml.leaf()?.to_owned(), kind, only_native })
}

fn read_environment(xml: &mut Xml<&[u8]>) -> Result<CompsEnvironment, MetadataFault> {
    let mut environment = CompsEnvironment { id: String::new(), name: String::new(), groups: Vec::new(), options: Vec::new() };
    while xml.child()? {
        match xml.name() {
            "id" => {
                xml.leaf()?.clone_into(&mut environment.id);
                xml.set_within(&environment.id);
            }
            "name" => read_name(xml, &mut environment.name)?,
            "grouplist" => read_identities(xml, &mut environment.groups)?,
            "optionlist" => read_identities(xml, &mut environment.options)?,
            _ => xml.skip()?,
        }
    }
    finish(xml, &environment.id)?;
    Ok(environment)
}

/// The name that is in no language of its own.
fn read_name(xml: &mut Xml<&[u8]>, name: &mut String) -> Result<(), MetadataFault> {
    let is_translated = xml.attribute("xml:lang")?.is_some();
    let text = xml.leaf()?;
    if !is_translated {
        text.clone_into(name);
    }
    Ok(())
}

fn read_identities(xml: &mut Xml<&[u8]>, list: &mut Vec<String>) -> Result<(), MetadataFault> {
    while xml.child()? {
        if xml.name() == "groupid" { list.push(xml.leaf()?.to_owned()) } else { xml.skip()? }
    }
    Ok(())
}

fn finish(xml: &mut Xml<&[u8]>, id: &str) -> Result<(), MetadataFault> {
    if id.is_empty() {
        return Err(xml.refuse("a group has no identity"));
    }
    xml.set_within("");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "<!DOCTYPE comps PUBLIC \"-//Red Hat, Inc.//DTD Comps info//EN\" \"comps.dtd\"><comps><group><id>core</id><name>Core</name>\
        <name xml:lang=\"de\">Kern</name><packagelist><packagereq type=\"mandatory\">bash</packagereq><packagereq type=\"optional\">b</packagereq>\
        <packagereq type=\"conditional\" requires=\"x\" basearchonly=\"true\">c</packagereq></packagelist></group>\
        <environment><id>minimal</id><name>Minimal</name><grouplist><groupid>core</groupid></grouplist><optionlist><groupid>o</groupid></optionlist>\
        </environment><category><id>x</id></category></comps>";

    #[test]
    fn groups_and_environments_are_read() {
        let comps = parse_comps(TEXT.as_bytes()).unwrap();
        let names =
            |wanted: &str| comps.packages(wanted).map(|packages| packages.iter().map(|package| package.name.as_str()).collect::<Vec<_>>());
        assert_eq!(names("core"), Some(vec!["bash", "b", "c"]));
        assert_eq!((names("Minimal"), names("kern")), (names("core"), None));
        let conditional = &comps.groups[0].packages[2];
        assert_eq!((&conditional.kind, conditional.only_native), (&CompsKind::Conditional { requires: "x".to_owned() }, true));
    }

    #[test]
    fn groups_of_several_repositories_are_put_together() {
        let mut comps = parse_comps(TEXT.as_bytes()).unwrap();
        let more = TEXT.replace(">b<", ">d<").replace("<id>minimal</id>", "<id>other</id>");
        comps.merge(parse_comps(more.as_bytes()).unwrap());
        assert_eq!((comps.groups.len(), comps.groups[0].packages.len(), comps.environments.len()), (1, 4, 2));
    }

    #[test]
    fn malformed_ones_are_refused() {
        for bad in [
            "<comps><group/></comps>",
            "<comps><group><id>a</id></group><group><id>a</id></group></comps>",
            "<comps><group><id>a</id><packagelist><packagereq type=\"x\">a</packagereq></packagelist></group></comps>",
            "<comps><environment><id></id></environment></comps>",
        ] {
            assert!(matches!(parse_comps(bad.as_bytes()), Err(MetadataFault::Malformed { .. })), "{bad}");
        }
    }
}
