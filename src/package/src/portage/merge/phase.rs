use std::fmt;

/// A function of an ebuild's that runs when its package is merged, in the order in which they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// First of all.
    Setup,
    /// Before the files are there.
    Preinst,
    /// When they are.
    Postinst,
}

impl Phase {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Setup, Self::Preinst, Self::Postinst];

    /// As `DEFINED_PHASES` has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Preinst => "preinst",
            Self::Postinst => "postinst",
        }
    }

    /// The function's name.
    #[must_use]
    pub fn function(self) -> String {
        format!("pkg_{}", self.name())
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Functions of a package that still have to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingPhases {
    /// `CATEGORY/PF`.
    pub package: String,
    /// In order.
    pub phases: Vec<Phase>,
    /// The ebuild's environment, as bash wrote it.
    pub environment: Vec<u8>,
}

impl PendingPhases {
    /// What runs at once: between `pkg_preinst` and what follows it the package's files change.
    pub(crate) fn runs(&self) -> impl Iterator<Item = &[Phase]> {
        let end = self.phases.iter().position(|phase| *phase == Phase::Preinst).map_or(0, |at| at + 1);
        let (before, after) = self.phases.split_at(end);
        [before, after].into_iter().filter(|phases| !phases.is_empty())
    }

    /// For people: what is not done, and why.
    #[must_use]
    pub fn told(&self, reason: &str) -> String {
        let names: Vec<String> = self.phases.iter().map(|phase| phase.function()).collect();
        format!("{} of {} did not run: {reason}", names.join(", "), self.package)
    }
}
