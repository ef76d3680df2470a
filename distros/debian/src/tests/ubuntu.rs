//! A relative: what it has of its own, and what of its base.

use rootfs_plugin::{AptRepository, Architecture, FileDistro, Include, Key, Plan, PlannedPackage, Request, Tweak};

use crate::{FILE, KEYS, UBUNTU, debian, ubuntu};

fn request() -> Request {
    Request { distribution: "ubuntu".into(), ..super::request() }
}

fn plan(request: &Request) -> Plan {
    ubuntu().plan(request).unwrap()
}

fn repositories(request: &Request) -> Vec<AptRepository> {
    plan(request).installer.apt().unwrap().repositories.clone()
}

fn names(plan: &Plan) -> Vec<&str> {
    let name = |include| match include {
        &Include::Package(PlannedPackage::Name(ref name)) => Some(name.as_str()),
        _ => None,
    };
    plan.include.iter().filter_map(name).collect()
}

fn of_release(release: &str) -> Request {
    Request { release: Some(release.into()), ..request() }
}

#[test]
fn the_default_is_a_guest_of_the_newest_with_long_term_support() {
    let plan = plan(&request());
    assert_eq!((plan.distribution.as_str(), plan.release.as_str(), plan.variant.as_str()), ("ubuntu", "resolute", "guest"));
    assert_eq!(plan.release, self::plan(&of_release("lts")).release);
    assert_eq!(names(&plan), ["apt", "systemd", "systemd-sysv", "udev", "dbus", "systemd-resolved", "iproute2"]);
    assert_eq!(plan.kernel.as_deref(), Some("linux-image-virtual"));
}

#[test]
fn every_release_has_three_suites_of_two_archives_and_one_key() {
    for release in &ubuntu().info().releases {
        let repositories = repositories(&of_release(&release.name));
        let [main, security] = &repositories[..] else { panic!("{repositories:?}") };
        assert_eq!(main.suites, [release.name.clone(), format!("{}-updates", release.name)]);
        assert_eq!(security.suites, [format!("{}-security", release.name)]);
        for repository in [main, security] {
            assert_eq!(repository.components, ["main", "universe"]);
            assert!(matches!(&repository.keys[..], [Key::Armoured(text)] if text.contains("BEGIN PGP PUBLIC KEY BLOCK")));
            assert_eq!(repository.signed_by.as_deref(), Some("/usr/share/keyrings/ubuntu-archive-keyring.gpg"));
        }
        assert!(release.end_of_life.is_some() && release.version.is_some());
    }
}

#[test]
fn ports_are_elsewhere() {
    let public = |architecture| repositories(&Request { architecture, ..request() }).into_iter().map(|repository| repository.public);
    let both = ["http://archive.ubuntu.com/ubuntu", "http://security.ubuntu.com/ubuntu"];
    assert!(public(Architecture::X86_64).eq(both));
    assert!(public(Architecture::Aarch64).eq(["http://ports.ubuntu.com/ubuntu-ports"; 2]));
}

#[test]
fn what_a_release_has_in_another_package_is_asked_for_there() {
    let (jammy, noble) = (plan(&of_release("jammy")), plan(&of_release("24.04")));
    assert_eq!(names(&jammy), ["apt", "systemd", "systemd-sysv", "udev", "dbus", "iproute2"]);
    assert!(names(&noble).contains(&"systemd-resolved"));
    let resolver = Tweak::EnableUnit { unit: "systemd-resolved.service".into() };
    assert!(jammy.tweaks.contains(&resolver) && noble.tweaks.contains(&resolver));
}

#[test]
fn tweaks_are_the_bases_but_for_names() {
    let (own, base) = (plan(&request()).tweaks, debian().plan(&request()).unwrap().tweaks);
    let named = |tweak: &Tweak| matches!(tweak, Tweak::Write { path, .. } if path == "/etc/hostname" || path == "/etc/hosts");
    let rest = |tweaks: &[Tweak]| tweaks.iter().filter(|tweak| !named(tweak)).cloned().collect::<Vec<_>>();
    assert_eq!(rest(&own), rest(&base));
    assert!(own.iter().any(|tweak| matches!(tweak, Tweak::Write { content, .. } if content == "ubuntu\n")));
    assert!(own.iter().all(|tweak| !matches!(tweak, Tweak::Write { content, .. } if content.contains("debian"))));
}

#[test]
fn a_keyring_takes_the_place_of_the_carried_keys() {
    let repositories = repositories(&Request { keyring: Some("mirror.asc".into()), ..request() });
    assert!(repositories.iter().all(|repository| repository.keys == [Key::File("mirror.asc".into())]));
}

#[test]
fn a_relative_of_another_base_is_refused() {
    let text = UBUNTU.replace("base = \"debian\"", "base = \"devuan\"");
    let error = FileDistro::parse_relative(&text, FILE, &KEYS).unwrap_err();
    assert_eq!(error.to_string(), "base names the distribution `devuan`, which is not defined");
    let text = UBUNTU.replace("ubuntu-2018", "ubuntu-2004");
    let error = FileDistro::parse_relative(&text, FILE, &KEYS).unwrap_err();
    assert_eq!(error.to_string(), "release resolute names the key `ubuntu-2004`, which is not defined");
    assert!(FileDistro::parse_relative(&UBUNTU.replace("summary", "sumary"), FILE, &KEYS).is_err());
}
