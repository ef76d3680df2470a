//! A tree of ours held against one that emerge made: every path, and every file of portage's database.

use std::path::Path;

use rootfs_tests::{Failed, Listing, ensure};

/// The loader's list of libraries, by ldconfig in emerge's tree.
const CACHE: &str = "etc/ld.so.cache";

/// What `pkg_preinst` makes of a package.
const MADE_WHEN_MERGED: [&str; 2] = ["/usr/share/preinst/changed", "/usr/share/preinst/new/added"];

/// What emerge writes of itself, and what differs for a reason (docs/fidelity.md). Which patterns `INSTALL_MASK` has is no matter of merging.
fn may_differ(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let of_database = path.starts_with("/var/db/pkg/") && matches!(name, "metadata" | "COUNTER" | "CONTENTS" | "environment.bz2");
    let of_emerge = ["/var/cache/edb", "/var/cache/ldconfig", "/var/lib/portage"].iter().any(|place| path.starts_with(place))
        || matches!(path, "/var/cache" | "/var/tmp");
    // What every guest gets of us.
    let of_guest = ["/dev/", "/run/", "/tmp/"].iter().any(|directory| path.starts_with(directory))
        || matches!(path, "/etc/hostname" | "/etc/machine-id");
    of_database || of_emerge || of_guest
}

/// The packages of a root, each with what it owns: without the times of links and of what is made meanwhile, which
/// emerge takes from the clock.
fn owned(root: &Path) -> Result<Vec<String>, Failed> {
    let mut lines = Vec::new();
    for category in fs_err::read_dir(root.join("var/db/pkg"))? {
        for package in fs_err::read_dir(category?.path())? {
            let path = package?.path();
            let name = path.strip_prefix(root)?.display().to_string();
            lines.push(name.clone());
            let contents = fs_err::read_to_string(path.join("CONTENTS")).unwrap_or_default();
            let has_time =
                |line: &str| line.starts_with("sym ") || MADE_WHEN_MERGED.iter().any(|path| line.starts_with(&format!("obj {path} ")));
            let line = |line: &str| match line.rsplit_once(' ') {
                Some((link, _)) if has_time(line) => format!("{name}: {link}"),
                _ => format!("{name}: {line}"),
            };
            lines.extend(contents.lines().map(line));
        }
    }
    lines.sort();
    Ok(lines)
}

/// Fails with everything that differs.
pub(super) fn expect_same(ours: &Path, theirs: &Path) -> Result<(), Failed> {
    let is_unlike = |path: &str| path == "/etc/shadow" || path == "/etc/ld.so.cache" || path.ends_with("/INSTALL_MASK");
    let list = |tree: &Path| -> Result<Listing, Failed> { Ok(Listing::of(tree)?.without(may_differ).without_contents(is_unlike)) };
    // What the distribution's own file puts there, where emerge has nothing.
    let has_shell = theirs.join("usr/bin/sh").symlink_metadata().is_ok();
    let listed = list(ours)?.without(|path| path == "/usr/bin/sh" && !has_shell);
    let differences = listed.differences(&list(theirs)?);
    ensure!(differences.is_empty(), "{} differences (first: ours):\n{}", differences.len(), differences.join("\n"));
    let (of_ours, of_theirs) = (owned(ours)?, owned(theirs)?);
    let only = |one: &[String], other: &[String]| one.iter().filter(|line| !other.contains(line)).cloned().collect::<Vec<_>>();
    let differences = [only(&of_ours, &of_theirs), only(&of_theirs, &of_ours)].concat();
    ensure!(differences.is_empty(), "the databases differ (first: ours):\n{}", differences.join("\n"));
    ensure!(listed.len() > 60 && of_ours.len() > 25, "only {} paths and {} lines were compared", listed.len(), of_ours.len());
    expect_same_cache(ours, theirs)
}

/// ldconfig's list and ours have the same bytes, but that ldconfig's ends in an extension that names it.
fn expect_same_cache(ours: &Path, theirs: &Path) -> Result<(), Failed> {
    /// Where the header says where the extension is.
    const EXTENSION: std::ops::Range<usize> = 0x20..0x24;
    if !theirs.join(CACHE).exists() {
        return Ok(());
    }
    let (ours, mut theirs) = (fs_err::read(ours.join(CACHE))?, fs_err::read(theirs.join(CACHE))?);
    theirs[EXTENSION].fill(0);
    // The extension begins at a multiple of four.
    theirs.truncate(ours.len());
    ensure!(ours == theirs, "the loader's lists differ:\n{}\nand\n{}", ours.escape_ascii(), theirs.escape_ascii());
    Ok(())
}
