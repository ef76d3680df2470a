//! The rules about programs that the guest can't do without.

use rootfs_tree::Tree;

use crate::closure;
use crate::elf::Object;
use crate::executable::{Executable, Obstacle};
use crate::finding::{Fault, Severity, shown};
use crate::rule::Verdict;
use crate::{Expectations, Init};

/// A program that rules are about.
pub(crate) struct Subject {
    /// Where it is, if it is expected at all.
    path: fn(&Expectations) -> Option<&str>,
    /// Whether the tree may lack it.
    optional: fn(&Expectations) -> bool,
    /// What to do when it is missing.
    fix: &'static str,
}

/// What the kernel starts.
pub(crate) const INIT: Subject = Subject {
    path: |_| Some("/sbin/init"),
    optional: |expectations| expectations.init == Init::Optional,
    fix: "install a package that brings an init, such as systemd-sysv, or make the agent the init",
};

/// What serves the host.
pub(crate) const AGENT: Subject = Subject {
    path: |expectations| expectations.agent.as_deref(),
    optional: |_| false,
    fix: "install the agent at this path, or expect none",
};

/// The program is there and can be started.
pub(crate) fn present(tree: &Tree, expectations: &Expectations, subject: &Subject) -> Verdict {
    let Some(path) = (subject.path)(expectations) else {
        return Ok(Vec::new());
    };
    match Executable::find_interpreted(tree, path.as_bytes())? {
        Ok(_) => Ok(Vec::new()),
        Err((at, obstacle)) if at == path.as_bytes() => {
            let fix = obstacle.fix().unwrap_or(subject.fix);
            let milder = matches!(obstacle, Obstacle::Missing) && (subject.optional)(expectations);
            let severity = milder.then_some(Severity::Warning);
            Ok(vec![Fault { severity, ..Fault::new(&at, obstacle.to_string(), fix) }])
        }
        Err((interpreter, obstacle)) => {
            let reason = format!("is a script for `{}`, which {obstacle}", shown(&interpreter));
            Ok(vec![Fault::new(path.as_bytes(), reason, "install the package that has the interpreter")])
        }
    }
}

/// The program is for the right machine.
pub(crate) fn architecture(tree: &Tree, expectations: &Expectations, subject: &Subject) -> Verdict {
    let (Some(program), Some(expected)) = (startable(tree, expectations, subject)?, expectations.machine) else {
        return Ok(Vec::new());
    };
    let fault = |reason| Ok(vec![Fault::new(&program.path, reason, format!("replace it by one for {expected}"))]);
    match Object::parse_header(&program.start(tree)?) {
        Ok(header) if header.machine == expected => Ok(Vec::new()),
        Ok(header) => fault(format!("is for {}, and the image is for {expected}", header.machine)),
        Err(reason) => fault(format!("is a damaged program: {reason}")),
    }
}

/// The program finds what it is linked to.
pub(crate) fn libraries(tree: &Tree, expectations: &Expectations, subject: &Subject) -> Verdict {
    match startable(tree, expectations, subject)? {
        Some(program) => closure::faults(tree, &program),
        None => Ok(Vec::new()),
    }
}

/// The ELF program that starts in the end. When there is none, [`present`] has said so.
fn startable(tree: &Tree, expectations: &Expectations, subject: &Subject) -> Result<Option<Executable>, rootfs_tree::TreeError> {
    match (subject.path)(expectations) {
        Some(path) => Ok(Executable::find_interpreted(tree, path.as_bytes())?.ok()),
        None => Ok(None),
    }
}
