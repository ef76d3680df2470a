//! Alpine's packages, judged by Alpine's own apk: it comes with the small root that Alpine publishes, which also has what its packages were made of.
//! Without that file, or without root (apk changes its root to run scripts), the cases are ignored, and fail under `ROOTFS_TEST_STRICT=1`.

#![expect(clippy::unwrap_used, reason = "a test may end where it likes")]

mod closures;
#[path = "../../../../fuzz/seeds/apk.rs"]
mod fuzz_apk;
mod hostile;
mod made;
mod refused;
mod site;

use std::process::ExitCode;
use std::sync::{Arc, LazyLock};

use libtest_mimic::{Arguments, Failed, Trial};
use rootfs_tests::{Alpine, Settings};

/// What a case does, with the real apk at hand.
type Case = (&'static str, fn(&Alpine) -> Result<(), Failed>);

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or(Some(2));
    let settings = Settings::from_environment();
    let absence = absence(&settings);
    let (is_ignored, shared) = (absence.is_some() && !settings.strict, settings.shared);
    let alpine = Arc::new(LazyLock::new(move || Alpine::unpack(&shared).unwrap()));
    let cases: Vec<Case> = [closures::CASES, made::CASES, refused::CASES].concat();
    let judged = cases.into_iter().map(|(name, case)| {
        let (alpine, absence) = (Arc::clone(&alpine), absence.clone());
        let run = move || match &absence {
            Some(absence) => Err(Failed::from(absence)),
            None => case(&alpine),
        };
        Trial::test(name, run).with_ignored_flag(is_ignored)
    });
    let plain = hostile::CASES.iter().map(|(name, case)| Trial::test(*name, case));
    libtest_mimic::run(&arguments, judged.chain(plain).collect()).exit_code()
}

fn absence(settings: &Settings) -> Option<String> {
    let release = Alpine::release(&settings.shared);
    if !release.exists() {
        return Some(format!("{} is not there (ROOTFS_TEST_SHARED)", release.display()));
    }
    (!rustix::process::geteuid().is_root()).then(|| "apk changes its root, which only root may".to_owned())
}
