//! squashfs, judged by squashfs-tools and the kernel.

mod blocks;
mod damage;
mod file;
mod forms;
pub(crate) mod judge;
mod large;
mod lookup;
pub(crate) mod mksquashfs;
mod random;
mod read;
mod refusals;
mod snapshot;
mod xattrs;
