use rootfs_plugin::{Architecture, Include, Installer, PackageRequest, Plan, PlanError, PlannedPackage, PortageInstaller, Request, Tweak};

use crate::gentoo;

fn request(options: &[(&str, &str)]) -> Request {
    let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Request { options, ..Request::plain("gentoo", Architecture::X86_64) }
}

fn plan(options: &[(&str, &str)]) -> Result<Plan, PlanError> {
    gentoo().plan(&request(options))
}

fn portage(plan: &Plan) -> &PortageInstaller {
    let Installer::Portage(portage) = &plan.installer else { panic!("{plan:?}") };
    portage
}

fn names(plan: &Plan) -> Vec<&str> {
    let name = |include| match include {
        &Include::Package(PlannedPackage::Name(ref name)) => name.as_str(),
        other => panic!("{other:?}"),
    };
    plan.include.iter().map(name).collect()
}

#[test]
fn a_shell_comes_from_the_public_host_and_its_pinned_keys() {
    let plan = plan(&[]).unwrap();
    assert_eq!(names(&plan), ["sys-apps/baselayout", "sys-libs/glibc", "sys-apps/busybox"]);
    assert!(!plan.init_expected);
    let portage = portage(&plan);
    assert_eq!(portage.hosts.len(), 1);
    assert_eq!(portage.hosts[0].public, "https://distfiles.gentoo.org/releases/amd64/binpackages/23.0/x86-64");
    assert!(portage.hosts[0].keys.is_empty() && portage.hosts[0].fingerprints.len() == 4);
    assert!(portage.hosts[0].fingerprints.iter().all(|fingerprint| fingerprint.len() == 40));
    assert_eq!((portage.profile.as_str(), portage.merged_usr), ("default/linux/amd64/23.0/no-multilib", true));
    assert_eq!(portage.parts[0].into, "usr/lib64");
    let arm = Request { architecture: Architecture::Aarch64, ..request(&[]) };
    let arm = gentoo().plan(&arm).unwrap();
    let Installer::Portage(arm) = arm.installer else { panic!() };
    assert!(arm.hosts[0].public.contains("/arm64/") && arm.profile.contains("/arm64/"));
}

#[test]
fn every_set_makes_a_plan_and_may_be_asked_for_either_way() {
    for set in ["bare", "shell", "lxc", "kata", "system"] {
        let own = plan(&[("set", set)]).unwrap();
        assert_eq!(own, plan(&[("set", &format!("@{set}"))]).unwrap());
        assert_eq!(own, gentoo().plan(&Request { variant: Some(set.to_owned()), ..request(&[]) }).unwrap());
        assert_eq!((own.variant.as_str(), own.init_expected), (set, matches!(set, "lxc" | "kata")));
    }
    assert!(matches!(plan(&[("set", "none")]), Err(PlanError::UnknownVariant { .. })));
}

#[test]
fn hosts_keys_and_flags_are_the_users() {
    let options =
        [("binhost", "/srv/binpkgs/,https://host.example/x"), ("key", "k.asc"), ("use", "-nls static"), ("install-mask", "/opt -/opt/x")];
    let own = plan(&[&options[..], &[("profile", "default/linux/amd64/23.0/split-usr")]].concat()).unwrap();
    let portage = portage(&own);
    let hosts: Vec<_> = portage.hosts.iter().map(|host| (host.name.as_str(), host.public.as_str())).collect();
    assert_eq!(hosts, [("host1", "file:///srv/binpkgs"), ("host2", "https://host.example/x")]);
    assert!(portage.hosts.iter().all(|host| host.fingerprints.is_empty() && host.keys.len() == 1));
    assert_eq!(portage.flags, ["-nls", "static"]);
    assert!(!portage.merged_usr && portage.install_mask.ends_with(&["/opt".to_owned(), "-/opt/x".to_owned()]));
    for (name, value) in [("binhost", "ftp://x"), ("binhost", "relative")] {
        assert!(plan(&[(name, value)]).is_err(), "{value}");
    }
}

#[test]
fn busybox_is_the_shell_where_there_is_no_other() {
    let is_shell = |packages: &[&str]| {
        let packages = packages.iter().map(|name| PackageRequest::Name((*name).to_owned())).collect();
        let plan = gentoo().plan(&Request { packages: Some(packages), ..request(&[]) }).unwrap();
        plan.tweaks
            .iter()
            .any(|tweak| matches!(tweak, Tweak::Link { path, target, only_if_missing: true } if path == "/bin/sh" && target == "busybox"))
    };
    assert!(plan(&[]).unwrap().tweaks.iter().any(|tweak| matches!(tweak, Tweak::Link { path, .. } if path == "/bin/sh")));
    assert!(is_shell(&["sys-apps/busybox"]) && is_shell(&[">=sys-apps/busybox-1.36:0[static]"]));
    assert!(!is_shell(&["sys-apps/busybox", "=app-shells/bash-5*"]) && !is_shell(&["sys-apps/busybox-extras", "=sys-apps/busybox-x-1"]));
}

#[test]
fn compiling_is_asked_for_and_has_gentoos_own_by_itself() {
    assert!(portage(&plan(&[]).unwrap()).compile.is_none());
    let own = plan(&[("compile", "true")]).unwrap();
    let compile = portage(&own).compile.clone().unwrap();
    assert!(
        own.installer.compiles()
            && compile.stage3.is_list
            && compile.stage3.location.ends_with("/latest-stage3-amd64-nomultilib-openrc.txt")
    );
    assert_eq!((compile.stage3.fingerprints.len(), compile.ebuilds.len(), compile.profile), (4, 1, None));
    let named =
        [("compile", "true"), ("stage3", "s.tar.xz"), ("key", "k.asc"), ("config-root", "/c"), ("ebuilds", "one,/two"), ("profile", "p")];
    let compile = portage(&plan(&named).unwrap()).compile.clone().unwrap();
    assert!(!compile.stage3.is_list && compile.stage3.fingerprints.is_empty() && compile.stage3.keys.len() == 1);
    assert_eq!((compile.ebuilds, compile.profile.as_deref()), (vec!["one".to_owned(), "/two".to_owned()], Some("p")));
    let brings_its_own = plan(&[("compile", "true"), ("stage3", "/root")]).unwrap();
    assert!(portage(&brings_its_own).compile.as_ref().unwrap().ebuilds.is_empty());
    for option in ["stage3", "ebuilds", "config-root", "distfiles"] {
        assert!(plan(&[(option, "x")]).unwrap_err().to_string().starts_with(&format!("--{option} is for packages that are compiled")));
    }
}
