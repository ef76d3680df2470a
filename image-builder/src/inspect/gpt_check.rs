use super::problem::{Findings, Flaw};
use super::{GptFacts, GptTable, MbrFacts};

/// Both tables, each for itself and against the other.
pub(super) fn check(facts: &GptFacts, mbr: Option<&MbrFacts>, length: u64, findings: &mut Findings) {
    findings.turn_to("gpt", None, 0);
    let last = (length / facts.sector).saturating_sub(1);
    match &facts.primary {
        Some(table) => check_table(table, facts.sector, (1, last), findings),
        None => findings.add(facts.sector, Flaw::Form { what: "the first header is not there" }),
    }
    match &facts.backup {
        Some(table) => check_table(table, facts.sector, (last, 1), findings),
        None => findings.add(last * facts.sector, Flaw::Form { what: "the header at the end is not there" }),
    }
    if let (Some(one), Some(other)) = (&facts.primary, &facts.backup) {
        let of = |table: &GptTable| (table.guid, table.usable, table.shape);
        if of(one) != of(other) {
            findings.add(other.offset, Flaw::Form { what: "the header at the end says something else than the first" });
        }
        if one.entries != other.entries {
            findings.add(other.entries_offset, Flaw::Form { what: "the table at the end has other partitions than the first" });
        }
    }
    if !mbr.is_some_and(MbrFacts::is_protective) {
        findings.add(0, Flaw::Form { what: "no MBR protects it" });
    }
    findings.checked("both tables");
}

/// `places` are the sectors where this header and the other should be.
fn check_table(table: &GptTable, sector: u64, places: (u64, u64), findings: &mut Findings) {
    let mut add = |offset, flaw| findings.add(offset, flaw);
    if !table.is_header_right {
        add(table.offset, Flaw::Checksum { what: "header" });
    }
    if !table.are_entries_right {
        add(table.entries_offset, Flaw::Checksum { what: "partitions" });
    }
    if (table.own_sector, table.other_sector) != places {
        add(table.offset, Flaw::Form { what: "the headers are not at both ends of the disk" });
    }
    let (first, end) = table.usable;
    let entries = table.entries_offset / sector;
    let length = (u64::from(table.shape.0) * u64::from(table.shape.1)).div_ceil(sector);
    let is_inside = |start: u64, end: u64| start >= 2 && end <= places.0.max(places.1);
    if first > end || !is_inside(first, end) {
        add(table.offset, Flaw::Field { what: "first sector for partitions", value: first });
    }
    let is_apart = entries.saturating_add(length) <= first || entries > end;
    if !is_apart || !is_inside(entries, entries.saturating_add(length)) {
        add(table.offset, Flaw::Field { what: "sector of the table", value: entries });
    }
    for entry in &table.entries {
        let (start, last) = entry.sectors;
        if start > last || start < first || last > end {
            add(table.entries_offset, Flaw::Outside { end: last.saturating_mul(sector), limit: end.saturating_mul(sector) });
        }
    }
}
