//! rpm's packages, judged by rpm's own comparison of versions and by dnf's own choice of packages.
//!
//! dnf is one process to a universe; without it the cases are ignored, and fail under `ROOTFS_TEST_STRICT=1`.

mod choice;
mod dnf;
mod hostile;
mod libsolv;
mod made;
mod site;
mod versions;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use rootfs_tests::{Settings, judge};

/// What a case does.
type Case = (&'static str, fn(&Settings) -> Result<(), Failed>);

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or(Some(2));
    let settings = Settings::from_environment();
    let judged = [(versions::JUDGED, "rpm"), (choice::JUDGED, "dnf")];
    let judged = judged.into_iter().flat_map(|(cases, program)| {
        let absence = judge::absence(program);
        let settings = settings.clone();
        cases.iter().map(move |(name, case)| {
            let is_ignored = absence.is_some() && !settings.strict;
            let (absence, settings) = (absence.clone(), settings.clone());
            let run = move || match &absence {
                Some(absence) => Err(Failed::from(absence)),
                None => {
                    judge::count_run(program);
                    case(&settings)
                }
            };
            Trial::test(*name, run).with_ignored_flag(is_ignored)
        })
    });
    let plain = [versions::CASES, hostile::CASES, choice::CASES, libsolv::CASES].concat().into_iter().map(|(name, case)| {
        let settings = settings.clone();
        Trial::test(name, move || case(&settings))
    });
    libtest_mimic::run(&arguments, judged.chain(plain).collect()).exit_code()
}
