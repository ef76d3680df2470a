//! Where the search for tree texts that break the reader begins: one with every kind of line. The tests of the tree crate read them too.

/// The smallest tree.
const ROOT: &str = "rootfs-tree 1\n/ d 0755 0 0 0.000000000\n";

/// What comes behind the root where there is more than that.
const EVERYTHING: &str = r"/dev d 0755 0 0 1700000000.123456789
/dev/null c 0666 0 0 1700000000.000000001 1,3
/dev/sda b 0660 0 6 1700000000.000000000 8,0
/etc d 1777 0 0 1700000000.000000000
/etc/a\x20\xff\x5c= f 0644 0 0 -5.123456789 0 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
/etc/link l 0777 0 0 1700000000.000000000 ../a\x20target
/etc/passwd f 4640 4294967294 42 1700000000.000000000 4 4813494d137e1631bba301d5acab6e7bb7aa74ce1185d456565ef51d737677b2 user.a\x3db=00ff user.empty=
/etc/passwd- h /etc/passwd
/run d 0755 0 0 1700000000.000000000
/run/pipe p 0600 0 0 1700000000.000000000
/run/socket s 0700 0 0 1700000000.000000000
";

/// Texts by name.
pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    vec![("root", ROOT.into()), ("everything", [ROOT, EVERYTHING].concat().into())]
}
