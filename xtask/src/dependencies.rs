//! `cargo xtask deps`: the arrows between the crates.

use serde_json::Value;

use crate::error::TaskError;
use crate::process::{Process, say, workspace};

/// Who may depend on whom, by the directory a crate lies in. The first rule that matches a crate holds; a crate without a rule is an error, so
/// that a new one gets its place in the order.
const ARROWS: &[Rule] = &[
    Rule { directory: "src/tree", may_use: &[] },
    Rule { directory: "src/plugin", may_use: &[] },
    Rule { directory: "src/loader", may_use: &["src/plugin", "src/sandbox"] },
    Rule { directory: "src/guest", may_use: &[] },
    Rule { directory: "src/sandbox", may_use: &["src/guest"] },
    Rule { directory: "src/docker", may_use: &["src/guest", "src/sandbox"] },
    Rule { directory: "src/check", may_use: &["src/tree"] },
    Rule { directory: "src/package", may_use: &["src/tree", "src/plugin", "src/sandbox", "src/check"] },
    Rule { directory: "distros/alpine/plugin", may_use: &["src/plugin", "distros/alpine"] },
    Rule { directory: "distros/busybox/plugin", may_use: &["src/plugin", "distros/busybox"] },
    Rule { directory: "distros/debian/plugin", may_use: &["src/plugin", "distros/debian"] },
    Rule { directory: "distros/fedora/plugin", may_use: &["src/plugin", "distros/fedora"] },
    Rule { directory: "distros/gentoo/plugin", may_use: &["src/plugin", "distros/gentoo"] },
    Rule { directory: "distros/busybox", may_use: &["src/plugin", "distros/debian"] },
    Rule { directory: "distros/", may_use: &["src/plugin"] },
    Rule { directory: "image-builder", may_use: &["src/tree"] },
    Rule { directory: "src/boot", may_use: &["src/tree", "image-builder", "src/plugin", "src/package", "src/guest", "src/sandbox"] },
    Rule { directory: "src/cli", may_use: &["src/", "distros/", "image-builder"] },
    Rule { directory: "tests", may_use: &["src/", "distros/", "image-builder"] },
    Rule { directory: "tests/bare", may_use: &["src/cli", "src/plugin"] },
    Rule { directory: "xtask", may_use: &["src/", "distros/", "image-builder", "tests"] },
];

/// Directories are compared from their start, whole components or, with a slash at the end, any below.
#[derive(Debug)]
struct Rule {
    directory: &'static str,
    may_use: &'static [&'static str],
}

/// Fails when a crate of the workspace depends on one that it must not know. Dependencies of tests don't count.
///
/// # Errors
/// With one line for each broken arrow.
pub(crate) fn check_dependencies() -> Result<(), TaskError> {
    let output = Process::cargo(&["metadata", "--no-deps", "--format-version", "1"]).output()?;
    let metadata = serde_json::from_slice(&output).map_err(|cause| TaskError::Metadata { cause })?;
    let root = workspace();
    let crates = read_crates(&metadata, &root.to_string_lossy());
    let broken = broken_arrows(&crates);
    if broken.is_empty() {
        say(&format!("{} crates, every arrow between them as it should be", crates.len()));
        return Ok(());
    }
    Err(TaskError::Arrows { broken })
}

/// A member of the workspace, by its directory, and the directories of the members it is built with.
#[derive(Debug, PartialEq, Eq)]
struct Member {
    directory: String,
    uses: Vec<String>,
}

fn read_crates(metadata: &Value, root: &str) -> Vec<Member> {
    let relative = |path: &str| path.strip_prefix(root).map(|path| path.trim_matches('/').to_owned());
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let member = |package: &Value| {
        let manifest = package["manifest_path"].as_str()?.strip_suffix("/Cargo.toml")?;
        let dependencies = package["dependencies"].as_array().into_iter().flatten();
        let uses = dependencies
            .filter(|dependency| dependency["kind"] != "dev")
            .filter_map(|dependency| relative(dependency["path"].as_str()?))
            .collect();
        Some(Member { directory: relative(manifest)?, uses })
    };
    packages.filter_map(member).collect()
}

fn broken_arrows(crates: &[Member]) -> Vec<String> {
    let broken = |member: &Member| match ARROWS.iter().find(|rule| is_in(&member.directory, rule.directory)) {
        None => vec![format!("{} has no rule in xtask/src/dependencies.rs", member.directory)],
        Some(rule) => member
            .uses
            .iter()
            .filter(|used| !rule.may_use.iter().any(|allowed| is_in(used, allowed)))
            .map(|used| format!("{} must not depend on {used}", member.directory))
            .collect(),
    };
    // The CLI is the end of the road; only what judges it may see it.
    let cli = |member: &Member| {
        let judges = ["tests", "tests/bare", "xtask"].contains(&member.directory.as_str());
        (!judges && member.uses.iter().any(|used| used == "src/cli")).then(|| format!("{} must not depend on src/cli", member.directory))
    };
    let mut lines: Vec<String> = crates.iter().flat_map(broken).chain(crates.iter().filter_map(cli)).collect();
    lines.sort();
    lines.dedup();
    lines
}

fn is_in(directory: &str, rule: &str) -> bool {
    directory == rule || (rule.ends_with('/') && directory.starts_with(rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(directory: &str, uses: &[&str]) -> Member {
        Member { directory: directory.to_owned(), uses: uses.iter().map(|used| (*used).to_owned()).collect() }
    }

    #[test]
    fn the_order_of_the_design_is_accepted() {
        let crates = [
            member("src/tree", &[]),
            member("src/package", &["src/tree", "src/plugin", "src/sandbox"]),
            member("distros/debian", &["src/plugin"]),
            member("distros/debian/plugin", &["src/plugin", "distros/debian"]),
            member("src/cli", &["src/tree", "distros/debian"]),
            member("tests", &["src/cli"]),
        ];
        assert_eq!(broken_arrows(&crates), Vec::<String>::new());
    }

    #[test]
    fn broken_arrows_are_named() {
        let crates = [
            member("src/tree", &["src/plugin"]),
            member("distros/debian", &["src/package"]),
            member("src/check", &["src/cli"]),
            member("src/new", &[]),
        ];
        assert_eq!(
            broken_arrows(&crates),
            [
                "distros/debian must not depend on src/package",
                "src/check must not depend on src/cli",
                "src/new has no rule in xtask/src/dependencies.rs",
                "src/tree must not depend on src/plugin",
            ]
        );
    }

    #[test]
    fn the_tests_of_a_crate_may_use_what_they_like() {
        let metadata = serde_json::json!({"packages": [{
            "manifest_path": "/w/src/tree/Cargo.toml",
            "dependencies": [
                {"name": "a", "kind": "dev", "path": "/w/src/cli"},
                {"name": "b", "kind": null, "path": "/w/src/plugin"},
                {"name": "c", "kind": null},
            ],
        }]});
        assert_eq!(read_crates(&metadata, "/w"), [member("src/tree", &["src/plugin"])]);
    }
}
