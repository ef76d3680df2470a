//! What the author of a distribution sees.
//!
//! A distribution is a value that implements [`Distro`]: it says what it offers ([`Info`]), turns what the user asked for
//! ([`Request`]) into a [`Plan`], and the engine carries the plan out behind a [`BuildContext`]. Most are a file that says all of this ([`FileDistro`]).
//! Nothing here names a distribution, touches the disk or reads the environment.

pub mod abi;
mod architecture;
mod compile;
mod context;
mod distro;
mod file;
mod info;
mod plan;
mod request;
mod selection;
mod shell;
mod source;

pub use architecture::{Architecture, UnknownArchitecture};
pub use compile::{PortageCompile, Stage3};
pub use context::{BuildContext, BuildError, Command, Output};
pub use distro::{Distro, PlanError};
pub use file::{DistroFileError, FileDistro};
pub use info::{DistroOption, Info, OptionKind, Release, Tier, Variant, is_name};
pub use plan::{
    ApkInstaller, ApkKey, ApkRepository, AptInstaller, AptRepository, Include, Installer, Key, Plan, PlannedPackage, PortageHost,
    PortageInstaller, PortagePart, RegeneratedSecret, RpmInstaller, RpmRepository, RpmSource, Scripts, Tweak,
};
pub use request::{Agent, ExtraRepository, HookScript, Overlay, PackageRequest, Password, Request, Trim, User};
pub use selection::{Pick, Selection};
pub use shell::ShellInstaller;
pub use source::{SourceBuild, SourceMenu};
