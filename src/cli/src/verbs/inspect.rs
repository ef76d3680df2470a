use std::path::Path;

use rootfs_image::FileSource;
use rootfs_image::inspect::Inspection;

use super::{print, print_json};
use crate::args::InspectArgs;
use crate::failure::{Exit, Failure};
use crate::report::{inspection_json, write_inspection};

pub(super) fn run(args: &InspectArgs) -> Result<Exit, Failure> {
    let source = open(&args.file)?;
    let inspection = Inspection::of(&source).map_err(|error| unreadable(&args.file, &error))?;
    if args.json {
        print_json(&inspection_json(&inspection))?;
    } else {
        print(&write_inspection(&args.file, &inspection))?;
    }
    Ok(Exit::Done)
}

/// Opens what can be read at any place.
pub(super) fn open(path: &Path) -> Result<FileSource, Failure> {
    use std::os::unix::fs::FileTypeExt as _;
    let kind = fs_err::metadata(path).map_err(|error| Failure::of(&error))?.file_type();
    if !kind.is_file() && !kind.is_block_device() {
        let hint = kind.is_dir().then(|| "`rootfs-gen check` and `rootfs-gen digest` look at directories".to_owned());
        return Err(Failure::new(format!("`{}` is no file and no block device", path.display())).hint(hint));
    }
    FileSource::open(path).map_err(|error| Failure::of(&error))
}

pub(super) fn unreadable(path: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::new(format!("can't look at `{}`", path.display())).because(error)
}
