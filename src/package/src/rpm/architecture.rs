//! Which architectures a machine runs, and which of them it likes best.

/// The architectures that packages of a root may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Architectures {
    /// The best first.
    known: Vec<&'static str>,
    native: String,
}

/// As libsolv has them (poolarch.c), for the machines that rpm distributions are built for today.
const FAMILIES: [&[&str]; 8] = [
    &["x86_64_v4", "x86_64_v3", "x86_64_v2", "x86_64", "athlon", "i686", "i586", "i486", "i386"],
    &["x86_64_v3", "x86_64_v2", "x86_64", "athlon", "i686", "i586", "i486", "i386"],
    &["x86_64_v2", "x86_64", "athlon", "i686", "i586", "i486", "i386"],
    &["x86_64", "athlon", "i686", "i586", "i486", "i386"],
    &["i686", "i586", "i486", "i386"],
    &["s390x", "s390"],
    &["armv7hl", "armv6hl"],
    &["aarch64"],
];

/// How good an architecture is for a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Score {
    /// `noarch`, as good as any.
    Any,
    /// The machine's own is 1, less liked ones have more.
    Rank(u32),
    /// It doesn't run there.
    Never,
}

impl Architectures {
    /// Those of a machine.
    pub(super) fn of(native: &str) -> Self {
        let family = FAMILIES.into_iter().find(|family| family.first() == Some(&native));
        Self { known: family.unwrap_or_default().to_vec(), native: native.to_owned() }
    }

    pub(super) fn score(&self, architecture: &str) -> Score {
        if architecture == "noarch" {
            return Score::Any;
        }
        if architecture == self.native {
            return Score::Rank(1);
        }
        let place = self.known.iter().position(|known| *known == architecture);
        place.and_then(|place| u32::try_from(place + 1).ok()).map_or(Score::Never, Score::Rank)
    }

    /// Whether packages of two architectures replace one another: one word size at a time, and `noarch` is of both.
    pub(super) fn is_same_color(one: &str, other: &str) -> bool {
        let color = |architecture: &str| (architecture != "noarch").then(|| architecture == "s390x" || architecture.contains("64"));
        one == other || color(one).is_none() || color(other).is_none() || color(one) == color(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_native_one_is_best() {
        let machine = Architectures::of("x86_64");
        assert_eq!(machine.score("x86_64"), Score::Rank(1));
        assert!(machine.score("x86_64") < machine.score("i686") && machine.score("i686") < machine.score("i386"));
        assert_eq!((machine.score("noarch"), machine.score("aarch64"), machine.score("src")), (Score::Any, Score::Never, Score::Never));
        assert_eq!(Architectures::of("riscv64").score("riscv64"), Score::Rank(1));
        assert!(Architectures::is_same_color("noarch", "i686") && !Architectures::is_same_color("x86_64", "i686"));
    }
}
