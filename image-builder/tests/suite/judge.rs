//! Foreign programs and the kernel.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rootfs_image::{
    ContainerChoice, Ext4Image, Ext4Layout, Ext4Options, Ext4ReadError, Ext4Report, FileSource, Image, ImageFile, Quiet, ReadImage,
};
use rootfs_tree::{Digest, Kind, Metadata, Node, ScanOptions, Tree};
use tempfile::TempDir;

use crate::forest::TIME;

/// An image of a tree, and what was planned.
pub(crate) struct Judged {
    pub(crate) directory: TempDir,
    pub(crate) image: PathBuf,
    pub(crate) layout: Ext4Layout,
}

/// Writes a tree as ext4 and has e2fsck look at it.
pub(crate) fn judge(tree: &Tree, options: &Ext4Options) -> Judged {
    let judged = write(tree, options);
    assert_clean(&judged.image);
    judged
}

/// Writes a tree as ext4. Without a time in the options the filesystem's is [`TIME`]: e2fsck complains about one in the future.
pub(crate) fn write(tree: &Tree, options: &Ext4Options) -> Judged {
    let options = &Ext4Options { time: options.time.or(Some(TIME)), ..options.clone() };
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("image");
    let layout = Ext4Layout::plan(tree, options).unwrap();
    let file = ImageFile::create(&image).unwrap();
    layout.write(tree, &Image::new(&file)).unwrap();
    file.finish(layout.size()).unwrap();
    Judged { directory, image, layout }
}

/// Runs a program to its end.
#[expect(clippy::disallowed_methods, reason = "judges are foreign programs")]
pub(crate) fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program)
        .args(arguments)
        .env("LC_ALL", "C")
        .output()
        .unwrap_or_else(|error| panic!("the judge `{program}` can't be started: {error}"))
}

/// Runs a program that must succeed; gives what it says.
pub(crate) fn run_well(program: &str, arguments: &[&str]) -> String {
    let output = run(program, arguments);
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {}\n{said}", output.status);
    said
}

/// Whether e2fsck finds nothing at all, not even something to make better, and our own reader nothing either.
pub(crate) fn assert_clean(image: &Path) {
    let said = run_well("e2fsck", &["-fn", path(image)]);
    for complaint in ["could be", "ptimiz", "WARNING", "? no"] {
        assert!(!said.contains(complaint), "{said}");
    }
    let report = verify(image).unwrap();
    assert!(report.is_clean() && report.unchecked.is_empty(), "{report:?}");
}

/// What our own reader finds.
pub(crate) fn verify(image: &Path) -> Result<Ext4Report, Ext4ReadError> {
    Ext4Image::open(&FileSource::open(image)?)?.verify()
}

/// Whether our own reader finds something wrong.
pub(crate) fn refuses(image: &Path) -> bool {
    verify(image).map_or(true, |report| !report.is_clean())
}

/// What debugfs says to a request.
pub(crate) fn debugfs(image: &Path, request: &str) -> String {
    run_well("debugfs", &["-R", request, path(image)])
}

/// A field of the superblock as dumpe2fs tells it.
pub(crate) fn superblock_field(image: &Path, name: &str) -> String {
    let said = run_well("dumpe2fs", &["-h", path(image)]);
    let line = said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("no `{name}` in\n{said}")).trim().to_owned()
}

pub(crate) fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// An image in the kernel's hands.
pub(crate) struct Mounted {
    pub(crate) at: TempDir,
}

impl Mounted {
    /// An ext4, with options such as `ro`.
    pub(crate) fn new(image: &Path, options: &str) -> Self {
        Self::of("ext4", image, options)
    }

    /// A filesystem of this type.
    pub(crate) fn of(filesystem: &str, image: &Path, options: &str) -> Self {
        let at = tempfile::tempdir().unwrap();
        let options = format!("loop,{options}");
        let arguments = ["-t", filesystem, "-o", &options, path(image), path(at.path())];
        // The loop device of the mount before may not have gone yet.
        for _ in 0..100 {
            let output = run("mount", &arguments);
            if output.status.success() {
                return Self { at };
            }
            if !String::from_utf8_lossy(&output.stderr).contains("busy") {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        run_well("mount", &arguments);
        Self { at }
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.at.path().join(below)
    }

    /// What is in it.
    pub(crate) fn tree(&self) -> Tree {
        Tree::scan(self.at.path(), &ScanOptions { hash: true, known: None }).unwrap()
    }

    pub(crate) fn unmount(self) {
        // A process that another test has just forked holds our files until it has executed its program.
        for _ in 0..100 {
            if run("umount", &[path(self.at.path())]).status.success() {
                std::mem::forget(self);
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        run_well("umount", &[path(self.at.path())]);
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = run("umount", &["-l", path(self.at.path())]);
    }
}

/// The tree with what the filesystem adds, hashed.
pub(crate) fn expected(tree: &Tree) -> Tree {
    let mut tree = tree.clone();
    if tree.child(Tree::ROOT, b"lost+found").is_none() {
        let metadata = Metadata::root(0o700, TIME);
        let id = tree.add_node(Node { metadata, kind: Kind::directory(), package: None });
        tree.insert(Tree::ROOT, b"lost+found", id).unwrap();
    }
    tree.hash_contents().unwrap();
    tree
}

/// Mounts the image and compares.
pub(crate) fn assert_kernel_sees(judged: &Judged, tree: &Tree) {
    let mounted = Mounted::new(&judged.image, "ro");
    let (expected, found) = (expected(tree), mounted.tree());
    let differences = rootfs_tree::diff(&expected, &found);
    assert!(differences.is_empty(), "{differences:?}");
    assert_eq!(digest(&expected), digest(&found));
    mounted.unmount();
    let mut tree = tree.clone();
    tree.hash_contents().unwrap();
    assert_reader_sees(&judged.image, &tree);
}

/// Whether our own reader finds the tree in an image.
pub(crate) fn assert_reader_sees(image: &Path, expected: &Tree) {
    let spool = tempfile::tempdir().unwrap();
    let found = read(image, spool.path());
    let differences = rootfs_tree::diff(expected, &found);
    assert!(differences.is_empty(), "{differences:?}");
    assert_eq!(digest(expected), digest(&found));
}

/// What our own reader finds in an image, hashed.
pub(crate) fn read(image: &Path, spool: &Path) -> Tree {
    let mut tree = ReadImage::of(image, &ContainerChoice::default(), spool, &Quiet).unwrap().tree;
    tree.hash_contents().unwrap();
    tree
}

fn digest(tree: &Tree) -> Digest {
    tree.digest().unwrap()
}
