//! Entries of tar archives by hand, in GNU's form: whatever the real tools would refuse to write.

/// A header and a content.
#[derive(Debug, Clone)]
pub struct TarEntry {
    name: Vec<u8>,
    kind: u8,
    link: Vec<u8>,
    content: Vec<u8>,
    size: Option<[u8; 12]>,
    mode: u32,
    owner: u32,
    group: Option<u32>,
    names: (String, String),
    mtime: i64,
}

impl TarEntry {
    /// An entry of this kind (`b'6'` is a FIFO).
    #[must_use]
    pub fn new(kind: u8, name: impl AsRef<[u8]>) -> Self {
        let name = name.as_ref().to_vec();
        Self {
            name,
            kind,
            link: Vec::new(),
            content: Vec::new(),
            size: None,
            mode: 0o644,
            owner: 0,
            group: None,
            names: Default::default(),
            mtime: 1_700_000_000,
        }
    }

    /// A directory.
    #[must_use]
    pub fn directory(name: impl AsRef<[u8]>) -> Self {
        Self::new(b'5', name).mode(0o755)
    }

    /// A regular file.
    #[must_use]
    pub fn file(name: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Self {
        Self::new(b'0', name).content(content)
    }

    /// A symbolic link.
    #[must_use]
    pub fn symlink(name: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        Self { link: target.as_ref().to_vec(), ..Self::new(b'2', name).mode(0o777) }
    }

    /// A hard link.
    #[must_use]
    pub fn hard_link(name: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        Self { link: target.as_ref().to_vec(), ..Self::new(b'1', name) }
    }

    /// Sets what follows the header.
    #[must_use]
    pub fn content(self, content: impl AsRef<[u8]>) -> Self {
        Self { content: content.as_ref().to_vec(), ..self }
    }

    /// Sets the bytes of the size field, whatever the content's length is.
    #[must_use]
    pub fn size(self, field: [u8; 12]) -> Self {
        Self { size: Some(field), ..self }
    }

    /// Sets the permission bits.
    #[must_use]
    pub fn mode(self, mode: u32) -> Self {
        Self { mode, ..self }
    }

    /// Sets both owner and group.
    #[must_use]
    pub fn owner(self, owner: u32) -> Self {
        Self { owner, ..self }
    }

    /// Sets the group, where it is another number than the owner.
    #[must_use]
    pub fn group(self, group: u32) -> Self {
        Self { group: Some(group), ..self }
    }

    /// Sets the names of owner and group.
    #[must_use]
    pub fn names(self, user: &str, group: &str) -> Self {
        Self { names: (user.to_owned(), group.to_owned()), ..self }
    }

    /// Its type.
    pub(crate) fn kind(&self) -> u8 {
        self.kind
    }

    /// Whether it is the root itself, which has no name.
    pub(crate) fn is_root(&self) -> bool {
        self.name.is_empty()
    }

    /// Its content, or what a link says: what apk has the checksum of.
    pub(crate) fn summed(&self) -> &[u8] {
        if self.kind == b'2' { &self.link } else { &self.content }
    }

    /// Sets the time, in seconds since 1970.
    #[must_use]
    pub fn mtime(self, mtime: i64) -> Self {
        Self { mtime, ..self }
    }

    /// The header and the content, padded. Names that don't fit get GNU's long form, numbers that don't its binary one.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (kind, text) in [(b'L', &self.name), (b'K', &self.link)] {
            if text.len() > 100 {
                bytes.extend(Self::new(kind, "././@LongLink").content([text, &b"\0"[..]].concat()).bytes());
            }
        }
        bytes.extend(self.header());
        bytes.extend(&self.content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
        bytes
    }

    fn header(&self) -> [u8; 512] {
        let mut header = [0; 512];
        let mut put = |at: usize, text: &[u8]| header[at..at + text.len()].copy_from_slice(text);
        put(0, &self.name[..self.name.len().min(100)]);
        put(100, &number::<8>(self.mode.into()));
        put(108, &number::<8>(self.owner.into()));
        put(116, &number::<8>(self.group.unwrap_or(self.owner).into()));
        let length = i64::try_from(self.content.len()).unwrap_or(i64::MAX);
        put(124, &self.size.unwrap_or_else(|| number::<12>(length)));
        put(136, &number::<12>(self.mtime));
        put(148, b"        ");
        put(156, &[self.kind]);
        put(157, &self.link[..self.link.len().min(100)]);
        put(257, b"ustar  \0");
        put(265, self.names.0.as_bytes());
        put(297, self.names.1.as_bytes());
        if matches!(self.kind, b'3' | b'4') {
            // /dev/null, and loop3.
            let (major, minor) = if self.kind == b'3' { (1, 3) } else { (7, 3) };
            put(329, &number::<8>(major));
            put(337, &number::<8>(minor));
        }
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        header
    }
}

/// An archive of entries with its end.
#[must_use]
pub fn tar(entries: &[TarEntry]) -> Vec<u8> {
    let mut bytes: Vec<u8> = entries.iter().flat_map(TarEntry::bytes).collect();
    bytes.resize((bytes.len() + 1024).next_multiple_of(10240), 0);
    bytes
}

/// Octal digits and a NUL, or 256 as the base behind a first bit of 1.
fn number<const N: usize>(value: i64) -> [u8; N] {
    let mut field = [0; N];
    let digits = format!("{value:0width$o}", width = N - 1);
    if value >= 0 && digits.len() < N {
        field[..N - 1].copy_from_slice(digits.as_bytes());
    } else {
        let bytes = value.to_be_bytes();
        let fill = if value < 0 { 0xff } else { 0 };
        field.fill(fill);
        let room = N.min(8);
        field[N - room..].copy_from_slice(&bytes[8 - room..]);
        field[0] |= 0x80;
    }
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_the_form_that_fits() {
        assert_eq!(number::<8>(0o755), *b"0000755\0");
        assert_eq!(number::<8>(1 << 31), *b"\x80\0\0\0\x80\0\0\0");
        assert_eq!(number::<12>(-1), [0xff; 12]);
    }

    #[test]
    fn gnu_tar_reads_it() {
        let directory = tempfile::tempdir().unwrap();
        let long = "x".repeat(120);
        let archive = tar(&[TarEntry::directory("./a"), TarEntry::file(format!("./a/{long}"), "hello"), TarEntry::symlink("./l", "a")]);
        let file = directory.path().join("x.tar");
        fs_err::write(&file, archive).unwrap();
        let run = crate::Process::new("tar").arg("--list").arg("--file").arg(&file).run().unwrap().success().unwrap();
        assert_eq!(run.output, format!("./a\n./a/{long}\n./l\n"));
    }
}
