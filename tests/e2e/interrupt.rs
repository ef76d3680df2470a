//! A build that is ended in the middle leaves the host as it was.

use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use rootfs_tests::{Case, Failed, Release, Workbench, ensure};
use rustix::process::Signal;

use crate::build::{BUILD, minbase};

/// What a build has said when the signal comes: a step, and how often it has begun.
const MOMENTS: &[(&str, usize)] = &[("index …", 1), ("unpack …", 1), ("unpack …", 2), ("configure …", 1), ("configure …", 2)];

/// After this nothing may be left; cleaning up takes a moment.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn cases() -> Vec<Case> {
    let at = |moment: &'static (&str, usize)| {
        Case::new(format!("interrupt::Ctrl-C at {} {} leaves nothing", moment.0.trim_end_matches(" …"), moment.1), BUILD, |workbench| {
            let (scratch, code) = ended_by(workbench, Signal::INT, *moment)?;
            ensure!(code == Some(130), "exit {code:?}, expected 130");
            expect_nothing(scratch.path())
        })
    };
    let mut cases: Vec<Case> = MOMENTS.iter().map(at).collect();
    cases.push(Case::new("interrupt::a terminated build leaves nothing", BUILD, |workbench| {
        let (scratch, _) = ended_by(workbench, Signal::TERM, ("configure …", 1))?;
        expect_nothing(scratch.path())
    }));
    cases.push(Case::new("interrupt::a killed build leaves no process, no mount and no target", BUILD, |workbench| {
        let (scratch, _) = ended_by(workbench, Signal::KILL, ("configure …", 1))?;
        let target = scratch.path().join("out");
        ensure!(!target.exists(), "a half-built tree has the final name");
        expect_no_process(scratch.path())?;
        expect_no_mount(scratch.path())?;
        // What a killed build could not take away must not be in the next one's way.
        workbench.product().minbase(Release::Trixie)?.into_directory(&target).run()?.success().map(drop)
    }));
    cases
}

/// A warm build of minbase that gets a signal a little after it has said this; gives its target's parent and its exit code.
fn ended_by(workbench: &Workbench, signal: Signal, (text, times): (&str, usize)) -> Result<(tempfile::TempDir, Option<i32>), Failed> {
    let _warm = minbase(workbench)?;
    let scratch = workbench.scratch()?;
    let build = workbench.product().afresh().minbase(Release::Trixie)?.into_directory(&scratch.path().join("out"));
    let mut running = build.start()?;
    while running.error_so_far()?.matches(text).count() < times {
        ensure!(!running.has_ended()?, "it ended without saying `{text}` {times} times: {}", running.error_so_far()?);
        sleep(Duration::from_millis(10));
    }
    sleep(Duration::from_millis(50));
    running.signal(signal)?;
    let finished = running.finish(PATIENCE)?;
    Ok((scratch, finished.status.code()))
}

fn expect_nothing(parent: &Path) -> Result<(), Failed> {
    expect_no_process(parent)?;
    expect_no_mount(parent)?;
    let left: Vec<_> = fs_err::read_dir(parent)?.filter_map(|entry| entry.ok().map(|entry| entry.file_name())).collect();
    ensure!(left.is_empty(), "{left:?} was left behind");
    Ok(())
}

/// No process has its root, directory or program below `parent`; those of a killed build get a moment to die.
pub(crate) fn expect_no_process(parent: &Path) -> Result<(), Failed> {
    let mut found = Vec::new();
    for _ in 0..40 {
        found = processes_below(parent)?;
        if found.is_empty() {
            return Ok(());
        }
        sleep(Duration::from_millis(50));
    }
    Err(format!("processes are still there: {found:?}").into())
}

fn processes_below(parent: &Path) -> Result<Vec<String>, Failed> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir("/proc")? {
        let process = entry?.path();
        // A process may end while it is looked at.
        let places = ["root", "cwd", "exe"].into_iter().filter_map(|link| fs_err::read_link(process.join(link)).ok());
        if places.into_iter().any(|place| place.starts_with(parent)) {
            found.push(format!("{} {}", process.display(), fs_err::read_to_string(process.join("comm")).unwrap_or_default().trim()));
        }
    }
    Ok(found)
}

pub(crate) fn expect_no_mount(parent: &Path) -> Result<(), Failed> {
    let mounts = fs_err::read_to_string("/proc/self/mountinfo")?;
    let parent = parent.display().to_string();
    let left: Vec<&str> = mounts.lines().filter(|line| line.contains(&parent)).collect();
    ensure!(left.is_empty(), "mounts are still there: {left:?}");
    Ok(())
}
