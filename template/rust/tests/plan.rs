//! What can be tested without building anything. `rootfs-gen plugin test @name@ --plugin-dir .` tests the rest.

use @crate@::distro;
use rootfs_plugin::{Architecture, Installer, PackageRequest, Request, Tweak};

#[test]
fn every_release_and_variant_plans_with_keys() {
    let info = distro().info();
    for release in &info.releases {
        for variant in &info.variants {
            let (release, variant) = (Some(release.name.clone()), Some(variant.name.clone()));
            let request = Request { release, variant, ..Request::plain(&info.name, Architecture::X86_64) };
            let plan = distro().plan(&request).unwrap();
            assert_eq!(plan, distro().plan(&request).unwrap());
            let Installer::Apt(apt) = plan.installer else { panic!("not for apt") };
            assert!(!apt.repositories.is_empty() && apt.repositories.iter().all(|repository| !repository.keys.is_empty()));
        }
    }
}

#[test]
fn packages_and_options_are_taken() {
    let options = [("greeting".to_owned(), "Hello".to_owned())].into();
    let extra_packages = vec![PackageRequest::Name("vim".to_owned())];
    let plan = distro().plan(&Request { options, extra_packages, ..Request::plain("@name@", Architecture::X86_64) }).unwrap();
    assert!(format!("{:?}", plan.include).contains("vim"));
    assert!(plan.tweaks.iter().any(|tweak| matches!(tweak, Tweak::Write { content, .. } if content == "Hello\n")));
}

#[test]
fn what_is_not_offered_is_refused() {
    let request = Request { release: Some("none".to_owned()), ..Request::plain("@name@", Architecture::X86_64) };
    assert!(distro().plan(&request).is_err());
}
