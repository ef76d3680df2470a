//! POSIX access control lists: as system calls give them (`posix_acl_xattr.h`) and as ext4 keeps them (`fs/ext4/acl.h`).

const CALL_VERSION: u32 = 2;
const DISK_VERSION: u32 = 1;

const USER_OBJ: u16 = 0x01;
const USER: u16 = 0x02;
const GROUP_OBJ: u16 = 0x04;
const GROUP: u16 = 0x08;
const MASK: u16 = 0x10;
const OTHER: u16 = 0x20;

/// The disk's form; nothing when it is no valid list.
pub(crate) fn to_disk(value: &[u8]) -> Option<Vec<u8>> {
    let (version, rest) = value.split_first_chunk::<4>()?;
    let (entries, []) = rest.as_chunks::<8>() else { return None };
    if u32::from_le_bytes(*version) != CALL_VERSION {
        return None;
    }
    let mut disk = DISK_VERSION.to_le_bytes().to_vec();
    let mut tags = Vec::new();
    for [tag_low, tag_high, permissions @ .., id0, id1, id2, id3] in entries {
        let tag = u16::from_le_bytes([*tag_low, *tag_high]);
        let [0..=7, 0] = *permissions else { return None };
        disk.extend_from_slice(&tag.to_le_bytes());
        disk.extend_from_slice(permissions);
        if matches!(tag, USER | GROUP) {
            disk.extend_from_slice(&[*id0, *id1, *id2, *id3]);
        }
        tags.push(tag);
    }
    is_valid(&tags).then_some(disk)
}

/// The form of system calls; nothing when the disk has no valid list.
pub(crate) fn from_disk(disk: &[u8]) -> Option<Vec<u8>> {
    let (version, mut rest) = disk.split_first_chunk::<4>()?;
    if u32::from_le_bytes(*version) != DISK_VERSION {
        return None;
    }
    let mut value = CALL_VERSION.to_le_bytes().to_vec();
    while let Some((head, behind)) = rest.split_first_chunk::<4>() {
        rest = behind;
        let tag = u16::from_le_bytes([head[0], head[1]]);
        value.extend_from_slice(head);
        if matches!(tag, USER | GROUP) {
            let (id, behind) = rest.split_first_chunk::<4>()?;
            value.extend_from_slice(id);
            rest = behind;
        } else {
            value.extend_from_slice(&u32::MAX.to_le_bytes());
        }
    }
    // What can't be written again is not valid.
    (rest.is_empty() && to_disk(&value).is_some()).then_some(value)
}

/// One entry each for the owner, the group and the others, a mask if any other user or group is named, all in order.
fn is_valid(tags: &[u16]) -> bool {
    let count = |wanted: u16| tags.iter().filter(|tag| **tag == wanted).count();
    let known = tags.iter().all(|tag| matches!(*tag, USER_OBJ | USER | GROUP_OBJ | GROUP | MASK | OTHER));
    let named = count(USER) + count(GROUP) > 0;
    known
        && tags.is_sorted()
        && [USER_OBJ, GROUP_OBJ, OTHER].into_iter().all(|tag| count(tag) == 1)
        && (count(MASK) == 1 || count(MASK) == 0 && !named)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[(u16, u16, u32)]) -> Vec<u8> {
        let entry =
            |(tag, permissions, id): &(u16, u16, u32)| [&tag.to_le_bytes()[..], &permissions.to_le_bytes(), &id.to_le_bytes()].concat();
        CALL_VERSION.to_le_bytes().into_iter().chain(entries.iter().flat_map(entry)).collect()
    }

    #[test]
    fn only_named_entries_keep_an_id() {
        let disk = to_disk(&list(&[(1, 7, !0), (2, 6, 1000), (4, 5, !0), (0x10, 7, !0), (0x20, 4, !0)])).unwrap();
        assert_eq!(disk, b"\x01\0\0\0\x01\0\x07\0\x02\0\x06\0\xe8\x03\0\0\x04\0\x05\0\x10\0\x07\0\x20\0\x04\0");
    }

    #[test]
    fn lists_come_back() {
        let value = list(&[(1, 7, !0), (2, 6, 1000), (4, 5, !0), (8, 1, 7), (0x10, 7, !0), (0x20, 4, !0)]);
        let disk = to_disk(&value).unwrap();
        assert_eq!(from_disk(&disk), Some(value));
        assert_eq!(from_disk(&disk[..disk.len() - 1]), None);
        assert_eq!(from_disk(b"\x02\0\0\0"), None);
    }

    #[test]
    fn what_the_kernel_would_refuse_is_refused() {
        let three = [(1, 7, !0), (4, 5, !0), (0x20, 4, !0)];
        assert!(to_disk(&list(&three)).is_some());
        assert!(to_disk(&list(&three[..2])).is_none());
        assert!(to_disk(&list(&[three[0], three[2], three[1]])).is_none());
        assert!(to_disk(&list(&[three[0], (2, 6, 1), three[1], three[2]])).is_none(), "no mask");
        assert!(to_disk(&list(&[(1, 8, !0), three[1], three[2]])).is_none());
        assert!(to_disk(&list(&three)[..27]).is_none());
        assert!(to_disk(b"\x01\0\0\0").is_none());
    }
}
