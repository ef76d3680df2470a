use rootfs_plugin::{ApkInstaller, Architecture, ExtraRepository, Include, Installer, Key, PackageRequest, PlannedPackage, Request, Tweak};

fn request() -> Request {
    Request::plain("alpine", Architecture::X86_64)
}

fn installer(request: &Request) -> ApkInstaller {
    match super::alpine().plan(request).unwrap().installer {
        Installer::Apk(installer) => installer,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_release_plans_for_every_architecture_with_keys() {
    let info = super::alpine().info();
    for release in &info.releases {
        for architecture in &info.architectures {
            let request = Request { release: Some(release.name.clone()), architecture: *architecture, ..request() };
            let ApkInstaller { repositories, keys } = installer(&request);
            assert_eq!(repositories.len(), 2);
            assert!(keys.len() >= 2 && keys.iter().all(|key| key.name.ends_with(".rsa.pub")), "{architecture}");
        }
    }
}

#[test]
fn repositories_are_named_by_option_mirror_and_line() {
    let extra = ["@edge https://near.example/alpine/edge/testing/", "file:///srv/apk"]
        .map(|line| ExtraRepository { line: line.to_owned(), key: Some("own.rsa.pub".into()) });
    let request = Request {
        release: Some("v3.21".to_owned()),
        mirrors: vec!["http://near.example/alpine".to_owned()],
        repositories: extra.to_vec(),
        options: [("repository".to_owned(), "main".to_owned())].into(),
        ..request()
    };
    let ApkInstaller { repositories, keys } = installer(&request);
    let shown: Vec<_> = repositories.iter().map(|one| (one.name.as_str(), one.bases()[0].as_str(), one.tag.as_deref())).collect();
    assert_eq!(
        shown,
        [
            ("main", "http://near.example/alpine/v3.21/main", None),
            ("extra1", "https://near.example/alpine/edge/testing", Some("edge")),
            ("extra2", "file:///srv/apk", None),
        ]
    );
    assert_eq!(repositories[0].public, "https://dl-cdn.alpinelinux.org/alpine/v3.21/main");
    assert_eq!(keys.iter().filter(|key| key.key == Key::File("own.rsa.pub".into())).count(), 1);
    let alone = Request { keyring: Some("dir/mine.rsa.pub".into()), repositories: Vec::new(), ..request };
    assert_eq!(installer(&alone).keys.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(), ["mine.rsa.pub"]);
}

#[test]
fn without_openrc_busyboxs_init_has_a_table_of_ours() {
    let table = |request: &Request| {
        super::alpine()
            .plan(request)
            .unwrap()
            .tweaks
            .iter()
            .any(|tweak| matches!(tweak, Tweak::Write { path, .. } if path == "/etc/inittab"))
    };
    assert!(table(&request()));
    assert!(!table(&Request { variant: Some("base".to_owned()), ..request() }));
    assert!(!table(&Request { extra_packages: vec![PackageRequest::Name("openrc".to_owned())], ..request() }));
    assert!(!table(&Request { packages: Some(vec![PackageRequest::Name("musl".to_owned())]), ..request() }));
}

#[test]
fn packages_are_added_or_replaced() {
    let plan = super::alpine().plan(&Request { extra_packages: vec![PackageRequest::Name("busybox".to_owned())], ..request() }).unwrap();
    assert_eq!(plan.include.len(), 5);
    let own = Request { packages: Some(vec![PackageRequest::File("own.apk".into())]), ..request() };
    assert_eq!(super::alpine().plan(&own).unwrap().include, [Include::Package(PlannedPackage::File("own.apk".into()))]);
}

#[test]
fn what_is_no_repository_is_refused() {
    for line in ["near.example/alpine", "http://", "@ http://x.example", "http://x.example y"] {
        let request = Request { repositories: vec![ExtraRepository { line: line.to_owned(), key: None }], ..request() };
        assert!(super::alpine().plan(&request).unwrap_err().hint().is_some(), "{line}");
    }
    for option in ["../main", ""] {
        let request = Request { options: [("repository".to_owned(), option.to_owned())].into(), ..request() };
        assert!(super::alpine().plan(&request).is_err(), "{option}");
    }
    let request = Request { archive_mirrors: [("security".to_owned(), vec![])].into(), ..request() };
    assert!(super::alpine().plan(&request).is_err());
}
