use std::io::Write;

use proptest::prelude::*;
use rootfs_tree::{Kind, Metadata, Node, Time, Tree, TreeError};

use super::{everything, node, put, random, read_tar, tar_of, text_of};

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn random_trees_come_back_from_tar(tree in random::tree()) {
        let archive = tar_of(&tree);
        let (back, _layer) = read_tar(&archive).unwrap();
        prop_assert_eq!(text_of(&back), text_of(&tree));
        // The same tree gives the same bytes, wherever its contents are.
        prop_assert!(tar_of(&back) == archive);
    }
}

#[test]
fn everything_comes_back_from_tar() {
    let (back, _layer) = read_tar(&tar_of(&everything())).unwrap();
    assert_eq!(text_of(&back), text_of(&everything()));
}

#[test]
fn extended_headers_are_only_where_they_are_needed() {
    let plain = |change: fn(&mut Node)| {
        let mut tree = Tree::default();
        let metadata = Metadata { uid: 2_097_151, gid: 2_097_151, ..Metadata::root(0o644, Time::from_seconds(0o777_7777_7777)) };
        let id = put(&mut tree, &format!("/{}", "n".repeat(98)), Node { metadata, ..node(0, Kind::Fifo) });
        change(tree.node_mut(id));
        tar_of(&tree).len()
    };
    // The root, the pipe, and the end.
    assert_eq!(plain(|_| {}), 4 * 512);
    let needy: [fn(&mut Node); 6] = [
        |node| node.metadata.uid += 1,
        |node| node.metadata.gid += 1,
        |node| node.metadata.mtime.seconds += 1,
        |node| node.metadata.mtime.seconds = -1,
        |node| node.metadata.mtime.nanoseconds = 1,
        |node| node.kind = Kind::Symlink("t".repeat(101).into_bytes().into()),
    ];
    for change in needy {
        assert_eq!(plain(change), 6 * 512);
    }
    assert_eq!(plain(|node| node.kind = Kind::Symlink("t".repeat(100).into_bytes().into())), 4 * 512);
}

#[test]
fn a_socket_is_refused_and_named() {
    let mut tree = Tree::default();
    put(&mut tree, "/run/socket", node(0o600, Kind::Socket));
    let error = tree.write_tar(&mut Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), "`/run/socket` can't be put into an archive: it is a socket");
}

fn packed(name: &str, bytes: &[u8]) -> Vec<u8> {
    match name {
        "gzip" => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(bytes).expect("memory to write to");
            encoder.finish().expect("memory to write to")
        }
        "xz" => liblzma::encode_all(bytes, 1).expect("memory to write to"),
        _ => zstd::encode_all(bytes, 1).expect("memory to write to"),
    }
}

#[test]
fn packed_archives_are_unpacked_and_cut_ones_refused() {
    let archive = tar_of(&everything());
    for name in ["gzip", "xz", "zstd"] {
        let packed = packed(name, &archive);
        let (back, temporary) = read_tar(&packed).unwrap();
        assert_eq!(text_of(&back), text_of(&everything()), "{name}");
        assert_eq!(back.layers()[0].path, temporary.path().join("spool/0.tar"));
        // A stream of two parts, as parallel packers write it.
        let middle = archive.len() / 2;
        let parts = [self::packed(name, &archive[..middle]), self::packed(name, &archive[middle..])].concat();
        assert_eq!(text_of(&read_tar(&parts).unwrap().0), text_of(&everything()), "{name}");
        for cut in [7, packed.len() / 2, packed.len() - 1] {
            assert!(read_tar(&packed[..cut]).is_err(), "{name} cut to {cut}");
        }
    }
    let error = read_tar(b"BZh91AY&SY").unwrap_err();
    assert!(matches!(error, TreeError::Unpackable { .. }), "{error}");
}

#[test]
fn spooled_copies_do_not_meet() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("packed");
    fs_err::write(&path, packed("gzip", &tar_of(&everything()))).unwrap();
    let spool = temporary.path().join("spool");
    let trees = [Tree::from_tar(&path, &spool).unwrap(), Tree::from_tar(&path, &spool).unwrap()];
    assert_ne!(trees[0].layers(), trees[1].layers());
    fs_err::write(&path, &packed("gzip", &tar_of(&everything()))[..100]).unwrap();
    Tree::from_tar(&path, &spool).unwrap_err();
    assert_eq!(fs_err::read_dir(&spool).unwrap().count(), 2, "a failed copy is removed");
}
