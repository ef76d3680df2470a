//! `INSTALL_MASK`: which of a package's files are left out.

use crate::pattern::{Backslash, matches};

/// Patterns in their order, of which the last one that means a path decides.
///
/// One with a slash at its beginning means a path and all below it; another means a file's name. One with a `-` before it exempts.
#[derive(Debug, Clone, Default)]
pub struct InstallMask {
    /// As the variable has them.
    text: String,
    patterns: Vec<Pattern>,
}

#[derive(Debug, Clone)]
struct Pattern {
    exempts: bool,
    /// Whether it is one of a path, whose leading slash is gone then.
    is_path: bool,
    text: String,
}

impl InstallMask {
    /// From the variable's words.
    pub fn of<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let read = |word: &'a str| {
            let (exempts, word) = word.strip_prefix('-').map_or((false, word), |word| (true, word));
            let (is_path, text) = word.strip_prefix('/').map_or((false, word), |word| (true, word));
            Pattern { exempts, is_path, text: text.to_owned() }
        };
        let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        Self { text: words.join(" "), patterns: words.into_iter().map(read).collect() }
    }

    /// As portage notes it of what it installs; none when nothing is left out.
    pub(super) fn text(&self) -> Option<&str> {
        Some(self.text.as_str()).filter(|text| !text.is_empty())
    }

    /// Whether a file or link is left out; `path` is relative.
    #[must_use]
    pub fn masks_file(&self, path: &[u8]) -> bool {
        self.decides(path, false)
    }

    /// Whether a directory is left out, when nothing is in it.
    #[must_use]
    pub fn masks_directory(&self, path: &[u8]) -> bool {
        self.decides(&[path, b"/"].concat(), true)
    }

    fn decides(&self, path: &[u8], is_directory: bool) -> bool {
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let is_meant = |pattern: &&Pattern| {
            let text = pattern.text.trim_end_matches('/');
            if !pattern.is_path {
                return matches(pattern.text.as_bytes(), name, Backslash::Literal);
            }
            // As portage: a pattern that ends in a slash means no file of that name, but those below it.
            let whole = if is_directory { format!("{text}/") } else { pattern.text.clone() };
            matches(whole.as_bytes(), path, Backslash::Literal) || matches(format!("{text}/*").as_bytes(), path, Backslash::Literal)
        };
        self.patterns.iter().rev().find(is_meant).is_some_and(|pattern| !pattern.exempts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_pattern_that_means_a_path_decides() {
        let mask = InstallMask::of("/usr/share/locale -/usr/share/locale/de *.a /etc/x/ -/usr/share/locale/de/secret".split(' '));
        for (path, masked) in [
            ("usr/share/locale/fr/a.mo", true),
            ("usr/share/locale/de/a.mo", false),
            ("usr/share/localeX", false),
            ("usr/lib/libc.a", true),
            ("usr/lib/libc.ab", false),
            ("etc/x", false),
            ("etc/x/y", true),
        ] {
            assert_eq!(mask.masks_file(path.as_bytes()), masked, "{path}");
        }
        assert!(
            mask.masks_directory(b"usr/share/locale") && mask.masks_directory(b"usr/share/locale/fr") && mask.masks_directory(b"etc/x")
        );
        assert!(!mask.masks_directory(b"usr/share/locale/de") && !mask.masks_directory(b"usr/share") && !mask.masks_directory(b"x.a"));
        assert!(!InstallMask::default().masks_file(b"a"));
    }
}
