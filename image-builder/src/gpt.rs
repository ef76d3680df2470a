//! GUID partition tables, as the UEFI specification has them (version 2.10, chapter 5).

mod spread;
mod types;
mod writer;

pub use spread::spread_gpt;
pub use types::Architecture;
pub(crate) use types::{BIOS_BOOT, ESP, LINUX, type_name};
pub(crate) use writer::{Entry, READ_ONLY, TAIL, Tables};
