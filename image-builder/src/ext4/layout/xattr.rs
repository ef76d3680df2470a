use rootfs_tree::Xattrs;
use sha2::{Digest, Sha256};

use super::attribute::Attribute;
use super::check::Defect;
use crate::ext4::form::Form;
use crate::ext4::format::{EXTRA_ISIZE, INODE_SIZE, XATTR_SIZE_MAX, XattrHeader};

/// What an inode has before its attributes.
const INODE_HEADER: usize = size_of::<u32>();
/// Zeros after the last entry.
const END: usize = 4;

/// The attributes of one inode, each where it lies.
#[derive(Debug)]
pub(crate) struct Placed<'a> {
    /// After the inode's fields.
    pub(crate) inside: Vec<Attribute<'a>>,
    /// In a block.
    pub(crate) outside: Vec<Attribute<'a>>,
}

impl<'a> Placed<'a> {
    /// Puts as many attributes as fit into the inode, and the rest into a block. What is too much for one leaves its largest values to inodes of
    /// their own; their entries stay in the block.
    pub(crate) fn new(xattrs: &'a Xattrs, form: Form) -> Result<Self, Defect> {
        let mut attributes = xattrs.iter().map(|(name, value)| Attribute::new(name, value)).collect::<Result<Vec<_>, _>>()?;
        attributes.sort_unstable_by(|a, b| a.key().cmp(&b.key()));
        let limit = form.block_size as usize - size_of::<XattrHeader>() - END;
        loop {
            let inside = inside(&attributes);
            let outside = || attributes.iter().zip(&inside).filter(|(_, is_inside)| !**is_inside);
            let size = outside().map(|(attribute, _)| attribute.size()).sum();
            if size <= limit {
                break;
            }
            let largest = (0..attributes.len()).filter(|index| !inside[*index] && attributes[*index].value_size() > 0);
            let largest = largest.max_by_key(|index| attributes[*index].value.len()).filter(|_| form.may_have_value_inodes());
            let attribute = largest.map(|index| &mut attributes[index]).ok_or(Defect::AttributesTooLarge { size, limit })?;
            if attribute.value.len() > XATTR_SIZE_MAX {
                return Err(Defect::AttributesTooLarge { size: attribute.value.len(), limit: XATTR_SIZE_MAX });
            }
            attribute.is_large = true;
        }
        let mut is_inside = inside(&attributes).into_iter();
        let (inside, outside) = attributes.into_iter().partition(|_| is_inside.next().unwrap_or(false));
        Ok(Self { inside, outside })
    }

    /// Whether something lies outside of the inode.
    pub(crate) fn shares(&self) -> bool {
        !self.outside.is_empty()
    }

    /// What tells the block from others; nothing without a block.
    pub(crate) fn block_digest(&self) -> Option<[u8; 32]> {
        let mut hasher = Sha256::new();
        self.outside.iter().for_each(|attribute| attribute.feed(&mut hasher));
        (!self.outside.is_empty()).then(|| hasher.finalize().into())
    }

    /// The attributes whose values have inodes of their own.
    pub(crate) fn large(&self) -> impl Iterator<Item = &Attribute<'a>> {
        self.outside.iter().filter(|attribute| attribute.is_large)
    }
}

/// Which of them fit into the inode, the first that come first. Without a block, values elsewhere would make e2fsck take a short link for one whose
/// target is in blocks: it counts them as the inode's.
fn inside(attributes: &[Attribute<'_>]) -> Vec<bool> {
    let mut room = INODE_SIZE - 128 - usize::from(EXTRA_ISIZE) - INODE_HEADER - END;
    let fits = |attribute: &Attribute<'_>| {
        let fits = !attribute.is_large && attribute.size() <= room;
        if fits {
            room -= attribute.size();
        }
        fits
    };
    attributes.iter().map(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ext4::options::{BlockSize, Profile};

    /// How many lie inside, outside, and in inodes of their own.
    fn placed(sizes: &[usize], profile: Profile, block_size: BlockSize) -> Result<(usize, usize, usize), Defect> {
        let named = sizes.iter().enumerate();
        let xattrs = named.map(|(index, size)| (format!("user.{index}").into_bytes().into(), vec![1; *size].into())).collect();
        let placed = Placed::new(&xattrs, Form::of(profile, block_size))?;
        Ok((placed.inside.len(), placed.outside.len(), placed.large().count()))
    }

    #[test]
    fn the_inode_is_filled_first() {
        // 88 bytes: an entry with a name of one byte takes 20, so a value of 68 is the largest.
        for (sizes, expected) in
            [(&[68][..], (1, 0, 0)), (&[69], (0, 1, 0)), (&[24, 24], (2, 0, 0)), (&[25, 25, 25], (1, 2, 0)), (&[0; 5], (4, 1, 0))]
        {
            assert_eq!(placed(sizes, Profile::Default, BlockSize::K4).unwrap(), expected, "{sizes:?}");
        }
    }

    #[test]
    fn the_largest_values_leave_a_block_that_is_too_small() {
        for (block_size, sizes, expected) in [
            // 4096 - 32 - 4 - 20 = 4040.
            (BlockSize::K4, &[4040][..], (0, 1, 0)),
            (BlockSize::K4, &[4041], (0, 1, 1)),
            (BlockSize::K4, &[68, 4040], (1, 1, 0)),
            (BlockSize::K4, &[65_536], (0, 1, 1)),
            (BlockSize::K4, &[3000, 3001, 500], (0, 3, 1)),
            // 5 * 20 + 4020 are still too much.
            (BlockSize::K4, &[4000; 6], (0, 6, 6)),
            (BlockSize::K2, &[1992], (0, 1, 0)),
            (BlockSize::K2, &[1993], (0, 1, 1)),
            (BlockSize::K1, &[968], (0, 1, 0)),
            (BlockSize::K1, &[969], (0, 1, 1)),
        ] {
            assert_eq!(placed(sizes, Profile::Default, block_size).unwrap(), expected, "{block_size:?} {sizes:?}");
        }
    }

    #[test]
    fn more_than_there_is_room_for_is_refused() {
        for (sizes, profile, block_size, expected) in [
            (vec![4041], Profile::Compat, BlockSize::K4, (4064, 4060)),
            (vec![969], Profile::Compat, BlockSize::K1, (992, 988)),
            (vec![65_537], Profile::Default, BlockSize::K4, (65_537, 65_536)),
            // 3 in the inode; entries alone are too much for the block.
            (vec![4; 3 + 71], Profile::Default, BlockSize::K1, (1420, 988)),
        ] {
            let Err(Defect::AttributesTooLarge { size, limit }) = placed(&sizes, profile, block_size) else { panic!("{sizes:?}") };
            assert_eq!((size, limit), expected, "{sizes:?}");
        }
    }

    #[test]
    fn names_have_a_known_prefix() {
        for name in ["user.", "os2.a", "user", "", "security.\0", "system.posix_acl_access"] {
            let xattrs = [(name.as_bytes().into(), b"x"[..].into())].into();
            assert!(Placed::new(&xattrs, Form::of(Profile::Default, BlockSize::K4)).is_err(), "{name}");
        }
    }
}
