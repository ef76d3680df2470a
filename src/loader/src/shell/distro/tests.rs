use std::path::PathBuf;

use super::*;
use crate::shell::ShellConfig;

fn distro(config: &str) -> ShellDistro {
    ShellDistro::new(ShellDirectory { path: "/plugins/myos".into(), name: "myos".to_owned(), config: ShellConfig::parse(config) })
}

fn request() -> Request {
    Request::plain("myos", Architecture::X86_64)
}

fn planned(distro: &ShellDistro, request: &Request) -> (Plan, BTreeMap<String, String>) {
    let plan = distro.plan(request).unwrap();
    let Installer::Shell(ShellInstaller { directory, variables, .. }) = plan.installer.clone() else { panic!("{plan:?}") };
    assert_eq!(directory, PathBuf::from("/plugins/myos"));
    (plan, variables)
}

#[test]
fn lists_know_what_the_config_says() {
    let distro = distro("OS_NAME=Odd\nOS_VERSION=${OS_VERSION:-9}\nINIT_PROCESS=kata-agent\nARCH_EXCLUDE_LIST=(s390x)\n");
    let info = distro.info();
    assert_eq!(info.summary, "Odd, by a shell directory of Kata's osbuilder");
    assert_eq!((info.releases[0].name.as_str(), info.init.as_str()), ("9", "kata-agent"));
    assert!(!info.architectures.contains(&Architecture::S390x) && info.architectures.len() == Architecture::ALL.len() - 1);
    let error = distro.plan(&Request { architecture: Architecture::S390x, ..request() }).unwrap_err();
    assert!(matches!(error, PlanError::Architecture { .. }));
}

#[test]
fn any_word_is_a_release() {
    let named = distro("OS_VERSION=${OS_VERSION:-9}\n");
    let (plan, variables) = planned(&named, &request());
    assert_eq!((plan.release.as_str(), variables.get("OS_VERSION")), ("9", None), "the scripts know their own default");
    let (plan, variables) = planned(&named, &Request { release: Some("10-beta".to_owned()), ..request() });
    assert_eq!((plan.release.as_str(), variables["OS_VERSION"].as_str()), ("10-beta", "10-beta"));
    let unnamed = distro("OS_VERSION=$(date)\n");
    assert_eq!(unnamed.info().releases[0].name, "default");
    let (plan, variables) = planned(&unnamed, &Request { release: Some("default".to_owned()), ..request() });
    assert_eq!((plan.release.as_str(), variables.get("OS_VERSION")), ("default", None));
}

#[test]
fn what_is_asked_for_becomes_variables() {
    let distro = distro("PACKAGES=\"a b\"\n");
    let (plan, variables) = planned(&distro, &request());
    assert_eq!(plan.scripts(), rootfs_plugin::Scripts::Every);
    assert!(!plan.installer.can_be_locked());
    let get = |name: &str| variables.get(name).map(String::as_str);
    assert_eq!((get("ARCH"), get("AGENT_INIT"), get("AGENT_BIN")), (Some("x86_64"), Some("no"), Some("kata-agent")));
    assert_eq!((get("SECCOMP"), get("SELINUX"), get("LIBC"), get("DEBUG")), (Some("yes"), Some("no"), Some("musl"), None));
    let asked = Request {
        extra_packages: ["vim", "git"].map(|name| PackageRequest::Name(name.to_owned())).to_vec(),
        agent: Agent::File("/x/my-agent".into()),
        agent_init: true,
        mirrors: vec!["http://m/x".to_owned(), "http://n".to_owned()],
        options: [("seccomp", "no"), ("debug", "true")].map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        ..request()
    };
    let (plan, variables) = planned(&distro, &asked);
    let get = |name: &str| variables.get(name).map(String::as_str);
    assert_eq!((get("EXTRA_PKG"), get("EXTRA_PKGS")), (Some("vim git"), Some("vim git")));
    assert_eq!((get("AGENT_INIT"), get("AGENT_BIN"), get("SECCOMP")), (Some("yes"), Some("my-agent"), Some("no")));
    assert_eq!((get("REPO_URL"), get("REPO_URL_X86_64"), get("DEBUG")), (Some("http://m/x"), Some("http://m/x"), Some("true")));
    assert_eq!(plan.include.len(), 4);
}

#[test]
fn what_scripts_do_not_know_is_refused() {
    let distro = distro("");
    for asked in [
        Request { suites: vec!["x".to_owned()], ..request() },
        Request { packages: Some(Vec::new()), ..request() },
        Request { recommends: true, ..request() },
        Request { extra_packages: vec![PackageRequest::File("/x.deb".into())], ..request() },
    ] {
        let error = distro.plan(&asked).unwrap_err();
        assert!(error.to_string().contains("scripts of myos") && error.hint().is_some(), "{error}");
    }
    let variant = distro.plan(&Request { variant: Some("tiny".to_owned()), ..request() }).unwrap_err();
    assert_eq!(variant.hint().unwrap(), "it has default");
}
