use serde::{Deserialize, Serialize};

use crate::{BuildContext, BuildError, Info, Plan, Request};

/// A Linux distribution that can become a guest root filesystem.
///
/// An implementer must not touch the disk, the network, the environment or the clock: [`Distro::plan`] is arithmetic on its arguments, and
/// [`Distro::build_rootfs`] acts through its context alone.
pub trait Distro: std::fmt::Debug + Sync {
    /// Name, releases (newest first), architectures, which init it brings.
    fn info(&self) -> &Info;

    /// Says where packages come from and which to install. Pure.
    ///
    /// # Errors
    /// When the request names a release, variant or architecture that is not offered, or combines what excludes each other.
    fn plan(&self, request: &Request) -> Result<Plan, PlanError>;

    /// Turns the plan into a tree. Most distributions keep this default.
    ///
    /// # Errors
    /// What the engine reports, unchanged, or the distribution's own reason.
    fn build_rootfs(&self, plan: &Plan, context: &mut dyn BuildContext) -> Result<(), BuildError> {
        context.install(plan)
    }
}

/// Why a request can't become a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanError {
    /// No such release.
    #[error("{distribution} has no release `{release}`")]
    UnknownRelease {
        /// The distribution's name.
        distribution: String,
        /// As typed.
        release: String,
        /// What there is.
        known: Vec<String>,
    },
    /// No such variant.
    #[error("{distribution} has no variant `{variant}`")]
    UnknownVariant {
        /// The distribution's name.
        distribution: String,
        /// As typed.
        variant: String,
        /// What there is.
        known: Vec<String>,
    },
    /// Not built for this architecture.
    #[error("{distribution} can't be built for {architecture}")]
    Architecture {
        /// The distribution's name.
        distribution: String,
        /// What was asked for.
        architecture: crate::Architecture,
    },
    /// Anything else; `hint` says what to do.
    #[error("{message}")]
    Other {
        /// What is wrong, lower case.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
}

impl PlanError {
    /// An error of two texts: what is wrong, and what to do about it.
    #[must_use]
    pub fn other(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Other { message: message.into(), hint: Some(hint.into()) }
    }

    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownRelease { known, .. } => Some(format!("it has {}", known.join(", "))),
            Self::UnknownVariant { known, .. } => Some(format!("it has {}", known.join(", "))),
            Self::Architecture { .. } => None,
            Self::Other { hint, .. } => hint.clone(),
        }
    }
}
