use rootfs_plugin::{Architecture, Include, PackageRequest, PlannedPackage, Request, Tweak};

fn request() -> Request {
    Request::plain("busybox", Architecture::X86_64)
}

fn picked(request: &Request) -> Vec<String> {
    let plan = super::busybox().plan(request).unwrap();
    plan.selection.unwrap().picks.into_iter().map(|pick| pick.package).collect()
}

#[test]
fn every_release_plans_with_debians_archives() {
    for release in &super::busybox().info().releases {
        let plan = super::busybox().plan(&Request { release: Some(release.name.clone()), ..request() }).unwrap();
        let own = rootfs_debian::debian().plan(&Request { release: Some(release.name.clone()), ..request() }).unwrap();
        assert_eq!((plan.installer, plan.kernel), (own.installer, own.kernel));
        assert_eq!(plan.distribution, "busybox");
    }
}

#[test]
fn a_variant_has_what_its_base_has() {
    assert_eq!(picked(&Request { variant: Some("own".to_owned()), ..request() }), ["busybox"]);
    assert_eq!(picked(&request())[..3], ["busybox", "libgcc-s1", "libc6"]);
    assert!(super::busybox().plan(&Request { variant: Some("none".to_owned()), ..request() }).is_err());
}

#[test]
fn a_compiler_is_this_machines_or_a_cross_compiler() {
    let options = |pairs: &[(&str, &str)]| pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let plan = |architecture, said: &[(&str, &str)]| {
        let said = [&[("from", "source")], said].concat();
        super::busybox().plan(&Request { architecture, options: options(&said), ..request() }).unwrap()
    };
    let native = Architecture::native().unwrap();
    let own = plan(native, &[]);
    let source = own.source.unwrap();
    assert_eq!((own.architecture, &source.arguments[..]), (native, &["build".to_owned()][..]));
    assert!(!own.selection.unwrap().picks.iter().any(|pick| pick.package == "busybox"));
    assert!(own.include.contains(&Include::Package(PlannedPackage::Name("libc6".to_owned()))));
    let foreign = if native == Architecture::S390x { Architecture::Aarch64 } else { Architecture::S390x };
    let (gnu, debian) = if foreign == Architecture::S390x { ("s390x-linux-gnu-", "s390x") } else { ("aarch64-linux-gnu-", "arm64") };
    for plan in [plan(foreign, &[]), plan(native, &[("cross", gnu)]), plan(foreign, &[("cross", gnu)])] {
        let source = plan.source.unwrap();
        assert_eq!((plan.architecture, &source.arguments[1..]), (foreign, &[gnu.to_owned()][..]));
        assert!(source.tools.contains(&format!("libc6-dev-{debian}-cross")));
    }
    let menu = plan(native, &[("menu", "true")]).source.unwrap();
    assert_eq!(menu.files["fragment"].to_str(), Some("busybox.config"));
    let menu = plan(native, &[("menu", "true"), ("fragment", "mine")]).source.unwrap();
    assert_eq!((menu.files["fragment"].to_str(), menu.menu.unwrap().file.as_str()), (Some("mine"), "fragment"));
}

#[test]
fn added_packages_are_taken_whole_and_only_what_is_picked_from_is_asked_for() {
    let extra = ["bash=5.2", "vim/sid"].map(|name| PackageRequest::Name(name.to_owned())).to_vec();
    let file = PackageRequest::File("dir/own_1_amd64.deb".into());
    let request = Request { extra_packages: [extra, vec![file]].concat(), ssh_keys: vec!["ssh-ed25519 A".to_owned()], ..request() };
    let plan = super::busybox().plan(&request).unwrap();
    let picks = plan.selection.unwrap().picks;
    let whole: Vec<&str> = picks.iter().filter(|pick| pick.files.is_empty()).map(|pick| pick.package.as_str()).collect();
    assert_eq!(whole, ["bash", "vim", "own_1_amd64.deb"]);
    let asked = |name: &str| plan.include.contains(&Include::Package(PlannedPackage::Name(name.to_owned())));
    assert!(asked("dropbear-bin") && asked("bash=5.2") && asked("vim/sid") && asked("busybox") && !asked("bash"));
    assert!(plan.include.contains(&Include::Package(PlannedPackage::File("dir/own_1_amd64.deb".into()))));
}

#[test]
fn what_makes_no_sense_here_is_refused() {
    for request in [Request { packages: Some(Vec::new()), ..request() }, Request { recommends: true, ..request() }] {
        assert!(super::busybox().plan(&request).unwrap_err().hint().is_some());
    }
    let error = super::busybox().plan(&Request { release: Some("potato".to_owned()), ..request() }).unwrap_err();
    assert_eq!(error.to_string(), "busybox has no release `potato`");
}

#[test]
fn scripts_can_be_run_and_secrets_not_be_read() {
    for tweak in super::busybox().plan(&request()).unwrap().tweaks {
        let Tweak::Write { path, content, mode } = tweak else { continue };
        assert_eq!(content.starts_with("#!"), mode & 0o111 != 0, "{path}");
        assert_eq!(path == "/etc/shadow", mode == 0o600, "{path}");
        assert!(content.ends_with('\n'), "{path}");
    }
}
