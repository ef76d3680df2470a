//! What the author of a distribution sees.
//!
//! A distribution is a value that implements [`Distro`]: it says what it offers ([`Info`]), turns what the user asked for
//! ([`Request`]) into a [`Plan`], and the engine carries the plan out behind a [`BuildContext`]. Nothing here names a distribution, touches the disk
//! or reads the environment.

mod architecture;
mod context;
mod distro;
mod info;
mod plan;
mod request;
mod selection;
mod source;

pub use architecture::{Architecture, UnknownArchitecture};
pub use context::{BuildContext, BuildError, Command, Output};
pub use distro::{Distro, PlanError};
pub use info::{DistroOption, Info, Release, Variant};
pub use plan::{
    ApkInstaller, ApkKey, ApkRepository, AptInstaller, AptRepository, Include, Installer, Key, Plan, PlannedPackage, RegeneratedSecret,
    RpmInstaller, RpmRepository, RpmSource, Scripts, Tweak,
};
pub use request::{Agent, ExtraRepository, HookScript, Overlay, PackageRequest, Password, Request, Trim, User};
pub use selection::{Pick, Selection};
pub use source::{SourceBuild, SourceMenu};
