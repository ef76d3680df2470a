//! Gentoo's packages, judged by portage itself: how it orders versions, what it takes for atoms and dependency strings, and what its emerge would merge.
//!
//! Portage comes from PyPI. Where it can't be had the cases are ignored, and fail under `ROOTFS_TEST_STRICT=1`.

mod ask;
mod choice;
mod language;
mod made;
mod scenario;

use std::process::ExitCode;
use std::sync::{Arc, LazyLock};

use libtest_mimic::{Arguments, Failed, Trial};
use rootfs_tests::{Portage, Settings, judge};

/// What a case does, with portage at hand.
type Case = (&'static str, fn(&Portage) -> Result<(), Failed>);

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or(Some(2));
    let settings = Settings::from_environment();
    let is_strict = settings.strict;
    let portage = Arc::new(LazyLock::new(move || match judge::absence("python3") {
        Some(absence) => Err(absence),
        None => Portage::install(&settings).map_err(|failed| failed.message().unwrap_or_default().to_owned()),
    }));
    let cases: Vec<Case> = [language::CASES, choice::CASES].concat();
    let judged = cases.into_iter().map(|(name, case)| {
        let portage = Arc::clone(&portage);
        Trial::ignorable_test(name, move || match &**portage {
            Ok(portage) => case(portage).map(|()| libtest_mimic::Completion::Completed),
            Err(absence) if is_strict => Err(absence.into()),
            Err(absence) => Ok(libtest_mimic::Completion::ignored_with(absence)),
        })
    });
    libtest_mimic::run(&arguments, judged.collect()).exit_code()
}
