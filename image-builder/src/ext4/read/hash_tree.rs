use zerocopy::FromBytes;

use super::Ext4ReadError;
use super::check::Check;
use super::directory::Listing;
use super::problem::Ext4Flaw;
use crate::ext4::format::{CountLimit, DirEntryHead, DxEntry, DxRootInfo, DxTail, FLAGS_SIGNED_HASH, HASH_HALF_MD4};
use crate::ext4::hash::HashSeed;

/// What of [`DxEntry::block`] is a number.
const BLOCK_MASK: u32 = 0x0FFF_FFFF;
/// Where the root's [`DxRootInfo`] is: after `.` and `..`.
const ROOT_INFO: usize = 24;

/// What a block of a directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing leads to it.
    Free,
    /// A node of the hash tree.
    Index,
    /// It has names with hashes from `low` to `high`; with the latter only if the lowest bit is set.
    Leaf { low: u32, high: u64 },
}

/// A node of the tree.
#[derive(Debug, Clone, Copy)]
struct Node {
    /// Where its entries begin.
    start: usize,
    /// 0 when the entries name leaves.
    level: u8,
    low: u32,
    high: u64,
}

impl Check<'_> {
    /// What each block of a hashed directory is; nothing when that can't be told.
    pub(super) fn check_hash_tree(&mut self, listing: &Listing) -> Result<Option<Vec<Role>>, Ext4ReadError> {
        let Some(root) = listing.physical(0) else { return Ok(None) };
        // With holes, of which the directory is told already, the number of blocks has no bounds.
        let present: u64 = listing.pieces.iter().map(|piece| piece.length).sum();
        let Some(count) = usize::try_from(present).ok().filter(|_| present == listing.blocks) else { return Ok(None) };
        let block = self.volume.block(root)?;
        let info = block.get(ROOT_INFO..).and_then(|rest| DxRootInfo::read_from_prefix(rest).ok());
        let Some((info, _)) = info else { return Ok(None) };
        let levels = if self.volume.features.large_dir { 2 } else { 1 };
        if info.reserved_zero.get() != 0 || info.info_length != 8 || info.indirect_levels > levels || info.hash_version > 5 {
            self.blame_form(listing.inode, "the directory's hash tree begins wrongly");
            return Ok(None);
        }
        if info.hash_version != HASH_HALF_MD4 {
            self.report.leave_out("the order of names in directories that are hashed otherwise than by half MD4");
        }
        let is_hash_known = info.hash_version == HASH_HALF_MD4;
        let mut roles = vec![Role::Free; count];
        roles[0] = Role::Index;
        let node = Node { start: ROOT_INFO + size_of::<DxRootInfo>(), level: info.indirect_levels, low: 0, high: 1 << 32 };
        self.check_node(listing, &block, node, &mut roles)?;
        if roles.contains(&Role::Free) {
            self.blame_form(listing.inode, "the directory has blocks that its hash tree doesn't lead to");
        }
        if !is_hash_known {
            // Index and leaves are apart all the same.
            for role in roles.iter_mut().filter(|role| matches!(role, Role::Leaf { .. })) {
                *role = Role::Free;
            }
        }
        Ok(Some(roles))
    }

    fn check_node(&mut self, listing: &Listing, block: &[u8], node: Node, roles: &mut [Role]) -> Result<(), Ext4ReadError> {
        let tail = if self.volume.features.checksums { size_of::<DxTail>() } else { 0 };
        let room = (block.len() - node.start - tail) / size_of::<DxEntry>();
        let entries = block[node.start..].as_chunks::<8>().0;
        let Some((counts, _)) = entries.first().and_then(|first| CountLimit::read_from_prefix(first).ok()) else { return Ok(()) };
        let (limit, count) = (usize::from(counts.limit.get()), usize::from(counts.count.get()));
        if limit != room || count == 0 || count > limit {
            self.blame_form(listing.inode, "a node of the directory's hash tree has an impossible count");
            return Ok(());
        }
        if tail > 0 {
            self.check_node_sum(listing, block, node.start, limit, count);
        }
        let entries: Vec<DxEntry> = entries[..count].iter().map(|bytes| zerocopy::transmute!(*bytes)).collect();
        let mut low = node.low;
        for (at, entry) in entries.iter().enumerate() {
            let high = entries.get(at + 1).map_or(node.high, |next| next.hash.get().into());
            if u64::from(low) > high || high > node.high {
                self.blame_form(listing.inode, "the directory's hash tree is out of order");
            }
            self.check_below(listing, entry.block.get() & BLOCK_MASK, node.level, (low, high), roles)?;
            low = u32::try_from(high).unwrap_or(u32::MAX);
        }
        Ok(())
    }

    fn check_below(
        &mut self,
        listing: &Listing,
        index: u32,
        level: u8,
        (low, high): (u32, u64),
        roles: &mut [Role],
    ) -> Result<(), Ext4ReadError> {
        let role = roles.get_mut(index as usize);
        let (Some(role @ Role::Free), Some(physical)) = (role, listing.physical(index.into())) else {
            self.blame(listing.inode, Ext4Flaw::Range { what: "a block of the directory's hash tree", value: index.into() });
            return Ok(());
        };
        if level == 0 {
            *role = Role::Leaf { low, high };
            return Ok(());
        }
        *role = Role::Index;
        let block = self.volume.block(physical)?;
        let head = DirEntryHead::read_from_prefix(&block);
        let is_hidden = head.is_ok_and(|(head, _)| {
            head.inode.get() == 0 && (usize::from(head.rec_len.get()) == block.len() || block.len() > usize::from(u16::MAX))
        });
        if !is_hidden {
            self.blame_form(listing.inode, "a node of the directory's hash tree begins wrongly");
        }
        let node = Node { start: size_of::<DirEntryHead>(), level: level - 1, low, high };
        self.check_node(listing, &block, node, roles)
    }

    fn check_node_sum(&mut self, listing: &Listing, block: &[u8], start: usize, limit: usize, count: usize) {
        let at = start + limit * size_of::<DxEntry>();
        let Some((tail, _)) = block.get(at..).and_then(|rest| DxTail::read_from_prefix(rest).ok()) else { return };
        let used = &block[..start + count * size_of::<DxEntry>()];
        let sum = listing.checksum.with(used).with(&tail.dt_reserved.get().to_le_bytes()).with(&[0; 4]);
        if sum.value() != tail.dt_checksum.get() {
            self.blame(listing.inode, Ext4Flaw::Checksum { what: "a node of the directory's hash tree" });
        }
    }

    /// Whether a name is where its hash leads. Names with bytes that are negative are hashed otherwise on some machines.
    pub(super) fn is_in_leaf(&mut self, name: &[u8], role: Role) -> bool {
        let Role::Leaf { low, high } = role else { return true };
        let superblock = self.volume.superblock();
        if !name.is_ascii() && superblock.s_flags.get() & FLAGS_SIGNED_HASH == 0 {
            self.report.leave_out("the order of names beyond ASCII, which are hashed as unsigned bytes");
            return true;
        }
        let hash = HashSeed::new(superblock.s_hash_seed).hash(name);
        hash >= low & !1 && (u64::from(hash) < high & !1 || high & 1 == 1 && u64::from(hash) == high & !1)
    }
}
