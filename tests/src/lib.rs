//! The judges of rootfs-gen: the real tools of the distributions, a mirror that can misbehave, small repositories made for a case.
//!
//! The cases are in `e2e/`; this library is what they and the benchmark are made of. It knows the program under test by its command line alone.

mod alpine;
mod alpine_archive;
mod apk_package;
mod apk_repository;
mod ar;
mod case;
mod chroot;
mod compile_site;
mod deb;
mod debian;
mod dpkg;
mod fault;
mod forward;
mod gentoo_site;
mod gpg;
mod http;
pub mod judge;
mod listing;
mod mirror;
mod mmdebstrap;
mod plain_user;
mod portage;
mod process;
mod product;
mod repository;
mod rpm_archive;
mod rpm_package;
mod rsa_key;
mod settings;
mod suite_archive;
mod tar_entry;
mod timing;
mod workbench;

pub use alpine::Alpine;
pub use alpine_archive::AlpineArchive;
pub use apk_package::{ApkFile, ApkPackage};
pub use apk_repository::ApkRepository;
pub use ar::{ar, ar_member, read_ar};
pub use case::{Case, Need};
pub use chroot::Chroot;
pub use compile_site::CompileSite;
pub use deb::Deb;
pub use debian::{Archive, Release};
pub use dpkg::{PackageSet, Stanza, findings, package_set, read_status};
pub use fault::{Fault, Rule};
pub use forward::Forward;
pub use gentoo_site::GentooSite;
pub use gpg::SigningKey;
pub use listing::{Listing, copy_tree};
pub use mirror::{Asked, Mirror, Origin};
pub use mmdebstrap::Reference;
pub use plain_user::PlainUser;
pub use portage::Portage;
pub use process::{Finished, Process, Running, words};
pub use product::Product;
pub use repository::{Repository, Validity};
pub use rpm_archive::{RpmArchive, rpm, sign_rpms};
pub use rpm_package::RpmPackage;
pub use rsa_key::RsaKey;
pub use settings::{Settings, find_program};
pub use suite_archive::{SuiteArchive, path_in_archive, repacked};
pub use tar_entry::{TarEntry, tar};
pub use timing::slowest;
pub use workbench::Workbench;

pub use libtest_mimic::Failed;

/// Ends the case with a message unless the condition holds.
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(format!($($message)+).into());
        }
    };
}
