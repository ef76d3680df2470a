use std::collections::BTreeSet;

use rootfs_plugin::Request;

use super::*;

#[test]
fn names_are_unique_words_and_not_reserved() {
    let mut seen = BTreeSet::new();
    for distro in DISTRIBUTIONS {
        let name = &distro().info().name;
        assert!(seen.insert(name.clone()), "{name} is there twice");
        assert!(!RESERVED.contains(&name.as_str()), "{name} is reserved");
        assert!(!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{name}");
    }
}

#[test]
fn every_verb_is_reserved() {
    for command in crate::args::command(&Registry::default()).get_subcommands() {
        let name = command.get_name();
        assert!(built_in(name).is_some() || RESERVED.contains(&name), "{name} is not reserved");
    }
}

#[test]
fn every_distribution_has_its_defaults_among_its_offers() {
    for distro in DISTRIBUTIONS {
        let info = distro().info();
        assert!(info.release(None).is_some());
        assert!(info.variants.iter().any(|variant| variant.name == info.default_variant));
        assert!(!info.architectures.is_empty());
    }
}

#[test]
fn every_release_plans_on_some_architecture_and_every_architecture_has_a_release() {
    for distro in DISTRIBUTIONS.map(|distro| distro()) {
        let info = distro.info();
        let plans = |release: &str, architecture| {
            distro.plan(&Request { release: Some(release.to_owned()), ..Request::plain(&info.name, architecture) }).is_ok()
        };
        for release in &info.releases {
            assert!(info.architectures.iter().any(|architecture| plans(&release.name, *architecture)), "{} {}", info.name, release.name);
        }
        for architecture in &info.architectures {
            assert!(info.releases.iter().any(|release| plans(&release.name, *architecture)), "{} {architecture}", info.name);
        }
    }
}

#[test]
fn every_option_has_help_and_no_flag_of_ours() {
    let ours: BTreeSet<String> = crate::args::command(&Registry::default())
        .get_subcommands()
        .find(|command| command.get_name() == "debian")
        .unwrap()
        .get_arguments()
        .filter_map(|argument| argument.get_long().map(str::to_owned))
        .collect();
    for distro in DISTRIBUTIONS {
        for option in &distro().info().options {
            assert!(!option.help.is_empty() && !option.help.ends_with('.'), "{}", option.name);
            assert!(!ours.contains(&option.name), "{}", option.name);
        }
    }
}

#[test]
fn flags_about_plugins_are_read_before_the_others() {
    let words = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
    let arguments = words("rootfs-gen mine --plugin-dir a -r out --plugin-dir=b --timeout 5 -- --plugin-dir c");
    let environment: Environment = [("HOME", "/home/user"), ("ROOTFS_GEN_PLUGIN_PATH", "/one:/two")]
        .into_iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    let path = SearchPath::of(&arguments, &environment).unwrap();
    assert_eq!(path.said, [PathBuf::from("a"), PathBuf::from("b")]);
    let usual = ["/one", "/two", "/home/user/.local/share/rootfs-gen/distros", OF_SYSTEM].map(PathBuf::from);
    assert_eq!((path.usual, path.timeout), (usual.to_vec(), Duration::from_secs(5)));
    assert!(SearchPath::of(&words("rootfs-gen list --timeout soon"), &environment).is_err());
    let needed = |line: &str| Registry::default().needs_plugins(&words(line));
    assert!(needed("rootfs-gen mine") && needed("rootfs-gen list"));
    assert!(!needed("rootfs-gen debian -r o") && !needed("rootfs-gen image o"));
    assert!(Registry::of(&[]).needs_plugins(&words("rootfs-gen debian -r o")));
}
