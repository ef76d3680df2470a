//! Trees that nobody would think of.

use proptest::collection::vec;
use proptest::prelude::*;
use rootfs_tree::{Kind, Metadata, Node, NodeId, Time, Tree};

use super::{capability, xattrs};

/// What is put somewhere; the numbers choose among what is there.
#[derive(Debug, Clone)]
struct Step {
    parent: prop::sample::Index,
    name: Vec<u8>,
    what: What,
    metadata: Metadata,
    attributes: u8,
}

#[derive(Debug, Clone)]
enum What {
    Directory,
    File(Vec<u8>),
    Symlink(Vec<u8>),
    CharDevice(u32, u32),
    BlockDevice(u32, u32),
    Fifo,
    Link(prop::sample::Index),
}

/// A tree that Linux can hold and an archive, too: no sockets.
pub(super) fn tree() -> impl Strategy<Value = Tree> {
    (vec(step(), 0..40), metadata()).prop_map(|(steps, root)| build(&steps, root))
}

fn step() -> impl Strategy<Value = Step> {
    (any::<prop::sample::Index>(), name(), what(), metadata(), 0_u8..8).prop_map(|(parent, name, what, metadata, attributes)| Step {
        parent,
        name,
        what,
        metadata,
        attributes,
    })
}

/// Short names meet often, long ones need extended headers.
fn name() -> impl Strategy<Value = Vec<u8>> {
    let byte = any::<u8>().prop_filter("a byte of a name", |byte| !matches!(byte, 0 | b'/'));
    let names = prop_oneof![4 => vec(97_u8..101, 1..3), 2 => vec(byte, 1..6), 1 => vec(97_u8..99, 90..256)];
    names.prop_filter("a name", |name| name != b"." && name != b"..")
}

fn what() -> impl Strategy<Value = What> {
    let numbers = || (0_u32..4096, 0_u32..1_048_576);
    prop_oneof![
        4 => Just(What::Directory),
        4 => vec(any::<u8>(), 0..2000).prop_map(What::File),
        2 => vec(1_u8..255, 1..300).prop_map(What::Symlink),
        1 => numbers().prop_map(|(major, minor)| What::CharDevice(major, minor)),
        1 => numbers().prop_map(|(major, minor)| What::BlockDevice(major, minor)),
        1 => Just(What::Fifo),
        2 => any::<prop::sample::Index>().prop_map(What::Link),
    ]
}

fn metadata() -> impl Strategy<Value = Metadata> {
    let id = || prop_oneof![Just(0_u32), 0_u32..70_000, 2_097_150_u32..2_097_155, Just(u32::MAX - 1)];
    // What ext4 can hold.
    let seconds = prop_oneof![0_i64..2_000_000_000, -2_147_483_648_i64..0, 8_589_934_590_i64..8_589_934_600];
    let nanoseconds = prop_oneof![Just(0_u32), 0_u32..1_000_000_000];
    (0_u16..0o10000, id(), id(), seconds, nanoseconds).prop_map(|(mode, uid, gid, seconds, nanoseconds)| Metadata {
        mode,
        uid,
        gid,
        mtime: Time { seconds, nanoseconds },
        xattrs: None,
    })
}

fn build(steps: &[Step], root: Metadata) -> Tree {
    let mut tree = Tree::new(root);
    let mut directories = vec![Tree::ROOT];
    let mut others: Vec<NodeId> = Vec::new();
    for step in steps {
        let parent = *step.parent.get(&directories);
        if tree.child(parent, &step.name).is_some() {
            continue;
        }
        let id = match &step.what {
            What::Link(_) if others.is_empty() => continue,
            What::Link(index) => *index.get(&others),
            what => tree.add_node(inode(what, step)),
        };
        match step.what {
            What::Directory => directories.push(id),
            _ => others.push(id),
        }
        tree.insert(parent, &step.name, id).expect("a directory and a name");
    }
    tree
}

fn inode(what: &What, step: &Step) -> Node {
    let mut metadata = step.metadata.clone();
    let kind = match what {
        What::Directory | What::Link(_) => Kind::directory(),
        What::File(content) => Kind::inline(content.as_slice()),
        What::Symlink(target) => Kind::Symlink(target.as_slice().into()),
        What::CharDevice(major, minor) => Kind::CharDevice { major: *major, minor: *minor },
        What::BlockDevice(major, minor) => Kind::BlockDevice { major: *major, minor: *minor },
        What::Fifo => Kind::Fifo,
    };
    metadata.xattrs = match (step.attributes, &kind) {
        (0, Kind::File(_)) => xattrs(&[("security.capability", &capability())]),
        (1, Kind::File(_) | Kind::Directory(_)) => xattrs(&[("user.one", b""), ("user.=%", b"a\nb\0c")]),
        (0..=2, _) => xattrs(&[("trusted.mark", b"\xff")]),
        _ => None,
    };
    Node { metadata, kind, package: None }
}
