use std::ffi::OsStr;
use std::fmt::Write as _;

use rootfs_plugin::Architecture;
use serde_json::{Value, json};

use super::{Init, Summary, findings_json};
use crate::lxc::is_container_name;
use crate::units;

/// The last lines of a build: what was made, where, and what to do with it.
pub(crate) fn write_summary(summary: &Summary) -> String {
    let Summary { distribution, release, variant, architecture, packages, bytes, digest, steps, .. } = summary;
    let mut text = String::new();
    let total = steps.iter().map(|(_, time)| *time).sum();
    let counted = if summary.can_be_locked { format!("{packages} packages, ") } else { String::new() };
    let _ =
        writeln!(text, "{distribution} {release} ({variant}) for {architecture}: {counted}{}, {}", units::size(*bytes), units::time(total));
    let times: Vec<String> = steps.iter().map(|(step, time)| format!("{} {}", step.name(), units::time(*time))).collect();
    if !times.is_empty() {
        let _ = writeln!(text, "  time    {}", times.join(", "));
    }
    let reused: Vec<&str> = summary
        .decisions
        .iter()
        .filter(|decision| decision.reused && decision.stage != "fetch")
        .map(|decision| decision.stage.as_str())
        .collect();
    if !reused.is_empty() {
        let _ = writeln!(text, "  reused  {} (--explain tells why)", reused.join(", "));
    }
    if !summary.can_be_locked {
        let _ = writeln!(text, "  pinned  nothing: its scripts downloaded for themselves");
    }
    let _ = writeln!(text, "  digest  {digest}");
    for output in &summary.outputs {
        let _ = writeln!(text, "  in      {}", output.display());
    }
    if let Some(next) = next_command(summary) {
        let _ = writeln!(text, "  next    {next}");
    }
    text
}

fn next_command(summary: &Summary) -> Option<String> {
    let output = summary.outputs.first()?;
    let shown = output.display();
    Some(match output.extension() {
        Some(suffix) if suffix == "img" || suffix == "raw" => format!("rootfs-gen boot {shown}"),
        Some(suffix) if suffix == "cpio" || suffix == "erofs" => format!("rootfs-gen inspect {shown}"),
        Some(suffix) if suffix == "tar" => format!("docker import {shown}"),
        Some(suffix) if suffix == "squashfs" || suffix == "sqfs" => {
            format!("rootfs-gen lxc {shown} -n {}", container_name(output.file_stem()))
        }
        _ if Some(summary.architecture) != Architecture::native() => format!("rootfs-gen image {shown} -o guest.img"),
        _ if summary.init == Init::Systemd => format!("systemd-nspawn --boot --directory {shown}"),
        _ if summary.init == Init::Other => format!("rootfs-gen lxc {shown} -n {}", container_name(output.file_name())),
        _ => format!("rootfs-gen shell {shown}"),
    })
}

/// What a container of that file can be called.
fn container_name(name: Option<&OsStr>) -> &str {
    name.and_then(OsStr::to_str).filter(|name| is_container_name(name)).unwrap_or("guest")
}

/// The summary as one JSON object; times in seconds.
pub(crate) fn summary_json(summary: &Summary) -> Value {
    let steps: serde_json::Map<String, Value> =
        summary.steps.iter().map(|(step, time)| (step.name().to_owned(), json!(time.as_secs_f64()))).collect();
    let decisions: Vec<Value> = summary
        .decisions
        .iter()
        .map(|decision| json!({ "stage": decision.stage, "reused": decision.reused, "reason": decision.reason }))
        .collect();
    json!({
        "distribution": summary.distribution,
        "release": summary.release,
        "variant": summary.variant,
        "architecture": summary.architecture.name(),
        "packages": summary.packages,
        "bytes": summary.bytes,
        "digest": summary.digest.to_string(),
        "seconds": steps,
        "decisions": decisions,
        "findings": findings_json(&summary.findings),
        "outputs": summary.outputs.iter().map(|path| path.to_string_lossy()).collect::<Vec<_>>(),
        "lock": summary.lock.map(|digest| digest.to_string()),
        "pinned": summary.lock.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rootfs_package::observer::Step;
    use rootfs_tree::Digest;

    use super::*;

    fn summary() -> Summary {
        Summary {
            distribution: "debian".into(),
            release: "trixie".into(),
            variant: "guest".into(),
            architecture: Architecture::X86_64,
            packages: 142,
            bytes: 301_200_000,
            digest: Digest([0xab; 32]),
            steps: vec![(Step::Index, Duration::from_millis(400)), (Step::Unpack, Duration::from_millis(2600))],
            decisions: vec![],
            findings: vec![],
            outputs: vec!["./out".into()],
            lock: Some(Digest([1; 32])),
            can_be_locked: true,
            init: Init::Systemd,
        }
    }

    #[test]
    fn the_summary_says_all_a_user_needs() {
        let summary = summary();
        let digest = "ab".repeat(32);
        let expected = format!(
            "debian trixie (guest) for x86_64: 142 packages, 301.2 MB, 3.0 s\n  time    index 0.4 s, unpack 2.6 s\n  digest  {digest}\n  in      ./out\n  next    systemd-nspawn --boot --directory ./out\n"
        );
        assert_eq!(write_summary(&summary), expected);
        assert_eq!(summary_json(&summary)["seconds"]["unpack"], json!(2.6));
    }

    #[test]
    fn what_nothing_pins_is_told_so() {
        assert_eq!(summary_json(&summary())["pinned"], json!(true));
        let unlocked = Summary { lock: None, can_be_locked: false, packages: 0, ..summary() };
        let text = write_summary(&unlocked);
        assert!(text.starts_with("debian trixie (guest) for x86_64: 301.2 MB, 3.0 s\n"), "{text}");
        assert!(text.contains("\n  pinned  nothing"), "{text}");
        assert_eq!(summary_json(&unlocked)["pinned"], json!(false));
    }

    #[test]
    fn what_comes_next_fits_what_was_made() {
        for (output, command) in [
            ("./out", "systemd-nspawn --boot --directory ./out"),
            ("guest.img", "rootfs-gen boot guest.img"),
            ("web.squashfs", "rootfs-gen lxc web.squashfs -n web"),
            ("/srv/a b.sqfs", "rootfs-gen lxc /srv/a b.sqfs -n guest"),
        ] {
            assert_eq!(next_command(&Summary { outputs: vec![output.into()], ..summary() }).unwrap(), command);
        }
    }
}
