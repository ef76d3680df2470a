mod ubuntu;

use rootfs_plugin::{
    Agent, AptRepository, Architecture, ExtraRepository, FileDistro, Include, Key, PackageRequest, PlanError, PlannedPackage, Request,
    Tweak,
};

use crate::{KEYS, debian};

fn request() -> Request {
    Request::plain("debian", Architecture::X86_64)
}

fn repositories(request: &Request) -> Vec<AptRepository> {
    debian().plan(request).unwrap().installer.apt().unwrap().repositories.clone()
}

fn names(request: &Request) -> Vec<String> {
    let include = debian().plan(request).unwrap().include;
    include
        .into_iter()
        .filter_map(|include| match include {
            Include::Package(PlannedPackage::Name(name)) => Some(name),
            _ => None,
        })
        .collect()
}

#[test]
fn the_default_is_a_guest_of_stable_from_three_suites() {
    let plan = debian().plan(&request()).unwrap();
    assert_eq!((plan.release.as_str(), plan.variant.as_str(), plan.init_expected), ("trixie", "guest", true));
    assert_eq!(plan.include[..2], [Include::Essential, Include::Priority("required".into())]);
    assert_eq!(names(&request()), ["apt", "systemd", "systemd-sysv", "udev", "dbus", "systemd-resolved", "iproute2"]);
    let repositories = repositories(&request());
    assert_eq!(repositories[0].suites, ["trixie", "trixie-updates"]);
    assert_eq!((repositories[0].mirrors.len(), repositories[0].public.as_str()), (0, "http://ftp.debian.org/debian"));
    assert_eq!(repositories[1].suites, ["trixie-security"]);
    assert_eq!((repositories[1].mirrors.len(), repositories[1].public.as_str()), (0, "http://security.debian.org/debian-security"));
}

#[test]
fn every_release_and_variant_makes_a_plan_with_keys() {
    for release in &debian().info().releases {
        for variant in &debian().info().variants {
            let request = Request { release: Some(release.name.clone()), variant: Some(variant.name.clone()), ..request() };
            for repository in repositories(&request) {
                let armoured = |key: &Key| matches!(key, Key::Armoured(text) if text.contains("BEGIN PGP PUBLIC KEY BLOCK"));
                assert!(!repository.keys.is_empty() && repository.keys.iter().all(armoured), "{} {}", release.name, repository.name);
            }
        }
    }
}

#[test]
fn only_a_pc_has_a_boot_loader_for_a_bios() {
    let loader = |architecture| debian().plan(&Request { architecture, ..request() }).unwrap().bios_loader;
    for architecture in Architecture::ALL {
        let is_pc = matches!(architecture, Architecture::X86_64 | Architecture::I686);
        assert_eq!(loader(architecture), if is_pc { &["grub-pc-bin", "grub-common"][..] } else { &[] }, "{architecture}");
    }
}

#[test]
fn sid_has_neither_updates_nor_security() {
    let repositories = repositories(&Request { release: Some("unstable".into()), ..request() });
    assert_eq!(repositories.len(), 1);
    assert_eq!(repositories[0].suites, ["sid"]);
}

#[test]
fn every_key_is_used_by_a_release() {
    let text = [crate::FILE, crate::UBUNTU].concat();
    assert_eq!(KEYS.iter().find(|(name, _)| !text.contains(&format!("\"{name}\""))), None);
}

#[test]
fn a_release_is_known_by_name_number_and_alias() {
    for word in ["bookworm", "12", "oldstable"] {
        let plan = debian().plan(&Request { release: Some(word.into()), ..request() }).unwrap();
        assert_eq!(plan.release, "bookworm");
    }
    let error = debian().plan(&Request { release: Some("woody".into()), ..request() }).unwrap_err();
    assert_eq!(error.to_string(), "debian has no release `woody`");
    assert_eq!(error.hint().unwrap(), "it has trixie (13, stable), bookworm (12, oldstable), forky (14, testing), sid (unstable)");
}

#[test]
fn an_unknown_variant_names_those_there_are() {
    let error = debian().plan(&Request { variant: Some("desktop".into()), ..request() }).unwrap_err();
    assert_eq!(error.hint().unwrap(), "it has minbase, guest, standard, kata");
}

#[test]
fn minbase_without_agent_needs_no_init_and_keeps_the_rules_on_secrets() {
    let minbase = Request { variant: Some("minbase".into()), ..request() };
    assert!(debian().plan(&minbase).unwrap().init_expected);
    let plan = debian().plan(&Request { agent: Agent::None, ..minbase }).unwrap();
    assert!(!plan.init_expected);
    assert!(plan.tweaks.iter().any(|tweak| matches!(tweak, Tweak::Regenerate(secret) if secret.name == "regenerate-ssh-host-keys")));
    assert!(!plan.tweaks.iter().any(|tweak| matches!(tweak, Tweak::EnableUnit { .. })));
}

#[test]
fn replacing_the_packages_drops_the_tweaks_of_those_that_are_gone() {
    let replaced = Request { packages: Some(vec![PackageRequest::Name("systemd=257".into())]), ..request() };
    let plan = debian().plan(&replaced).unwrap();
    assert_eq!(plan.include.len(), 2);
    assert!(plan.tweaks.contains(&Tweak::EnableUnit { unit: "systemd-networkd.service".into() }));
    assert!(!plan.tweaks.contains(&Tweak::EnableUnit { unit: "systemd-resolved.service".into() }));
}

#[test]
fn an_added_package_is_asked_for_once() {
    let extra = ["vim", "udev", "vim"].map(|name| PackageRequest::Name(name.into()));
    let names = names(&Request { extra_packages: extra.into(), ..request() });
    assert_eq!(names.iter().filter(|name| ["vim", "udev"].contains(&name.as_str())).count(), 2);
}

#[test]
fn mirrors_are_the_users_else_the_hosts() {
    let mut request = request();
    request.archive_mirrors.insert("debian".into(), vec!["http://host.example/debian".into()]);
    request.archive_mirrors.insert("security".into(), vec!["http://host.example/debian-security".into()]);
    assert_eq!(repositories(&request)[0].mirrors, ["http://host.example/debian"]);
    assert_eq!(repositories(&request)[1].mirrors, ["http://host.example/debian-security"]);
    request.mirrors = vec!["http://user.example/debian".into()];
    assert_eq!(repositories(&request)[0].mirrors, ["http://user.example/debian"]);
    request.archive_mirrors.insert("backports".into(), vec![]);
    assert_eq!(debian().plan(&request).unwrap_err().to_string(), "debian has no archive `backports`");
}

#[test]
fn suites_go_to_the_archive_that_has_them() {
    let suites = ["bookworm", "bookworm-backports", "bookworm-security"].map(String::from);
    let both = repositories(&Request { suites: suites.into(), ..request() });
    assert_eq!(both[0].suites, ["bookworm", "bookworm-backports"]);
    assert_eq!(both[1].suites, ["bookworm-security"]);
    assert_eq!(repositories(&Request { suites: vec!["trixie".into()], ..request() }).len(), 1);
}

fn extra(line: &str, key: Option<&str>) -> Result<AptRepository, PlanError> {
    let repository = ExtraRepository { line: line.into(), key: key.map(Into::into) };
    let plan = debian().plan(&Request { repositories: vec![repository], ..request() })?;
    let mut repositories = plan.installer.apt().unwrap().repositories.clone();
    Ok(repositories.pop().unwrap())
}

#[test]
fn a_repository_line_is_read_as_apt_reads_it() {
    let repository = extra("deb [arch=amd64 signed-by=/k/pg.asc] https://apt.example/ trixie-pgdg main 17", None).unwrap();
    assert_eq!((repository.name.as_str(), repository.public.as_str()), ("extra1", "https://apt.example"));
    assert_eq!(repository.components, ["main", "17"]);
    assert_eq!(repository.keys, [Key::File("/k/pg.asc".into())]);
    assert_eq!(repository.signed_by.as_deref(), Some("/etc/apt/keyrings/extra1.asc"));
    assert_eq!(extra("deb file:/srv/repo ./", Some("key.gpg")).unwrap().components, [""; 0]);
}

#[test]
fn a_repository_that_cannot_be_verified_or_read_is_refused() {
    for (line, reason) in [
        ("deb https://apt.example trixie main", "has no key"),
        ("deb-src https://apt.example trixie main", "does not begin with `deb`"),
        ("deb [trusted=yes] https://apt.example trixie main", "the option `trusted=yes` is not supported"),
        ("deb [signed-by=k https://apt.example trixie main", "never closed"),
        ("deb [signed-by=k] ftp://apt.example trixie main", "not an http, https or file URL"),
        ("deb [signed-by=k] https://apt.example", "no suite"),
        ("deb [signed-by=k] https://apt.example trixie", "needs components"),
    ] {
        let error = extra(line, None).unwrap_err();
        assert!(error.to_string().contains(reason), "{line}: {error}");
        assert!(error.hint().is_some(), "{line}");
    }
}

#[test]
fn a_file_that_uses_undefined_names_is_refused() {
    let text = crate::FILE;
    for (old, new, expected) in [
        ("keys = [\"bookworm-automatic\"", "keys = [\"woody\"", "release trixie names the key `woody`, which is not defined"),
        ("base = \"guest\"", "base = \"standard\"", "variant standard names the variant `standard`, which is not defined"),
        ("default_variant = \"guest\"", "default_variant = \"x\"", "default_variant names the variant `x`, which is not defined"),
        ("[releases.apt.archives.security]", "[releases.apt.archives.x]", "release trixie names the archive `x`, which is not defined"),
    ] {
        let error = FileDistro::parse(&text.replacen(old, new, 1), &KEYS).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}
