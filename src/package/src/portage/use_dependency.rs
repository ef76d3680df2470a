//! What an atom says of USE flags: `[a,-b,c?,!d?,e=,!f=]`, each with `(+)` or `(-)` for packages that haven't the flag (PMS, chapter 8.3.4).

use std::fmt;

use super::name::is_flag;

/// One flag of an atom.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UseDependency {
    /// `nls`
    pub flag: String,
    /// How it must be.
    pub wish: UseWish,
    /// As which it is taken where a package hasn't the flag: on, `(+)`, or off, `(-)`. If it isn't said, the package must have it.
    pub default: Option<bool>,
}

/// How a flag must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UseWish {
    /// `a`
    On,
    /// `-a`
    Off,
    /// `a?`: on if it is on in the package that depends.
    OnIfOn,
    /// `!a?`: off if it is off there.
    OffIfOff,
    /// `a=`: as there.
    Same,
    /// `!a=`: the other way than there.
    Opposite,
}

impl UseWish {
    const ALL: [(Self, &str, &str); 6] = [
        (Self::On, "", ""),
        (Self::Off, "-", ""),
        (Self::OnIfOn, "", "?"),
        (Self::OffIfOff, "!", "?"),
        (Self::Same, "", "="),
        (Self::Opposite, "!", "="),
    ];

    /// Whether the flag must be on or off, when it is as it is in the package that depends; none if it doesn't matter.
    #[must_use]
    pub fn evaluate(self, is_on: bool) -> Option<bool> {
        match self {
            Self::On => Some(true),
            Self::Off => Some(false),
            Self::OnIfOn => is_on.then_some(true),
            Self::OffIfOff => (!is_on).then_some(false),
            Self::Same => Some(is_on),
            Self::Opposite => Some(!is_on),
        }
    }

    /// Whether the package that depends has a say.
    #[must_use]
    pub fn is_conditional(self) -> bool {
        !matches!(self, Self::On | Self::Off)
    }
}

impl UseDependency {
    /// Reads one of them, without brackets and commas.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let start = text.len() - text.trim_start_matches(['-', '!']).len();
        let (prefix, rest) = text.split_at_checked(start)?;
        let end = rest.trim_end_matches(['?', '=']).len();
        let (rest, suffix) = rest.split_at_checked(end)?;
        let (flag, default) = match (rest.strip_suffix("(+)"), rest.strip_suffix("(-)")) {
            (Some(flag), _) => (flag, Some(true)),
            (None, Some(flag)) => (flag, Some(false)),
            (None, None) => (rest, None),
        };
        let (wish, ..) = UseWish::ALL.into_iter().find(|(_, before, behind)| (*before, *behind) == (prefix, suffix))?;
        is_flag(flag).then(|| Self { flag: flag.to_owned(), wish, default })
    }
}

impl fmt::Display for UseDependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, prefix, suffix) = UseWish::ALL.into_iter().find(|(wish, ..)| *wish == self.wish).unwrap_or(UseWish::ALL[0]);
        let default = match self.default {
            Some(true) => "(+)",
            Some(false) => "(-)",
            None => "",
        };
        write!(f, "{prefix}{}{default}{suffix}", self.flag)
    }
}
