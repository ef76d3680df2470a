use rootfs_plugin::Trim;

use crate::deb::DebEntry;
use crate::payload::EntryKind;

/// Whether a trim leaves this entry out. Directories stay: scripts put links into them (update-alternatives' man pages).
pub(super) fn leaves_out(trims: &[Trim], entry: &DebEntry) -> bool {
    if matches!(entry.kind, EntryKind::Directory) {
        return false;
    }
    trims.iter().any(|trim| match trim {
        Trim::Docs => is_documentation(&entry.path),
        Trim::Locales => is_translation(&entry.path),
        Trim::Man => entry.path.starts_with(b"usr/share/man/"),
    })
}

fn is_documentation(path: &[u8]) -> bool {
    let copyright = path.ends_with(b"/copyright");
    path.starts_with(b"usr/share/info/") || path.starts_with(b"usr/share/doc/") && !copyright
}

/// Message catalogues of every language but English; `locale.alias` and the C locales stay.
fn is_translation(path: &[u8]) -> bool {
    let Some(below) = path.strip_prefix(b"usr/share/locale/".as_slice()) else { return false };
    below.contains(&b'/') && !below.starts_with(b"en/") && !below.starts_with(b"en_")
}

/// The dpkg configuration that makes later installations in the guest leave the same out.
pub(super) fn dpkg_configuration(trims: &[Trim]) -> String {
    let mut text = String::new();
    for trim in trims {
        text.push_str(match trim {
            Trim::Docs => "path-exclude=/usr/share/doc/*\npath-include=/usr/share/doc/*/copyright\npath-exclude=/usr/share/info/*\n",
            Trim::Locales => {
                "path-exclude=/usr/share/locale/*\npath-include=/usr/share/locale/locale.alias\npath-include=/usr/share/locale/en*\n"
            }
            Trim::Man => "path-exclude=/usr/share/man/*\n",
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out(trims: &[Trim], path: &str) -> bool {
        let entry =
            DebEntry { path: path.into(), kind: EntryKind::Symlink(b"x".to_vec()), mode: 0o777, uid: 0, gid: 0, mtime: 0, md5: None };
        leaves_out(trims, &entry)
    }

    #[test]
    fn what_each_trim_leaves_out() {
        assert!(out(&[Trim::Docs], "usr/share/doc/bash/README.gz"));
        assert!(!out(&[Trim::Docs], "usr/share/doc/bash/copyright"));
        assert!(!out(&[Trim::Docs], "usr/share/man/man1/bash.1.gz"));
        assert!(out(&[Trim::Man], "usr/share/man/man1/bash.1.gz"));
        assert!(out(&[Trim::Locales], "usr/share/locale/de/LC_MESSAGES/bash.mo"));
        assert!(!out(&[Trim::Locales], "usr/share/locale/en_GB/LC_MESSAGES/bash.mo"));
        assert!(!out(&[Trim::Locales], "usr/share/locale/locale.alias"));
    }

    #[test]
    fn directories_stay() {
        let entry =
            DebEntry { path: b"usr/share/man/man1".to_vec(), kind: EntryKind::Directory, mode: 0o755, uid: 0, gid: 0, mtime: 0, md5: None };
        assert!(!leaves_out(&[Trim::Man], &entry));
    }
}
