//! Patterns of paths, as fnmatch(3) with `FNM_PATHNAME`: `*`, `?` and `[…]` never mean a slash.

/// Whether the pattern means the path.
pub(super) fn matches(pattern: &[u8], path: &[u8]) -> bool {
    let (mut pattern_parts, mut path_parts) = (pattern.split(|byte| *byte == b'/'), path.split(|byte| *byte == b'/'));
    loop {
        match (pattern_parts.next(), path_parts.next()) {
            (None, None) => return true,
            (Some(pattern), Some(name)) if matches_name(pattern, name) => {}
            _ => return false,
        }
    }
}

/// One component. Remembers the last `*` only, which is enough: what it took can only grow.
fn matches_name(pattern: &[u8], name: &[u8]) -> bool {
    let (mut rest, mut left) = (pattern, name);
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        match rest.split_first() {
            Some((b'*', after)) => {
                star = Some((after, left));
                rest = after;
                continue;
            }
            Some(_) => {
                if let Some((after, name)) = matches_one(rest, left) {
                    (rest, left) = (after, name);
                    continue;
                }
            }
            None if left.is_empty() => return true,
            None => {}
        }
        let Some((after, [_, shorter @ ..])) = star else { return false };
        star = Some((after, shorter));
        (rest, left) = (after, shorter);
    }
}

/// What is left of both when the pattern's first item means the name's first byte.
fn matches_one<'a, 'b>(pattern: &'a [u8], name: &'b [u8]) -> Option<(&'a [u8], &'b [u8])> {
    let (byte, left) = name.split_first()?;
    let (first, rest) = pattern.split_first()?;
    match first {
        b'?' => Some((rest, left)),
        b'[' => match set(rest, *byte) {
            Some((is_in, rest)) => is_in.then_some((rest, left)),
            // A bracket that nothing closes is itself.
            None => (*byte == b'[').then_some((rest, left)),
        },
        b'\\' => rest.split_first().and_then(|(escaped, rest)| (escaped == byte).then_some((rest, left))),
        _ => (first == byte).then_some((rest, left)),
    }
}

/// Whether the set, whose `[` is gone, has the byte, and what follows its `]`.
fn set(pattern: &[u8], byte: u8) -> Option<(bool, &[u8])> {
    let (negated, mut rest) = match pattern {
        [b'!' | b'^', rest @ ..] => (true, rest),
        _ => (false, pattern),
    };
    let (mut found, mut first) = (false, true);
    loop {
        match rest {
            [b']', after @ ..] if !first => return Some((found != negated, after)),
            [low, b'-', high, after @ ..] if *high != b']' => {
                found |= (*low..=*high).contains(&byte);
                rest = after;
            }
            [one, after @ ..] => {
                found |= *one == byte;
                rest = after;
            }
            [] => return None,
        }
        first = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_fnmatch() {
        for (pattern, path, expected) in [
            ("/bin", "/bin", true),
            ("/bin", "/usr/bin", false),
            ("/lib/modules/*", "/lib/modules/6.6.1-0-virt", true),
            ("/lib/modules/*", "/lib/modules", false),
            ("/lib/modules/*", "/lib/modules/6.6/kernel", false),
            ("/usr/share/*/x*z", "/usr/share/a/xyyz", true),
            ("/a*b*c", "/aXbYbZc", true),
            ("/a*b*c", "/aXbYbZ", false),
            ("/[a-c]?", "/b1", true),
            ("/[!a-c]?", "/b1", false),
            ("/[]x]", "/]", true),
            ("/[x", "/[x", true),
            ("/\\*", "/*", true),
            ("/\\*", "/a", false),
            ("/*", "/", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), path.as_bytes()), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let (pattern, path) = (format!("/{}b", "*a".repeat(100)), format!("/{}", "a".repeat(200)));
        assert!(!matches(pattern.as_bytes(), path.as_bytes()));
    }
}
