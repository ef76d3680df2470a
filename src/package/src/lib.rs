//! From a plan to an installed root: package indexes, trust, resolving, fetching, the store, unpacking and configuring.

mod acquire;
pub mod apk;
pub mod apt;
pub mod apt_host;
mod codec;
mod compression;
pub mod deb;
pub mod engine;
pub mod fetch;
pub mod inputs;
pub mod kernel;
mod loader_cache;
pub mod lock;
pub mod observer;
pub mod openpgp;
mod owners;
mod pattern;
pub mod payload;
mod place;
pub mod portage;
mod reuse;
pub mod root;
pub mod rpm;
mod scripts;
pub mod shell;
pub mod store;
pub mod tools;
