//! What is asked for, as packages: the ways dnf understands a word on its command line.

mod spec;

pub(super) use spec::find_excluded;

use super::error::RpmResolveError;
use super::pattern::is_pattern;
use super::providers::Providers;
use super::{PackageId, RpmRequest};
use crate::rpm::comps::{Comps, CompsKind};
use crate::rpm::dependency::{Operator, RichSyntax, Sense, parse_rich};
use crate::rpm::strings::StringId;
use crate::rpm::universe::is_listed_only;

/// One of some packages is to be in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Job {
    /// As it was asked for.
    pub(super) asked: String,
    /// In their order.
    pub(super) packages: Vec<PackageId>,
    /// Only if one of these is in.
    pub(super) condition: Option<Vec<PackageId>>,
}

/// Everything that was asked for.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    pub(super) all: Vec<Job>,
    /// Packages of groups that no repository has.
    pub(super) absent: Vec<String>,
    /// Paths that only the complete lists of files can have.
    pub(super) unknown_files: Vec<String>,
}

/// Finds the packages that requests mean.
#[derive(Debug)]
pub(super) struct Requests<'a> {
    pub(super) providers: &'a Providers<'a>,
    pub(super) excluded: &'a [bool],
    pub(super) comps: &'a Comps,
}

impl Requests<'_> {
    pub(super) fn find(&self, request: &RpmRequest) -> Result<Jobs, RpmResolveError> {
        let mut jobs = Jobs::default();
        for asked in &request.install {
            match asked.strip_prefix('@') {
                Some(group) => self.add_group(group, request, &mut jobs)?,
                None => self.add_word(asked, &mut jobs)?,
            }
        }
        Ok(jobs)
    }

    /// Packages of a name that may be taken, but only the machine's own ones if so wanted.
    fn named(&self, name: &str, is_native: bool) -> Vec<PackageId> {
        let universe = self.providers.universe;
        let named = universe.strings.lookup(name).map_or(&[][..], |name| self.providers.named(name));
        let is_meant = |id: &&PackageId| {
            !self.excluded[id.index()] && (!is_native || universe.text(universe.package(**id).architecture) == universe.architecture)
        };
        named.iter().filter(is_meant).copied().collect()
    }

    fn add_group(&self, group: &str, request: &RpmRequest, jobs: &mut Jobs) -> Result<(), RpmResolveError> {
        let packages = self.comps.packages(group).ok_or_else(|| RpmResolveError::UnknownGroup { asked: group.to_owned() })?;
        for package in packages {
            let asked = format!("{} (of @{group})", package.name);
            let found = self.named(&package.name, package.only_native);
            let condition = match &package.kind {
                CompsKind::Mandatory => None,
                CompsKind::Default if !request.only_mandatory => None,
                CompsKind::Optional if request.with_optional => None,
                CompsKind::Conditional { requires } => Some(self.provide(requires)),
                CompsKind::Default | CompsKind::Optional => continue,
            };
            if found.is_empty() {
                jobs.absent.push(asked);
            } else if condition.is_some() {
                jobs.all.push(Job { asked, packages: self.provide(&package.name), condition });
            } else {
                jobs.all.push(Job { asked, packages: self.with_obsoleting(found), condition });
            }
        }
        Ok(())
    }

    fn add_word(&self, asked: &str, jobs: &mut Jobs) -> Result<(), RpmResolveError> {
        let (found, is_name_only) = self.find_word(asked);
        let mut taken: Vec<_> = found.iter().copied().filter(|id| !self.excluded[id.index()]).collect();
        if taken.is_empty() {
            // Not known yet: whoever has the file can be asked for when all files are known.
            if asked.starts_with('/') && is_listed_only(asked) && self.providers.universe.is_unknown_path(asked) {
                jobs.unknown_files.push(asked.to_owned());
                return Ok(());
            }
            let asked = asked.to_owned();
            return Err(if found.is_empty() { RpmResolveError::NotFound { asked } } else { RpmResolveError::Excluded { asked } });
        }
        if !is_pattern(asked) || asked.starts_with('/') {
            if is_name_only {
                taken = self.with_obsoleting(taken);
            }
            jobs.all.push(Job { asked: asked.to_owned(), packages: taken, condition: None });
            return Ok(());
        }
        // Of each name that a pattern means there is to be one.
        let mut by_name: Vec<(StringId, Vec<PackageId>)> = Vec::new();
        let mut places = std::collections::HashMap::new();
        for id in taken {
            let name = self.providers.universe.package(id).name;
            let place = *places.entry(name).or_insert(by_name.len());
            match by_name.get_mut(place) {
                Some((_, packages)) => packages.push(id),
                None => by_name.push((name, vec![id])),
            }
        }
        for (_, packages) in by_name {
            let packages = if is_name_only { self.with_obsoleting(packages) } else { packages };
            jobs.all.push(Job { asked: asked.to_owned(), packages, condition: None });
        }
        Ok(())
    }

    /// What a word means, in dnf's order: a name in one of its forms, else what provides it, else what has it as a file.
    /// And whether it is a name without anything else.
    fn find_word(&self, asked: &str) -> (Vec<PackageId>, bool) {
        for (form, is_name_only) in spec::forms(asked) {
            let found: Vec<_> = form.find(self.providers);
            if !found.is_empty() {
                return (found, is_name_only);
            }
        }
        let titled = spec::titled(self.providers.universe, asked);
        if !titled.is_empty() {
            return (titled, false);
        }
        let provided = self.provide(asked);
        if !provided.is_empty() {
            return (provided, false);
        }
        (if asked.starts_with('/') || asked.starts_with("*/") { self.with_file(asked) } else { Vec::new() }, false)
    }

    /// The packages, and those that obsolete one of them.
    fn with_obsoleting(&self, packages: Vec<PackageId>) -> Vec<PackageId> {
        let universe = self.providers.universe;
        let obsoletes = |id: &PackageId| {
            let mut relations = universe.list(universe.package(*id).obsoletes).iter();
            relations.any(|relation| packages.iter().any(|package| self.providers.is_itself(*package, *relation)))
        };
        let mut found: Vec<_> = universe.ids().filter(|id| !self.excluded[id.index()]).filter(obsoletes).collect();
        found.extend(packages);
        found.sort_unstable();
        found.dedup();
        found
    }

    /// What provides `NAME`, `NAME >= VERSION`, a pattern of names, or what is in parentheses.
    fn provide(&self, asked: &str) -> Vec<PackageId> {
        let mut found = if asked.starts_with('(') {
            parse_rich(asked).map(|syntax| self.provide_rich(&syntax)).unwrap_or_default()
        } else if is_pattern(asked) {
            self.provide_pattern(asked)
        } else {
            let mut words = asked.split_whitespace();
            match (words.next(), words.next().and_then(Sense::from_signs), words.next(), words.next()) {
                (Some(name), Some(sense), Some(version), None) => self.provide_range(name, Some((sense, version))),
                _ => self.provide_range(asked, None),
            }
        };
        found.sort_unstable();
        found.dedup();
        found
    }

    fn provide_range(&self, name: &str, range: Option<(Sense, &str)>) -> Vec<PackageId> {
        let Some(name) = self.providers.universe.strings.lookup(name) else { return Vec::new() };
        let fits = |how| range.is_none_or(|(sense, version)| self.providers.fits(how, sense, version));
        // Files are looked for afterwards.
        let entries = self.providers.entries(name).iter().filter(|(_, how)| how.is_some_and(|how| fits(Some(how))));
        entries.map(|(id, _)| *id).collect()
    }

    fn provide_rich(&self, syntax: &RichSyntax) -> Vec<PackageId> {
        match syntax {
            RichSyntax::Plain { name, range } => {
                self.provide_range(name, range.as_ref().map(|(sense, version)| (*sense, version.as_str())))
            }
            RichSyntax::Joined { operator, left, right } => {
                let mut left = self.provide_rich(left);
                match operator {
                    Operator::And | Operator::Or => left.extend(self.provide_rich(right)),
                    Operator::With | Operator::Without => {
                        let right = self.provide_rich(right);
                        left.retain(|id| right.contains(id) == (*operator == Operator::With));
                    }
                    Operator::If | Operator::Unless | Operator::Else => {}
                }
                left
            }
        }
    }

    fn provide_pattern(&self, pattern: &str) -> Vec<PackageId> {
        let universe = self.providers.universe;
        let matching = universe.string_ids().filter(|id| super::pattern::matches(pattern, universe.text(*id)));
        let entries = matching.flat_map(|name| self.providers.entries(name));
        entries.filter(|(_, how)| how.is_some()).map(|(id, _)| *id).collect()
    }

    fn with_file(&self, path: &str) -> Vec<PackageId> {
        let universe = self.providers.universe;
        let is_meant = |file: &StringId| {
            let text = universe.text(*file);
            if is_pattern(path) { super::pattern::matches(path, text) } else { text == path }
        };
        let mut found: Vec<_> = universe.ids().filter(|id| universe.package(*id).files.of(&universe.files).iter().any(is_meant)).collect();
        found.extend(universe.listed_files.iter().filter(|(file, _)| is_meant(file)).map(|(_, id)| *id));
        found.sort_unstable();
        found.dedup();
        found
    }
}
