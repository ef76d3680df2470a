//! Kata's image step: a tree to the disk that its guests map, by rootfs-gen and by the sequence of programs that osbuilder's `image_builder.sh` runs.

use rootfs_tests::{Failed, Process, Product, Release, Workbench};

use crate::measure::{Series, measure};
use crate::say;

/// The programs that this measures with.
pub(crate) const NEEDS: [&str; 7] = ["qemu-img", "parted", "losetup", "mkfs.ext4", "tune2fs", "fsck.ext4", "time"];

/// The sequence: `$1` is the tree, `$2` the image. A size is tried with a filesystem of that size, until what is free in it is more than the tree takes;
/// then the image is made, filled, checked, and put behind a header of 2 MiB. What is left out is a container, which the original starts for all of it,
/// and compiling the program that writes the header's block, which is zeros here.
///
/// The partition is reached by its offset, not by scanning the table, which not every kernel does; either takes no time.
const SEQUENCE: &str = r#"
set -e
tree=$1 image=$2 place=$(mktemp -d) scratch=$2.scratch body=$2.body
attach() { losetup --find --show --offset 1048576 "$1"; }
format() { mkfs.ext4 -q -F -b 4096 "$1"; tune2fs -m 3 "$1" >/dev/null; }
partition() { parted --script "$1" -- mklabel msdos mkpart primary ext4 "$2" -1s; }
used=$(du -s -BM "$tree" | cut -dM -f1)
for attempt in $(seq 1 20); do
    size=$((used + 10 * attempt))
    rm -f "$scratch"
    qemu-img create -q -f raw "$scratch" "${size}M"
    partition "$scratch" 1M
    device=$(attach "$scratch")
    format "$device"
    mount "$device" "$place"
    free=$(df -BM --output=avail "$place" | tail -n1 | tr -d ' M')
    umount "$place"
    losetup --detach "$device"
    rm -f "$scratch"
    [ "$free" -le "$used" ] || break
done
total=$(((size + 1 + 2 - 1 + 127) / 128 * 128))
qemu-img create -q -f raw "$body" "$((total - 2))M"
partition "$body" 1M
device=$(attach "$body")
format "$device"
mount "$device" "$place"
cp -a "$tree"/* "$place"
sync
touch "$place/etc/machine-id"
umount "$place"
fsck.ext4 -D -y "$device" >/dev/null 2>&1
losetup --detach "$device"
qemu-img create -q -f raw "$image" "${total}M"
partition "$image" 3M
dd if=/dev/zero of="$image" bs=4096 seek=1 count=1 conv=notrunc status=none
dd if="$body" of="$image" bs=1M seek=2 conv=notrunc status=none
rm -f "$body"
rmdir "$place"
"#;

/// The tree of a guest with systemd.
pub(crate) fn bench(workbench: &Workbench, runs: usize) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let tree = scratch.path().join("tree");
    workbench.product().debian()?.args(["--release", Release::Trixie.name(), "-r"]).arg(&tree).run()?.success()?;
    let (ours, theirs) = (scratch.path().join("ours.img"), scratch.path().join("theirs.img"));
    let (mut our_time, mut their_time) = (Series::default(), Series::default());
    // The first round only fills the page cache.
    for round in 0..=runs {
        let our_run = measure(workbench, |time| {
            let product = Product::under(workbench, time).arg("image").arg(&tree).arg("-o").arg(&ours);
            product.args(["--dax", "--align", "128M", "--force"]).run()
        })?;
        let their_run = measure(workbench, |time: Process| time.args(["sh", "-c", SEQUENCE, "sh"]).arg(&tree).arg(&theirs).run())?;
        fs_err::remove_file(&theirs)?;
        if round > 0 {
            our_time.push(our_run);
            their_time.push(their_run);
        }
    }
    say(&format!("Kata's image of Debian's guest: a tree to a disk with DAX header; median of {runs}, in turns"));
    say(&format!("rootfs-gen image      {our_time}"));
    say(&format!("osbuilder's programs  {their_time}"));
    say(&format!("rootfs-gen is {:.1} times as fast", their_time.median_seconds() / our_time.median_seconds()));
    Ok(())
}
