use std::fmt::Write as _;

use rootfs_plugin::Info;
use serde_json::{Value, json};

use super::{print, print_json};
use crate::args::ListArgs;
use crate::failure::{Exit, Failure};
use crate::registry::{Broken, Plugin, Registry};

pub(super) fn run(args: &ListArgs, registry: &Registry) -> Result<Exit, Failure> {
    let built_in = || registry.built_in.iter().map(|distro| distro.info());
    if args.json {
        let found = registry.plugins.iter().map(|plugin| (plugin.distro.info(), Some(plugin)));
        let mut list =
            built_in().map(|info| (info, None)).chain(found).map(|(info, plugin)| to_json(info, plugin)).collect::<Result<Vec<_>, _>>()?;
        list.extend(registry.broken.iter().map(broken_json));
        print_json(&Value::Array(list))?;
    } else {
        let found = registry.plugins.iter().map(|plugin| {
            let place = format!("{} ({})", plugin.path.display(), plugin.kind.name());
            described(plugin.distro.info(), Some(&place))
        });
        let broken = registry.broken.iter().map(described_broken);
        print(&built_in().map(|info| described(info, None)).chain(found).chain(broken).collect::<Vec<_>>().join("\n"))?;
    }
    Ok(Exit::Done)
}

fn to_json(info: &Info, plugin: Option<&Plugin>) -> Result<Value, Failure> {
    let mut value = serde_json::to_value(info).map_err(|error| Failure::of(&error))?;
    if let (Value::Object(fields), Some(plugin)) = (&mut value, plugin) {
        fields.insert("plugin".to_owned(), json!({ "path": plugin.path, "kind": plugin.kind.name() }));
    }
    Ok(value)
}

fn broken_json(broken: &Broken) -> Value {
    let failure = Failure::of(&broken.error);
    json!({ "name": broken.name, "plugin": { "path": broken.path }, "error": failure.message, "causes": failure.causes, "hint": broken.error.hint() })
}

fn described(info: &Info, place: Option<&str>) -> String {
    let words = |words: Vec<&str>| words.join(", ");
    let mut text = format!("{:<12} {}\n", info.name, info.summary);
    let rows = [
        ("releases", words(info.releases.iter().map(|release| release.name.as_str()).collect())),
        ("variants", words(info.variants.iter().map(|variant| variant.name.as_str()).collect())),
        ("default", format!("{}, {}", info.releases.first().map_or("", |release| &release.name), info.default_variant)),
        ("support", info.tier.name().to_owned()),
        ("for", words(info.architectures.iter().map(|architecture| architecture.name()).collect())),
    ];
    for (name, value) in rows.into_iter().chain(place.map(|place| ("found in", place.to_owned()))) {
        let _ = writeln!(text, "  {name:<10} {value}");
    }
    text
}

fn described_broken(broken: &Broken) -> String {
    let failure = Failure::of(&broken.error);
    let mut text = format!("{:<12} can't be used: {}\n", broken.name, failure.message);
    for cause in &failure.causes {
        let _ = writeln!(text, "  {:<10} {}", "caused by", cause.trim_end().replace('\n', "\n             "));
    }
    let _ = writeln!(text, "  {:<10} {}", "found in", broken.path.display());
    text
}
