//! The single changes of a mark, and which of them are allowed.

use super::super::universe::NameId;
use super::marks::{MOST_DEPTH, Marks, Mode};

impl Marks<'_> {
    /// Whether the mark may change to this.
    pub(super) fn may_become(&self, name: NameId, mode: Mode, requested: bool, depth: usize) -> bool {
        if depth > MOST_DEPTH || self.universe.versions(name).is_empty() {
            return false;
        }
        if requested || self.mark(name).mode == mode {
            return true;
        }
        let needed = self.universe.is_essential(name) || self.universe.is_important(name);
        !self.mark(name).protected && (mode != Mode::Delete || !needed)
    }

    /// Whether nobody asked for it.
    pub(super) fn may_delete(&self, name: NameId) -> bool {
        let mark = self.mark(name);
        mark.current.is_some() || mark.install.is_none() || mark.automatic
    }

    pub(super) fn set_install(&mut self, name: NameId, requested: bool) {
        let mark = self.mark_mut(name);
        if mark.protected && mark.install == mark.candidate {
            return;
        }
        mark.install = mark.candidate;
        mark.mode = if mark.candidate == mark.current { Mode::Keep } else { Mode::Install };
        if mark.current.is_none() {
            mark.automatic = !requested;
        }
    }

    pub(super) fn mark_keep(&mut self, name: NameId, requested: bool, depth: usize) -> bool {
        if !self.may_become(name, Mode::Keep, requested, depth) {
            return false;
        }
        let mark = self.mark_mut(name);
        if mark.mode != Mode::Keep {
            mark.mode = Mode::Keep;
            mark.install = mark.current;
        }
        true
    }

    pub(super) fn mark_delete(&mut self, name: NameId, depth: usize) -> bool {
        if !self.may_become(name, Mode::Delete, false, depth) {
            return false;
        }
        let mark = *self.mark(name);
        if mark.mode == Mode::Delete || mark.install.is_none() {
            return true;
        }
        if !self.may_delete(name) {
            return false;
        }
        let mark = self.mark_mut(name);
        mark.mode = if mark.current.is_some() { Mode::Delete } else { Mode::Keep };
        mark.install = None;
        true
    }

    /// From now on nothing but what is marked can be had of it.
    pub(super) fn discard_candidate(&mut self, name: NameId) {
        let mark = self.mark_mut(name);
        mark.candidate = mark.install;
    }

    /// Undoes a mark that turned out not to work, and rules the version out.
    pub(super) fn take_back(&mut self, name: NameId) {
        let mark = self.mark_mut(name);
        mark.mode = Mode::Keep;
        mark.install = mark.current;
        self.discard_candidate(name);
    }
}
