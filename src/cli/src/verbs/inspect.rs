use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rootfs_image::inspect::Inspection;

use super::{print, print_json};
use crate::args::InspectArgs;
use crate::failure::{Exit, Failure};
use crate::report::{inspection_json, write_inspection};
use crate::watched::Watched;

pub(super) fn run(args: &InspectArgs, interrupted: Arc<AtomicBool>) -> Result<Exit, Failure> {
    let source = open(&args.file, interrupted)?;
    let inspection = Inspection::of(&source).map_err(|error| source.failed(&args.file, &error))?;
    if args.json {
        print_json(&inspection_json(&inspection))?;
    } else {
        print(&write_inspection(&args.file, &inspection))?;
    }
    Ok(Exit::Done)
}

/// Opens what can be read at any place.
pub(super) fn open(path: &Path, interrupted: Arc<AtomicBool>) -> Result<Watched, Failure> {
    use std::os::unix::fs::FileTypeExt as _;
    let failed = |error: io::Error| Failure::new(format!("can't open `{}`", path.display())).because(&error);
    let kind = path.metadata().map_err(failed)?.file_type();
    if !kind.is_file() && !kind.is_block_device() {
        let hint = kind.is_dir().then(|| "`rootfs-gen check` and `rootfs-gen digest` look at directories".to_owned());
        return Err(Failure::new(format!("`{}` is no file and no block device", path.display())).hint(hint));
    }
    Watched::open(path, interrupted).map_err(|error| Failure::of(&error))
}
