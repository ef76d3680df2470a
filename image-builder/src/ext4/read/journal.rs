use zerocopy::FromBytes;

use super::Ext4ReadError;
use super::check::Check;
use super::problem::{Ext4Flaw, Ext4Place};
use crate::ext4::format::{JBD2_MAGIC, JBD2_SUPERBLOCK_V2, JournalSuperblock};
use crate::ext4::layout::JOURNAL_INODE;

/// `h_blocktype` of the first version.
const JBD2_SUPERBLOCK_V1: u32 = 3;

impl Check<'_> {
    /// The journal's own superblock. What is in the journal counts only after a crash, and is not looked at.
    pub(super) fn check_journal(&mut self) -> Result<(), Ext4ReadError> {
        let volume = self.volume;
        if !volume.features.has_journal {
            return Ok(());
        }
        let number = volume.superblock().s_journal_inum.get();
        if number == 0 {
            self.report.leave_out("the journal, which is on another device");
            return Ok(());
        }
        let form = |what| Ext4Flaw::Form { what };
        let blocks: u64 = self.journal.iter().map(|piece| piece.length).sum();
        let first = self.journal.first().filter(|piece| piece.logical == 0 && number == JOURNAL_INODE).map(|piece| piece.physical);
        let Some(first) = first else {
            self.report.add(Ext4Place::Journal, form("its inode has no blocks"));
            return Ok(());
        };
        let block = volume.block(first)?;
        let Ok((journal, _)) = JournalSuperblock::read_from_prefix(&block) else { return Ok(()) };
        if journal.h_magic.get() != JBD2_MAGIC || !matches!(journal.h_blocktype.get(), JBD2_SUPERBLOCK_V1 | JBD2_SUPERBLOCK_V2) {
            self.report.add(Ext4Place::Journal, form("it has no superblock"));
            return Ok(());
        }
        if journal.s_blocksize.get() != volume.block_size {
            self.report.add(Ext4Place::Journal, Ext4Flaw::Range { what: "its block size", value: journal.s_blocksize.get().into() });
        }
        let length = journal.s_maxlen.get();
        if u64::from(length) > blocks || journal.s_first.get() == 0 || journal.s_first.get() > length {
            self.report.add(Ext4Place::Journal, Ext4Flaw::Range { what: "its length", value: length.into() });
        }
        if journal.s_errno.get() != 0 {
            self.report.add(Ext4Place::Journal, form("the kernel has found errors"));
        }
        if journal.s_start.get() != 0 && !volume.features.needs_recovery {
            self.report.add(Ext4Place::Journal, form("it has changes, and the superblock doesn't say so"));
        }
        Ok(())
    }
}
