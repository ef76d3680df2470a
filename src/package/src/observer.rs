//! What a build tells whoever watches it.

/// The stages of a build that a user sees, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Indexes are fetched and verified.
    Index,
    /// The package set is chosen.
    Resolve,
    /// Packages are fetched and verified.
    Fetch,
    /// Payloads become layers and files.
    Unpack,
    /// A program is compiled from source.
    Compile,
    /// Maintainer scripts run.
    Configure,
    /// Agent, users, overlays, units, hooks.
    Customise,
    /// The rules.
    Check,
    /// The directory or archive is written.
    Write,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Self; 9] =
        [Self::Index, Self::Resolve, Self::Fetch, Self::Unpack, Self::Compile, Self::Configure, Self::Customise, Self::Check, Self::Write];

    /// A verb for the screen and for `--json`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Resolve => "resolve",
            Self::Fetch => "fetch",
            Self::Unpack => "unpack",
            Self::Compile => "compile",
            Self::Configure => "configure",
            Self::Customise => "customise",
            Self::Check => "check",
            Self::Write => "write",
        }
    }
}

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// A step begins; the one before it has ended. A step may begin again (waves of packages).
    Began(Step),
    /// How much the step has to do; bytes are 0 where they aren't known.
    Expect {
        /// Packages or files.
        items: u64,
        /// Bytes.
        bytes: u64,
    },
    /// So many bytes more are done.
    Bytes(u64),
    /// One item is done, by name.
    Item(&'a str),
    /// Whether a stage's result was there already, and why or why not.
    Decided {
        /// `index`, `resolve`, `fetch`, `install`, `tools`.
        stage: &'a str,
        /// It was there.
        reused: bool,
        /// For people.
        reason: &'a str,
    },
    /// A program has the terminal now; nothing is to be shown until the next step begins.
    Attended,
    /// A line worth keeping: a mirror that was given up, a fall-back.
    Note(&'a str),
    /// A line that a script printed.
    Script {
        /// `libc6 postinst`, `dpkg --configure`.
        origin: &'a str,
        /// Without its line end.
        line: &'a str,
    },
}

/// Watches a build, and can end it.
pub trait Observer: Sync {
    /// Called from any thread, often; must not block.
    fn event(&self, event: Event<'_>);

    /// Whether the user wants the build to end.
    fn cancelled(&self) -> bool;
}

/// Watches nothing, ends nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&self, _event: Event<'_>) {}

    fn cancelled(&self) -> bool {
        false
    }
}
