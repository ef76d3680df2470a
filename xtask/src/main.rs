//! The project's own commands: `cargo xtask test`, `lint`, `bench`, `docs`, `fuzz` and `deps`.

mod bench;
mod dependencies;
mod docs;
mod error;
mod fuzz;
#[path = "../../fuzz/seeds/apk.rs"]
#[expect(dead_code, reason = "what makes packages of the seeds is for the target")]
mod fuzz_apk;
#[path = "../../fuzz/seeds/binpkg.rs"]
mod fuzz_binpkg;
#[path = "../../fuzz/seeds/deb.rs"]
mod fuzz_deb;
#[path = "../../fuzz/seeds/ext4.rs"]
mod fuzz_ext4;
#[path = "../../fuzz/seeds/frame.rs"]
mod fuzz_frame;
#[path = "../../fuzz/seeds/inspect.rs"]
mod fuzz_inspect;
#[path = "../../fuzz/seeds/oci.rs"]
#[expect(dead_code, reason = "what makes archives of the seeds is for the target")]
mod fuzz_oci;
#[path = "../../fuzz/seeds/portage.rs"]
mod fuzz_portage;
#[path = "../../fuzz/seeds/qcow2.rs"]
mod fuzz_qcow2;
#[path = "../../fuzz/seeds/rpm.rs"]
mod fuzz_rpm;
#[path = "../../fuzz/seeds/shellconfig.rs"]
mod fuzz_shellconfig;
#[path = "../../fuzz/seeds/text.rs"]
mod fuzz_text;
mod judges;
mod lint;
mod process;
mod tally;
mod test;

use std::process::ExitCode;

use error::TaskError;

/// What can be typed.
pub(crate) const USAGE: &str = "usage: cargo xtask test [--full] [FILTER]
       cargo xtask lint
       cargo xtask bench [--runs N] [packages|images|squashfs|erofs]
       cargo xtask docs [--trials]
       cargo xtask fuzz [--seconds N] [TARGET...]
       cargo xtask deps";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            process::complain(&format!("error: {error}"));
            ExitCode::from(if matches!(error, TaskError::Usage { .. }) { 2 } else { 1 })
        }
    }
}

fn run(arguments: &[String]) -> Result<(), TaskError> {
    match arguments.split_first().map(|(verb, rest)| (verb.as_str(), rest)) {
        Some(("test", rest)) => test::test(rest),
        Some(("lint", _)) => lint::lint(),
        Some(("bench", rest)) => bench::bench(rest),
        Some(("docs", rest)) => docs::docs(rest),
        Some(("fuzz", rest)) => fuzz::fuzz(rest),
        Some(("deps", _)) => dependencies::check_dependencies(),
        _ => Err(TaskError::Usage { usage: USAGE }),
    }
}
