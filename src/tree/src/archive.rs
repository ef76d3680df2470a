//! Trees as tar archives: POSIX pax, plain ustar headers where those can say it all.

mod compression;
mod extension;
mod fields;
mod header;
mod members;
mod pax;
mod reader;
mod sparse;
mod writer;

/// Size of a header, and what contents are padded to.
const BLOCK: u64 = 512;

/// What is in the way of an archive's next block after `length` bytes.
fn padding(length: u64) -> u64 {
    length.wrapping_neg() % BLOCK
}
