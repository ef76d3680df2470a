use std::collections::BTreeSet;

use rootfs_plugin::Selection;
use rootfs_tree::Tree;

use crate::apt::deb822::Stanza;
use crate::apt::relation::parse;
use crate::deb::DebLayer;
use crate::lock::LockedPackage;

/// A line for each package that is taken whole and depends on packages of which nothing is in the tree: libraries are found by what they are for, data are not.
pub(crate) fn left_out(selection: &Selection, packages: &[(&LockedPackage, &DebLayer)], tree: &Tree) -> Vec<String> {
    let in_tree: BTreeSet<&str> =
        tree.walk().filter_map(|entry| tree.node(entry.id).package).map(|package| tree.package(package)).collect();
    let locked: BTreeSet<&str> = packages.iter().map(|(package, _)| package.name.as_str()).collect();
    let whole = selection.picks.iter().filter(|pick| pick.files.is_empty());
    let lines = whole.filter_map(|pick| {
        let (_, layer) = packages.iter().find(|(package, _)| package.name == pick.package)?;
        let names = depends(layer);
        let missing: Vec<&str> = names.iter().map(String::as_str).filter(|name| locked.contains(name) && !in_tree.contains(name)).collect();
        (!missing.is_empty()).then(|| {
            format!(
                "{} depends on {}, of which nothing is taken: name what it needs of them with --extra-pkg",
                pick.package,
                missing.join(", ")
            )
        })
    });
    lines.collect()
}

/// The names in the fields of dependencies, whichever of alternatives it is; none of a field that is no such.
fn depends(layer: &DebLayer) -> Vec<String> {
    let control = String::from_utf8_lossy(layer.own_stanza());
    let stanza = Stanza::new(&control);
    let fields = ["Pre-Depends", "Depends"].into_iter().filter_map(|field| stanza.get(field));
    let parsed = fields.filter_map(|field| parse(field).ok()).flatten().flat_map(|alternatives| alternatives.0);
    parsed.map(|relation| relation.name.to_owned()).collect()
}
