/// A pattern of paths: `*` is any text within one name, a slash at the end means all below a directory.
#[derive(Debug)]
pub(super) struct Pattern<'a> {
    names: Vec<&'a [u8]>,
    below: bool,
}

/// Directories that a merged `/usr` has under `/usr`.
const MERGED: [&[u8]; 4] = [b"bin", b"sbin", b"lib", b"lib64"];

impl<'a> Pattern<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { names: names(text.as_bytes()).collect(), below: text.ends_with('/') }
    }

    /// Whether the path, or the one that it has under a merged `/usr`, is meant.
    pub(super) fn matches(&self, path: &[u8]) -> bool {
        let own: Vec<&[u8]> = names(path).collect();
        if self.matches_names(&own) {
            return true;
        }
        let merged = own.first().is_some_and(|first| MERGED.contains(first));
        merged && self.matches_names(&[&[b"usr".as_slice()], own.as_slice()].concat())
    }

    fn matches_names(&self, path: &[&[u8]]) -> bool {
        let length = if self.below { path.len() >= self.names.len() } else { path.len() == self.names.len() };
        length && self.names.iter().zip(path).all(|(pattern, name)| matches_name(pattern, name))
    }
}

fn names(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/').filter(|name| !name.is_empty())
}

fn matches_name(pattern: &[u8], name: &[u8]) -> bool {
    let Some(star) = pattern.iter().position(|byte| *byte == b'*') else { return pattern == name };
    let Some(rest) = name.strip_prefix(&pattern[..star]) else { return false };
    (0..=rest.len()).any(|skipped| matches_name(&pattern[star + 1..], &rest[skipped..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_names_and_what_is_below() {
        for (pattern, path, expected) in [
            ("/usr/bin/busybox", "/bin/busybox", true),
            ("/usr/bin/busybox", "/usr/bin/busybox", true),
            ("/usr/lib/*/libm.so.6", "/lib/x86_64-linux-gnu/libm.so.6", true),
            ("/usr/lib/*/libm.so.6", "/usr/lib/libm.so.6", false),
            ("/usr/lib/*/libnss_*.so.2", "/usr/lib/a/libnss_dns.so.2", true),
            ("/usr/share/doc/", "/usr/share/doc/x/copyright", true),
            ("/usr/share/doc/", "/usr/share/docs", false),
            ("/usr/share/doc/", "/usr/share/doc", true),
            ("/a*b*c", "/aXbYbZc", true),
            ("/a*b*c", "/aXbYbZ", false),
        ] {
            assert_eq!(Pattern::new(pattern).matches(path.as_bytes()), expected, "{pattern} {path}");
        }
    }
}
