use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rootfs_image::inspect::Inspection;
use rootfs_image::{FileSource, ImageSource};

use super::{print, print_json};
use crate::args::InspectArgs;
use crate::failure::{Exit, Failure};
use crate::report::{inspection_json, write_inspection};

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
    let source = FileSource::open(path).map_err(|error| Failure::of(&error))?;
    Ok(Watched { source, interrupted })
}

/// An image that can't be read any more once the user wants to end.
pub(super) struct Watched {
    source: FileSource,
    interrupted: Arc<AtomicBool>,
}

impl Watched {
    /// What is to be told of a look at it that failed.
    pub(super) fn failed(&self, path: &Path, error: &dyn std::error::Error) -> Failure {
        if self.interrupted.load(Ordering::Relaxed) {
            return Failure::new("interrupted").exit(Exit::Interrupted);
        }
        Failure::new(format!("can't look at `{}`", path.display())).because(error)
    }
}

impl ImageSource for Watched {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(io::Error::other("interrupted"));
        }
        self.source.read_at(offset, buffer)
    }

    fn length(&self) -> u64 {
        self.source.length()
    }
}
