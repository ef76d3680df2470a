use rootfs_tree::{Kind, Tree};

/// The paths in the tree that a pattern means: `*` in the last component stands for any bytes, none among them.
pub(super) fn matches(tree: &Tree, pattern: &[u8]) -> Vec<Vec<u8>> {
    let split = pattern.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    let (directory, last) = (&pattern[..split], &pattern[split + 1..]);
    let Ok(id) = tree.resolve(directory) else { return Vec::new() };
    let Kind::Directory(entries) = &tree.node(id).kind else { return Vec::new() };
    entries.keys().filter(|name| matches_name(last, name)).map(|name| [directory, b"/", name].concat()).collect()
}

fn matches_name(pattern: &[u8], name: &[u8]) -> bool {
    let mut parts = pattern.split(|byte| *byte == b'*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let parts: Vec<&[u8]> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle.iter().filter(|part| !part.is_empty()) {
        let Some(position) = rest.windows(part.len()).position(|window| window == *part) else { return false };
        rest = &rest[position + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_bytes() {
        for (pattern, name, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("*", "", true),
            ("ssh_host_*_key", "ssh_host_rsa_key", true),
            ("ssh_host_*_key", "ssh_host_rsa_key.pub", false),
            ("ssh_host_*_key", "ssh_host_key", false),
            ("*-old", "status-old", true),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(matches_name(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
    }
}
