//! Which packages apk would install for a world, from nothing, and in which order.
//!
//! The rules are those of apk-tools 2.14's solver: what follows from the world without choosing is drawn down first (dependencies that all options of a name
//! share, options that nothing allows any more); then one name is decided at a time, the clear ones first, else the one that was reached last, so that
//! what many may provide is decided when most is known; `install_if` is watched all the while. There is no way back: what turns out not to work is an error,
//! and is told as apk tells it.

mod choose;
mod discover;
mod error;
mod explain;
mod order;
mod propagate;
mod state;
#[cfg(test)]
mod tests;
mod universe;

pub use error::{Problem, ResolveError};
pub use universe::{RepositoryId, Universe};

use super::{Dependency, IndexPackage, compare_names};
use explain::explain;
use state::Solver;

/// What is to be installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection<'a> {
    /// In apk's order of installation.
    pub packages: Vec<Selected<'a>>,
}

/// A package that is to be installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected<'a> {
    /// The package.
    pub package: &'a IndexPackage,
    /// The first repository that has it.
    pub repository: Option<RepositoryId>,
    /// The pinning that allows it, without the `@`; none where untagged repositories have it.
    pub tag: Option<String>,
}

/// Finds what apk would install for these names where nothing is installed yet.
///
/// # Errors
/// When a name is nobody's, packages can't be together, or a tag is no repository's.
pub fn resolve<'a>(universe: &'a Universe, world: &[Dependency]) -> Result<Selection<'a>, ResolveError> {
    let mut sorted: Vec<_> = world.iter().collect();
    sorted.sort_by(|left, right| compare_names(&left.name, &right.name));
    let mut problems = Vec::new();
    let mut world = Vec::new();
    for dependency in sorted {
        match universe.find(&dependency.name) {
            Some(name) => world.push((name, dependency)),
            // What nobody knows is not there.
            None if dependency.conflict => {}
            None => problems.push(Problem::unknown(universe, dependency)),
        }
    }
    let mut solver = Solver::new(universe);
    solver.discover(&world);
    for (name, dependency) in &world {
        let unknown = || ResolveError::UnknownTag { dependency: dependency.to_string() };
        let pinning = universe.find_tag(dependency.tag.as_deref()).ok_or_else(unknown)?;
        solver.name_mut(*name).asked = true;
        solver.require(None, pinning, *name, dependency);
    }
    solver.run();
    let order = solver.order(&world);
    if solver.errors > 0 {
        problems.extend(explain(universe, &world, &order));
    }
    if solver.errors > 0 || !problems.is_empty() {
        return Err(ResolveError::Unsatisfiable { problems });
    }
    let select = |package| universe.select(package, solver.package(package).allowed);
    Ok(Selection { packages: order.into_iter().map(select).collect() })
}
