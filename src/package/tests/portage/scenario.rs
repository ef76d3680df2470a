//! A binary host and what is asked of it.

use std::fmt::Write;

use libtest_mimic::Failed;
use rootfs_package::portage::resolve::{Host, Policy, Resolution, ResolveError, Wish, resolve};
use rootfs_package::portage::{AtomCandidate, BinaryPackage, Blocker, DependencyList, Eapi, Need, PackageIndex};
use serde_json::Value;

/// What there is, and what is wished.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    /// As the judge reads it: `packages`, `wishes`.
    pub(crate) question: Value,
}

impl Scenario {
    /// The wishes; none if one of them is nothing that our program would take.
    pub(crate) fn wishes(&self) -> Option<Vec<Wish>> {
        let wishes = self.question.get("wishes").and_then(Value::as_array)?;
        wishes.iter().map(|wish| Wish::parse(wish.as_str().unwrap_or_default()).ok()).collect()
    }

    fn index(&self) -> Result<PackageIndex, Failed> {
        let mut text = "VERSION: 0\nREPO: test_repo\n\n".to_owned();
        for package in self.question.get("packages").and_then(Value::as_array).into_iter().flatten() {
            writeln!(text, "CPV: {}", package[0].as_str().unwrap_or_default())?;
            for (name, value) in package[1].as_object().into_iter().flatten() {
                writeln!(text, "{name}: {}", value.as_str().unwrap_or_default())?;
            }
            text.push('\n');
        }
        Ok(PackageIndex::parse(text)?)
    }

    /// What we would install.
    pub(crate) fn resolve(&self, wishes: &[Wish]) -> Result<Result<Resolution, ResolveError>, Failed> {
        // emerge's options are its usual ones, which don't look at libraries.
        let policy = Policy { keywords: vec!["x86".to_owned()], sonames: false, ..Policy::default() };
        let index = self.index()?;
        Ok(resolve(&[Host { index: &index, priority: 0 }], wishes, &policy))
    }
}

/// As portage shows it.
pub(crate) fn shown(resolution: &Resolution) -> Vec<String> {
    let selected = resolution.packages.iter().map(|selected| &selected.package);
    let title = selected.map(|package| {
        let build = package.build_id.map(|id| format!("-{id}")).unwrap_or_default();
        format!("{}/{}-{}{build}", package.category, package.name, package.version)
    });
    title.collect()
}

/// What is wrong with a choice: what a package needs and is not there, blocks, and two packages in one place.
pub(crate) fn faults(resolution: &Resolution) -> Vec<String> {
    let packages: Vec<&BinaryPackage> = resolution.packages.iter().map(|selected| &selected.package).collect();
    let mut faults = Vec::new();
    for (place, package) in packages.iter().enumerate() {
        let title = format!("{}/{}-{}", package.category, package.name, package.version);
        let is_alike = |other: &&&BinaryPackage| (&other.category, &other.name) == (&package.category, &package.name);
        let has_place = |other: &&BinaryPackage| other.slot == package.slot || other.version == package.version;
        if packages.iter().skip(place + 1).filter(is_alike).any(has_place) {
            faults.push(format!("{title} is in the place of another"));
        }
        let Some(eapi) = Eapi::parse(&package.eapi) else { continue };
        for text in [&package.rdepend, &package.pdepend, &package.idepend] {
            let needs = DependencyList::parse(text, eapi).map(|list| list.evaluated(eapi, &|flag| package.is_on(flag)));
            let missing = needs.unwrap_or_default().into_iter().filter(|need| !holds(need, package, &packages));
            faults.extend(missing.map(|need| format!("{title} needs {need}")));
        }
    }
    faults
}

fn holds(need: &Need, own: &BinaryPackage, packages: &[&BinaryPackage]) -> bool {
    match need {
        Need::Nothing => false,
        Need::AnyOf(choices) => choices.iter().any(|choice| choice.iter().all(|need| holds(need, own, packages))),
        Need::Atom(atom) => match atom.blocker {
            None => packages.iter().any(|package| atom.matches(*package)),
            Some(blocker) => {
                let is_replaced = |package: &BinaryPackage| {
                    blocker == Blocker::Weak && (&package.category, &package.name, &package.slot) == (&own.category, &own.name, &own.slot)
                };
                !packages.iter().any(|package| atom.matches(*package) && !is_replaced(package))
            }
        },
    }
}
