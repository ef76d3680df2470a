//! What `rootfs-gen new` writes.

use std::path::PathBuf;

use rootfs_debian::KEYS;

use crate::args::NewKind;

include!(concat!(env!("OUT_DIR"), "/scaffold.rs"));

/// Where a plugin in Rust has the interface.
const INTERFACE_DIRECTORY: &str = "rootfs-plugin";

/// Versions of what the interface depends on, which the workspace has in one place.
const DEPENDENCIES: &str = "\
serde = { version = \"1\", features = [\"derive\", \"rc\"] }
serde_json = { version = \"1\", features = [\"preserve_order\"] }
thiserror = \"2\"
toml = \"1.2\"
";

/// The files of a new plugin, by their paths in its directory.
#[must_use]
pub(crate) fn files(kind: NewKind, name: &str) -> Vec<(PathBuf, String)> {
    let directory = match kind {
        NewKind::Rust => "rust/",
        NewKind::Shell => "shell/",
        NewKind::C => "c/",
        NewKind::File => "file/",
    };
    let own = TEMPLATES.iter().filter_map(|(path, text)| Some((path.strip_prefix(directory)?, *text)));
    let used: Vec<(&str, &str)> = {
        let file = TEMPLATES.iter().find(|(path, _)| *path == "rust/distro.toml").map_or("", |(_, text)| text);
        KEYS.iter().filter(|(key, _)| file.contains(&format!("\"{key}\""))).copied().collect()
    };
    let fill = |text: &str| {
        let keys: String = used.iter().map(|(key, _)| format!("    (\"{key}\", include_str!(\"../keys/{key}.asc\")),\n")).collect();
        text.replace("@key-count@", &used.len().to_string())
            .replace("@keys@", &keys)
            .replace("@crate@", &name.replace('-', "_"))
            .replace("@name@", name)
    };
    let mut files: Vec<(PathBuf, String)> = own.map(|(path, text)| (place(path, name), fill(text))).collect();
    match kind {
        NewKind::Rust => {
            files.extend(used.iter().map(|(key, text)| (format!("keys/{key}.asc").into(), (*text).to_owned())));
            files.extend(interface());
        }
        NewKind::C => files.extend(header()),
        NewKind::Shell | NewKind::File => {}
    }
    files
}

/// Names that a template can't have in this project, where they would mean something.
fn place(path: &str, name: &str) -> PathBuf {
    match path {
        "gitignore" => ".gitignore".into(),
        "ci.yml" => ".github/workflows/test.yml".into(),
        "plugin.c" => format!("{name}.c").into(),
        path => path.into(),
    }
}

/// The interface as a crate of its own.
fn interface() -> impl Iterator<Item = (PathBuf, String)> {
    let sources = INTERFACE.iter().filter(|(path, _)| path.starts_with("src/") || path.starts_with("include/"));
    let manifest = format!(
        "[package]\nname = \"rootfs-plugin\"\nversion = \"{}\"\nedition = \"2024\"\nlicense = \"Apache-2.0 OR MIT\"\npublish = false\n\n[dependencies]\n{DEPENDENCIES}",
        env!("CARGO_PKG_VERSION")
    );
    let at = |path: &str| PathBuf::from(INTERFACE_DIRECTORY).join(path);
    sources.map(move |(path, text)| (at(path), (*text).to_owned())).chain([(at("Cargo.toml"), manifest)])
}

fn header() -> Option<(PathBuf, String)> {
    let (_, text) = INTERFACE.iter().find(|(path, _)| *path == "include/rootfs_gen.h")?;
    Some(("rootfs_gen.h".into(), (*text).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_to_fill_in() {
        for kind in [NewKind::Rust, NewKind::Shell, NewKind::C, NewKind::File] {
            let files = files(kind, "my-os");
            assert!(files.iter().any(|(path, _)| path.ends_with("README.md")), "{kind:?}");
            for (path, text) in files.iter().filter(|(path, _)| !path.starts_with(INTERFACE_DIRECTORY)) {
                for word in ["@name@", "@crate@", "@key", "@keys"] {
                    assert!(!text.contains(word), "{word} in {}", path.display());
                }
            }
        }
    }

    #[test]
    fn the_interface_depends_on_what_ours_does() {
        let (_, manifest) = INTERFACE.iter().find(|(path, _)| *path == "Cargo.toml").unwrap();
        let used: Vec<&str> = manifest.lines().filter_map(|line| line.strip_suffix(".workspace = true")).collect();
        let dependencies = used.iter().filter(|name| !["version", "edition", "rust-version", "license", "publish"].contains(name));
        let known: Vec<&str> = DEPENDENCIES.lines().filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(dependencies.copied().filter(|name| *name != "workspace").collect::<Vec<_>>(), known);
    }
}
