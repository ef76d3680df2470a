//! Packages that mean harm.

use std::io::{self, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use rootfs_plugin::{Installer, Plan};
use tar::{EntryType, Header};

use super::Trial;
use super::bench::Bench;
use super::builds::UNLOCKED;
use crate::args::BuildArgs;

const NAME: &str = "refuses a hostile package";

/// What the packages are called.
const STEM: &str = "hostile";

/// Builds with a package file that would write beside the root, or lies about its own length.
pub(super) fn run(bench: &Bench<'_>, plan: &Plan) -> Trial {
    let (package, suffix) = match &plan.installer {
        Installer::Apt(_) => (deb(&bench.stage.join("escaped")), "deb"),
        Installer::Apk(_) => (apk(&bench.stage.join("escaped")), "apk"),
        Installer::Rpm(_) => (Ok(rpm()), "rpm"),
        Installer::Portage(_) => return Trial::skipped(NAME, "packages come from binary hosts, and from no file of the user's"),
        Installer::Shell(_) => return Trial::skipped(NAME, UNLOCKED),
    };
    Trial::of(NAME, package.map_err(|error| error.to_string()).and_then(|package| refused(bench, &package, suffix)))
}

fn refused(bench: &Bench<'_>, package: &[u8], suffix: &str) -> Result<String, String> {
    let file = bench.stage.join(format!("{STEM}.{suffix}"));
    fs_err::write(&file, package).map_err(|error| error.to_string())?;
    let args = BuildArgs { extra_pkg: vec![file.display().to_string()], ..bench.args(STEM) };
    let built = bench.build(args);
    if bench.stage.join("escaped").exists() {
        return Err("it wrote beside the root".to_owned());
    }
    match built {
        Ok(_) => Err(format!("it installed {STEM}.{suffix}")),
        Err(failure) if failure.in_one().contains(STEM) => Ok(format!("by its name: {STEM}.{suffix}")),
        Err(failure) => Err(format!("the error does not name it: {}", failure.in_one())),
    }
}

/// A path from the root to a place of the host's, by more steps up than there can be.
fn up_to(place: &Path) -> String {
    format!("./{}{}", "../".repeat(20), place.display().to_string().trim_start_matches('/'))
}

/// One file, with a path that no tool would write.
fn archive(path: &str, content: &[u8]) -> io::Result<Vec<u8>> {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o644);
    header.set_size(content.len() as u64);
    let name = &mut header.as_old_mut().name;
    let place = name.get_mut(..path.len()).ok_or_else(|| io::Error::other(format!("`{path}` is too long for a header")))?;
    place.copy_from_slice(path.as_bytes());
    header.set_cksum();
    let mut builder = tar::Builder::new(Vec::new());
    builder.append(&header, content)?;
    builder.into_inner()
}

fn deb(escaped: &Path) -> io::Result<Vec<u8>> {
    let control = archive("./control", b"Package: hostile\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: hostile\n")?;
    let members = [("debian-binary", b"2.0\n".to_vec()), ("control.tar", control), ("data.tar", archive(&up_to(escaped), b"escaped")?)];
    let mut package = b"!<arch>\n".to_vec();
    for (name, content) in members {
        writeln!(package, "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`", 0, 0, 0, "100644", content.len())?;
        package.extend(&content);
        package.resize(package.len().next_multiple_of(2), b'\n');
    }
    Ok(package)
}

fn apk(escaped: &Path) -> io::Result<Vec<u8>> {
    let member = |archive: Vec<u8>| {
        let mut member = GzEncoder::new(Vec::new(), Compression::fast());
        member.write_all(&archive).and_then(|()| member.finish())
    };
    let control = member(archive(".PKGINFO", b"pkgname = hostile\npkgver = 1-r0\narch = noarch\n")?)?;
    Ok([control, member(archive(&up_to(escaped), b"escaped")?)?].concat())
}

/// A lead, and a header that claims more entries than any file could have.
fn rpm() -> Vec<u8> {
    let mut package = vec![0xed, 0xab, 0xee, 0xdb, 3];
    package.resize(96, 0);
    for _ in 0..2 {
        package.extend([0x8e, 0xad, 0xe8, 1, 0, 0, 0, 0]);
        package.extend([0xff; 8]);
    }
    package
}

#[cfg(test)]
mod tests {
    use rootfs_package::apk::{PublicKeys, Trust, read_apk};
    use rootfs_package::deb::read_deb;

    use super::*;

    #[test]
    fn each_is_harmful_and_else_sound() {
        let place = Path::new("/outside");
        let package = deb(place).unwrap();
        let error = read_deb(package.as_slice(), package.len() as u64, &mut io::sink()).unwrap_err();
        assert!(error.to_string().contains(".."), "{error}");
        let package = apk(place).unwrap();
        let read = |trust| read_apk(package.as_slice(), package.len() as u64, trust, &mut io::sink()).unwrap_err().to_string();
        let (unsigned, pinned) = (read(Trust::Signature(&PublicKeys::default())), read(Trust::Pinned));
        assert!(unsigned.contains("sign") && pinned != unsigned, "{unsigned}; {pinned}");
    }
}
