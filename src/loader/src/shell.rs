//! Shell directories: `config.sh` with `rootfs_lib.sh`, as Kata's osbuilder has them. Listing reads the text of `config.sh` and runs nothing.

mod config;
mod directory;
mod distro;
mod words;

pub use config::ShellConfig;
pub use directory::{ShellDirectory, ShellDirectoryError};
pub use distro::ShellDistro;
