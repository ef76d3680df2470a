use crate::args::{BuildArgs, ImageArgs};
use crate::invocation::Verbosity;
use crate::sourced::{Source, Sourced};
use crate::wishes::{UserWish, Wishes};

impl From<BuildArgs> for Wishes {
    fn from(args: BuildArgs) -> Self {
        let verbosity = match (args.quiet, args.verbose) {
            (true, _) => Some(Verbosity::Quiet),
            (_, true) => Some(Verbosity::Verbose),
            _ => None,
        };
        Self {
            rootfs: one(args.rootfs, "--rootfs"),
            output: one(args.output, "--output"),
            force: args.force,
            release: one(args.release, "--release"),
            arch: one(args.arch, "--arch"),
            variant: one(args.variant, "--variant"),
            extra_packages: many(args.extra_pkg, "--extra-pkg"),
            packages: many(args.package, "--package"),
            recommends: args.recommends,
            without: many(args.without, "--without"),
            mirrors: many(args.mirror, "--mirror"),
            suites: many(args.suite, "--suite"),
            repositories: many(args.repo, "--repo"),
            repository_key: one(args.repo_key, "--repo-key"),
            keyring: one(args.keyring, "--keyring"),
            lock: one(args.lock, "--lock"),
            locked: one(args.locked, "--locked"),
            offline: args.offline,
            ignore_valid_until: args.ignore_valid_until,
            store: one(args.store, "--store"),
            root_password: one(args.root_password, "--root-password"),
            insecure_empty_root: one(args.insecure_empty_root.then_some(true), "--insecure-empty-root"),
            ssh_keys: many(args.ssh_key, "--ssh-key"),
            users: many(args.user.iter().map(|text| UserWish::parse(text)), "--user"),
            hostname: one(args.hostname, "--hostname"),
            overlays: many(args.overlay, "--overlay"),
            hooks: many(args.hook, "--hook"),
            agent: one(args.agent, "--agent"),
            agent_name: one(args.agent_name, "--agent-name"),
            agent_init: args.agent_init,
            source_date_epoch: None,
            cache: args.no_cache.then_some(false),
            explain: args.explain.then_some(true),
            check: args.no_check.then_some(false),
            json: args.json.then_some(true),
            verbosity,
            options: args.options.into_iter().map(|(name, value)| (name.to_owned(), Sourced::new(value, Source::Option(name)))).collect(),
            docker: one(args.docker.then(String::new), "--docker"),
            docker_host: one(args.docker_host, "--docker-host"),
            docker_image: one(args.docker_image, "--docker-image"),
            ..Self::from(args.image)
        }
    }
}

impl From<ImageArgs> for Wishes {
    fn from(args: ImageArgs) -> Self {
        Self {
            size: one(args.size, "--size"),
            free: one(args.free, "--free"),
            label: one(args.label, "--label"),
            ext4_profile: one(args.ext4_profile, "--ext4-profile"),
            block_size: one(args.block_size, "--block-size"),
            format: one(args.format, "--format"),
            compress: one(args.compress, "--compress"),
            fs: one(args.fs, "--fs"),
            table: one(args.table, "--table"),
            align: one(args.align, "--align"),
            boot: one(args.boot, "--boot"),
            dax: args.dax.then_some(true),
            verity: args.verity.then_some(true),
            ..Self::default()
        }
    }
}

fn one<T>(value: Option<T>, flag: &'static str) -> Option<Sourced<T>> {
    value.map(|value| Sourced::new(value, Source::Flag(flag)))
}

fn many<T>(values: impl IntoIterator<Item = T>, flag: &'static str) -> Vec<Sourced<T>> {
    values.into_iter().map(|value| Sourced::new(value, Source::Flag(flag))).collect()
}
