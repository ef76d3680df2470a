/// The longest path that Linux takes, without its NUL.
const LONGEST_PATH: usize = 4095;

/// The longest name in a directory.
const LONGEST_NAME: usize = 255;

/// A member's name as dpkg means it: leading `./` and `/` are gone, a final slash too; empty for the root.
///
/// Tells what is wrong with names that could leave the root (`..`), that no directory can hold, or that dpkg's line-based lists can't (newlines).
pub(crate) fn clean_path(raw: &[u8]) -> Result<Vec<u8>, &'static str> {
    let relative = strip_root(raw);
    let path = relative.strip_suffix(b"/").unwrap_or(relative);
    if path.is_empty() || path == b"." {
        return if raw.is_empty() { Err("it has no name") } else { Ok(Vec::new()) };
    }
    if path.len() > LONGEST_PATH {
        return Err("its path is longer than 4095 bytes");
    }
    for name in path.split(|byte| *byte == b'/') {
        match name {
            b"" => return Err("its path has an empty component"),
            b"." | b".." => return Err("its path has a component `.` or `..`"),
            _ if name.len() > LONGEST_NAME => return Err("its path has a component longer than 255 bytes"),
            _ if name.iter().any(|byte| matches!(byte, 0 | b'\n')) => return Err("its name has a NUL or a newline"),
            _ => {}
        }
    }
    Ok(path.to_vec())
}

/// What a symbolic link may say.
pub(crate) fn check_target(target: &[u8]) -> Result<(), &'static str> {
    match target {
        b"" => Err("it is a symbolic link to nothing"),
        _ if target.len() > LONGEST_PATH => Err("its target is longer than 4095 bytes"),
        _ if target.contains(&0) => Err("its target has a NUL"),
        _ => Ok(()),
    }
}

fn strip_root(mut path: &[u8]) -> &[u8] {
    while let Some(rest) = path.strip_prefix(b"/").or_else(|| path.strip_prefix(b"./")) {
        path = rest;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_dpkg_takes_off() {
        for (raw, clean) in [
            (&b"./usr/bin/env"[..], &b"usr/bin/env"[..]),
            (b"/etc/passwd", b"etc/passwd"),
            (b".//./usr/", b"usr"),
            (b"./", b""),
            (b".", b""),
            (b"/", b""),
            (b"./...", b"..."),
            (b"./..a", b"..a"),
            (b"./caf\xe9", b"caf\xe9"),
        ] {
            assert_eq!(clean_path(raw).as_deref(), Ok(clean), "{}", raw.escape_ascii());
        }
    }

    #[test]
    fn names_that_leave_the_root_or_cannot_be_are_refused() {
        let long = [b"./".to_vec(), vec![b'a'; 256]].concat();
        let deep = [b"./".to_vec(), b"a/".repeat(2100), b"a".to_vec()].concat();
        for raw in [&b""[..], b"..", b"./../x", b"a/..", b"a/../b", b"a//b", b"a/./b", b"a//", b"a\0b", b"a\nb", &long, &deep] {
            assert!(clean_path(raw).is_err(), "{}", raw.escape_ascii());
        }
    }

    #[test]
    fn the_longest_name_is_accepted() {
        assert!(clean_path(&[b'a'; 255]).is_ok());
    }

    #[test]
    fn links_say_something() {
        assert!(check_target(b"../../etc").is_ok());
        assert!(check_target(b"").is_err());
        assert!(check_target(b"a\0").is_err());
        assert!(check_target(&[b'a'; 4096]).is_err());
    }
}
