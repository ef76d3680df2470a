//! What can be reached from the world: the names it asks for, what provides them, what those ask for, and what comes with them by itself.

use super::state::Solver;
use super::universe::{NameId, PackageId, Tags, Universe};
use crate::apk::Dependency;

/// A name under way. Recursion by hand: chains of dependencies are as long as an index wants.
struct Frame {
    name: NameId,
    /// The provider to go on with, once for what it needs and once for what comes with it.
    provider: usize,
    second_time: bool,
    /// What is to be visited before that, the next one last.
    pending: Vec<Visit>,
}

#[derive(Clone, Copy)]
enum Visit {
    Name(NameId),
    /// A provided name: what comes with it only matters when it is new.
    Provided(NameId),
}

impl Frame {
    fn of(name: NameId) -> Self {
        Self { name, provider: 0, second_time: false, pending: Vec::new() }
    }
}

impl Solver<'_> {
    /// Visits all that the world's names lead to, and numbers names when all behind them has its number.
    pub(super) fn discover(&mut self, world: &[(NameId, &Dependency)]) {
        let mut numbered = 0;
        for (name, _) in world {
            let mut stack = Vec::new();
            self.enter(*name, &mut stack);
            while let Some(frame) = stack.last_mut() {
                if let Some(next) = self.next_visit(frame) {
                    self.enter(next, &mut stack);
                } else {
                    numbered += 1;
                    let name = frame.name;
                    self.name_mut(name).order = numbered;
                    stack.pop();
                }
            }
        }
    }

    fn enter(&mut self, id: NameId, stack: &mut Vec<Frame>) {
        let name = self.name_mut(id);
        if !name.seen {
            name.seen = true;
            name.never_triggered = true;
            stack.push(Frame::of(id));
        }
    }

    fn next_visit(&mut self, frame: &mut Frame) -> Option<NameId> {
        loop {
            match frame.pending.pop() {
                Some(Visit::Name(name)) => return Some(name),
                Some(Visit::Provided(name)) if self.name(name).seen => {}
                Some(Visit::Provided(name)) => {
                    frame.pending.extend(companions(self.universe, name).into_iter().rev());
                    return Some(name);
                }
                None => self.next_provider(frame)?,
            }
        }
    }

    /// Fills in what the next provider leads to; none when there is no more.
    fn next_provider(&mut self, frame: &mut Frame) -> Option<()> {
        let Some(provider) = self.providers(frame.name).get(frame.provider) else {
            if frame.second_time {
                return None;
            }
            (frame.provider, frame.second_time) = (0, true);
            return Some(());
        };
        frame.provider += 1;
        let id = provider.package;
        let candidate = self.universe.candidate(id);
        if frame.second_time {
            frame.pending.extend(candidate.provides.iter().rev().map(|name| Visit::Provided(*name)));
            frame.pending.extend(companions(self.universe, candidate.name).into_iter().rev());
            return Some(());
        }
        if !self.package(id).seen {
            self.meet(id);
            frame.pending.extend(candidate.depends.iter().rev().map(|name| Visit::Name(*name)));
        }
        let never_triggered = self.package(id).never_triggered;
        self.name_mut(frame.name).never_triggered &= never_triggered;
        Some(())
    }

    fn meet(&mut self, id: PackageId) {
        let candidate = self.universe.candidate(id);
        let preferred = candidate.package.installed_size == 0 || candidate.repositories.meet(self.universe.allowed(Tags::DEFAULT));
        let never_triggered = candidate.install_if.is_empty();
        let package = self.package_mut(id);
        package.seen = true;
        package.selectable = true;
        package.never_triggered = never_triggered;
        (package.tag_ok, package.tag_preferred) = (preferred, preferred);
        for name in &candidate.depends {
            let dependants = &mut self.name_mut(*name).dependants;
            if dependants.last() != Some(&id) {
                dependants.push(id);
            }
        }
    }
}

/// The names of what may come with a name by itself.
fn companions(universe: &Universe, name: NameId) -> Vec<Visit> {
    let packages = universe.name(name).install_if_of.iter();
    packages.flat_map(|package| universe.candidate(*package).names()).map(Visit::Name).collect()
}
