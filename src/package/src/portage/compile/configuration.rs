//! What portage is told: the private configuration (`PORTAGE_CONFIGROOT`), and what the builder's own lacks.

use std::fmt::Write as _;
use std::path::Path;

use rootfs_plugin::{BuildError, PortageCompile, PortageInstaller};
use rootfs_tree::{Kind, ScanOptions, Tree};

use super::CompileError;
use super::builder::{AREA, Builder, REPOSITORIES};
use super::source::of_nobody;
use crate::engine::build_error;

/// Where portage's configuration is, below a configuration root.
const PORTAGE: &str = "/etc/portage";

/// The private one.
pub(super) const ROOT: &str = "/run/rootfs-gen/rootfs/config";

/// What a build in a container can't have, and what would make its packages other ones: signatures are made of nobody here, for a lock pins the packages.
const FEATURES: &str = "-userpriv -usersandbox -userfetch -usersync -sandbox -ipc-sandbox -network-sandbox -pid-sandbox -mount-sandbox -cgroup \
                        -news -merge-wait -merge-sync -parallel-fetch -binpkg-signing -binpkg-request-signature -getbinpkg -ccache -distcc buildpkg";

/// A file that `make.conf` may be a directory of; it is read last.
const OURS: &str = "zz-rootfs-gen.conf";

/// The user's `etc/portage`, if one is named.
pub(super) fn read(root: Option<&Path>) -> Result<Option<Tree>, BuildError> {
    let Some(root) = root else { return Ok(None) };
    let directory = root.join(PORTAGE.trim_start_matches('/'));
    if !directory.is_dir() {
        return Err(build_error(&CompileError::NoConfiguration { place: root.to_owned() }));
    }
    let directory = fs_err::canonicalize(directory).map_err(|error| build_error(&error))?;
    let place = directory.display().to_string();
    let unreadable = |source| build_error(&CompileError::Tree { what: "configuration", place: place.clone(), source });
    let mut tree = of_nobody(Tree::scan(&directory, &ScanOptions::default()).map_err(unreadable)?).map_err(unreadable)?;
    tree.hash_contents().map_err(unreadable)?;
    Ok(Some(tree))
}

/// Writes it. `repositories` are the names of those that were put into the builder, the main one first; `epoch` is what all times are at most.
pub(super) fn write(
    builder: &Builder,
    portage: &PortageInstaller,
    compile: &PortageCompile,
    own: Option<&Tree>,
    repositories: &[String],
    epoch: i64,
) -> Result<(), BuildError> {
    let private = format!("{ROOT}{PORTAGE}");
    if let Some(own) = own {
        builder.put(&private, own)?;
    }
    let profile = profile(builder, portage, compile, own)?;
    let flags = portage.flags.join(" ");
    let flags = if flags.is_empty() { String::new() } else { format!("USE=\"${{USE}} {flags}\"\n") };
    add_to_make_conf(builder, &private, &format!("{}{flags}", settings(epoch)))?;
    add_to_make_conf(builder, PORTAGE, &settings(epoch))?;
    if let Some(profile) = &profile {
        builder.link(profile, &format!("{private}/make.profile"))?;
    }
    // emerge itself is of a root too, which has a profile.
    if !builder.exists(&format!("{PORTAGE}/make.profile/."))? {
        let link = profile.unwrap_or_else(|| format!("{private}/make.profile"));
        builder.link(&link, &format!("{PORTAGE}/make.profile"))?;
    }
    if !repositories.is_empty() {
        for directory in [&private, PORTAGE] {
            builder.remove(&format!("{directory}/repos.conf"))?;
            builder.write(&format!("{directory}/repos.conf"), repositories_file(repositories), 0o644)?;
        }
    }
    Ok(())
}

/// The directory of the profile that was asked for; none where the user's configuration has one that is no link into a repository.
fn profile(
    builder: &Builder,
    portage: &PortageInstaller,
    compile: &PortageCompile,
    own: Option<&Tree>,
) -> Result<Option<String>, BuildError> {
    let linked = own.and_then(|tree| {
        let id = tree.lookup(b"/make.profile").ok()?;
        Some(match &tree.node(id).kind {
            Kind::Symlink(target) => Some(String::from_utf8_lossy(target).into_owned()),
            _ => None,
        })
    });
    let wanted = match (&compile.profile, linked) {
        (Some(profile), _) => profile.clone(),
        (None, Some(None)) => return Ok(None),
        (None, Some(Some(target))) => target.split_once("/profiles/").map_or(target.clone(), |(_, profile)| profile.to_owned()),
        (None, None) => portage.profile.clone(),
    };
    let names = builder.repositories()?;
    for name in &names {
        let directory = format!("{REPOSITORIES}/{name}/profiles/{wanted}");
        if builder.exists(&format!("{directory}/."))? {
            return Ok(Some(directory));
        }
    }
    Err(build_error(&CompileError::NoProfile { profile: wanted, repositories: names.join(", ") }))
}

/// Settings that the last word is ours on.
fn settings(epoch: i64) -> String {
    let mut text = String::from("\n# What rootfs-gen compiles with.\n");
    let fetch = format!("{AREA}/fetch \\\"\\${{URI}}\\\" \\\"\\${{FILE}}\\\"");
    let lines = [
        ("FEATURES", format!("${{FEATURES}} {FEATURES}")),
        ("PKGDIR", format!("{AREA}/packages")),
        ("DISTDIR", format!("{AREA}/distfiles")),
        ("PORTAGE_TMPDIR", format!("{AREA}/work")),
        ("BINPKG_FORMAT", "gpkg".to_owned()),
        ("BINPKG_COMPRESS", "zstd".to_owned()),
        ("EMERGE_DEFAULT_OPTS", String::new()),
        ("PORTAGE_ELOG_SYSTEM", String::new()),
        ("SOURCE_DATE_EPOCH", epoch.to_string()),
        ("FETCHCOMMAND", fetch.clone()),
        ("RESUMECOMMAND", fetch),
    ];
    for (name, value) in lines {
        // Writing to a string can't fail.
        let _infallible = writeln!(text, "{name}=\"{value}\"");
    }
    text
}

/// `make.conf` is a file, or a directory of them.
fn add_to_make_conf(builder: &Builder, directory: &str, text: &str) -> Result<(), BuildError> {
    let path = format!("{directory}/make.conf");
    if builder.exists(&format!("{path}/."))? {
        return builder.write(&format!("{path}/{OURS}"), text, 0o644);
    }
    let before = builder.read(&path)?.unwrap_or_default();
    builder.write(&path, format!("{}{text}", String::from_utf8_lossy(&before)), 0o644)
}

fn repositories_file(names: &[String]) -> String {
    let main = names.first().map(String::as_str).unwrap_or_default();
    let mut text = format!("[DEFAULT]\nmain-repo = {main}\n");
    for name in names {
        // Writing to a string can't fail.
        let _infallible = write!(text, "\n[{name}]\nlocation = {REPOSITORIES}/{name}\nauto-sync = no\n");
    }
    text
}
