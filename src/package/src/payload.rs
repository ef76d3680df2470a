//! What the payloads of all package formats have in common.

mod archived;
mod blocks;
mod entries;
mod entry;
mod fault;
mod stream;
mod tar;

pub use archived::ArchivedEntry;
pub(crate) use archived::{ContentSum, decode_entries, encode_entries};
pub(crate) use blocks::{BLOCK, TarBlocks};
pub(crate) use entries::{Entries, Orphans, above};
pub use entry::EntryKind;
pub use fault::StreamFault;
pub(crate) use stream::{Hashed, Tee};
pub(crate) use tar::{Header, TarFault, TarReader};

/// A payload below this size is never a bomb, whatever its compressed size.
const FLOOR: u64 = 512 << 20;

/// How many times its compressed size a payload above [`FLOOR`] may unpack to. Debian's own stay below 40.
const RATIO: u64 = 200;

/// What no payload may unpack to.
const CEILING: u64 = 64 << 30;

/// What a payload may unpack to, whose compressed size, or that of its package, is this one; both in bytes.
pub(crate) fn limit(packed: u64) -> u64 {
    packed.saturating_mul(RATIO).clamp(FLOOR, CEILING)
}
