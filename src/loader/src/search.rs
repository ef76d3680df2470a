use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Files whose presence makes a directory a plugin.
const MARKS: [&str; 2] = ["distro.toml", "config.sh"];

/// What a place has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Searched {
    /// Directories that are plugins, in the order of the places, each once; those of one place by their names.
    pub plugins: Vec<PathBuf>,
    /// Places that are neither a plugin nor a directory of plugins, with the reason.
    pub empty: Vec<(PathBuf, String)>,
}

/// Looks for plugins: each place is one itself, or a directory of some.
#[must_use]
pub fn search(places: &[PathBuf]) -> Searched {
    let mut searched = Searched { plugins: Vec::new(), empty: Vec::new() };
    let mut seen = BTreeSet::new();
    for place in places {
        let found = match plugins_at(place) {
            Ok(found) if found.is_empty() => {
                searched.empty.push((place.clone(), format!("no directory there has a {}", MARKS.join(" or a "))));
                continue;
            }
            Ok(found) => found,
            Err(error) => {
                searched.empty.push((place.clone(), error.to_string()));
                continue;
            }
        };
        for plugin in found {
            let identity = fs_err::canonicalize(&plugin).unwrap_or_else(|_| plugin.clone());
            if seen.insert(identity) {
                searched.plugins.push(plugin);
            }
        }
    }
    searched
}

fn plugins_at(place: &Path) -> std::io::Result<Vec<PathBuf>> {
    if is_plugin(place) {
        return Ok(vec![place.to_owned()]);
    }
    let mut plugins = Vec::new();
    for entry in fs_err::read_dir(place)? {
        let path = entry?.path();
        if is_plugin(&path) {
            plugins.push(path);
        }
    }
    plugins.sort();
    Ok(plugins)
}

fn is_plugin(directory: &Path) -> bool {
    MARKS.iter().any(|mark| directory.join(mark).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_plugin_or_has_some() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        for (name, mark) in [("many/b", "distro.toml"), ("many/a", "config.sh"), ("one", "distro.toml"), ("many/none", "readme")] {
            fs_err::create_dir_all(at(name)).unwrap();
            fs_err::write(at(name).join(mark), "").unwrap();
        }
        let searched = search(&[at("one"), at("many"), at("many/a"), at("many/none"), at("missing")]);
        assert_eq!(searched.plugins, [at("one"), at("many/a"), at("many/b")]);
        let empty: Vec<_> = searched.empty.iter().map(|(place, _)| place.clone()).collect();
        assert_eq!(empty, [at("many/none"), at("missing")]);
    }
}
