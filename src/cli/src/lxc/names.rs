//! What may stand in LXC's configuration: a line is `key = value`, without any quoting.

use std::path::Path;

use super::LxcError;

/// Bytes of the name of a network device, the last a NUL: `IFNAMSIZ` of linux/if.h.
const INTERFACE_MAX: usize = 15;

/// Whether a container may be called so. The name is that of a directory, of control groups, and of the host inside.
pub(crate) fn is_container_name(name: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    name.len() <= 63 && name.bytes().all(inside) && name.starts_with(|first: char| first.is_ascii_alphanumeric())
}

/// The name of a container.
///
/// # Errors
/// When it is none.
pub(crate) fn container_name(said: &str) -> Result<String, LxcError> {
    if is_container_name(said) { Ok(said.to_owned()) } else { Err(LxcError::Name { name: said.to_owned() }) }
}

/// Whether a network device may be called so (`dev_valid_name` of the kernel), and is no work for a shell.
pub(super) fn is_interface(name: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte);
    (1..=INTERFACE_MAX).contains(&name.len()) && name.bytes().all(inside) && !name.starts_with(['-', '.'])
}

/// A path as a value of the configuration.
///
/// # Errors
/// When LXC would read another one: a value ends with its line, and spaces at its end are cut off.
pub(crate) fn path_text(path: &Path) -> Result<&str, LxcError> {
    let whole = |text: &&str| path.is_absolute() && !text.chars().any(char::is_control) && !text.ends_with(char::is_whitespace);
    path.to_str().filter(whole).ok_or_else(|| LxcError::Path { path: path.to_owned() })
}

/// A path as a field of `lxc.mount.entry`, which is a line of fstab(5).
pub(super) fn field(path: &str) -> String {
    path.replace('\\', r"\134").replace(' ', r"\040")
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    #[test]
    fn names_of_containers() {
        let long = "a".repeat(64);
        for name in ["foo", "0", "web-1.example", "A_b", &long[..63]] {
            assert_eq!(container_name(name).unwrap(), name);
        }
        for name in ["", ".", "..", ".hidden", "-n", "a/b", "a b", "a\nlxc.hook.pre-start = /bin/sh", "ä", "a\0", &long] {
            assert!(container_name(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn names_of_bridges() {
        for name in ["lxcbr0", "br-0a1b", "virbr0.7", "a23456789012345"] {
            assert!(is_interface(name), "{name}");
        }
        for name in ["", ".", "..", "a234567890123456", "br 0", "br/0", "br:0", "br0\n", "-br", "br\u{e9}"] {
            assert!(!is_interface(name), "{name:?}");
        }
    }

    #[test]
    fn paths_that_would_be_read_otherwise_are_refused() {
        for path in ["/srv/root", "/srv/a b", "/srv/ a", "/srv/a#b", "/srv/ä=\\'\""] {
            assert_eq!(path_text(Path::new(path)).unwrap(), path);
        }
        for path in ["srv", " /srv", "/srv ", "/srv\n", "/a\nlxc.hook.pre-start = /bin/sh", "/a\tb", "/a\r", "/a\u{a0}"] {
            assert!(path_text(Path::new(path)).is_err(), "{path:?}");
        }
        assert!(path_text(Path::new(OsStr::from_bytes(b"/srv/\xff"))).is_err());
        assert_eq!(field(r"/a b\c"), r"/a\040b\134c");
    }
}
