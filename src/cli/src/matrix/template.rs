use std::collections::BTreeMap;

/// Puts values in place of `{name}`.
///
/// # Errors
/// Says which name has no value, or that a brace is never closed.
pub(super) fn expand(text: &str, values: &BTreeMap<&str, &str>) -> Result<String, String> {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or_else(|| format!("`{text}` has a `{{` without its `}}`"))?;
        let value = values.get(name).ok_or_else(|| {
            let known: Vec<String> = values.keys().map(|name| format!("{{{name}}}")).collect();
            format!("`{{{name}}}` is none of {}", known.join(", "))
        })?;
        expanded.push_str(before);
        expanded.push_str(value);
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_values_and_nothing_else_does() {
        let values = BTreeMap::from([("release", "trixie"), ("arch", "x86_64")]);
        assert_eq!(expand("{release}-{arch}.img", &values).unwrap(), "trixie-x86_64.img");
        assert_eq!(expand("plain }", &values).unwrap(), "plain }");
        assert_eq!(expand("{relaese}", &values).unwrap_err(), "`{relaese}` is none of {arch}, {release}");
        assert!(expand("{release", &values).is_err());
    }
}
