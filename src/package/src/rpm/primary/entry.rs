use std::io::BufRead;

use crate::rpm::MetadataFault;
use crate::rpm::dependency::{Relation, RelationId, Sense, parse_rich};
use crate::rpm::strings::StringId;
use crate::rpm::universe::{Part, RpmUniverse};
use crate::rpm::xml::Xml;

/// A package's lists while it is read, and room that is used again for each.
#[derive(Debug, Default)]
pub(super) struct Lists {
    pub(super) provides: Vec<RelationId>,
    pub(super) requires: Vec<RelationId>,
    pub(super) requires_before: Vec<RelationId>,
    pub(super) conflicts: Vec<RelationId>,
    pub(super) obsoletes: Vec<RelationId>,
    pub(super) recommends: Vec<RelationId>,
    pub(super) suggests: Vec<RelationId>,
    pub(super) supplements: Vec<RelationId>,
    pub(super) enhances: Vec<RelationId>,
    pub(super) files: Vec<StringId>,
    /// Why the package can't be installed, if something in it can't be understood.
    pub(super) fault: String,
    entry: Entry,
    evr: String,
    /// In which list each relation was seen last, for leaving out what is there twice.
    seen: Vec<u32>,
    round: u32,
}

/// The attributes of an `rpm:entry`, or of a `version`.
#[derive(Debug, Default)]
struct Entry {
    name: Slot,
    flags: Slot,
    epoch: Slot,
    version: Slot,
    release: Slot,
    before: Slot,
}

/// An attribute's value, and whether it is there at all.
#[derive(Debug, Default)]
struct Slot {
    text: String,
    is_set: bool,
}

impl Slot {
    fn clear(&mut self) {
        self.text.clear();
        self.is_set = false;
    }

    fn given(&self) -> Option<&str> {
        self.is_set.then_some(self.text.as_str())
    }
}

impl Entry {
    /// Takes the attributes of the element that began last.
    fn read<R: BufRead>(&mut self, xml: &Xml<R>) -> Result<(), MetadataFault> {
        let slots = [&mut self.name, &mut self.flags, &mut self.epoch, &mut self.version, &mut self.release, &mut self.before];
        slots.into_iter().for_each(Slot::clear);
        let unique = xml.attributes(|key, value| {
            let slot = match key {
                "name" => &mut self.name,
                "flags" => &mut self.flags,
                "epoch" => &mut self.epoch,
                "ver" => &mut self.version,
                "rel" => &mut self.release,
                "pre" => &mut self.before,
                _ => return Ok(()),
            };
            if slot.is_set {
                return Err("an attribute is there twice");
            }
            slot.text.push_str(value);
            slot.is_set = true;
            Ok(())
        })?;
        unique.map_err(|reason| xml.refuse(reason))
    }

    /// `[EPOCH:]VERSION[-RELEASE]`, without an epoch of 0.
    fn write_evr(&self, evr: &mut String) {
        evr.clear();
        if let Some(epoch) = self.epoch.given().filter(|epoch| !epoch.is_empty() && *epoch != "0") {
            evr.push_str(epoch);
            evr.push(':');
        }
        evr.push_str(&self.version.text);
        if let Some(release) = self.release.given().filter(|release| !release.is_empty()) {
            evr.push('-');
            evr.push_str(release);
        }
    }
}

impl Lists {
    pub(super) fn clear(&mut self) {
        self.fault.clear();
        self.files.clear();
        let Self { provides, requires, requires_before, conflicts, obsoletes, recommends, suggests, supplements, enhances, .. } = self;
        for list in [provides, requires, requires_before, conflicts, obsoletes, recommends, suggests, supplements, enhances] {
            list.clear();
        }
    }

    /// The version that the element that began last says.
    pub(super) fn read_evr<R: BufRead>(&mut self, xml: &Xml<R>) -> Result<&str, MetadataFault> {
        self.entry.read(xml)?;
        if self.entry.version.text.is_empty() {
            return Err(xml.refuse("its version is empty"));
        }
        self.entry.write_evr(&mut self.evr);
        Ok(&self.evr)
    }

    /// Reads the list that began last, or leaves out what is none.
    pub(super) fn read<R: BufRead>(&mut self, xml: &mut Xml<R>, universe: &mut RpmUniverse) -> Result<(), MetadataFault> {
        let (place, needs): (fn(&mut Self) -> &mut Vec<RelationId>, bool) = match xml.name() {
            "rpm:provides" => (|lists| &mut lists.provides, false),
            "rpm:requires" => (|lists| &mut lists.requires, true),
            "rpm:conflicts" => (|lists| &mut lists.conflicts, true),
            "rpm:obsoletes" => (|lists| &mut lists.obsoletes, false),
            "rpm:recommends" => (|lists| &mut lists.recommends, false),
            "rpm:suggests" => (|lists| &mut lists.suggests, false),
            "rpm:supplements" => (|lists| &mut lists.supplements, false),
            "rpm:enhances" => (|lists| &mut lists.enhances, false),
            _ => return xml.skip(),
        };
        let is_requires = xml.name() == "rpm:requires";
        while xml.child()? {
            if xml.name() != "rpm:entry" {
                xml.skip()?;
                continue;
            }
            self.entry.read(xml)?;
            match self.relation(universe) {
                Ok(relation) if is_requires && matches!(self.entry.before.given(), Some("1" | "true")) => {
                    self.requires_before.push(relation?);
                }
                Ok(relation) => place(self).push(relation?),
                // What is only wished for can be left out.
                Err(reason) if needs => self.fault = reason,
                Err(_) => {}
            }
            xml.skip()?;
        }
        Ok(())
    }

    /// The number of the dependency that was read; a text if it can't be understood.
    fn relation(&mut self, universe: &mut RpmUniverse) -> Result<Result<RelationId, MetadataFault>, String> {
        let Entry { name, flags, .. } = &self.entry;
        let (strings, relations) = (&mut universe.strings, &mut universe.relations);
        if name.text.is_empty() {
            return Err("one of its dependencies has no name".to_owned());
        }
        let Some(flags) = flags.given() else {
            if name.text.starts_with('(') {
                let syntax = parse_rich(&name.text).map_err(|error| error.to_string())?;
                return Ok(relations.intern_rich(strings, &syntax).map_err(MetadataFault::from));
            }
            let plain = strings.intern(&name.text).and_then(|name| relations.intern(Relation::Name(name)));
            return Ok(plain.map_err(MetadataFault::from));
        };
        let sense = Sense::from_metadata(flags).ok_or_else(|| format!("its dependency on `{}` has unknown flags", name.text))?;
        self.entry.write_evr(&mut self.evr);
        let versioned = strings.intern(&name.text).and_then(|name| {
            let version = strings.intern(&self.evr)?;
            relations.intern(Relation::Versioned { name, sense, version })
        });
        Ok(versioned.map_err(MetadataFault::from))
    }

    /// Puts one of the lists among the universe's, each relation once.
    pub(super) fn keep(
        &mut self,
        universe: &mut RpmUniverse,
        list: impl Fn(&mut Self) -> &mut Vec<RelationId>,
    ) -> Result<Part, MetadataFault> {
        if self.round == u32::MAX {
            (self.round, self.seen) = (0, Vec::new());
        }
        self.round += 1;
        self.seen.resize(universe.relations.len(), 0);
        let start = universe.lists.len();
        let mut relations = std::mem::take(list(self));
        for relation in relations.drain(..) {
            if let Some(seen) = self.seen.get_mut(relation.index())
                && *seen != self.round
            {
                *seen = self.round;
                universe.lists.push(relation);
            }
        }
        *list(self) = relations;
        Ok(Part::new(start, universe.lists.len())?)
    }
}
