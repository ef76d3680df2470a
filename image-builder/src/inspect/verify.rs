use std::sync::Arc;

use super::problem::{Findings, Flaw, Problem};
use super::{ArchiveFacts, Content, DaxFacts, DiskFacts, InspectError, Inspection, KnownRootHash, ext, fat, gpt_check, verity};
use crate::dax::HEADER;
use crate::erofs::{ErofsReadError, ErofsReader};
use crate::qcow2::{Qcow2Error, Qcow2Image};
use crate::source::{ImageSource, Stretch};
use crate::squashfs::{SquashfsReadError, SquashfsReader};

/// What came of verifying an image.
#[derive(Debug)]
pub struct Verification {
    /// What is wrong; at most 100.
    pub problems: Vec<Problem>,
    /// How many more there are.
    pub more_problems: u64,
    /// What was looked at.
    pub checked: Vec<Note>,
    /// What was not, and why.
    pub not_verified: Vec<Note>,
}

/// What was done about a part of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The number of the partition; none for tables, and where there is no table.
    pub partition: Option<u32>,
    /// `gpt`, `ext4`.
    pub what: &'static str,
    /// For a reader.
    pub text: String,
}

impl Verification {
    /// Verifies all that can be verified of what was found in an image; with a root hash, every block that it speaks for.
    ///
    /// # Errors
    /// When the image can't be read; what is wrong with it is no error.
    pub fn of(source: &dyn ImageSource, inspection: &Inspection, root_hash: Option<&KnownRootHash>) -> Result<Self, InspectError> {
        let mut findings = Findings::default();
        if let Content::Qcow2(_) = &inspection.content {
            return Self::of_qcow2(source, findings, root_hash);
        }
        let disk = if let Content::Disk(disk) = &inspection.content { Some(&**disk) } else { None };
        if let Some(disk) = disk {
            check_tables(disk, inspection.size, &mut findings);
        }
        let hashes = verity::check(source, disk, root_hash, &mut findings)?;
        match disk {
            Some(disk) => {
                for partition in disk.partitions.iter().filter(|one| !hashes.contains(&one.number)) {
                    findings.turn_to(partition.content.name(), Some(partition.number), partition.start);
                    check_content(&Stretch::of(source, partition.start, partition.length), &partition.content, &mut findings)?;
                }
            }
            None => {
                findings.turn_to(inspection.content.name(), None, 0);
                check_content(source, &inspection.content, &mut findings)?;
            }
        }
        let Findings { problems, more, checked, left_out, .. } = findings;
        Ok(Self { problems, more_problems: more, checked, not_verified: left_out })
    }

    /// The tables, and what is on the disk; offsets of its problems are the disk's.
    fn of_qcow2(source: &dyn ImageSource, mut findings: Findings, root_hash: Option<&KnownRootHash>) -> Result<Self, InspectError> {
        findings.turn_to("qcow2", None, 0);
        let disk = check_qcow2(source, &mut findings, root_hash);
        let Findings { mut problems, more, mut checked, left_out: mut not_verified, .. } = findings;
        let mut more_problems = more;
        match disk {
            Ok(disk) => {
                problems.extend(disk.problems);
                checked.extend(disk.checked);
                not_verified.extend(disk.not_verified);
                more_problems += disk.more_problems;
            }
            Err(Qcow2Error::Read(source)) if source.kind() != std::io::ErrorKind::InvalidData => {
                return Err(InspectError::Read { offset: 0, source });
            }
            Err(error) => problems.push(Problem { partition: None, offset: None, what: "qcow2", flaw: Flaw::Qcow2(error).into() }),
        }
        Ok(Self { problems, more_problems, checked, not_verified })
    }

    /// Whether nothing is wrong with what was looked at, and anything was.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty() && !self.checked.is_empty()
    }
}

fn check_tables(disk: &DiskFacts, size: u64, findings: &mut Findings) {
    if let Some(dax) = &disk.dax {
        check_dax(disk, dax, findings);
    }
    findings.turn_to("mbr", None, 0);
    match &disk.mbr {
        Some(mbr) => {
            if let Some(entry) = mbr.entries.iter().find(|entry| !matches!(entry.flag, 0 | 0x80)) {
                findings.add(446, Flaw::Field { what: "flag of a partition", value: entry.flag.into() });
            }
            if mbr.entries.iter().filter(|entry| entry.number < 5 && entry.flag == 0x80).count() > 1 {
                findings.add(446, Flaw::Form { what: "several partitions are the one to boot from" });
            }
            if let Some(at) = mbr.broken_chain {
                findings.add(at, Flaw::Form { what: "the chain of logical partitions is broken" });
            }
            if mbr.entries.is_empty() && disk.gpt.is_none() {
                findings.add(446, Flaw::Form { what: "it names no partition" });
            }
            if mbr.is_protective() && disk.gpt.is_none() {
                findings.add(446, Flaw::Form { what: "it protects a GPT, and there is none" });
            }
            findings.checked("table");
        }
        None if disk.dax.is_some() => findings.add(510, Flaw::Form { what: "it does not end as it should" }),
        None => {}
    }
    if let Some(gpt) = &disk.gpt {
        gpt_check::check(gpt, disk.mbr.as_ref(), size, findings);
    }
    check_places(disk, size, findings);
}

fn check_dax(disk: &DiskFacts, dax: &DaxFacts, findings: &mut Findings) {
    findings.turn_to("dax", None, crate::dax::INFO_BLOCK);
    if !dax.has_signature {
        findings.add(0, Flaw::Form { what: "the header does not begin as it should" });
    }
    if dax.checksum != dax.right_checksum {
        findings.add(4088, Flaw::Checksum { what: "header" });
    }
    if dax.data_offset != HEADER {
        findings.add(56, Flaw::Field { what: "place of the data", value: dax.data_offset });
    }
    if !dax.agrees_with(disk.mbr.as_ref()) {
        findings.add(HEADER - crate::dax::INFO_BLOCK, Flaw::Form { what: "the table behind it does not name the same bytes as the first" });
    }
    findings.checked("header, and both tables");
}

/// Whether partitions are on the disk, and none is on another.
fn check_places(disk: &DiskFacts, size: u64, findings: &mut Findings) {
    let mut by_start: Vec<_> = disk.partitions.iter().collect();
    by_start.sort_by_key(|one| (one.start, one.number));
    // The one that reaches furthest of those before.
    let mut furthest: Option<(u64, u32)> = None;
    for one in by_start {
        let what = if disk.gpt.is_some() { "gpt" } else { "mbr" };
        findings.turn_to(what, Some(one.number), 0);
        let end = one.start.saturating_add(one.length);
        if end > size {
            findings.add(one.start, Flaw::Outside { end, limit: size });
        }
        if one.start < 512 || one.length == 0 {
            findings.add(one.start, Flaw::Field { what: "place of a partition", value: one.start });
        }
        if let Some((_, other)) = furthest.filter(|(before, _)| *before > one.start) {
            findings.add(one.start, Flaw::Overlap { other });
        }
        furthest = furthest.max(Some((end, one.number)));
    }
}

fn check_content(source: &dyn ImageSource, content: &Content, findings: &mut Findings) -> Result<(), InspectError> {
    match content {
        // By its tables.
        Content::Disk(_) | Content::Qcow2(_) => Ok(()),
        Content::Verity(_) => {
            findings.left_out("the data that the hashes are of do not lie in front of them");
            Ok(())
        }
        Content::Ext(facts) => ext::check(source, facts, findings),
        Content::Squashfs(_) => check_squashfs(source, findings),
        Content::Erofs(_) => check_erofs(source, findings),
        Content::Fat(facts) => fat::check(source, facts, findings),
        Content::Archives(archives) => {
            archives.iter().for_each(|archive| check_archive(archive, findings));
            Ok(())
        }
        Content::Named(_) => {
            findings.left_out("what it is, is known by its first bytes only");
            Ok(())
        }
        Content::Unknown => {
            findings.left_out("it is not known what this is");
            Ok(())
        }
    }
}

/// Compares tables and counts; gives what came of the disk.
fn check_qcow2(source: &dyn ImageSource, findings: &mut Findings, root_hash: Option<&KnownRootHash>) -> Result<Verification, Qcow2Error> {
    let image = Qcow2Image::open(source)?;
    let report = image.verify()?;
    report.problems.into_iter().for_each(|(offset, what)| findings.add(offset, Flaw::Form { what }));
    findings.more += report.more;
    if image.facts().is_corrupt {
        findings.add_somewhere(Flaw::Form { what: "QEMU has found it to be damaged" });
    }
    let (clusters, compressed) = (report.clusters, report.compressed);
    findings.checked(format!("tables and counts of {clusters} clusters, {compressed} of them compressed"));
    if report.leaks > 0 {
        findings.left_out(format!("{} clusters that belong to nothing take room", report.leaks));
    }
    if image.facts().snapshots > 0 {
        findings.left_out("snapshots");
    }
    let unreadable = |InspectError::Read { source, .. }| Qcow2Error::Read(source);
    let inspection = Inspection::of_disk(&image).map_err(unreadable)?;
    Verification::of(&image, &inspection, root_hash).map_err(unreadable)
}

fn check_squashfs(source: &dyn ImageSource, findings: &mut Findings) -> Result<(), InspectError> {
    match SquashfsReader::open(source).and_then(|reader| reader.verify()) {
        Ok(found) => {
            findings.checked(format!("all of it: {} files, {} directories, {} others", found.files, found.directories, found.others));
        }
        Err(SquashfsReadError::Read(source)) => return Err(InspectError::Read { offset: 0, source }),
        Err(error) => findings.add_somewhere(Flaw::Squashfs(error)),
    }
    Ok(())
}

fn check_erofs(source: &dyn ImageSource, findings: &mut Findings) -> Result<(), InspectError> {
    match ErofsReader::open(source).and_then(|reader| reader.verify()) {
        Ok(found) => findings.checked(format!(
            "all metadata and {} compressed clusters: {} files, {} directories, {} others",
            found.clusters, found.files, found.directories, found.others
        )),
        Err(ErofsReadError::Read(source)) => return Err(InspectError::Read { offset: 0, source }),
        Err(error) => findings.add_somewhere(Flaw::Erofs(error)),
    }
    Ok(())
}

fn check_archive(archive: &ArchiveFacts, findings: &mut Findings) {
    match &archive.flaw {
        None => findings.checked(format!("{} bytes to their end, {} members", archive.length, archive.members)),
        Some((at, flaw)) => {
            // In a compressed stream there are no offsets of the image.
            let at = if archive.packing.is_some() { archive.offset } else { archive.offset + at };
            findings.add(at, Arc::clone(flaw));
        }
    }
}
