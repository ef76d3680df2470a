//! The host: which of its programs run (none), whose rights are needed, and what is left on it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rootfs_tests::{Case, Failed, Need, Process, Product, Release, Workbench, ensure};

use crate::build::BUILD;

pub(crate) fn cases() -> Vec<Case> {
    let with_strace = [BUILD, &[Need::Judge("strace")]].concat();
    vec![
        Case::new("host::no program of the host is run", &with_strace, no_host_program),
        Case::new("judges::strace's output tells who is in the tree", &[], |_| reads_traces()),
    ]
}

/// A build with an empty PATH, seen by strace: until a process has entered the tree, it runs our own programs only.
fn no_host_program(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let trace = scratch.path().join("trace");
    let run = Product::under(workbench, strace(&trace)).afresh().minbase(Release::Trixie)?.env("PATH", "");
    run.into_directory(&scratch.path().join("out")).run()?.success()?;
    let text = fs_err::read_to_string(&trace)?;
    let product = workbench.settings().product.display().to_string();
    let outside = programs_outside(&text);
    let foreign: Vec<&String> = outside.iter().filter(|program| !is_own(program, &product)).collect();
    ensure!(foreign.is_empty(), "programs of the host were run: {foreign:?}");
    ensure!(text.contains("/usr/bin/dpkg"), "the trace does not show the tree's dpkg; it proves nothing");
    Ok(())
}

/// strace, with which setuid programs still get their rights (with `--seccomp-bpf` they don't), so that [`programs_outside`] can read what it writes.
pub(crate) fn strace(trace: &Path) -> Process {
    let calls = "--trace=execve,execveat,chroot,pivot_root,clone,clone3,fork,vfork";
    Process::judge("strace").args(["-f", "-qq", "--pidns-translation", calls]).arg("-o").arg(trace)
}

/// Ourselves, and the runner, which has no name in the filesystem.
pub(crate) fn is_own(program: &str, product: &str) -> bool {
    program == product || program.is_empty() || program.starts_with("/proc/self/fd/") || program.starts_with("/dev/fd/")
}

/// The programs that were started by processes which had not yet changed their root, from strace's output.
pub(crate) fn programs_outside(trace: &str) -> BTreeSet<String> {
    let mut entered = BTreeMap::new();
    let mut made = BTreeMap::new();
    let mut programs = Vec::new();
    for (at, line) in trace.lines().enumerate() {
        let Some((process, call)) = line.trim_start().split_once(' ') else { continue };
        let call = call.trim_start();
        if call.starts_with("chroot(") || call.starts_with("pivot_root(") {
            entered.entry(process).or_insert(at);
        } else if call.starts_with("exec") {
            programs.extend(call.split('"').nth(1).map(|program| (process, at, program)));
        } else if let Some(child) = returned_process(call) {
            made.entry(child).or_insert((process, at));
        }
    }
    let is_inside = |process: &str, at: usize| {
        let (mut process, mut at) = (process, at);
        loop {
            if entered.get(process).is_some_and(|entered| *entered < at) {
                return true;
            }
            match made.get(process) {
                Some((parent, made)) if *made > 0 => (process, at) = (parent, *made),
                _ => return false,
            }
        }
    };
    programs.into_iter().filter(|(process, at, _)| !is_inside(process, *at)).map(|(_, _, program)| program.to_owned()).collect()
}

/// The child that a call made, by its number outside of every namespace (`= 5 /* 1234 in strace's PID NS */`).
fn returned_process(call: &str) -> Option<&str> {
    let (_, result) = call.rsplit_once("= ")?;
    let number = result.split_once("/* ").map_or(result, |(_, outside)| outside);
    number.split_whitespace().next().filter(|word| word.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A trace with a program of the host and one of the tree, the tree's run by a child that is heard of before its parent's call returns.
fn reads_traces() -> Result<(), Failed> {
    let trace = "100 execve(\"/bin/rootfs-gen\", [\"rootfs-gen\"], 0x1) = 0\n\
                 100 clone3({flags=CLONE_VFORK}, 88) = 101\n\
                 101 execve(\"/usr/bin/tar\", [\"tar\"], 0x1) = 0\n\
                 100 clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>\n\
                 102 pivot_root(\".\", \".\") = 0\n\
                 102 clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>\n\
                 103 execve(\"/usr/bin/dpkg\", [\"dpkg\"], 0x1) = 0\n\
                 102 <... clone resumed>) = 2 /* 103 in strace's PID NS */\n\
                 100 <... clone resumed>) = 102\n";
    let outside = programs_outside(trace);
    ensure!(outside == BTreeSet::from(["/bin/rootfs-gen".to_owned(), "/usr/bin/tar".to_owned()]), "{outside:?}");
    Ok(())
}
