use toml::{Table, Value};

use super::DistroFileError;

/// Tables of a relative that add to those of its base, name by name; all else takes the place of what the base says.
const MERGED: [&str; 3] = ["apt", "apk", "rpm"];

/// Lists of which an entry takes the place of the base's of the same name, path or unit.
const REPLACED: [&str; 3] = ["variants", "tweaks", "options"];

/// The whole file of a distribution that says only what it has other than its base.
pub(super) fn over(relative: Table, base: Table) -> Result<Table, DistroFileError> {
    let named = relative.get("base").and_then(Value::as_str).unwrap_or_default();
    if base.get("name").and_then(Value::as_str) != Some(named) {
        return Err(DistroFileError::Undefined { place: "base".to_owned(), kind: "distribution", name: named.to_owned() });
    }
    let mut whole = base;
    // Nobody looks after a relative by looking after its base.
    whole.remove("tier");
    for (key, own) in relative.into_iter().filter(|(key, _)| key != "base") {
        match (whole.get_mut(&key), own) {
            (Some(Value::Table(known)), Value::Table(own)) if MERGED.contains(&key.as_str()) => known.extend(own),
            (Some(Value::Array(known)), Value::Array(own)) if REPLACED.contains(&key.as_str()) => replace(known, own),
            (_, own) => {
                whole.insert(key, own);
            }
        }
    }
    Ok(whole)
}

/// The base's entries in their order, each replaced by the relative's of the same subject; then those that only the relative has.
fn replace(base: &mut Vec<Value>, own: Vec<Value>) {
    for entry in own {
        match base.iter_mut().find(|known| subject(known).is_some() && subject(known) == subject(&entry)) {
            Some(known) => *known = entry,
            None => base.push(entry),
        }
    }
}

/// What an entry is about.
fn subject(entry: &Value) -> Option<&str> {
    ["path", "unit", "name"].into_iter().find_map(|key| entry.get(key)).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(relative: &str, base: &str) -> Result<Table, DistroFileError> {
        over(relative.parse().unwrap(), base.parse().unwrap())
    }

    #[test]
    fn a_relative_says_only_what_is_other() {
        let base = "name = 'a'\nsummary = 'A'\ntier = 'supported'\nreleases = [1]\n[apt]\nx = 1\ny = 1\n[[tweaks]]\npath = '/a'\nmode = 1\n[[tweaks]]\nunit = 'u'\n";
        let relative =
            "name = 'b'\nbase = 'a'\nreleases = [2, 3]\n[apt]\ny = 2\n[[tweaks]]\npath = '/b'\n[[tweaks]]\npath = '/a'\nmode = 2\n";
        let expected = "name = 'b'\nsummary = 'A'\nreleases = [2, 3]\n[apt]\nx = 1\ny = 2\n[[tweaks]]\npath = '/a'\nmode = 2\n[[tweaks]]\nunit = 'u'\n\
                        [[tweaks]]\npath = '/b'\n";
        assert_eq!(merged(relative, base).unwrap(), expected.parse().unwrap());
        assert!(merged("name = 'b'", base).is_err());
        assert!(merged("name = 'b'\nbase = 'c'", base).is_err());
    }
}
