//! erofs, judged by erofs-utils and the kernel.

mod chunks;
mod damage;
mod forms;
mod judge;
mod mkfs;
mod random;
mod read;
mod refusals;
mod snapshot;
