//! Gentoo's packages: from a binary host to a tree that portage goes on from, without portage.

pub mod binary;
pub mod merge;
