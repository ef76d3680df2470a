use std::fmt::Write as _;
use std::path::Path;

use rootfs_image::inspect::{
    ArchiveFacts, ArchiveForm, Content, DaxFacts, DiskFacts, ExtFacts, FatFacts, GptFacts, Inspection, MbrFacts, PartitionEntry,
    PartitionFacts, Qcow2Content, VerityFacts,
};
use rootfs_image::{ErofsInfo, Qcow2Facts, SquashfsInfo};

use crate::units;

/// What was found, for people: a line for the whole, one for each table and two for each partition.
pub(crate) fn write_inspection(path: &Path, inspection: &Inspection) -> String {
    let mut text = format!("{}: {}, {}\n", path.display(), units::size(inspection.size), summary(&inspection.content));
    match &inspection.content {
        Content::Disk(disk) => write_disk(&mut text, disk),
        Content::Qcow2(qcow2) => match &**qcow2 {
            Ok(Qcow2Content { facts, disk }) => {
                write_qcow2(&mut text, facts, disk);
                match &disk.content {
                    Content::Disk(disk) => write_disk(&mut text, disk),
                    content => write_details(&mut text, "", content),
                }
            }
            Err(error) => row(&mut text, "", "damaged", &error.to_string()),
        },
        content => write_details(&mut text, "", content),
    }
    text
}

/// What it is, in a few words.
fn summary(content: &Content) -> String {
    match content {
        Content::Disk(disk) => {
            let table = if disk.gpt.is_some() { "a GPT" } else { "an MBR" };
            let dax = if disk.dax.is_some() { "a DAX header and " } else { "" };
            format!("disk with {dax}{table}")
        }
        Content::Fat(facts) => facts.kind.name().to_owned(),
        Content::Verity(_) => "hashes of dm-verity".to_owned(),
        Content::Archives(archives) => archives.iter().map(archive_name).collect::<Vec<_>>().join(" and "),
        Content::Unknown => "unknown content".to_owned(),
        content => content.name().to_owned(),
    }
}

fn row(text: &mut String, indent: &str, name: &str, value: &str) {
    let _ = writeln!(text, "{indent}  {name:<10} {value}");
}

fn right(is_right: bool) -> &'static str {
    if is_right { "right" } else { "WRONG" }
}

fn write_disk(text: &mut String, disk: &DiskFacts) {
    if let Some(dax) = &disk.dax {
        row(text, "", "dax", &dax_line(dax, disk.mbr.as_ref()));
    }
    match (&disk.mbr, &disk.gpt) {
        (mbr, Some(gpt)) => row(text, "", "gpt", &gpt_line(gpt, mbr.as_ref())),
        (Some(mbr), None) => row(text, "", "mbr", &mbr_line(mbr)),
        (None, None) => {}
    }
    for partition in &disk.partitions {
        write_partition(text, partition);
    }
}

fn write_qcow2(text: &mut String, facts: &Qcow2Facts, disk: &Inspection) {
    let state = if facts.is_corrupt {
        ", DAMAGED"
    } else if facts.is_dirty {
        ", not closed"
    } else {
        ""
    };
    let packing = if facts.compression == "zstd" { ", zstd" } else { "" };
    let line = format!("version {}, clusters of {}{packing}{state}", facts.version, units::size(facts.cluster));
    row(text, "", "qcow2", &line);
    row(text, "", "disk", &format!("{}, {}", units::size(facts.size), summary(&disk.content)));
}

fn dax_line(dax: &DaxFacts, front: Option<&MbrFacts>) -> String {
    let (major, minor) = dax.version;
    let tables = if dax.agrees_with(front) { "both tables agree" } else { "the tables DIFFER" };
    format!(
        "version {major}.{minor}, data at {}, checksum {}, {tables}",
        dax.data_offset,
        right(dax.has_signature && dax.checksum == dax.right_checksum)
    )
}

fn gpt_line(gpt: &GptFacts, mbr: Option<&MbrFacts>) -> String {
    let of = |table: Option<bool>| table.map_or("MISSING", right);
    let guid = gpt.best().map(|table| table.guid.to_string()).unwrap_or_default();
    let [primary, backup] = [&gpt.primary, &gpt.backup].map(|table| of(table.as_ref().map(rootfs_image::inspect::GptTable::is_right)));
    let code = if mbr.is_some_and(|mbr| mbr.has_boot_code) { ", boot code" } else { "" };
    let sector = if gpt.sector == 512 { String::new() } else { format!(", sectors of {} bytes", gpt.sector) };
    format!("{guid}, first table {primary}, backup {backup}{sector}{code}")
}

fn mbr_line(mbr: &MbrFacts) -> String {
    let code = if mbr.has_boot_code { ", boot code" } else { "" };
    format!("{:08x}{code}", mbr.signature)
}

fn write_partition(text: &mut String, partition: &PartitionFacts) {
    let (label, boots, kind) = match &partition.entry {
        PartitionEntry::Mbr(entry) => ("", entry.flag == 0x80, format!("{:#04x}", entry.kind)),
        PartitionEntry::Gpt(entry) => (entry.name.as_str(), false, entry.kind.to_string()),
    };
    let kind = partition.kind_name().unwrap_or(kind);
    let boots = if boots { ", boots" } else { "" };
    let label = if label.is_empty() { String::new() } else { format!("`{label}`, ") };
    let line = format!("{label}{}, {kind} at {}{boots}", units::size(partition.length), partition.start);
    row(text, "", &format!("part {}", partition.number), &line);
    row(text, "  ", "partuuid", &partition.partuuid);
    row(text, "  ", "content", &summary(&partition.content));
    write_details(text, "  ", &partition.content);
}

fn write_details(text: &mut String, indent: &str, content: &Content) {
    match content {
        Content::Ext(facts) => write_ext(text, indent, facts),
        Content::Squashfs(facts) => match &**facts {
            Ok(info) => write_squashfs(text, indent, info),
            Err(error) => row(text, indent, "damaged", &error.to_string()),
        },
        Content::Erofs(facts) => match &**facts {
            Ok(info) => write_erofs(text, indent, info),
            Err(error) => row(text, indent, "damaged", &error.to_string()),
        },
        Content::Fat(facts) => write_fat(text, indent, facts),
        Content::Verity(facts) => write_verity(text, indent, facts),
        Content::Archives(archives) => archives.iter().for_each(|archive| write_archive(text, indent, archive)),
        Content::Disk(_) | Content::Qcow2(_) | Content::Named(_) | Content::Unknown => {}
    }
}

fn write_ext(text: &mut String, indent: &str, facts: &ExtFacts) {
    let free = units::size(facts.free_blocks.saturating_mul(facts.block_size.into()));
    row(text, indent, "size", &format!("{}, {free} free, blocks of {}", units::size(facts.size()), facts.block_size));
    row(text, indent, "inodes", &format!("{}, {} free", facts.inodes, facts.free_inodes));
    row(text, indent, "uuid", &facts.uuid.to_string());
    if !facts.label.is_empty() {
        row(text, indent, "label", &facts.label);
    }
    row(text, indent, "features", &facts.features.join(" "));
    let sum = facts.is_checksum_right.map_or(String::new(), |is_right| format!(", checksum {}", right(is_right)));
    row(text, indent, "state", &format!("{}{sum}", if facts.is_clean { "clean" } else { "not unmounted cleanly" }));
}

fn write_squashfs(text: &mut String, indent: &str, info: &SquashfsInfo) {
    row(text, indent, "size", &format!("{}, {}, blocks of {}", units::size(info.bytes_used), info.compression_name(), info.block_size));
    row(text, indent, "inodes", &format!("{}, {} fragments, {} owners", info.inodes, info.fragments, info.ids));
    let tables: Vec<&str> =
        [(info.has_xattrs, "xattrs"), (info.has_export_table, "export")].iter().filter(|one| one.0).map(|one| one.1).collect();
    if !tables.is_empty() {
        row(text, indent, "tables", &tables.join(" "));
    }
    row(text, indent, "made", &format!("{} seconds after 1970", info.time.seconds));
}

fn write_erofs(text: &mut String, indent: &str, info: &ErofsInfo) {
    let packed = if info.algorithms.is_empty() { "not compressed".to_owned() } else { info.algorithms.join(" ") };
    row(text, indent, "size", &format!("{}, {packed}, blocks of {}", units::size(info.size), info.block_size));
    row(text, indent, "inodes", &info.inodes.to_string());
    row(text, indent, "uuid", &info.uuid.to_string());
    if !info.label.is_empty() {
        row(text, indent, "label", &info.label);
    }
    if !info.features.is_empty() {
        row(text, indent, "features", &info.features.join(" "));
    }
}

fn write_fat(text: &mut String, indent: &str, facts: &FatFacts) {
    row(text, indent, "size", &format!("{}, {} clusters of {}", units::size(facts.size), facts.clusters, facts.cluster));
    if let Some(id) = facts.volume_id {
        row(text, indent, "uuid", &format!("{:04X}-{:04X}", id >> 16, id & 0xFFFF));
    }
    if !facts.label.is_empty() {
        row(text, indent, "label", &facts.label);
    }
}

fn write_verity(text: &mut String, indent: &str, facts: &VerityFacts) {
    let (data, hash) = facts.block_sizes;
    row(text, indent, "hashes", &format!("{}, type {}, blocks of {data} and {hash}", facts.algorithm, facts.hash_type));
    row(text, indent, "data", &format!("{} blocks", facts.data_blocks));
    row(text, indent, "salt", &facts.salt.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    row(text, indent, "uuid", &facts.uuid.to_string());
}

fn archive_name(archive: &ArchiveFacts) -> String {
    let packing = archive.packing.map(rootfs_image::inspect::Packing::name);
    match (archive.form, packing) {
        (ArchiveForm::Other, packing) => format!("{} stream", packing.unwrap_or("plain")),
        (form, Some(packing)) => format!("{} in {packing}", form.name()),
        (form, None) => form.name().to_owned(),
    }
}

fn write_archive(text: &mut String, indent: &str, archive: &ArchiveFacts) {
    let unpacked = if archive.packing.is_some() { " unpacked" } else { "" };
    let members = match archive.form {
        ArchiveForm::Other => String::new(),
        _ => format!(", {} members with {}", archive.members, units::size(archive.content)),
    };
    row(text, indent, archive.form.name(), &format!("{}{unpacked}{members}, at {}", units::size(archive.length), archive.offset));
    if let Some((at, flaw)) = &archive.flaw {
        row(text, indent, "damaged", &format!("byte {at}{}: {flaw}", if archive.packing.is_some() { " of what is in it" } else { "" }));
    }
}
