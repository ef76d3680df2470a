use clap::Parser;
use rootfs_package::fetch::Route;
use rootfs_plugin::{Agent, PackageRequest, Password};

use super::*;
use crate::invocation::Verbosity;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: BuildArgs,
}

fn settled(flags: &[&str], variables: &[(&str, &str)]) -> Result<Settled, SettingError> {
    let flags = ["debian", "-r", "out", "--store", "/s", "--arch", "x86_64"].iter().chain(flags);
    let environment = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
    settle(rootfs_debian::debian(), Line::try_parse_from(flags).unwrap().args, &environment, &Host::default(), 0)
}

fn config(text: &str) -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("guest.toml");
    fs_err::write(&path, text).unwrap();
    (directory, path.to_str().unwrap().to_owned())
}

#[test]
fn a_flag_is_before_the_environment_before_the_file() {
    let (_directory, file) = config("release = \"sid\"\nvariant = \"standard\"\nhostname = \"of-file\"\n");
    let settled = settled(&["--config", &file, "--release", "trixie"], &[("OS_VERSION", "bookworm")]).unwrap();
    assert_eq!(settled.request.release.as_deref(), Some("trixie"));
    assert_eq!(settled.request.variant.as_deref(), Some("standard"));
    assert_eq!(settled.request.hostname.as_deref(), Some("of-file"));
    let settled = super::tests::settled(&["--config", &file], &[("OS_VERSION", "bookworm")]).unwrap();
    assert_eq!(settled.request.release.as_deref(), Some("bookworm"));
}

#[test]
fn what_adds_adds_up_and_what_chooses_is_the_stronger_one() {
    let (_directory, file) = config("extra-pkg = [\"a\"]\nmirror = \"http://file.example\"\n");
    let flags = ["--config", &file, "--extra-pkg", "d,e"];
    let variables = [("EXTRA_PKG", "b"), ("EXTRA_PKGS", "c"), ("ROOTFS_GEN_MIRROR", "http://variable.example")];
    let request = settled(&flags, &variables).unwrap().request;
    assert_eq!(request.extra_packages, ["a", "b", "c", "d", "e"].map(|name| PackageRequest::Name(name.into())));
    assert_eq!(request.mirrors, ["http://variable.example"]);
}

#[test]
fn a_switch_can_be_turned_off_again() {
    let (_directory, file) = config("recommends = true\noffline = true\nverbose = true\ncheck = false\n");
    let settled = settled(&["--config", &file, "--recommends=no"], &[]).unwrap();
    assert!(!settled.request.recommends && settled.invocation.offline && !settled.invocation.check);
    assert_eq!(settled.invocation.verbosity, Verbosity::Verbose);
}

#[test]
fn an_error_names_where_the_value_was_said() {
    let (_directory, file) = config("arch = \"mips\"\n");
    let mut args = BuildArgs { rootfs: Some("out".into()), config: Some(file.clone().into()), ..BuildArgs::default() };
    let of = |args: BuildArgs, variables: &[(&str, &str)]| {
        let environment = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
        settle(rootfs_debian::debian(), args, &environment, &Host::default(), 0).unwrap_err().to_string()
    };
    assert_eq!(of(args.clone(), &[("HOME", "/h")]), format!("{file}: arch = \"mips\": unknown architecture `mips`"));
    assert_eq!(of(args.clone(), &[("ARCH", "vax")]), "ARCH=vax: unknown architecture `vax`");
    args.arch = Some("z80".into());
    assert_eq!(of(args, &[("ARCH", "vax")]), "--arch z80: unknown architecture `z80`");
}

#[test]
fn wrong_values_are_refused() {
    for (flags, expected) in [
        (&["--without", "fonts"][..], "--without fonts: `fonts` is none of docs, locales, man"),
        (&["--hostname=-x"], "--hostname -x: expected labels"),
        (&["--user", "Ann"], "--user Ann: expected a user name"),
        (&["--user", "root:x"], "--user root: root is always there"),
        (&["--agent", "none", "--agent-init"], "--agent-init: there is no agent that could be /sbin/init"),
        (&["--agent-name", "../x"], "--agent-name ../x: expected the name of a file"),
        (&["--overlay", "/nowhere"], "--overlay /nowhere: the file can't be read"),
        (&["--agent", "/nowhere"], "--agent /nowhere: the file can't be read"),
        (&["--ext4-profile", "small"], "--ext4-profile small: `small` is none of default, read-only, compat"),
        (&["--block-size", "8K"], "--block-size 8K: a block has 1K, 2K or 4K"),
        (&["--block-size", "large"], "--block-size large: it is no size"),
        (&["-o", "x.qcow2", "--dax"], "a guest maps the disk itself, and a qcow2 is none"),
    ] {
        let error = settled(flags, &[]).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn the_environment_alone_makes_a_build() {
    let variables = [("ROOTFS_DIR", "/out"), ("HOME", "/home/me"), ("https_proxy", "p:1"), ("HTTP_PROXY", "cgi"), ("NO_PROXY", "n")];
    let environment = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
    let settled = settle(rootfs_debian::debian(), BuildArgs::default(), &environment, &Host::default(), 7).unwrap();
    assert_eq!(settled.invocation.directory.as_deref(), Some(std::path::Path::new("/out")));
    assert_eq!(settled.invocation.store, std::path::Path::new("/home/me/.cache/rootfs-gen"));
    let proxies = settled.invocation.proxies;
    assert_eq!((proxies.http, proxies.https, proxies.no_proxy), (None, Some(Route::Proxy("http://p:1".into())), vec!["n".into()]));
    assert_eq!((settled.invocation.now, settled.request.agent), (7, Agent::Default));
}

#[test]
fn an_output_needs_no_directory_and_one_of_both_is_needed() {
    let build = |args: BuildArgs, variables: &[(&str, &str)]| {
        let environment = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
        settle(rootfs_debian::debian(), args, &environment, &Host::default(), 0)
    };
    let output = BuildArgs { output: Some("x.tar".into()), ..BuildArgs::default() };
    let settled = build(output, &[("HOME", "/h"), ("ROOTFS_DIR", "/out")]).unwrap();
    assert_eq!((settled.invocation.directory, settled.invocation.output.is_some()), (None, true));
    assert!(matches!(build(BuildArgs::default(), &[("HOME", "/h")]), Err(SettingError::NoTarget)));
    let directory = BuildArgs { rootfs: Some("o".into()), ..BuildArgs::default() };
    assert!(matches!(build(directory, &[]), Err(SettingError::NoStore)));
}

#[test]
fn users_have_passwords_of_their_own() {
    let request = settled(&["--user", "ann:a:b", "--user", "bob"], &[]).unwrap().request;
    assert_eq!(request.users[0].password, Some(Password::Clear("a:b".into())));
    assert_eq!(request.users[1].password, None);
}

#[test]
fn the_hosts_proxies_are_behind_the_environments() {
    let route = |text: &str| Some(Route::Proxy(text.into()));
    let host =
        Host { proxies: Proxies { http: route("http://host:1"), https: route("http://host:2"), ..Proxies::default() }, ..Host::default() };
    let environment = [("HOME".into(), "/h".into()), ("https_proxy".into(), "http://mine:3".into())].into_iter().collect();
    let args = BuildArgs { rootfs: Some("o".into()), ..BuildArgs::default() };
    let proxies = settle(rootfs_debian::debian(), args, &environment, &host, 0).unwrap().invocation.proxies;
    assert_eq!((proxies.http, proxies.https), (route("http://host:1"), route("http://mine:3")));
}
