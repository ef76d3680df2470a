//! Libraries by their names, as `PROVIDES` and `REQUIRES` list them: `x86_64: libz.so.1 libm.so.6 x86_32: libz.so.1`.

/// Its categories with their libraries; what is malformed ends it.
pub(super) fn read(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut category = None;
    text.split_ascii_whitespace().filter_map(move |word| match word.strip_suffix(':') {
        Some(name) => {
            category = Some(name);
            None
        }
        None => category.map(|category| (category, word)),
    })
}

/// Whether it is well-formed.
pub(super) fn check(text: &str) -> Result<(), String> {
    let mut categories: Vec<&str> = Vec::new();
    let mut is_empty = false;
    for word in text.split_ascii_whitespace() {
        match word.strip_suffix(':') {
            Some(name) if is_empty => return Err(format!("there is nothing before `{}`", name.escape_debug())),
            Some(name) if categories.contains(&name) => return Err(format!("`{}` is there twice", name.escape_debug())),
            Some(name) => {
                categories.push(name);
                is_empty = true;
            }
            None if categories.is_empty() => return Err(format!("`{}` has no category", word.escape_debug())),
            None => is_empty = false,
        }
    }
    if is_empty { Err("its last category is empty".to_owned()) } else { Ok(()) }
}

/// How a library is shown.
pub(super) fn shown((category, name): (&str, &str)) -> String {
    format!("{category}: {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_read() {
        let found: Vec<_> = read("x86_64: a.so.1 b.so x86_32: a.so.1").map(shown).collect();
        assert_eq!(found, ["x86_64: a.so.1", "x86_64: b.so", "x86_32: a.so.1"]);
        for bad in ["a.so", "x: y: a", "x: a x: b", "x:", "x: a y:"] {
            assert!(check(bad).is_err(), "{bad}");
        }
        assert_eq!((check(""), check("x: a b y: c")), (Ok(()), Ok(())));
    }
}
