use std::io;
use std::sync::Arc;

use super::verify::Note;
use crate::erofs::ErofsReadError;
use crate::ext4::{Ext4Problem, Ext4ReadError};
use crate::qcow2::Qcow2Error;
use crate::squashfs::SquashfsReadError;
use crate::verity::VerityError;

/// Problems that are told one by one; more are counted.
pub(super) const MOST: usize = 100;

/// Something in an image that is wrong.
#[derive(Debug)]
pub struct Problem {
    /// The number of the partition; none for tables, and where there is no table.
    pub partition: Option<u32>,
    /// Where in the image, in bytes, as far as that is known.
    pub offset: Option<u64>,
    /// In what: `gpt`, `ext4`.
    pub what: &'static str,
    /// What is wrong with it.
    pub flaw: Arc<Flaw>,
}

/// What is wrong.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what the message says of them")]
pub enum Flaw {
    /// Bytes are not those that were written.
    #[error("the checksum of the {what} is wrong")]
    Checksum { what: &'static str },
    /// A number that can't be.
    #[error("the {what} can't be {value}")]
    Field { what: &'static str, value: u64 },
    /// Anything that needs no number.
    #[error("{what}")]
    Form { what: &'static str },
    /// The image ends before.
    #[error("it needs {needed} bytes, and there are {length}")]
    Cut { length: u64, needed: u64 },
    /// A partition that is not all there.
    #[error("it ends at byte {end}, and partitions may go to {limit}")]
    Outside { end: u64, limit: u64 },
    /// Two partitions with the same bytes.
    #[error("it overlaps partition {other}")]
    Overlap { other: u32 },
    /// A member of an archive; the name has unprintable bytes escaped.
    #[error("the member `{name}`: {why}")]
    Member { name: String, why: &'static str },
    /// A compressed stream that can't be unpacked, or not to its end.
    #[error("it can't be unpacked: {source}")]
    Stream { source: io::Error },
    /// What the reader of ext4 says of a part.
    #[error("{0}")]
    Ext4(Ext4Problem),
    /// Why the reader of ext4 can't look further.
    #[error(transparent)]
    Ext4Read(Ext4ReadError),
    /// What the reader of squashfs says.
    #[error(transparent)]
    Squashfs(#[from] SquashfsReadError),
    /// What the reader of erofs says.
    #[error(transparent)]
    Erofs(#[from] ErofsReadError),
    /// What the reader of hashes says.
    #[error(transparent)]
    Verity(#[from] VerityError),
    /// What the reader of qcow2 says.
    #[error(transparent)]
    Qcow2(#[from] Qcow2Error),
}

/// What is found while one thing is verified.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Of the partition at hand.
    partition: Option<u32>,
    /// Its place in the image, in bytes.
    base: u64,
    /// What is verified.
    what: &'static str,
    pub(super) problems: Vec<Problem>,
    pub(super) more: u64,
    pub(super) checked: Vec<Note>,
    pub(super) left_out: Vec<Note>,
}

impl Findings {
    /// Goes on with something else.
    pub(super) fn turn_to(&mut self, what: &'static str, partition: Option<u32>, base: u64) {
        (self.what, self.partition, self.base) = (what, partition, base);
    }

    /// At an offset from the start of what is at hand.
    pub(super) fn add(&mut self, offset: u64, flaw: impl Into<Arc<Flaw>>) {
        self.push(Some(self.base.saturating_add(offset)), flaw.into());
    }

    /// With a flaw that tells its place itself, or has none.
    pub(super) fn add_somewhere(&mut self, flaw: impl Into<Arc<Flaw>>) {
        self.push(None, flaw.into());
    }

    fn push(&mut self, offset: Option<u64>, flaw: Arc<Flaw>) {
        if self.problems.len() < MOST {
            self.problems.push(Problem { partition: self.partition, offset, what: self.what, flaw });
        } else {
            self.more += 1;
        }
    }

    pub(super) fn checked(&mut self, text: impl Into<String>) {
        self.checked.push(Note { partition: self.partition, what: self.what, text: text.into() });
    }

    pub(super) fn left_out(&mut self, text: impl Into<String>) {
        self.left_out.push(Note { partition: self.partition, what: self.what, text: text.into() });
    }
}
