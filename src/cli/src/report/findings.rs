use std::fmt::Write as _;

use rootfs_check::{Finding, Severity};
use serde_json::{Value, json};

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// The findings as text, errors first, then a line that counts them.
pub(crate) fn write_findings(findings: &[Finding]) -> String {
    let mut text = String::new();
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    for finding in sorted {
        let Finding { severity, rule, path, reason, fix } = finding;
        let _ = writeln!(text, "{}: {path} {reason} [{rule}]\n  fix: {fix}", word(*severity));
    }
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let _ = writeln!(text, "check: {} errors, {} warnings", count(Severity::Error), count(Severity::Warning));
    text
}

/// The findings as a JSON array.
pub(crate) fn findings_json(findings: &[Finding]) -> Value {
    let one = |finding: &Finding| {
        let Finding { severity, rule, path, reason, fix } = finding;
        json!({ "severity": word(*severity), "rule": rule, "path": path, "reason": reason, "fix": fix })
    };
    findings.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_come_first_and_all_are_counted() {
        let finding = |severity| Finding {
            severity,
            rule: "init",
            path: "/sbin/init".into(),
            reason: "does not exist".into(),
            fix: "add systemd-sysv".into(),
        };
        let text = write_findings(&[finding(Severity::Warning), finding(Severity::Error)]);
        let expected = "error: /sbin/init does not exist [init]\n  fix: add systemd-sysv\n\
                        warning: /sbin/init does not exist [init]\n  fix: add systemd-sysv\ncheck: 1 errors, 1 warnings\n";
        assert_eq!(text, expected);
    }
}
