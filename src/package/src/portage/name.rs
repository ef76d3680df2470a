//! Names: of packages (`CATEGORY/NAME`), of slots, of repositories, of USE flags (PMS, chapter 3.1).

use super::Version;

/// Whether a text can be a category's name.
pub(super) fn is_category(text: &str) -> bool {
    is_name(text, b"+.-")
}

/// Whether a text can be a package's name, without its category.
pub(super) fn is_package(text: &str) -> bool {
    is_word(text) && !ends_with_version(text)
}

/// The same, but that it may end as a version does.
pub(super) fn is_word(text: &str) -> bool {
    is_name(text, b"+-")
}

/// Whether a text can be a slot's or a sub-slot's name.
pub(super) fn is_slot(text: &str) -> bool {
    is_name(text, b"+.-")
}

/// Whether a text can be a repository's name.
pub(super) fn is_repository(text: &str) -> bool {
    is_name(text, b"-")
}

/// Whether a text can be the name of a USE flag.
pub(super) fn is_flag(text: &str) -> bool {
    text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+_@-".contains(&byte))
}

/// `CATEGORY/NAME-VERSION` as its parts.
#[must_use]
pub fn split_cpv(text: &str) -> Option<(&str, &str, Version<&str>)> {
    let (category, rest) = text.split_once('/')?;
    let (name, version) = split_version(rest)?;
    (is_category(category) && is_package(name)).then_some((category, name, version))
}

/// `NAME-VERSION` at its last hyphen before a version; the name may be none.
pub(super) fn split_version(text: &str) -> Option<(&str, Version<&str>)> {
    let (before, last) = text.rsplit_once('-')?;
    let is_revision = last.strip_prefix('r').is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
    let name = if is_revision { before.rsplit_once('-')?.0 } else { before };
    let version = text.get(name.len() + 1..)?;
    Some((name, Version::parse(version).ok()?))
}

/// `a-1` can't be a name: it would be version 1 of `a`.
fn ends_with_version(name: &str) -> bool {
    split_version(name).is_some_and(|(before, _)| !before.is_empty())
}

/// Letters, digits, `_`, and of `others` what is not at the beginning.
fn is_name(text: &str, others: &[u8]) -> bool {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    text.as_bytes().first().is_some_and(is_word) && text.bytes().all(|byte| is_word(&byte) || others.contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_taken_apart() {
        for (text, category, name, version) in [
            ("sys-apps/baselayout-2.15", "sys-apps", "baselayout", "2.15"),
            ("a/b-1-r3", "a", "b", "1-r3"),
            ("a/b-c-1a_p2-r0", "a", "b-c", "1a_p2-r0"),
            ("a.b/b--1", "a.b", "b-", "1"),
            ("a/font-adobe-100dpi-1.0.3", "a", "font-adobe-100dpi", "1.0.3"),
            ("a/b-r1-2", "a", "b-r1", "2"),
        ] {
            let (found_category, found_name, found) = split_cpv(text).unwrap();
            assert_eq!((found_category, found_name, found.as_str()), (category, name, version), "{text}");
        }
        for bad in
            ["a", "a/b", "a/b-r1", "a/-1", "a/b-1-2", "a/b-1-r1-2", "-a/b-1", "a/b c-1", "a/b/c-1", "a/b.c-1", "/b-1", "a/b-1\n", "../b-1"]
        {
            assert_eq!(split_cpv(bad).map(|_| ()), None, "{bad}");
        }
    }
}
