use rootfs_plugin::{
    Architecture, Distro, ExtraRepository, Include, Installer, Key, PackageRequest, PlannedPackage, Request, RpmInstaller, RpmSource, Tweak,
};

fn distributions() -> [&'static dyn Distro; 5] {
    [super::fedora(), super::centos_stream(), super::rocky(), super::almalinux(), super::opensuse()]
}

fn request() -> Request {
    Request::plain("fedora", Architecture::X86_64)
}

fn installer(distro: &dyn Distro, request: &Request) -> RpmInstaller {
    match distro.plan(request).unwrap().installer {
        Installer::Rpm(installer) => installer,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_release_and_variant_plans_for_every_architecture_with_keys() {
    for distro in distributions() {
        let info = distro.info();
        for release in &info.releases {
            for (architecture, variant) in info.architectures.iter().flat_map(|one| info.variants.iter().map(move |variant| (one, variant)))
            {
                let (release, variant) = (Some(release.name.clone()), Some(variant.name.clone()));
                let request = Request { release, architecture: *architecture, variant, ..request() };
                let RpmInstaller { repositories, database, tools, .. } = installer(distro, &request);
                assert!(!repositories.is_empty() && repositories.iter().all(|repository| !repository.keys.is_empty()), "{}", info.name);
                assert!(database.starts_with('/') && tools.contains(&"rpm".to_owned()));
                for repository in &repositories {
                    let (RpmSource::Metalink(url) | RpmSource::Base(url)) = &repository.source;
                    // Tumbleweed's is for x86_64 alone, and doesn't say so.
                    let is_for =
                        url.contains(architecture.name()) || url.ends_with("tumbleweed/repo/oss") || url.ends_with("update/tumbleweed");
                    assert!(url.starts_with("https://") && is_for && !url.contains('{'), "{url}");
                }
            }
        }
    }
}

#[test]
fn repositories_are_named_by_mirror_and_line() {
    let extra = ExtraRepository { line: "file:///srv/rpms/".to_owned(), key: Some("own.asc".into()) };
    let updates = [("updates".to_owned(), vec!["http://far.example".to_owned()])];
    let request = Request { mirrors: vec!["http://near.example/fedora".to_owned()], repositories: vec![extra], ..request() };
    let planned = installer(super::fedora(), &request).repositories;
    let bases: Vec<_> = planned.iter().map(|repository| (repository.name.as_str(), repository.mirrors.clone())).collect();
    assert_eq!(bases[0], ("fedora", vec!["http://near.example/fedora/releases/43/Everything/x86_64/os".to_owned()]));
    assert_eq!(bases[1], ("updates", vec!["http://near.example/fedora/updates/43/Everything/x86_64".to_owned()]));
    assert_eq!((bases[2].0, &planned[2].source), ("extra1", &RpmSource::Base("file:///srv/rpms".to_owned())));
    assert_eq!(planned[2].keys, [Key::File("own.asc".into())]);
    let request = Request { mirrors: Vec::new(), archive_mirrors: updates.into(), keyring: Some("k".into()), ..request };
    let planned = installer(super::fedora(), &request).repositories;
    assert_eq!((planned[0].mirrors.len(), planned[1].mirrors.len()), (0, 1));
    assert_eq!(planned[0].keys, [Key::File("k".into())]);
    for line in ["", "near.example/x", "http://", "http://a b"] {
        let bad = ExtraRepository { line: line.to_owned(), key: None };
        assert!(super::fedora().plan(&Request { repositories: vec![bad], ..request.clone() }).is_err(), "{line}");
    }
    let unknown = [("security".to_owned(), vec!["http://far.example".to_owned()])].into();
    assert!(super::fedora().plan(&Request { archive_mirrors: unknown, ..request }).is_err());
}

#[test]
fn repositories_are_the_release_s_and_optional_ones_are_named() {
    let names = |distro: &dyn Distro, release: &str, architecture, repositories: &str| {
        let line = |line: &str| ExtraRepository { line: line.to_owned(), key: None };
        let repositories = if repositories.is_empty() { Vec::new() } else { vec![line(repositories)] };
        let request = Request { release: Some(release.to_owned()), architecture, repositories, ..request() };
        let planned = distro.plan(&request).map_err(|error| error.to_string())?;
        let Installer::Rpm(installer) = planned.installer else { panic!("not for rpm") };
        Ok::<_, String>(installer.repositories.into_iter().map(|repository| repository.name).collect::<Vec<_>>())
    };
    let (suse, x86_64) = (super::opensuse(), Architecture::X86_64);
    assert_eq!(names(suse, "16.0", x86_64, "").unwrap(), ["oss"]);
    assert_eq!(names(suse, "16.0", x86_64, "non-oss, file:///srv/own/").unwrap(), ["oss", "non-oss", "extra1"]);
    assert_eq!(names(suse, "tumbleweed", x86_64, "").unwrap(), ["oss", "update"]);
    assert_eq!(names(suse, "tumbleweed", Architecture::Aarch64, "").unwrap(), ["oss"]);
    assert!(names(suse, "tumbleweed", Architecture::Aarch64, "update").unwrap_err().contains("`update` is no repository"));
    assert_eq!(names(super::fedora(), "43", x86_64, "updates,updates-testing").unwrap(), ["fedora", "updates", "updates-testing"]);
    assert_eq!(names(super::rocky(), "10", x86_64, "crb").unwrap(), ["baseos", "appstream", "crb"]);
}

#[test]
fn a_package_has_another_name_in_another_release() {
    let first = |release: &str| {
        let plan = super::opensuse().plan(&Request { release: Some(release.to_owned()), ..request() }).unwrap();
        plan.include.first().cloned().unwrap()
    };
    assert_eq!(first("leap"), Include::Package(PlannedPackage::Name("Leap-release".to_owned())));
    assert_eq!(first("tumbleweed"), Include::Package(PlannedPackage::Name("openSUSE-release".to_owned())));
}

#[test]
fn options_and_packages_are_taken() {
    let options = [("exclude", "dnf5, a*"), ("weak-deps", "true")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let packages = Some(vec![PackageRequest::Name("bash".to_owned())]);
    let request = Request { options: options.into(), packages, extra_packages: vec![PackageRequest::File("x.rpm".into())], ..request() };
    let plan = super::fedora().plan(&request).unwrap();
    let expected = [PlannedPackage::Name("bash".to_owned()), PlannedPackage::File("x.rpm".into())].map(Include::Package);
    assert_eq!(plan.include, expected);
    assert!(!plan.init_expected, "nobody asked for systemd");
    let Installer::Rpm(RpmInstaller { exclude, weak, .. }) = plan.installer else { panic!("not for rpm") };
    assert_eq!((exclude, weak), (vec!["dnf5".to_owned(), "a*".to_owned()], true));
    assert!(super::fedora().plan(&Request { packages: Some(Vec::new()), extra_packages: Vec::new(), ..request }).is_err());
}

#[test]
fn guests_make_their_own_identity_and_relatives_keep_it() {
    for distro in distributions() {
        let plan = distro.plan(&request()).unwrap();
        assert!(plan.init_expected);
        let empty = |tweak: &Tweak| matches!(tweak, Tweak::Write { path, content, .. } if path == "/etc/machine-id" && content.is_empty());
        assert!(plan.tweaks.iter().any(empty), "{}", distro.info().name);
    }
}

#[test]
fn old_relatives_have_their_database_where_it_was() {
    let at = |distro: &dyn Distro, release: &str| installer(distro, &Request { release: Some(release.to_owned()), ..request() }).database;
    assert_eq!(at(super::rocky(), "9"), "/var/lib/rpm");
    assert_eq!(at(super::rocky(), "10"), "/usr/lib/sysimage/rpm");
    assert_eq!(at(super::fedora(), "43"), "/usr/lib/sysimage/rpm");
}
