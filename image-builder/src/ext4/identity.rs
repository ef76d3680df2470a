//! Identifiers that are the same for the same tree, since chance must not be in an image.

use rootfs_tree::{Kind, Tree};

use super::layout::Census;
use super::options::{Ext4Options, Holes, Journal, Profile, Size};
use crate::feed::Feed;
use crate::guid::name_based;

/// What tells one filesystem from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) uuid: [u8; 16],
    pub(crate) hash_seed: [u8; 16],
}

impl Identity {
    /// From the options, and where they leave it open from all metadata and names of the tree. Contents are not read: two trees that differ in
    /// nothing else have one identity.
    pub(crate) fn derive(tree: &Tree, census: &Census, options: &Ext4Options) -> Self {
        if let (Some(uuid), Some(hash_seed)) = (options.uuid, options.hash_seed) {
            return Self { uuid, hash_seed };
        }
        let mut feed = Feed::new("ext4 2");
        feed_options(&mut feed, options);
        for directory in census.directories() {
            feed.number(directory.inode.into());
            if let Some(Kind::Directory(entries)) = census.inode(directory.inode).node.map(|id| &tree.node(id).kind) {
                feed.number(entries.len() as u64);
                for (name, child) in entries {
                    feed.bytes(name);
                    feed.number(census.number(*child).into());
                }
            }
        }
        for (inode, counted) in census.inodes() {
            let Some(node) = counted.node.map(|id| tree.node(id)) else { continue };
            feed.number(inode.into());
            feed.metadata(&node.metadata);
            feed.kind(&node.kind);
        }
        let digest: [u8; 32] = feed.finish();
        Self {
            uuid: options.uuid.unwrap_or_else(|| name_based(&digest[..16])),
            hash_seed: options.hash_seed.unwrap_or_else(|| name_based(&digest[16..])),
        }
    }
}

fn feed_options(feed: &mut Feed, options: &Ext4Options) {
    feed.bytes(&options.label);
    let (kind, bytes) = match options.size {
        Size::Minimal => (0, 0),
        Size::Free(bytes) => (1, bytes),
        Size::Fixed(bytes) => (2, bytes),
    };
    let (journal, blocks) = match options.journal {
        Journal::Auto => (0, 0),
        Journal::None => (1, 0),
        Journal::Blocks(blocks) => (2, blocks),
    };
    let holes = match options.holes {
        Holes::Reported => 0,
        Holes::Zeros => 1,
        Holes::Never => 2,
    };
    let profile = match options.profile {
        Profile::Default => 0,
        Profile::ReadOnly => 1,
        Profile::Compat => 2,
    };
    let block_size = options.block_size.bytes();
    [kind, bytes, journal, blocks.into(), holes, profile, block_size.into()].into_iter().for_each(|number| feed.number(number));
    if let Some(time) = options.time {
        feed.time(time);
    }
}
