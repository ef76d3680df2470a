//! The writers judged by the tools and the kernel that read what they write.
//!
//! A judge that is not installed makes its tests fail: they never pass unjudged. Mounting needs root and loop devices.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, wherever the line is")]

mod boot_code;
mod boundaries;
mod containers;
mod cpio;
mod damage;
mod dax;
mod disk;
mod erofs;
mod fat;
mod file;
mod forest;
#[path = "../../../fuzz/seeds/ext4.rs"]
mod fuzz_seeds;
mod gpt;
mod inspect;
mod judge;
mod kernel;
mod mke2fs;
mod pe;
mod profiles;
mod qcow2;
mod random;
mod read;
mod refusals;
mod sharing;
mod sizes;
mod snapshot;
mod squashfs;
mod uki;
mod verify;
mod verity;
