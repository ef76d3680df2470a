//! What the two sides of a tree say to each other.
//!
//! The library is the [`protocol`], the [`mirror`] that keeps two copies of a tree equal, and the [`names`] that a host must know. The program of the same name is the far side: the runner of scripts,
//! that a client starts as process 1 of fresh namespaces; and in a guest its agent, its init if it has no other, and the first program of an
//! initramfs.

pub mod mirror;
pub mod names;
pub mod protocol;
