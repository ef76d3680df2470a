//! From a plan to an installed root: package indexes, trust, resolving, fetching, the store, unpacking and configuring.

pub mod apk;
pub mod apt;
pub mod apt_host;
mod codec;
pub mod deb;
pub mod engine;
pub mod fetch;
pub mod inputs;
pub mod kernel;
pub mod lock;
pub mod observer;
pub mod openpgp;
mod place;
mod reuse;
pub mod root;
pub mod rpm;
mod scripts;
pub mod store;
pub mod tools;
