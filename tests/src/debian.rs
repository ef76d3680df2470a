//! Debian's archive, as this host reaches it.

use std::fmt;
use std::time::Duration;

use libtest_mimic::Failed;

use crate::process::Process;
use crate::settings::{Settings, find_program};

/// A release that the cases build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Release {
    /// Debian 12.
    Bookworm,
    /// Debian 13.
    Trixie,
}

impl Release {
    /// Its code name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bookworm => "bookworm",
            Self::Trixie => "trixie",
        }
    }

    /// Its three suites as lines of a sources.list, below a mirror's URL (`http://127.0.0.1:1234`).
    #[must_use]
    pub fn sources(self, mirror: &str) -> [String; 3] {
        [
            format!("deb {mirror}/debian {self} main"),
            format!("deb {mirror}/debian {self}-updates main"),
            format!("deb {mirror}/debian-security {self}-security main"),
        ]
    }

    /// The paths of its three InRelease files.
    #[must_use]
    pub fn indexes(self) -> [String; 3] {
        [
            format!("debian/dists/{self}/InRelease"),
            format!("debian/dists/{self}-updates/InRelease"),
            format!("debian-security/dists/{self}-security/InRelease"),
        ]
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The two archives that make a Debian release, as URLs without a final slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// `…/debian`.
    pub main: String,
    /// `…/debian-security`.
    pub security: String,
}

impl Archive {
    /// The archive of the settings, else the one that the host's apt is set up with.
    ///
    /// # Errors
    /// When there is neither, or it doesn't answer.
    pub fn find(settings: &Settings) -> Result<Self, Failed> {
        let archive = match &settings.mirror {
            Some(url) => Self::beside(url),
            None => Self::of_host()?,
        };
        archive.expect_answer()?;
        Ok(archive)
    }

    fn beside(main: &str) -> Self {
        Self { main: main.to_owned(), security: format!("{main}-security") }
    }

    /// Asks apt itself, so that every form of its configuration counts.
    fn of_host() -> Result<Self, Failed> {
        if find_program("apt-get").is_none() {
            return Err("no mirror of Debian is known: the host has no apt, and ROOTFS_TEST_MIRROR is not set".into());
        }
        let targets = Process::new("apt-get").args(["indextargets", "--format", "$(REPO_URI)"]).run()?.success()?;
        Self::from_targets(&targets.output)
            .ok_or_else(|| "no mirror of Debian is known: the host's apt has none, and ROOTFS_TEST_MIRROR is not set".into())
    }

    fn from_targets(lines: &str) -> Option<Self> {
        let ends_with = |end: &str| lines.lines().map(|line| line.trim_end_matches('/')).find(|line| line.ends_with(end));
        let main = ends_with("/debian")?;
        Some(Self {
            security: ends_with("/debian-security").map_or_else(|| format!("{main}-security"), ToOwned::to_owned),
            main: main.to_owned(),
        })
    }

    fn expect_answer(&self) -> Result<(), Failed> {
        let url = format!("{}/dists/{}/InRelease", self.main, Release::Trixie);
        let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(20))).build().into();
        match agent.head(&url).call() {
            Ok(_) => Ok(()),
            Err(cause) => Err(format!("the mirror of Debian does not answer: {cause}").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_names_both_archives() {
        let lines = "http://a.example/debian/\nhttp://b.example/debian-security/\nhttp://c.example/other/\n";
        let archive = Archive::from_targets(lines).unwrap();
        assert_eq!(archive.main, "http://a.example/debian");
        assert_eq!(archive.security, "http://b.example/debian-security");
        assert_eq!(Archive::from_targets("http://c.example/ubuntu/"), None);
    }

    #[test]
    fn security_lies_beside_a_mirror_that_is_alone() {
        let archive = Archive::from_targets("http://a.example/debian").unwrap();
        assert_eq!(archive, Archive::beside("http://a.example/debian"));
        assert_eq!(archive.security, "http://a.example/debian-security");
    }
}
