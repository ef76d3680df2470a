//! A tree to a disk image: rootfs-gen against GNU tar, both to a file on the same disk.

use std::path::{Path, PathBuf};

use rootfs_tests::{Failed, Process, Product, Workbench};

use crate::measure::{Measured, Series, measure};
use crate::say;

/// The programs that this measures with.
pub(crate) const NEEDS: [&str; 2] = ["tar", "time"];

/// Trees by the number of their directories and of the files in each.
const SHAPES: [(&str, usize, usize); 3] =
    [("50,000 files, 20 to a directory", 2500, 20), ("18,000 files in one directory", 1, 18_000), ("1,000,000 empty files", 20_000, 50)];

/// How long a file is: from nothing to 32 KiB, 16 KiB on average, always the same for the same number.
fn length(number: usize) -> usize {
    number.wrapping_mul(2_654_435_761) % 32_769
}

/// Both shapes, with contents in the page cache; then memory and time on a million files, which shows that both grow with the tree and not faster.
pub(crate) fn bench(workbench: &Workbench, runs: usize) -> Result<(), Failed> {
    say(&format!("images: a directory to MBR and ext4, against `tar cf`; median of {runs}, in turns"));
    for (name, directories, files) in &SHAPES[..2] {
        let scratch = workbench.scratch()?;
        let tree = make(scratch.path(), *directories, *files, length)?;
        compare(workbench, name, (scratch.path(), &tree), runs)?;
        compare_qcow2(workbench, name, (scratch.path(), &tree), runs)?;
    }
    let (name, directories, files) = SHAPES[2];
    let scratch = workbench.scratch()?;
    let tree = make(scratch.path(), directories, files, |_| 0)?;
    compare(workbench, name, (scratch.path(), &tree), 1)
}

fn make(parent: &Path, directories: usize, files: usize, length: impl Fn(usize) -> usize) -> Result<PathBuf, Failed> {
    let tree = parent.join("tree");
    let content: Vec<u8> = (0..32_769_u32).map(|byte| (byte % 251) as u8 + 1).collect();
    for directory in 0..directories {
        let path = tree.join(format!("directory-{directory:05}"));
        fs_err::create_dir_all(&path)?;
        for file in 0..files {
            fs_err::write(path.join(format!("file-{file:06}.txt")), &content[..length(directory * files + file)])?;
        }
    }
    rustix::fs::sync();
    Ok(tree)
}

fn compare(workbench: &Workbench, name: &str, (scratch, tree): (&Path, &Path), runs: usize) -> Result<(), Failed> {
    let (mut ours, mut tars) = (Series::default(), Series::default());
    // The first round only fills the page cache.
    for round in 0..=runs {
        let (image, archive) = (scratch.join("tree.img"), scratch.join("tree.tar"));
        let round_ours = image_of(workbench, tree, &image)?;
        fs_err::remove_file(image)?;
        let round_tars = measure(workbench, |time| -> Result<_, Failed> {
            let run: Process = time.args(["tar", "--create", "--directory"]).arg(tree).arg("--file").arg(&archive).arg(".");
            run.run()
        })?;
        fs_err::remove_file(archive)?;
        if round > 0 {
            ours.push(round_ours);
            tars.push(round_tars);
        }
    }
    say(&format!("{name:<34} rootfs-gen image   {ours}"));
    say(&format!("{name:<34} tar                {tars}"));
    say(&format!("{name:<34} an image takes {:.2} times as long as a tar", ours.median_seconds() / tars.median_seconds()));
    Ok(())
}

/// A qcow2 against the raw disk of the same tree, and one that is compressed.
fn compare_qcow2(workbench: &Workbench, name: &str, (scratch, tree): (&Path, &Path), runs: usize) -> Result<(), Failed> {
    let (mut raw, mut qcow2, mut packed) = (Series::default(), Series::default(), Series::default());
    for round in 0..=runs {
        for (series, file, flags) in
            [(&mut raw, "tree.img", &[][..]), (&mut qcow2, "tree.qcow2", &[]), (&mut packed, "packed.qcow2", &["--compress", "zstd"])]
        {
            let image = scratch.join(file);
            let run = measure(workbench, |time| {
                let run = Product::under(workbench, time).args(["image", "--no-check"]).args(flags);
                run.arg(tree).arg("-o").arg(&image).run()
            })?;
            fs_err::remove_file(image)?;
            if round > 0 {
                series.push(run);
            }
        }
    }
    say(&format!("{name:<34} qcow2              {qcow2}"));
    say(&format!("{name:<34} qcow2, zstd        {packed}"));
    say(&format!("{name:<34} a qcow2 takes {:.2} times as long as a raw disk", qcow2.median_seconds() / raw.median_seconds()));
    Ok(())
}

fn image_of(workbench: &Workbench, tree: &Path, image: &Path) -> Result<Measured, Failed> {
    measure(workbench, |time| Product::under(workbench, time).args(["image", "--no-check"]).arg(tree).arg("-o").arg(image).run())
}
