use std::collections::HashMap;

/// dpkg's diversions: other packages' files at one path go to another. The file `/var/lib/dpkg/diversions` holds three lines for each: from, to, by whom
/// (`:` for the administrator).
#[derive(Debug, Default)]
pub(super) struct Diversions {
    by_path: HashMap<Vec<u8>, (Vec<u8>, Vec<u8>)>,
}

impl Diversions {
    /// Reads dpkg's file; an incomplete last entry is passed over, as dpkg would have refused to write it.
    pub(super) fn parse(content: &[u8]) -> Self {
        let lines: Vec<&[u8]> = content.split(|byte| *byte == b'\n').collect();
        let by_path =
            lines.chunks_exact(3).map(|entry| (relative(entry[0]).to_vec(), (relative(entry[1]).to_vec(), entry[2].to_vec()))).collect();
        Self { by_path }
    }

    /// Where a package's file goes. Paths have no leading slash.
    pub(super) fn destination<'a>(&'a self, path: &'a [u8], package: &str) -> &'a [u8] {
        match self.by_path.get(path) {
            Some((to, by)) if by != package.as_bytes() => to,
            _ => path,
        }
    }
}

fn relative(path: &[u8]) -> &[u8] {
    path.strip_prefix(b"/").unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_diverted_and_the_diverter_is_not() {
        let diversions = Diversions::parse(b"/bin/sh\n/bin/sh.distrib\ndash\n/a\n/b\n:\n");
        assert_eq!(diversions.destination(b"bin/sh", "bash"), b"bin/sh.distrib");
        assert_eq!(diversions.destination(b"bin/sh", "dash"), b"bin/sh");
        assert_eq!(diversions.destination(b"a", "dash"), b"b");
        assert_eq!(diversions.destination(b"bin/bash", "bash"), b"bin/bash");
    }
}
