use std::fmt::Write as _;

use rootfs_plugin::{
    ApkInstaller, AptRepository, Include, Installer, Key, Plan, PlannedPackage, PortageCompile, PortageInstaller, Request, RpmInstaller,
    RpmRepository, RpmSource, ShellInstaller, Trim, Tweak,
};
use serde_json::{Value, json};

use super::request::{redacted, rows};
use crate::invocation::Invocation;
use crate::output::Boot;

/// What `--dry-run` prints.
pub(crate) fn write_plan(invocation: &Invocation, request: &Request, plan: &Plan) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "request");
    for (name, value) in targets(invocation).into_iter().chain(rows(request)) {
        let _ = writeln!(text, "  {name:<10} {value}");
    }
    let Plan { distribution, release, variant, architecture, .. } = plan;
    let _ = writeln!(text, "plan\n  {:<10} {distribution} {release} ({variant}) for {architecture}", "build");
    match &plan.installer {
        Installer::Apt(apt) => apt.repositories.iter().for_each(|repository| write_repository(&mut text, repository)),
        Installer::Apk(apk) => write_apk(&mut text, apk),
        Installer::Rpm(rpm) => write_rpm(&mut text, rpm),
        Installer::Portage(portage) => write_portage(&mut text, portage),
        Installer::Shell(shell) => write_shell(&mut text, shell),
    }
    let mut install: Vec<String> = plan.include.iter().map(included).collect();
    install.extend(plan.installer.apt().filter(|apt| apt.recommends).map(|_| "and what they recommend".to_owned()));
    if let Installer::Rpm(rpm) = &plan.installer {
        install.extend(rpm.weak.then(|| "and what they recommend".to_owned()));
    }
    let verb = if plan.selection.is_some() { "files of" } else { "install" };
    if !install.is_empty() {
        let _ = writeln!(text, "  {verb:<10} {}", install.join(", "));
    }
    if let Some(source) = &plan.source {
        let files: String = source.files.values().map(|path| format!(", with {}", path.display())).collect();
        let _ = writeln!(text, "  {:<10} {} by {}{files}", "compile", source.package, source.tools.join(", "));
    }
    if let Some(started) = started(invocation.boot(), plan) {
        let _ = writeln!(text, "  {:<10} {started}", "start by");
    }
    if plan.installer.apt().is_some_and(|apt| apt.ignore_valid_until) {
        let _ = writeln!(text, "  {:<10} an index whose time has run out", "accept");
    }
    if !plan.without.is_empty() {
        let _ = writeln!(text, "  {:<10} {}", "without", plan.without.iter().map(trimmed).collect::<Vec<_>>().join(", "));
    }
    for tweak in &plan.tweaks {
        let (verb, what) = tweaked(tweak);
        let _ = writeln!(text, "  {verb:<10} {what}");
    }
    text
}

/// The same as JSON, with everything in it but passwords.
pub(crate) fn plan_json(invocation: &Invocation, request: &Request, plan: &Plan) -> Result<Value, serde_json::Error> {
    let targets: serde_json::Map<String, Value> =
        targets(invocation).into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    Ok(json!({ "targets": targets, "request": serde_json::to_value(redacted(request))?, "plan": serde_json::to_value(plan)? }))
}

/// The packages of what starts a disk, where it starts by itself.
fn started(boot: Boot, plan: &Plan) -> Option<String> {
    let kernel = plan.kernel.iter();
    let packages: Vec<&str> = match boot {
        Boot::Direct => return None,
        Boot::Uefi => kernel.chain(&plan.uefi_stub).map(String::as_str).collect(),
        Boot::Bios => kernel.chain(&plan.bios_loader).map(String::as_str).collect(),
    };
    Some(packages.join(", "))
}

fn targets(invocation: &Invocation) -> Vec<(&'static str, String)> {
    let path = |name, path: Option<&std::path::PathBuf>| path.map(|path| (name, path.display().to_string()));
    [
        path("directory", invocation.directory.as_ref()),
        path("file", invocation.output.as_ref().map(|output| &output.path)),
        path("lock", invocation.lock.as_ref()),
        path("locked", invocation.locked.as_ref()),
        path("store", Some(&invocation.store)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn write_apk(text: &mut String, apk: &ApkInstaller) {
    for repository in &apk.repositories {
        let tag = repository.tag.as_ref().map(|tag| format!("@{tag} ")).unwrap_or_default();
        let _ = writeln!(text, "  {:<10} {tag}{} from {}", "packages", repository.name, repository.bases().join(", "));
    }
    let keys: Vec<&str> = apk.keys.iter().map(|key| key.name.as_str()).collect();
    let _ = writeln!(text, "  {:<10} {}", "signed by", keys.join(", "));
}

fn write_rpm(text: &mut String, rpm: &RpmInstaller) {
    for RpmRepository { name, mirrors, source, keys } in &rpm.repositories {
        let (RpmSource::Metalink(public) | RpmSource::Base(public)) = source;
        let from = if mirrors.is_empty() { public.clone() } else { mirrors.join(", ") };
        let _ = writeln!(text, "  {:<10} {name} from {from}", "packages");
        let _ = writeln!(text, "  {:<10} {}", "  signed by", signers(keys));
    }
    if !rpm.exclude.is_empty() {
        let _ = writeln!(text, "  {:<10} {}", "never", rpm.exclude.join(", "));
    }
    let _ = writeln!(text, "  {:<10} {}", "by", rpm.tools.join(", "));
}

fn write_portage(text: &mut String, portage: &PortageInstaller) {
    if let Some(compile) = &portage.compile {
        write_compile(text, compile, portage.allow_unsigned);
    }
    for host in portage.hosts.iter().filter(|_| portage.compile.is_none()) {
        let _ = writeln!(text, "  {:<10} {} from {}", "packages", host.name, host.bases().join(", "));
        let pinned = if host.fingerprints.is_empty() { String::new() } else { format!(", by {}", host.fingerprints.join(", ")) };
        let signers = if portage.allow_unsigned { "nobody need have".to_owned() } else { format!("{}{pinned}", signers(&host.keys)) };
        let _ = writeln!(text, "  {:<10} {signers}", "  signed by");
    }
    let _ = writeln!(text, "  {:<10} {}", "profile", portage.profile);
    if !portage.flags.is_empty() {
        let _ = writeln!(text, "  {:<10} {}", "USE", portage.flags.join(" "));
    }
    let _ = writeln!(text, "  {:<10} {}", "left out", portage.install_mask.join(" "));
}

fn write_compile(text: &mut String, PortageCompile { stage3, ebuilds, config_root, distfiles, .. }: &PortageCompile, unsigned: bool) {
    let named = if stage3.is_list { "the newest of " } else { "" };
    let _ = writeln!(text, "  {:<10} emerge in {named}{}", "by", stage3.location);
    let pinned = if stage3.fingerprints.is_empty() { String::new() } else { format!(", by {}", stage3.fingerprints.join(", ")) };
    let signers = if unsigned { "nobody need have".to_owned() } else { format!("{}{pinned}", signers(&stage3.keys)) };
    let _ = writeln!(text, "  {:<10} {signers}", "  signed by");
    let ebuilds = if ebuilds.is_empty() { "those of the stage3".to_owned() } else { ebuilds.join(", ") };
    let _ = writeln!(text, "  {:<10} {ebuilds}", "ebuilds");
    for (name, path) in [("told by", config_root), ("sources", distfiles)] {
        if let Some(path) = path {
            let _ = writeln!(text, "  {name:<10} {}", path.display());
        }
    }
}

fn write_shell(text: &mut String, ShellInstaller { directory, variables, .. }: &ShellInstaller) {
    let _ = writeln!(text, "  {:<10} the scripts in {}, which download for themselves", "by", directory.display());
    let _ = writeln!(text, "  {:<10} nothing", "pinned");
    for (name, value) in variables {
        let _ = writeln!(text, "  {:<10} {name}={value}", "with");
    }
}

fn write_repository(text: &mut String, repository: &AptRepository) {
    let AptRepository { name, mirrors, public, suites, components, keys, .. } = repository;
    let _ = writeln!(text, "  {:<10} {name}: {public} {} {}", "from", suites.join(" "), components.join(" "));
    for mirror in mirrors.iter().filter(|mirror| *mirror != public) {
        let _ = writeln!(text, "  {:<10} {mirror}", "  through");
    }
    let _ = writeln!(text, "  {:<10} {}", "  signed by", signers(keys));
}

fn signers(keys: &[Key]) -> String {
    let files: Vec<String> =
        keys.iter().filter_map(|key| if let Key::File(path) = key { Some(path.display().to_string()) } else { None }).collect();
    let carried = keys.len() - files.len();
    let carried = (carried > 0).then(|| format!("{carried} of the distribution's keys"));
    carried.into_iter().chain(files).collect::<Vec<_>>().join(", ")
}

fn included(include: &Include) -> String {
    match include {
        Include::Essential => "all that is essential".to_owned(),
        Include::Priority(priority) => format!("all that is {priority}"),
        Include::Package(PlannedPackage::Name(name)) => name.clone(),
        Include::Package(PlannedPackage::File(path)) => path.display().to_string(),
    }
}

fn trimmed(trim: &Trim) -> &'static str {
    match trim {
        Trim::Docs => "docs",
        Trim::Locales => "locales",
        Trim::Man => "man",
    }
}

fn tweaked(tweak: &Tweak) -> (&'static str, String) {
    match tweak {
        Tweak::Write { path, content, .. } => ("write", format!("{path} ({} bytes)", content.len())),
        Tweak::Directory { path, mode } => ("directory", format!("{path} ({mode:04o})")),
        Tweak::Link { path, target, only_if_missing: true } => ("link", format!("{path} to {target}, unless something is there")),
        Tweak::Link { path, target, .. } => ("link", format!("{path} to {target}")),
        Tweak::Remove { path } => ("remove", path.clone()),
        Tweak::EnableUnit { unit } => ("enable", unit.clone()),
        Tweak::Regenerate(secret) => ("first boot", format!("{} makes {}", secret.name, secret.paths.join(", "))),
    }
}
