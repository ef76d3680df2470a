//! Packages that were made to do harm. Each is either placed as dpkg places it, or refused with what is wrong with it; nothing outside the root is
//! written, and what is refused leaves nothing.

mod placed;
mod refused;

use std::path::Path;

use rootfs_tests::{Case, Failed, Listing, TarEntry, ar, ensure, tar};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = placed::cases();
    cases.extend(refused::cases());
    cases.push(Case::new("judges::a file outside of the root is noticed", &[], |workbench| {
        let scratch = workbench.scratch()?;
        let outside = Outside::make(scratch.path())?;
        outside.expect_untouched()?;
        fs_err::write(outside.path().join("written"), "x")?;
        ensure!(outside.expect_untouched().is_err(), "it was not");
        Ok(())
    }));
    cases
}

/// A directory that packages point at and that no build may touch.
#[derive(Debug)]
struct Outside {
    directory: std::path::PathBuf,
    before: Listing,
}

/// What packages name at the host's own root.
const CANARY: &str = "rootfs-gen-canary";

impl Outside {
    fn make(scratch: &Path) -> Result<Self, Failed> {
        let directory = scratch.join("outside");
        fs_err::create_dir(&directory)?;
        fs_err::write(directory.join("canary"), "alive")?;
        let before = Listing::of(&directory)?;
        Ok(Self { directory, before })
    }

    fn path(&self) -> &Path {
        &self.directory
    }

    fn expect_untouched(&self) -> Result<(), Failed> {
        let changed = self.before.differences(&Listing::of(&self.directory)?);
        ensure!(changed.is_empty(), "outside of the root: {}", changed.join("\n"));
        ensure!(!Path::new("/").join(CANARY).exists(), "/{CANARY} was written on the host");
        Ok(())
    }
}

/// The control file of a package of this name.
fn control_text(name: &str) -> String {
    format!("Package: {name}\nVersion: 1.0\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: hostile\n")
}

fn control(text: &str, more: &[TarEntry]) -> Vec<u8> {
    tar(&[&[TarEntry::directory("./"), TarEntry::file("./control", text)], more].concat())
}

/// A package of the members that every package has.
fn deb(control: &[u8], data: &[u8]) -> Vec<u8> {
    ar(&[("debian-binary", b"2.0\n"), ("control.tar", control), ("data.tar", data)])
}
