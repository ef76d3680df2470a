//! EAPIs: which form of dependencies a package may use (PMS, chapter 8.2).

/// The EAPI of a package. Its order is that of the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Eapi(u8);

/// The newest one that portage 3.0.83 supports.
const NEWEST: u8 = 9;

impl Eapi {
    /// Reads one that is supported, `0` to `9`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.as_bytes() {
            [digit @ b'0'..=b'9'] => Some(Self(digit - b'0')).filter(|eapi| eapi.0 <= NEWEST),
            _ => None,
        }
    }

    /// Dependencies on a slot, `a/b:1`, and defaults of flags, `+c`.
    pub(super) fn has_slots(self) -> bool {
        self.0 >= 1
    }

    /// Dependencies on USE flags, and strong blocks.
    pub(super) fn has_flags(self) -> bool {
        self.0 >= 2
    }

    /// `[a(+)]`
    pub(super) fn has_flag_defaults(self) -> bool {
        self.0 >= 4
    }

    /// Sub-slots and their operators, and flags that are not of a package's own but of its profile.
    pub(super) fn has_sub_slots(self) -> bool {
        self.0 >= 5
    }

    /// Whether `|| ( )` stands for nothing; later it can't be had.
    pub(super) fn allows_empty_choice(self) -> bool {
        self.0 <= 6
    }
}
