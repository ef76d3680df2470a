//! `/etc/resolv.conf` is often a link to a file in `/run`.

use std::path::{Component, Path, PathBuf};

/// How many links the kernel follows.
const MOST_LINKS: usize = 40;

/// The path that `/etc/resolv.conf` leads to, through links, as soon as that is out of sight; none when it never is.
pub(super) fn hidden_file(read_link: &dyn Fn(&Path) -> Option<PathBuf>, is_hidden: &dyn Fn(&Path) -> bool) -> Option<PathBuf> {
    let mut path = PathBuf::from("/etc/resolv.conf");
    for _ in 0..MOST_LINKS {
        if is_hidden(&path) {
            return Some(path);
        }
        let target = read_link(&path)?;
        path = plain(&path.parent().unwrap_or(Path::new("/")).join(target));
    }
    None
}

/// Without `.` and `..`, which is right for directories that are no links themselves.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::from("/");
    for component in path.components() {
        match component {
            Component::Normal(name) => plain.push(name),
            Component::ParentDir => drop(plain.pop()),
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(links: &[(&str, &str)]) -> Option<String> {
        let read = |path: &Path| links.iter().find(|(from, _)| Path::new(from) == path).map(|(_, to)| PathBuf::from(to));
        let hidden = |path: &Path| path.starts_with("/run");
        hidden_file(&read, &hidden).map(|path| path.to_string_lossy().into_owned())
    }

    #[test]
    fn links_are_followed_until_they_are_out_of_sight() {
        assert_eq!(found(&[]), None);
        let stub = "/run/systemd/resolve/stub-resolv.conf";
        assert_eq!(found(&[("/etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf")]).as_deref(), Some(stub));
        let two = [("/etc/resolv.conf", "resolvconf/./file"), ("/etc/resolvconf/file", "/run/x")];
        assert_eq!(found(&two).as_deref(), Some("/run/x"));
        assert_eq!(found(&[("/etc/resolv.conf", "/etc/resolv.conf")]), None);
    }
}
