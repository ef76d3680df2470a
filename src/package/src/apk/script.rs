use std::fmt;

/// When a script runs, in the order in which the installed database lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScriptKind {
    /// Before its package's files are laid out for the first time.
    PreInstall,
    /// After that.
    PostInstall,
    /// Before the package is removed.
    PreDeinstall,
    /// After that.
    PostDeinstall,
    /// Before another version takes the place of this one.
    PreUpgrade,
    /// After that.
    PostUpgrade,
    /// At the end, when directories changed that its package watches.
    Trigger,
}

impl ScriptKind {
    /// Every one.
    pub const ALL: [Self; 7] =
        [Self::PreInstall, Self::PostInstall, Self::PreDeinstall, Self::PostDeinstall, Self::PreUpgrade, Self::PostUpgrade, Self::Trigger];

    /// apk's name for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PreInstall => "pre-install",
            Self::PostInstall => "post-install",
            Self::PreDeinstall => "pre-deinstall",
            Self::PostDeinstall => "post-deinstall",
            Self::PreUpgrade => "pre-upgrade",
            Self::PostUpgrade => "post-upgrade",
            Self::Trigger => "trigger",
        }
    }

    /// By the name of its file in a control archive, `.pre-install`.
    pub(super) fn from_member(name: &[u8]) -> Option<Self> {
        let name = name.strip_prefix(b".")?;
        Self::ALL.into_iter().find(|kind| kind.name().as_bytes() == name)
    }
}

impl fmt::Display for ScriptKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
