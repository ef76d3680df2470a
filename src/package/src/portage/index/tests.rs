use std::io::Write;

use super::*;
use crate::portage::Version;

const INDEX: &str = "\
ARCH: amd64
CHOST: x86_64-pc-linux-gnu
REPO: gentoo
VERSION: 0
URI:  https://example.org/x

CPV: sys-apps/baselayout-2.15-r1
BUILD_ID: 3
BUILD_TIME: 1700000000
SLOT: 0/2
USE: split-usr amd64 kernel_linux
IUSE: build +split-usr -nls
RDEPEND: >=a/b-1[c(+)] || ( d/e f/g:= )
DEFINED_PHASES: -
REPO_REVISIONS: {\"gentoo\": \"x\"}
nothing
PATH: sys-apps/baselayout/baselayout-2.15-r1-3.gpkg.tar
DESC: one: two
SIZE: 12


SIZE: 7

CPV: a/b-1
SLOT:
REPO: mine
CHOST: i686-pc-linux-gnu
BUILD_ID: x
";

#[test]
fn packages_are_read() {
    let index = PackageIndex::parse(INDEX.to_owned()).unwrap();
    assert_eq!((index.len(), index.header("URI"), index.header("SIZE")), (2, Some(" https://example.org/x"), None));
    let first = index.package(0).unwrap();
    assert_eq!((first.category(), first.category_and_name(), first.name()), ("sys-apps", "sys-apps/baselayout", "baselayout"));
    assert_eq!((first.version(), first.build_id(), first.slot()), (Version::parse("2.15-r1").unwrap(), Some(3), Some(("0", "2"))));
    let package = first.to_package();
    assert_eq!((package.repository.as_str(), package.chost.as_str(), package.eapi.as_str()), ("gentoo", "x86_64-pc-linux-gnu", "0"));
    let iuse: Vec<_> = package.iuse.iter().map(|flag| (flag.name.as_str(), flag.default)).collect();
    assert_eq!(iuse, [("build", None), ("split-usr", Some(true)), ("nls", Some(false))]);
    assert_eq!((package.use_flags.len(), package.defined_phases.len(), package.build_time), (3, 0, 1_700_000_000));
    assert_eq!((package.description.as_str(), package.size, package.md5), ("one: two", Some(12), None));
    assert_eq!(package.rdepend, ">=a/b-1[c(+)] || ( d/e f/g:= )");
    let second = index.package(1).unwrap();
    assert_eq!((second.slot(), second.build_id(), second.path().as_str()), (None, None, "a/b-1.tbz2"));
    assert_eq!((second.field(Field::Repository), second.field(Field::Chost)), ("mine", "i686-pc-linux-gnu"));
}

#[test]
fn compressed_ones_are_the_same() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(INDEX.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    assert_eq!(PackageIndex::read(&packed).unwrap(), PackageIndex::read(INDEX.as_bytes()).unwrap());
    for damaged in [&packed[..packed.len() - 9], &packed[..5]] {
        assert!(matches!(PackageIndex::read(damaged), Err(IndexFault::Read { .. })));
    }
}

#[test]
fn hostile_ones_are_refused() {
    for version in ["", "VERSION: 1\n\n", "VERSION: x\n\n", "VERSION: -1\n\n", "<html>\n", "\nVERSION: 0\n\n"] {
        assert!(matches!(PackageIndex::parse(version.to_owned()), Err(IndexFault::Version { .. })), "{version}");
    }
    let long = format!("CPV: a/{}-1", "b".repeat(300));
    for block in [
        "CPV: a/b",
        "CPV: ../b-1",
        "CPV: a/b/../c-1",
        "CPV: a/b-1\nPATH: ../x",
        "CPV: a/b-1\nPATH: /etc/passwd",
        "CPV: a/b-1\nPATH: a//b",
        "CPV: a/b-1\nPATH: a/b?c",
        "CPV: a/b-1\nPATH: a\x1b[1m",
        &long,
    ] {
        let text = format!("VERSION: 0\n\nCPV: a/b-1\n\n{block}\n");
        assert!(matches!(PackageIndex::parse(text), Err(IndexFault::Line { line: 5, .. })), "{block}");
    }
    assert_eq!(
        PackageIndex::read(b"VERSION: 0\n\nCPV: a/b-1\nDESC: \xff\n").unwrap().package(0).unwrap().field(Field::Description),
        "\u{fffd}"
    );
}
