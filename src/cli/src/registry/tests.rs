use std::collections::{BTreeMap, BTreeSet};

use rootfs_plugin::{Architecture, PlanError, Request, Tier};

use super::*;

#[test]
fn names_are_unique_words_and_not_reserved() {
    let mut seen = BTreeSet::new();
    for distro in DISTRIBUTIONS {
        let name = &distro().info().name;
        assert!(seen.insert(name.clone()), "{name} is there twice");
        assert!(!RESERVED.contains(&name.as_str()), "{name} is reserved");
        assert!(rootfs_plugin::is_name(name), "{name}");
    }
}

#[test]
fn every_verb_is_reserved() {
    let registry = Registry::default();
    for command in crate::args::command(&registry).get_subcommands() {
        let name = command.get_name();
        assert!(registry.find(name).is_some() || RESERVED.contains(&name), "{name} is not reserved");
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
fn every_variant_of_every_release_plans_on_each_architecture_that_it_claims() {
    for distro in DISTRIBUTIONS.map(|distro| distro()) {
        let info = distro.info();
        let mut built_for: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
        for (release, architecture) in info.releases.iter().flat_map(|release| info.architectures.iter().map(move |one| (release, *one))) {
            let planned = info.variants.iter().map(|variant| {
                let request = Request {
                    release: Some(release.name.clone()),
                    variant: Some(variant.name.clone()),
                    ..Request::plain(&info.name, architecture)
                };
                distro.plan(&request).map(|plan| (plan.release, plan.variant, plan.architecture))
            });
            let planned: Vec<_> = planned.collect();
            // What a release isn't built for, none of its variants is; nothing else may be wrong.
            if planned.iter().all(|plan| matches!(plan, Err(PlanError::Architecture { .. }))) {
                continue;
            }
            let expected = info.variants.iter().map(|variant| Ok((release.name.clone(), variant.name.clone(), architecture)));
            assert_eq!(planned, expected.collect::<Vec<_>>(), "{} {} for {architecture}", info.name, release.name);
            built_for.entry(architecture).or_default().insert(&release.name);
        }
        for architecture in &info.architectures {
            assert!(built_for.contains_key(architecture), "{} claims {architecture}, for which no release is", info.name);
        }
        for release in &info.releases {
            assert!(built_for.values().any(|releases| releases.contains(release.name.as_str())), "{} {}", info.name, release.name);
        }
    }
}

#[test]
fn an_architecture_that_is_not_claimed_is_refused_by_its_name() {
    for distro in DISTRIBUTIONS.map(|distro| distro()) {
        let info = distro.info();
        for architecture in Architecture::ALL.into_iter().filter(|one| !info.architectures.contains(one)) {
            let error = distro.plan(&Request::plain(&info.name, architecture)).unwrap_err();
            assert_eq!(error, PlanError::Architecture { distribution: info.name.clone(), architecture });
        }
    }
}

#[test]
fn every_word_that_names_a_release_or_a_variant_names_one() {
    for distro in DISTRIBUTIONS.map(|distro| distro()) {
        let info = distro.info();
        let mut seen = BTreeSet::new();
        for release in &info.releases {
            for word in [&release.name].into_iter().chain(&release.version).chain(&release.aliases) {
                assert!(seen.insert(word.as_str()), "{}: {word} is there twice", info.name);
                assert_eq!(info.release(Some(word)), Some(release), "{}: {word}", info.name);
                assert!(!word.is_empty() && !word.contains(char::is_whitespace) && !word.starts_with('-'), "{}: {word}", info.name);
            }
        }
        let variants: BTreeSet<&str> = info.variants.iter().map(|variant| variant.name.as_str()).collect();
        assert_eq!(variants.len(), info.variants.len(), "{}", info.name);
        for summary in info.variants.iter().map(|variant| &variant.summary).chain([&info.summary]) {
            assert!(!summary.is_empty() && !summary.ends_with('.') && !summary.contains('\n'), "{}: {summary}", info.name);
        }
    }
}

#[test]
fn somebody_looks_after_what_is_built_in() {
    for distro in DISTRIBUTIONS {
        assert_ne!(distro().info().tier, Tier::Community, "{}", distro().info().name);
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
            assert!(!option.help.is_empty() && !option.help.ends_with('.') && !option.help.contains('\n'), "{}", option.name);
            let typeable = option.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            assert!(typeable && option.name.starts_with(|first: char| first.is_ascii_lowercase()), "{}", option.name);
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
    let of_boot = SearchPath::of(&words("rootfs-gen boot x.img --timeout 120s"), &environment).unwrap();
    assert_eq!(of_boot.timeout, Duration::from_secs(TIMEOUT));
    let needed = |line: &str| Registry::default().needs_plugins(&words(line));
    assert!(needed("rootfs-gen mine") && needed("rootfs-gen list"));
    assert!(needed("rootfs-gen kernel mine") && needed("rootfs-gen matrix builds.toml"));
    assert!(!needed("rootfs-gen debian -r o") && !needed("rootfs-gen inspect o"));
    assert!(Registry::of(&[]).needs_plugins(&words("rootfs-gen debian -r o")));
}
