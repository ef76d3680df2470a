//! RPM: packages, and their installation by the distribution's own rpm.

pub mod package;
pub mod transaction;
