use std::fmt::Write as _;

use rootfs_plugin::Info;

use super::{print, print_json};
use crate::args::ListArgs;
use crate::failure::{Exit, Failure};
use crate::registry::DISTRIBUTIONS;

pub(super) fn run(args: &ListArgs) -> Result<Exit, Failure> {
    let infos: Vec<&Info> = DISTRIBUTIONS.into_iter().map(|distro| distro().info()).collect();
    if args.json {
        print_json(&serde_json::to_value(&infos).map_err(|error| Failure::of(&error))?)?;
    } else {
        print(&infos.into_iter().map(described).collect::<Vec<_>>().join("\n"))?;
    }
    Ok(Exit::Done)
}

fn described(info: &Info) -> String {
    let words = |words: Vec<&str>| words.join(", ");
    let mut text = format!("{:<12} {}\n", info.name, info.summary);
    let rows = [
        ("releases", words(info.releases.iter().map(|release| release.name.as_str()).collect())),
        ("variants", words(info.variants.iter().map(|variant| variant.name.as_str()).collect())),
        ("default", format!("{}, {}", info.releases.first().map_or("", |release| &release.name), info.default_variant)),
        ("for", words(info.architectures.iter().map(|architecture| architecture.name()).collect())),
    ];
    for (name, value) in rows {
        let _ = writeln!(text, "  {name:<10} {value}");
    }
    text
}
