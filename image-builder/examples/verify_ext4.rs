//! Looks at filesystems: `verify_ext4 IMAGE...`. Ends with 1 if anything is wrong.
#![expect(clippy::print_stdout, reason = "this is what it is for")]

use std::error::Error;
use std::process::ExitCode;

use rootfs_image::{Ext4Image, FileSource};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut is_clean = true;
    for path in std::env::args_os().skip(1) {
        let source = FileSource::open(path.as_ref())?;
        let image = Ext4Image::open(&source)?;
        let report = image.verify()?;
        println!("{}: {:?}", path.display(), image.inspect().features);
        for problem in &report.problems {
            println!("{problem}");
        }
        println!(
            "{} more; not checked: {:?}; {} inodes, {} directories, {} blocks",
            report.more_problems, report.unchecked, report.inodes, report.directories, report.blocks
        );
        is_clean &= report.is_clean();
    }
    Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
