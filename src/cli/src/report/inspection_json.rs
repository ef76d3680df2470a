use rootfs_image::inspect::{
    ArchiveFacts, Content, DaxFacts, DiskFacts, ExtFacts, FatFacts, GptFacts, GptTable, Inspection, MbrFacts, Packing, PartitionEntry,
    PartitionFacts, Qcow2Content, VerityFacts,
};
use rootfs_image::{ErofsInfo, SquashfsInfo};
use serde_json::{Value, json};

/// What was found, for programs. Sizes and offsets are bytes; what is not there is null.
pub(crate) fn inspection_json(inspection: &Inspection) -> Value {
    json!({ "size": inspection.size, "content": content(&inspection.content) })
}

/// An object whose `type` tells what else is in it.
fn content(content: &Content) -> Value {
    let (kind, mut value) = match content {
        Content::Disk(facts) => ("disk", disk(facts)),
        Content::Ext(facts) => (facts.kind, ext(facts)),
        Content::Squashfs(facts) => {
            ("squashfs", facts.as_ref().as_ref().map_or_else(|error| json!({ "damaged": error.to_string() }), squashfs))
        }
        Content::Erofs(facts) => ("erofs", facts.as_ref().as_ref().map_or_else(|error| json!({ "damaged": error.to_string() }), erofs)),
        Content::Fat(facts) => ("fat", fat(facts)),
        Content::Verity(facts) => ("verity", verity(facts)),
        Content::Archives(archives) => ("archives", json!({ "archives": archives.iter().map(archive).collect::<Vec<_>>() })),
        Content::Qcow2(facts) => ("qcow2", facts.as_ref().as_ref().map_or_else(|error| json!({ "damaged": error.to_string() }), qcow2)),
        Content::Named(name) => (*name, json!({})),
        Content::Unknown => ("unknown", json!({})),
    };
    let mut object = serde_json::Map::from_iter([("type".to_owned(), json!(kind))]);
    if let Value::Object(members) = &mut value {
        object.append(members);
    }
    Value::Object(object)
}

fn qcow2(found: &Qcow2Content) -> Value {
    let facts = &found.facts;
    json!({
        "version": facts.version,
        "size": facts.size,
        "cluster_size": facts.cluster,
        "compression": facts.compression,
        "snapshots": facts.snapshots,
        "dirty": facts.is_dirty,
        "corrupt": facts.is_corrupt,
        "disk": content(&found.disk.content),
    })
}

fn disk(facts: &DiskFacts) -> Value {
    json!({
        "dax": facts.dax.as_ref().map(|dax| dax_header(dax, facts.mbr.as_ref())),
        "mbr": facts.mbr.as_ref().map(mbr),
        "gpt": facts.gpt.as_ref().map(gpt),
        "partitions": facts.partitions.iter().map(partition).collect::<Vec<_>>(),
    })
}

fn dax_header(facts: &DaxFacts, front: Option<&MbrFacts>) -> Value {
    json!({
        "signature_right": facts.has_signature,
        "version": format!("{}.{}", facts.version.0, facts.version.1),
        "data_offset": facts.data_offset,
        "mode": facts.mode,
        "align": facts.align,
        "checksum_right": facts.checksum == facts.right_checksum,
        "tables_agree": facts.agrees_with(front),
    })
}

fn mbr(facts: &MbrFacts) -> Value {
    let entries = facts.entries.iter().map(|entry| {
        json!({
            "number": entry.number,
            "type": entry.kind,
            "type_name": entry.kind_name(),
            "boot": entry.flag == 0x80,
            "start": entry.start,
            "size": entry.length,
        })
    });
    json!({
        "signature": format!("{:08x}", facts.signature),
        "boot_code": facts.has_boot_code,
        "protective": facts.is_protective(),
        "entries": entries.collect::<Vec<_>>(),
    })
}

fn gpt(facts: &GptFacts) -> Value {
    let table = |table: &GptTable| {
        json!({
            "offset": table.offset,
            "header_right": table.is_header_right,
            "entries_right": table.are_entries_right,
            "first_usable_sector": table.usable.0,
            "last_usable_sector": table.usable.1,
            "entries": table.entries.len(),
        })
    };
    json!({
        "guid": facts.best().map(|table| table.guid.to_string()),
        "sector_size": facts.sector,
        "primary": facts.primary.as_ref().map(table),
        "backup": facts.backup.as_ref().map(table),
    })
}

fn partition(facts: &PartitionFacts) -> Value {
    let (kind, name, boot, attributes) = match &facts.entry {
        PartitionEntry::Mbr(entry) => (format!("{:02x}", entry.kind), None, entry.flag == 0x80, None),
        PartitionEntry::Gpt(entry) => (entry.kind.to_string(), Some(&entry.name), false, Some(format!("{:016x}", entry.attributes))),
    };
    json!({
        "number": facts.number,
        "name": name,
        "type": kind,
        "type_name": facts.kind_name(),
        "start": facts.start,
        "size": facts.length,
        "partuuid": facts.partuuid,
        "boot": boot,
        "attributes": attributes,
        "content": content(&facts.content),
    })
}

fn ext(facts: &ExtFacts) -> Value {
    json!({
        "size": facts.size(),
        "block_size": facts.block_size,
        "blocks": facts.blocks,
        "free_blocks": facts.free_blocks,
        "inodes": facts.inodes,
        "free_inodes": facts.free_inodes,
        "label": facts.label,
        "uuid": facts.uuid.to_string(),
        "features": facts.features,
        "clean": facts.is_clean,
        "checksum_right": facts.is_checksum_right,
    })
}

fn squashfs(info: &SquashfsInfo) -> Value {
    json!({
        "size": info.bytes_used,
        "compression": info.compression_name(),
        "block_size": info.block_size,
        "inodes": info.inodes,
        "fragments": info.fragments,
        "owners": info.ids,
        "xattrs": info.has_xattrs,
        "export": info.has_export_table,
        "time": info.time.seconds,
    })
}

fn erofs(info: &ErofsInfo) -> Value {
    json!({
        "size": info.size,
        "compression": info.algorithms,
        "block_size": info.block_size,
        "inodes": info.inodes,
        "uuid": info.uuid.to_string(),
        "label": info.label,
        "features": info.features,
        "checksum": info.has_checksum,
        "time": info.time.seconds,
    })
}

fn fat(facts: &FatFacts) -> Value {
    json!({
        "variant": facts.kind.name(),
        "size": facts.size,
        "sector_size": facts.sector,
        "cluster_size": facts.cluster,
        "clusters": facts.clusters,
        "label": facts.label,
        "volume_id": facts.volume_id.map(|id| format!("{id:08x}")),
    })
}

fn verity(facts: &VerityFacts) -> Value {
    json!({
        "algorithm": facts.algorithm,
        "hash_type": facts.hash_type,
        "data_blocks": facts.data_blocks,
        "data_block_size": facts.block_sizes.0,
        "hash_block_size": facts.block_sizes.1,
        "salt": facts.salt.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
        "uuid": facts.uuid.to_string(),
    })
}

fn archive(facts: &ArchiveFacts) -> Value {
    json!({
        "form": facts.form.name(),
        "compression": facts.packing.map(Packing::name),
        "offset": facts.offset,
        "unpacked_size": facts.length,
        "members": facts.members,
        "content_size": facts.content,
        "damaged": facts.flaw.as_ref().map(|(at, flaw)| json!({ "unpacked_offset": at, "why": flaw.to_string() })),
    })
}
