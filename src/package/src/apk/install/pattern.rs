//! Patterns of paths, as fnmatch(3) with `FNM_PATHNAME`: `*`, `?` and `[…]` never mean a slash.

use crate::pattern::{self, Backslash};

/// Whether the pattern means the path.
pub(super) fn matches(pattern: &[u8], path: &[u8]) -> bool {
    let (mut pattern_parts, mut path_parts) = (pattern.split(|byte| *byte == b'/'), path.split(|byte| *byte == b'/'));
    loop {
        match (pattern_parts.next(), path_parts.next()) {
            (None, None) => return true,
            (Some(pattern), Some(name)) if pattern::matches(pattern, name, Backslash::Escapes) => {}
            _ => return false,
        }
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
