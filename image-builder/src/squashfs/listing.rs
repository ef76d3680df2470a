use rootfs_tree::{Kind, NodeId, Tree};
use zerocopy::IntoBytes;

use super::format::{DIR_COUNT, DirEntry, DirHeader, METADATA_SIZE, kind};
use super::metadata::Place;

/// What a directory says of one of its entries.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) name: &'a [u8],
    pub(super) number: u32,
    pub(super) inode: Place,
    pub(super) entry_type: u16,
}

/// A directory's entries as they lie on disk.
#[derive(Debug, Default)]
pub(super) struct Listing<'a> {
    pub(super) bytes: Vec<u8>,
    /// Headers that a search may begin at, one for each metadata block after the first.
    pub(super) landmarks: Vec<Landmark<'a>>,
}

/// The first header that begins in a metadata block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Landmark<'a> {
    /// Where it is in the listing.
    pub(super) at: usize,
    /// The first name behind it.
    pub(super) name: &'a [u8],
}

/// The header that entries are being added to.
struct Open {
    at: usize,
    count: usize,
    /// Of the inodes.
    block: u32,
    number: u32,
    /// The metadata block of the table of directories that it begins in.
    page: u64,
}

impl<'a> Listing<'a> {
    /// A listing that will begin at a position of the table of directories. Entries are sorted by their names' bytes.
    pub(super) fn of(position: u64, entries: impl Iterator<Item = Entry<'a>>) -> Self {
        let mut listing = Self::default();
        let page_of = |at: usize| (position + at as u64) / METADATA_SIZE as u64;
        let mut last_page = page_of(0);
        let mut open: Option<Open> = None;
        for entry in entries {
            let page = page_of(listing.bytes.len());
            let header = match open.take().filter(|header| header.takes(&entry, page)) {
                Some(header) => header,
                None => {
                    if page != last_page {
                        listing.landmarks.push(Landmark { at: listing.bytes.len(), name: entry.name });
                        last_page = page;
                    }
                    listing.begin(&entry, page)
                }
            };
            open = Some(listing.add(header, &entry));
        }
        listing
    }

    fn begin(&mut self, entry: &Entry<'_>, page: u64) -> Open {
        let at = self.bytes.len();
        let header = DirHeader { count: 0.into(), start_block: entry.inode.block.into(), inode_number: entry.number.into() };
        self.bytes.extend_from_slice(header.as_bytes());
        Open { at, count: 0, block: entry.inode.block, number: entry.number, page }
    }

    fn add(&mut self, header: Open, entry: &Entry<'_>) -> Open {
        // The first eight bits of the count, which is below 256, are all there is to change.
        self.bytes[header.at] = u8::try_from(header.count).unwrap_or(u8::MAX);
        let head = DirEntry {
            offset: entry.inode.offset.into(),
            inode_number: difference(header.number, entry.number).unwrap_or(0).into(),
            entry_type: entry.entry_type.into(),
            size: u16::try_from(entry.name.len() - 1).unwrap_or(u16::MAX).into(),
        };
        self.bytes.extend_from_slice(head.as_bytes());
        self.bytes.extend_from_slice(entry.name);
        Open { count: header.count + 1, ..header }
    }
}

impl Open {
    /// Whether an entry can follow it. A header for every metadata block is what makes a search by landmarks short.
    fn takes(&self, entry: &Entry<'_>, page: u64) -> bool {
        let near = difference(self.number, entry.number).is_some();
        near && self.count < DIR_COUNT && self.block == entry.inode.block && self.page == page
    }
}

/// How much larger the second number is, where 16 bits can say it.
fn difference(from: u32, to: u32) -> Option<i16> {
    i16::try_from(i64::from(to) - i64::from(from)).ok()
}

/// `inode_type` of the short form.
pub(super) fn type_of(tree: &Tree, id: NodeId) -> u16 {
    match tree.node(id).kind {
        Kind::Directory(_) => kind::DIRECTORY,
        Kind::File(_) => kind::REGULAR,
        Kind::Symlink(_) => kind::SYMLINK,
        Kind::BlockDevice { .. } => kind::BLOCK_DEVICE,
        Kind::CharDevice { .. } => kind::CHAR_DEVICE,
        Kind::Fifo => kind::FIFO,
        Kind::Socket => kind::SOCKET,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &'static [u8], number: u32, block: u32) -> Entry<'static> {
        Entry { name, number, inode: Place { block, offset: 7 }, entry_type: 2 }
    }

    fn headers(listing: &Listing<'_>) -> Vec<(u8, u32)> {
        let word = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|byte| listing.bytes[at + byte]));
        let (mut at, mut found) = (0, Vec::new());
        while at < listing.bytes.len() {
            found.push((listing.bytes[at], word(at + 8)));
            at += 12 + (usize::from(listing.bytes[at]) + 1) * (8 + 1);
        }
        found
    }

    #[test]
    fn a_header_is_of_one_block_near_numbers_and_256_entries() {
        let listing = |entries: &[Entry<'static>]| headers(&Listing::of(0, entries.iter().copied()));
        assert_eq!(listing(&[entry(b"a", 5, 0), entry(b"b", 6, 0), entry(b"c", 7, 99)]), [(1, 5), (0, 7)]);
        let far = [entry(b"a", 40_000, 0), entry(b"b", 40_000 + 32_767, 0), entry(b"c", 40_000 - 32_768, 0), entry(b"d", 7231, 0)];
        assert_eq!(listing(&far), [(2, 40_000), (0, 7231)]);
        assert_eq!(listing(&[entry(b"a", 1, 0), entry(b"b", 32_769, 0)]), [(0, 1), (0, 32_769)]);
        assert_eq!(listing(&vec![entry(b"x", 9, 0); 257]), [(255, 9), (0, 9)]);
        assert_eq!(listing(&[]), []);
    }

    #[test]
    fn each_metadata_block_begins_with_a_landmark() {
        let listing = Listing::of(8192 * 3 + 100, vec![entry(b"x", 9, 0); 3000].into_iter());
        let pages: Vec<usize> = listing.landmarks.iter().map(|landmark| (100 + landmark.at) / 8192).collect();
        assert_eq!(pages, (1..=(100 + listing.bytes.len()) / 8192).collect::<Vec<_>>());
    }
}
