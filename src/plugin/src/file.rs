//! A distribution that is a file: `distro.toml`, which says what it offers and where its packages come from.

mod apk;
mod apt;
mod apt_line;
mod compile;
mod distro;
mod error;
mod portage;
mod relative;
mod rpm;
mod shape;
mod validate;

pub use distro::FileDistro;
pub use error::DistroFileError;
