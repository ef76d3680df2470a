use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use rootfs_plugin::DistroOption;

use crate::invocation::Verbosity;
use crate::setting_error::SettingError;
use crate::sourced::{Source, Sourced};
use crate::wishes::{UserWish, Wishes};

/// A configuration file: a key for each flag, by the flag's name. Paths are relative to the file's directory.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct ConfigFile {
    rootfs: Option<PathBuf>,
    output: Option<PathBuf>,
    force: Option<bool>,
    release: Option<String>,
    arch: Option<String>,
    variant: Option<String>,
    extra_pkg: Option<OneOrMore<String>>,
    package: Option<OneOrMore<String>>,
    recommends: Option<bool>,
    without: Option<OneOrMore<String>>,
    mirror: Option<OneOrMore<String>>,
    suite: Option<OneOrMore<String>>,
    repo: Option<OneOrMore<String>>,
    repo_key: Option<PathBuf>,
    keyring: Option<PathBuf>,
    lock: Option<PathBuf>,
    locked: Option<PathBuf>,
    offline: Option<bool>,
    ignore_valid_until: Option<bool>,
    store: Option<PathBuf>,
    root_password: Option<String>,
    insecure_empty_root: Option<bool>,
    ssh_key: Option<OneOrMore<PathBuf>>,
    user: Option<OneOrMore<ConfigUser>>,
    size: Option<String>,
    free: Option<String>,
    label: Option<String>,
    ext4_profile: Option<String>,
    block_size: Option<String>,
    format: Option<String>,
    compress: Option<String>,
    fs: Option<String>,
    table: Option<String>,
    align: Option<String>,
    boot: Option<String>,
    dax: Option<bool>,
    verity: Option<bool>,
    hostname: Option<String>,
    overlay: Option<OneOrMore<PathBuf>>,
    hook: Option<OneOrMore<PathBuf>>,
    agent: Option<String>,
    agent_name: Option<String>,
    agent_init: Option<bool>,
    source_date_epoch: Option<i64>,
    cache: Option<bool>,
    explain: Option<bool>,
    check: Option<bool>,
    json: Option<bool>,
    quiet: Option<bool>,
    verbose: Option<bool>,
    docker: Option<bool>,
    docker_host: Option<String>,
    docker_image: Option<String>,
}

/// A value, or a list of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "expected a value or a list of values")]
pub(crate) enum OneOrMore<T> {
    One(T),
    More(Vec<T>),
}

impl<T> OneOrMore<T> {
    pub(crate) fn into_list(self) -> Vec<T> {
        match self {
            Self::One(value) => vec![value],
            Self::More(values) => values,
        }
    }
}

/// `NAME[:PASSWORD]`, or a table that can say more.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "expected \"NAME[:PASSWORD]\", or { name, password, uid, groups }")]
enum ConfigUser {
    Text(String),
    Table(ConfigUserTable),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigUserTable {
    name: String,
    password: Option<String>,
    uid: Option<u32>,
    #[serde(default)]
    groups: Vec<String>,
}

/// Reads a configuration file.
///
/// # Errors
/// When it can't be read, is not TOML, or has a key or a value that no flag has.
pub(crate) fn read(file: &Sourced<PathBuf>, options: &'static [DistroOption]) -> Result<Wishes, SettingError> {
    let path = file.path();
    let setting = || file.with(path.display()).to_string();
    let text = fs_err::read_to_string(&path).map_err(|source| SettingError::Read { setting: setting(), source })?;
    parse(&text, &path, options)
}

fn parse(text: &str, path: &Path, options: &'static [DistroOption]) -> Result<Wishes, SettingError> {
    let wrong = |source| SettingError::Config { path: path.to_owned(), source: Box::new(source) };
    if options.is_empty() {
        return Ok(toml::from_str::<ConfigFile>(text).map_err(wrong)?.wishes(path));
    }
    of_table(toml::from_str(text).map_err(wrong)?, path, options).map_err(wrong)
}

/// What a table of this file says.
///
/// # Errors
/// When it has a key or a value that no flag has.
pub(crate) fn of_table(mut table: toml::Table, path: &Path, options: &'static [DistroOption]) -> Result<Wishes, toml::de::Error> {
    // The distribution's own keys are taken out first: what is left then has to be ours.
    let mut said = BTreeMap::new();
    for option in options {
        let value = match table.remove(&option.name) {
            None | Some(toml::Value::Boolean(false)) => continue,
            Some(toml::Value::Array(words)) => words.iter().map(said_in_file).collect::<Vec<_>>().join(","),
            Some(value) => said_in_file(&value),
        };
        said.insert(option.name.clone(), Sourced::new(value, Source::File { path: path.to_owned(), key: option.name.as_str() }));
    }
    let file: ConfigFile = table.try_into()?;
    Ok(Wishes { options: said, ..file.wishes(path) })
}

/// A value as it would be written on a command line.
fn said_in_file(value: &toml::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl ConfigFile {
    fn wishes(self, path: &Path) -> Wishes {
        let of = Keys { path };
        let verbosity = match (self.quiet, self.verbose) {
            (Some(true), _) => Some(Verbosity::Quiet),
            (_, Some(true)) => Some(Verbosity::Verbose),
            _ => None,
        };
        Wishes {
            rootfs: of.one(self.rootfs, "rootfs"),
            output: of.one(self.output, "output"),
            force: self.force,
            release: of.one(self.release, "release"),
            arch: of.one(self.arch, "arch"),
            variant: of.one(self.variant, "variant"),
            extra_packages: of.more(self.extra_pkg, "extra-pkg"),
            packages: of.more(self.package, "package"),
            recommends: self.recommends,
            without: of.more(self.without, "without"),
            mirrors: of.more(self.mirror, "mirror"),
            suites: of.more(self.suite, "suite"),
            repositories: of.more(self.repo, "repo"),
            repository_key: of.one(self.repo_key, "repo-key"),
            keyring: of.one(self.keyring, "keyring"),
            lock: of.one(self.lock, "lock"),
            locked: of.one(self.locked, "locked"),
            offline: self.offline,
            ignore_valid_until: self.ignore_valid_until,
            store: of.one(self.store, "store"),
            root_password: of.one(self.root_password, "root-password"),
            insecure_empty_root: of.one(self.insecure_empty_root, "insecure-empty-root"),
            ssh_keys: of.more(self.ssh_key, "ssh-key"),
            users: of.more(self.user, "user").into_iter().map(|user| user.with(user.value.clone().into())).collect(),
            size: of.one(self.size, "size"),
            free: of.one(self.free, "free"),
            label: of.one(self.label, "label"),
            ext4_profile: of.one(self.ext4_profile, "ext4-profile"),
            block_size: of.one(self.block_size, "block-size"),
            format: of.one(self.format, "format"),
            compress: of.one(self.compress, "compress"),
            fs: of.one(self.fs, "fs"),
            table: of.one(self.table, "table"),
            align: of.one(self.align, "align"),
            boot: of.one(self.boot, "boot"),
            dax: self.dax,
            verity: self.verity,
            hostname: of.one(self.hostname, "hostname"),
            overlays: of.more(self.overlay, "overlay"),
            hooks: of.more(self.hook, "hook"),
            agent: of.one(self.agent, "agent"),
            agent_name: of.one(self.agent_name, "agent-name"),
            agent_init: self.agent_init,
            source_date_epoch: of.one(self.source_date_epoch.map(|seconds| seconds.to_string()), "source-date-epoch"),
            cache: self.cache,
            explain: self.explain,
            check: self.check,
            json: self.json,
            verbosity,
            docker: of.one(self.docker.filter(|docker| *docker).map(|docker| docker.to_string()), "docker"),
            docker_host: of.one(self.docker_host, "docker-host"),
            docker_image: of.one(self.docker_image, "docker-image"),
            options: BTreeMap::new(),
        }
    }
}

/// Gives values the source they have in this file.
struct Keys<'a> {
    path: &'a Path,
}

impl Keys<'_> {
    fn one<T>(&self, value: Option<T>, key: &'static str) -> Option<Sourced<T>> {
        value.map(|value| Sourced::new(value, Source::File { path: self.path.to_owned(), key }))
    }

    fn more<T>(&self, values: Option<OneOrMore<T>>, key: &'static str) -> Vec<Sourced<T>> {
        values.map(OneOrMore::into_list).unwrap_or_default().into_iter().filter_map(|value| self.one(Some(value), key)).collect()
    }
}

impl From<ConfigUser> for UserWish {
    fn from(user: ConfigUser) -> Self {
        match user {
            ConfigUser::Text(text) => Self::parse(&text),
            ConfigUser::Table(table) => Self { name: table.name, password: table.password, uid: table.uid, groups: table.groups },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_every_flag_is_known() {
        let command = crate::args::command(&crate::registry::Registry::default());
        let build = command.find_subcommand("debian").unwrap();
        // What chooses the file itself or the distribution, what only says how to run, and what `check = false` and `cache = false` say.
        let none = ["config", "plugin-dir", "timeout", "dry-run", "no-check", "no-cache", "help", "version"];
        for flag in build.get_arguments().filter_map(clap::Arg::get_long).filter(|flag| !none.contains(flag)) {
            let values = ["\"1\"", "1", "true"].map(|value| parse(&format!("{flag} = {value}"), Path::new("f"), &[]).is_ok());
            assert!(values.contains(&true), "{flag} can't be said in a file");
        }
    }

    #[test]
    fn lists_and_single_values_and_users_are_read() {
        let text = r#"
            extra-pkg = "vim"
            overlay = ["a", "b"]
            user = ["ann:x", { name = "bob", uid = 1500, groups = ["sudo"] }]
        "#;
        let wishes = parse(text, Path::new("conf/guest.toml"), &[]).unwrap();
        assert_eq!(wishes.extra_packages[0].to_string(), "conf/guest.toml: extra-pkg = \"vim\"");
        assert_eq!(wishes.overlays[1].path(), Path::new("conf/b"));
        assert_eq!(wishes.users[0].value, UserWish::parse("ann:x"));
        assert_eq!((wishes.users[1].value.uid, wishes.users[1].value.groups.as_slice()), (Some(1500), &["sudo".to_owned()][..]));
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        let error = parse("relaese = \"trixie\"", Path::new("guest.toml"), &[]).unwrap_err();
        let SettingError::Config { source, .. } = error else { panic!("{error}") };
        assert!(source.to_string().contains("relaese"), "{source}");
    }
}
