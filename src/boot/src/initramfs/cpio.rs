//! The "new ASCII" form of cpio, which the kernel unpacks (Documentation/driver-api/early-userspace/buffer-format.rst of the kernel).

use std::io::{self, Write};

/// What begins every header.
const MAGIC: &str = "070701";

/// The name that ends an archive.
const TRAILER: &[u8] = b"TRAILER!!!";

/// Headers, names and contents begin at multiples of this.
const ALIGNMENT: u64 = 4;

/// What GNU cpio pads archives to.
const BLOCK: u64 = 512;

/// Type bits of a mode, stat(2).
const DIRECTORY: u32 = 0o040_000;
const FILE: u32 = 0o100_000;
const SYMLINK: u32 = 0o120_000;
const CHAR_DEVICE: u32 = 0o020_000;

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CpioKind<'a> {
    Directory,
    File(&'a [u8]),
    Symlink(&'a [u8]),
    CharDevice { major: u32, minor: u32 },
}

/// Writes members in the order in which they come; the same members give the same bytes. All belong to root and have no time.
#[derive(Debug)]
pub(crate) struct CpioWriter<W> {
    out: W,
    position: u64,
    members: u32,
}

impl<W: Write> CpioWriter<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out, position: 0, members: 0 }
    }

    /// Adds a member. `path` has no leading slash, and its directories were added before.
    ///
    /// # Errors
    /// When a name or a content is longer than 4 GiB, or the output fails.
    pub(crate) fn add(&mut self, path: &[u8], permissions: u32, kind: CpioKind<'_>) -> io::Result<()> {
        self.members += 1;
        let (kind_bits, links, content, device) = match kind {
            CpioKind::Directory => (DIRECTORY, 2, &[][..], (0, 0)),
            CpioKind::File(content) => (FILE, 1, content, (0, 0)),
            CpioKind::Symlink(target) => (SYMLINK, 1, target, (0, 0)),
            CpioKind::CharDevice { major, minor } => (CHAR_DEVICE, 1, &[][..], (major, minor)),
        };
        self.write(path, [self.members, kind_bits | permissions, links, device.0, device.1], content)
    }

    /// Ends the archive.
    ///
    /// # Errors
    /// When the output fails.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.write(TRAILER, [0, 0, 1, 0, 0], &[])?;
        self.pad(BLOCK)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn write(&mut self, path: &[u8], [inode, mode, links, major, minor]: [u32; 5], content: &[u8]) -> io::Result<()> {
        let length = |bytes: usize| u32::try_from(bytes).or(Err(io::Error::from(io::ErrorKind::FileTooLarge)));
        let (name_length, size) = (length(path.len() + 1)?, length(content.len())?);
        let (uid, gid, mtime, device, check) = (0, 0, 0, 0, 0);
        let fields = [inode, mode, uid, gid, links, mtime, size, device, device, major, minor, name_length, check]
            .map(|field| format!("{field:08x}"));
        self.put(MAGIC.as_bytes())?;
        self.put(fields.concat().as_bytes())?;
        self.put(path)?;
        self.put(&[0])?;
        self.pad(ALIGNMENT)?;
        self.put(content)?;
        self.pad(ALIGNMENT)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.position += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn pad(&mut self, alignment: u64) -> io::Result<()> {
        let zeros = [0; 512];
        let missing = usize::try_from(self.position.next_multiple_of(alignment) - self.position).unwrap_or(0);
        self.put(&zeros[..missing])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_archive_byte_by_byte() {
        let mut writer = CpioWriter::new(Vec::new());
        writer.add(b"a", 0o644, CpioKind::File(b"x\n")).unwrap();
        let bytes = writer.finish().unwrap();
        let header = concat!(
            "070701", "00000001", "000081a4", "00000000", "00000000", "00000001", "00000000", "00000002", "00000000", "00000000",
            "00000000", "00000000", "00000002", "00000000", "a\0", "x\n\0\0"
        );
        assert_eq!(bytes[..header.len()].escape_ascii().to_string(), header.as_bytes().escape_ascii().to_string());
        assert_eq!(bytes.len(), 512);
    }
}
