//! All packages that there are to choose from.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::facts::{Facts, Mask};
use super::request::{Host, Policy};
use crate::portage::{Atom, AtomCandidate, Field, IndexPackage, Version};

/// Which package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PackageId(pub(super) u32);

/// A place into which one package fits: a name and a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SlotId(pub(super) u32);

impl PackageId {
    pub(super) fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl SlotId {
    pub(super) fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// A package, with what is needed of it again and again.
#[derive(Debug)]
pub(super) struct Candidate<'a> {
    pub(super) host: usize,
    pub(super) entry: IndexPackage<'a>,
    pub(super) version: Version<&'a str>,
    pub(super) slot: &'a str,
    pub(super) sub_slot: &'a str,
    pub(super) slot_id: SlotId,
    /// Whether flags that its USE has and its IUSE hasn't are its own too (EAPI 5 and later).
    has_effective_iuse: bool,
    implicit: Rc<Vec<String>>,
}

impl AtomCandidate for Candidate<'_> {
    fn category(&self) -> &str {
        self.entry.category()
    }

    fn name(&self) -> &str {
        self.entry.name()
    }

    fn version(&self) -> Version<&str> {
        self.version
    }

    fn build_id(&self) -> Option<u64> {
        self.entry.build_id()
    }

    fn slot(&self) -> (&str, &str) {
        (self.slot, self.sub_slot)
    }

    fn repository(&self) -> &str {
        self.entry.field(Field::Repository)
    }

    fn has_flag(&self, flag: &str) -> bool {
        self.entry.iuse().any(|(name, _)| name == flag)
            || self.implicit.iter().any(|name| name == flag)
            || (self.has_effective_iuse && self.entry.has_use(flag))
    }

    fn is_on(&self, flag: &str) -> bool {
        self.entry.has_use(flag) && self.has_flag(flag)
    }
}

/// What has a library, by its category and its name.
type Providers<'a> = HashMap<&'a str, HashMap<&'a str, Vec<PackageId>>>;

/// The packages of all hosts.
#[derive(Debug)]
pub(super) struct Pool<'a> {
    pub(super) policy: &'a Policy,
    candidates: Vec<Candidate<'a>>,
    /// By `CATEGORY/NAME`, the least first.
    by_name: HashMap<&'a str, Vec<PackageId>>,
    slot_count: usize,
    facts: Vec<OnceCell<Facts>>,
    providers: OnceCell<Providers<'a>>,
}

impl<'a> Pool<'a> {
    pub(super) fn new(hosts: &[Host<'a>], policy: &'a Policy) -> Self {
        let mut candidates = Vec::with_capacity(hosts.iter().map(|host| host.index.len()).sum());
        let mut slots: HashMap<(&str, &str), SlotId> = HashMap::new();
        let mut by_name: HashMap<&str, Vec<PackageId>> = HashMap::new();
        for (place, host) in hosts.iter().enumerate() {
            let implicit = Rc::new(implicit_flags(|name| host.index.header(name).unwrap_or_default()));
            for entry in host.index.packages() {
                let (slot, sub_slot) = entry.slot().unwrap_or(("0", "0"));
                let name = entry.category_and_name();
                let next = SlotId(u32::try_from(slots.len()).unwrap_or(u32::MAX));
                let id = PackageId(u32::try_from(candidates.len()).unwrap_or(u32::MAX));
                candidates.push(Candidate {
                    host: place,
                    entry,
                    version: entry.version(),
                    slot,
                    sub_slot,
                    slot_id: *slots.entry((name, slot)).or_insert(next),
                    has_effective_iuse: !matches!(entry.eapi(), "0" | "1" | "2" | "3" | "4"),
                    implicit: Rc::clone(&implicit),
                });
                by_name.entry(name).or_default().push(id);
            }
        }
        let facts = candidates.iter().map(|_| OnceCell::new()).collect();
        let mut pool = Self { policy, candidates, by_name, slot_count: slots.len(), facts, providers: OnceCell::new() };
        pool.sort(hosts);
        pool
    }

    /// As portage orders them, by version and the time they were built, and then by host, build id and place.
    fn sort(&mut self, hosts: &[Host<'a>]) {
        let candidates = &self.candidates;
        let rank = |id: &PackageId| {
            let candidate = &candidates[id.index()];
            let priority = hosts.get(candidate.host).map_or(0, |host| host.priority);
            (candidate.entry.build_time(), priority, candidate.entry.build_id(), *id)
        };
        for ids in self.by_name.values_mut() {
            ids.sort_by(|left, right| {
                let (first, second) = (&candidates[left.index()].version, &candidates[right.index()].version);
                first.compare(second).then_with(|| rank(left).cmp(&rank(right)))
            });
        }
    }

    /// Identities are made here only, and no package is taken away.
    pub(super) fn get(&self, id: PackageId) -> &Candidate<'a> {
        &self.candidates[id.index()]
    }

    pub(super) fn len(&self) -> usize {
        self.candidates.len()
    }

    pub(super) fn slot_count(&self) -> usize {
        self.slot_count
    }

    /// `CATEGORY/NAME` of all packages, in no order.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.by_name.keys().copied()
    }

    /// What has a name, the least first.
    pub(super) fn named(&self, name: &str) -> &[PackageId] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// What an atom means, the greatest first, whether it may be taken or not. Flags are looked at if `with_flags`.
    pub(super) fn matching<'s>(&'s self, atom: &'s Atom, with_flags: bool) -> impl Iterator<Item = PackageId> + 's {
        let ids = self.named(&atom.category_and_name()).iter().rev().copied();
        ids.filter(move |id| self.is_match(atom, *id, with_flags))
    }

    pub(super) fn is_match(&self, atom: &Atom, id: PackageId, with_flags: bool) -> bool {
        let candidate = self.get(id);
        if with_flags { atom.matches(candidate) } else { atom.matches_without_flags(candidate) }
    }

    /// Whether one is a lesser version than the other, or was built before it; by name, where these are not the same.
    pub(super) fn is_less(&self, left: PackageId, right: PackageId) -> bool {
        let (left, right) = (self.get(left), self.get(right));
        let by_name = left.entry.category_and_name().cmp(right.entry.category_and_name());
        let by_version = by_name.then_with(|| left.version.compare(&right.version));
        by_version.then_with(|| left.entry.build_time().cmp(&right.entry.build_time())).is_lt()
    }

    pub(super) fn facts(&self, id: PackageId) -> &Facts {
        match self.facts.get(id.index()) {
            Some(cell) => cell.get_or_init(|| Facts::of(self.get(id), self.policy)),
            None => Facts::none(),
        }
    }

    /// Why a package may not be taken.
    pub(super) fn mask(&self, id: PackageId) -> Option<&Mask> {
        self.facts(id).mask.as_ref()
    }

    pub(super) fn slot_of(&self, id: PackageId) -> SlotId {
        self.get(id).slot_id
    }

    /// What has a library, by category and name; sorted by name, and the greatest last.
    pub(super) fn providers(&self, (category, name): (&str, &str)) -> &[PackageId] {
        let providers = self.providers.get_or_init(|| {
            let mut providers: Providers<'_> = HashMap::new();
            let mut names: Vec<_> = self.by_name.iter().collect();
            names.sort_unstable();
            for id in names.into_iter().flat_map(|(_, ids)| ids) {
                for (category, name) in super::soname::read(self.get(*id).entry.field(Field::Provides)) {
                    providers.entry(category).or_default().entry(name).or_default().push(*id);
                }
            }
            providers
        });
        providers.get(category).and_then(|names| names.get(name)).map_or(&[], Vec::as_slice)
    }

    /// `CATEGORY/NAME-VERSION[-BUILD]`
    pub(super) fn title(&self, id: PackageId) -> String {
        let entry = self.get(id).entry;
        entry.build_id().map_or_else(|| entry.cpv().to_owned(), |build| format!("{}-{build}", entry.cpv()))
    }
}

/// Flags that every package of a host has by its profile, as the header tells them.
fn implicit_flags<'h>(header: impl Fn(&str) -> &'h str) -> Vec<String> {
    let words = |name: &str| header(name).split_ascii_whitespace();
    let mut flags: Vec<String> = words("IUSE_IMPLICIT").map(str::to_owned).collect();
    for variable in words("USE_EXPAND_IMPLICIT") {
        let values = || words(&format!("USE_EXPAND_VALUES_{variable}")).map(str::to_owned).collect::<Vec<_>>();
        if words("USE_EXPAND_UNPREFIXED").any(|unprefixed| unprefixed == variable) {
            flags.extend(values());
        } else if words("USE_EXPAND").any(|expanded| expanded == variable) {
            flags.extend(values().into_iter().map(|value| format!("{}_{value}", variable.to_lowercase())));
        }
    }
    flags
}
