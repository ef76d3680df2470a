/// Why a `distro.toml` can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DistroFileError {
    /// Not TOML, or not of this shape.
    #[error("the distribution's file can't be read")]
    Toml(#[from] toml::de::Error),
    /// It uses a name that it doesn't define.
    #[error("{place} names the {kind} `{name}`, which is not defined")]
    Undefined {
        /// Where: `release trixie`.
        place: String,
        /// `key`, `archive`, `variant`, `distribution`.
        kind: &'static str,
        /// As written.
        name: String,
    },
    /// Something that it must have.
    #[error("there is no {what}")]
    Missing {
        /// `release`, `place of repository fedora`.
        what: String,
    },
    /// Something that has two meanings.
    #[error("{what} is there twice")]
    Twice {
        /// `variant guest`.
        what: String,
    },
    /// A name that can't be typed, or means something else.
    #[error("`{name}` can't be the name of {what}")]
    Name {
        /// As written.
        name: String,
        /// `a distribution`.
        what: &'static str,
    },
}
