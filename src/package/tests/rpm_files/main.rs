//! RPM package files, made by rpmbuild and signed by gpg, judged by rpm, rpm2cpio and cpio. Without these programs the cases are ignored, and fail under
//! `ROOTFS_TEST_STRICT=1`.

#![expect(clippy::unwrap_used, reason = "a test may end where it likes")]

mod contents;
#[path = "../../../../fuzz/seeds/rpm.rs"]
mod fuzz_rpm;
mod hostile;
mod signatures;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use rootfs_tests::{RpmPackage, Settings, judge};

const JUDGES: [&str; 6] = ["rpm", "rpmbuild", "rpmsign", "rpm2cpio", "cpio", "gpg"];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or(Some(2));
    let strict = Settings::from_environment().strict;
    let root = (!rustix::process::geteuid().is_root()).then(|| "cpio gives files their owners, which only root may".to_owned());
    let absence = JUDGES.iter().find_map(|name| judge::absence(name)).or(root);
    let is_ignored = absence.is_some() && !strict;
    let cases = [contents::CASES, signatures::CASES, hostile::CASES].concat();
    let trials = cases.into_iter().map(|(name, case)| {
        let absence = absence.clone();
        let run = move || absence.map_or_else(case, |absence| Err(Failed::from(absence)));
        Trial::test(name, run).with_ignored_flag(is_ignored)
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// One of everything that a package can bring.
fn sample() -> RpmPackage {
    let install = "mkdir -p usr/bin usr/share/sample/empty var/spool/sample; echo tool > usr/bin/tool; ln usr/bin/tool usr/bin/same
        ln -s ../share/sample usr/bin/link; head -c 200000 /dev/zero > usr/share/sample/zeros; : > usr/share/sample/nothing
        ln usr/share/sample/nothing usr/share/sample/nothing-else; mkfifo var/spool/sample/pipe; echo gone > usr/share/sample/ghost";
    RpmPackage::new("sample", "1.2~rc1")
        .says("Epoch: 3")
        .installs(install)
        .lists("%attr(4755,root,root) /usr/bin/tool\n%attr(4755,root,root) /usr/bin/same\n/usr/bin/link\n%dir %attr(1770,nobody,games) /usr/share/sample")
        .lists("%caps(cap_net_raw,cap_net_admin=ep) /usr/share/sample/zeros\n/usr/share/sample/nothing\n/usr/share/sample/nothing-else")
        .lists("%dir /usr/share/sample/empty\n/var/spool/sample\n%ghost /usr/share/sample/ghost")
}

/// The only package in a directory.
fn only(directory: &Path) -> PathBuf {
    let mut entries: Vec<PathBuf> = fs_err::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries.remove(0)
}
