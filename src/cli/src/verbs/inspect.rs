use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rootfs_image::inspect::{ArchiveFacts, ArchiveForm, Content, Inspection};
use rootfs_image::{ContainerEntry, Containers};
use tempfile::TempDir;

use super::{print, print_json};
use crate::args::InspectArgs;
use crate::failure::{Exit, Failure};
use crate::report::{containers_json, inspection_json, write_containers, write_inspection};
use crate::tree_source::TreeSource;
use crate::watched::Watched;

/// Members of a compressed tar that is unpacked to look for images of containers in it: they have one for each layer and document.
const PACKED_MEMBERS_MOST: u64 = 2000;

pub(super) fn run(args: &InspectArgs, interrupted: &Arc<AtomicBool>) -> Result<Exit, Failure> {
    if let Some(found) = FoundContainers::named(&args.file, interrupted)? {
        return found.report(args);
    }
    let source = open(&args.file, Arc::clone(interrupted))?;
    let inspection = Inspection::of(&source).map_err(|error| source.failed(&args.file, &error))?;
    if let Some(found) = FoundContainers::inside(&args.file, &inspection, interrupted)? {
        return found.report(args);
    }
    if args.json {
        print_json(&inspection_json(&inspection))?;
    } else {
        print(&write_inspection(&args.file, &inspection))?;
    }
    Ok(Exit::Done)
}

/// Images of containers that the user looks at.
pub(super) struct FoundContainers {
    pub(super) containers: Containers,
    /// The tag or name of the one that is meant; all if none is.
    pub(super) reference: Option<String>,
    /// Where an archive was unpacked, if it was.
    _spool: TempDir,
}

impl FoundContainers {
    /// Those that are named as such: with a prefix, or as the directory of a layout.
    ///
    /// # Errors
    /// When they can't be read.
    pub(super) fn named(said: &Path, interrupted: &Arc<AtomicBool>) -> Result<Option<Self>, Failure> {
        let source = TreeSource::named(said, None)?;
        if source.names_containers() { Self::of(&source, interrupted) } else { Ok(None) }
    }

    /// Those in a file that is a tar. One that is compressed and has many members must be named as an archive of them: it would be unpacked for nothing.
    ///
    /// # Errors
    /// When they can't be read.
    pub(super) fn inside(said: &Path, inspection: &Inspection, interrupted: &Arc<AtomicBool>) -> Result<Option<Self>, Failure> {
        if may_have_some(&inspection.content) { Self::of(&TreeSource::named(said, None)?, interrupted) } else { Ok(None) }
    }

    fn of(source: &TreeSource, interrupted: &Arc<AtomicBool>) -> Result<Option<Self>, Failure> {
        let spool = tempfile::tempdir().map_err(|error| Failure::of(&error))?;
        let found = source.containers(spool.path(), interrupted)?;
        Ok(found.map(|containers| Self { containers, reference: source.reference().map(str::to_owned), _spool: spool }))
    }

    /// Those that are meant.
    ///
    /// # Errors
    /// When none has the name that was said.
    pub(super) fn entries(&self) -> Result<Vec<&ContainerEntry>, Failure> {
        let entries = self.containers.entries_of(self.reference.as_deref());
        entries.map_err(|error| Failure::of(&error).hint(error.hint().map(str::to_owned)))
    }

    fn report(&self, args: &InspectArgs) -> Result<Exit, Failure> {
        let entries = self.entries()?;
        if args.json {
            print_json(&containers_json(&self.containers, &entries))?;
        } else {
            print(&write_containers(&args.file, &self.containers, &entries))?;
        }
        Ok(Exit::Done)
    }
}

/// Whether it is a tar, and one that is soon unpacked.
fn may_have_some(content: &Content) -> bool {
    let Content::Archives(archives) = content else { return false };
    let is_soon_read = |one: &ArchiveFacts| one.packing.is_none() || one.members <= PACKED_MEMBERS_MOST;
    matches!(&archives[..], [one] if one.form == ArchiveForm::Tar && one.flaw.is_none() && is_soon_read(one))
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
