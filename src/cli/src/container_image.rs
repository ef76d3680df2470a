//! A tree as the image of a container.

use std::collections::BTreeMap;
use std::path::Path;

use rootfs_image::{Compression, OciError, OciImage, OciOptions, write_docker_archive, write_oci_layout};
use rootfs_tree::{Kind, Tree};

use crate::architecture;
use crate::failure::Failure;
use crate::image::{Shown, Written};
use crate::progress::Progress;
use crate::record::Record;

/// What containers have when nothing is said, as the usual images have it.
const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// What a container runs: the first of these that there is.
const COMMANDS: [&str; 4] = ["/bin/bash", "/bin/sh", "/sbin/init", "/init"];

/// Which kind of image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// A directory, new.
    Layout,
    /// A tar for `docker load`.
    DockerArchive,
}

/// Writes the tree as a new image; `stage` is a directory for what is needed meanwhile.
///
/// # Errors
/// When the tree is of no known architecture or has what a layer can't hold, or the disk refuses.
pub(crate) fn write(
    record: &Record<'_>,
    (kept, reference, compression): (Kept, Option<&str>, Compression),
    (path, stage): (&Path, &Path),
    progress: &Progress,
) -> Result<Written, Failure> {
    let tree = record.tree;
    let Some(architecture) = architecture::of(tree) else {
        let hint = "it needs an init or a shell, which says for which machines it is";
        return Err(Failure::new("the architecture of this root filesystem is not known").hint(Some(hint.to_owned())));
    };
    let platform = architecture::of_container(architecture);
    let lock = record.lock;
    let titles = lock.map(|lock| [("title", lock.distribution.clone()), ("version", lock.release.clone())]);
    let annotations: BTreeMap<String, String> =
        titles.into_iter().flatten().map(|(name, value)| (format!("org.opencontainers.image.{name}"), value)).collect();
    let options = OciOptions {
        architecture: platform.architecture,
        variant: platform.variant,
        created: None,
        command: command(tree),
        environment: vec![PATH.to_owned()],
        created_by: "rootfs-gen".to_owned(),
        annotations,
        reference: reference.map(str::to_owned),
        compression,
    };
    let shown = Shown(progress);
    let failed = |error: OciError| Failure::of(&error);
    let OciImage { digest, size } = match kept {
        Kept::Layout => write_oci_layout(tree, &options, path, &shown).map_err(failed)?,
        Kept::DockerArchive => write_docker_archive(tree, &options, path, stage, &shown).map_err(failed)?,
    };
    let notes = vec![format!("the image is {digest}")];
    Ok(Written { size, disk: None, notes })
}

fn command(tree: &Tree) -> Vec<String> {
    let is_program = |path: &&str| {
        tree.resolve(path.as_bytes())
            .is_ok_and(|id| matches!(tree.node(id).kind, Kind::File(_)) && tree.node(id).metadata.mode & 0o111 != 0)
    };
    COMMANDS.into_iter().find(is_program).map(str::to_owned).into_iter().collect()
}
