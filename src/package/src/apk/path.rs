/// The longest path that apk takes: Linux's limit less what apk needs for itself.
const LONGEST_PATH: usize = 4085;

/// The longest name in a directory.
const LONGEST_NAME: usize = 255;

/// The name of a payload's entry without a directory's final slash.
///
/// Tells what is wrong with names that could leave the root, that no directory can hold, or that the installed database, which has a name to a line,
/// can't.
pub(super) fn clean_path(raw: &[u8]) -> Result<&[u8], &'static str> {
    let path = raw.strip_suffix(b"/").unwrap_or(raw);
    if path.is_empty() {
        return Err("it has no name");
    }
    if path.len() > LONGEST_PATH {
        return Err("its path is longer than any that apk takes");
    }
    if path.iter().any(u8::is_ascii_control) {
        return Err("its path has a control character");
    }
    for name in path.split(|byte| *byte == b'/') {
        match name {
            b"" => return Err("its path is absolute or has an empty component"),
            b"." | b".." => return Err("its path has a component `.` or `..`"),
            _ if name.len() > LONGEST_NAME => return Err("its path has a component longer than 255 bytes"),
            _ => {}
        }
    }
    Ok(path)
}

/// What a symbolic link may say.
pub(super) fn check_target(target: &[u8]) -> Result<(), &'static str> {
    match target {
        b"" => Err("it is a symbolic link to nothing"),
        _ if target.len() > LONGEST_PATH => Err("its target is longer than any that apk takes"),
        _ if target.contains(&0) => Err("its target has a NUL"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::above;
    use crate::root::split;

    #[test]
    fn names_that_leave_the_root_or_cannot_be_are_refused() {
        let (long, deep) = (vec![b'a'; 256], b"a/".repeat(2100));
        for raw in
            [&b""[..], b"/", b"/etc", b"..", b"../x", b"a/..", b"a/../b", b"./a", b"a//b", b"a/./b", b"a//", b"a\0b", b"a\nb", &long, &deep]
        {
            assert!(clean_path(raw).is_err(), "{}", raw.escape_ascii());
        }
        for (raw, clean) in [(&b"usr/"[..], &b"usr"[..]), (b"usr/bin/[[", b"usr/bin/[["), (b"a/...", b"a/..."), (b"caf\xe9", b"caf\xe9")] {
            assert_eq!(clean_path(raw), Ok(clean));
        }
    }

    #[test]
    fn paths_are_taken_apart() {
        assert_eq!(above(b"a/b/c").collect::<Vec<_>>(), [&b"a/b"[..], b"a"]);
        assert_eq!(split(b"a/b/c"), (&b"a/b"[..], &b"c"[..]));
        assert_eq!(split(b"a"), (&b""[..], &b"a"[..]));
    }

    #[test]
    fn links_say_something() {
        assert!(check_target(b"../../etc").is_ok());
        for bad in [&b""[..], b"a\0", &[b'a'; 4096]] {
            assert!(check_target(bad).is_err());
        }
    }
}
