use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rootfs_plugin::{Architecture, Distro};

use super::template::expand;
use crate::config_file;
use crate::failure::Failure;
use crate::registry::Registry;
use crate::sourced::{Source, Sourced};
use crate::wishes::Wishes;

/// What is decided for all builds together, or for where they run.
const NOT_OF_A_BUILD: [&str; 8] = ["rootfs", "force", "explain", "json", "quiet", "verbose", "docker", "docker-host"];

/// Keys in which a build's names are put in.
const PATHS: [&str; 2] = ["lock", "locked"];

/// One build of the table.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Its output as it is written; one that ends with `/` is a directory.
    pub(crate) name: String,
    /// What it is of.
    pub(crate) distro: &'static dyn Distro,
    /// All that the file says of it, but where it goes.
    pub(crate) wishes: Wishes,
}

impl Row {
    /// Where it goes.
    pub(crate) fn path(&self, directory: &Path) -> PathBuf {
        directory.join(self.name.trim_end_matches('/'))
    }

    /// Whether it goes into a directory.
    pub(crate) fn is_directory(&self) -> bool {
        self.name.ends_with('/')
    }
}

/// A `[[build]]`: lists that are multiplied, and what all of its rows have.
#[derive(Debug)]
pub(super) struct Axes {
    distributions: Vec<String>,
    releases: Vec<Option<String>>,
    variants: Vec<Option<String>>,
    architectures: Vec<Option<String>>,
    outputs: Vec<String>,
    own: toml::Table,
    of_all: toml::Table,
}

impl Axes {
    pub(super) fn of(mut own: toml::Table, of_all: &toml::Table) -> Result<Self, String> {
        let mut axis = |key: &str| own.remove(key).map(|value| words(key, value)).transpose();
        let maybe = |words: Option<Vec<String>>| words.map_or_else(|| vec![None], |words| words.into_iter().map(Some).collect());
        let axes = Self {
            distributions: axis("distribution")?.ok_or("it says no `distribution`")?,
            releases: maybe(axis("release")?),
            variants: maybe(axis("variant")?),
            architectures: maybe(axis("arch")?),
            outputs: axis("output")?.ok_or("it says no `output`")?,
            own: toml::Table::new(),
            of_all: of_all.clone(),
        };
        match own.keys().chain(of_all.keys()).find(|key| NOT_OF_A_BUILD.contains(&key.as_str())) {
            Some(key) => Err(format!("`{key}` is not a build's to say: see `rootfs-gen matrix --help`")),
            None => Ok(Self { own, ..axes }),
        }
    }

    pub(super) fn rows(&self, path: &Path, registry: &Registry) -> Result<Vec<Row>, String> {
        let mut rows = Vec::new();
        for distribution in &self.distributions {
            let distro = registry.require(distribution).map_err(|failure| told(&failure))?;
            for release in &self.releases {
                for variant in &self.variants {
                    for architecture in &self.architectures {
                        let chosen = Chosen { distro, release, variant, architecture };
                        for output in &self.outputs {
                            rows.push(self.row(&chosen, output, path)?);
                        }
                    }
                }
            }
        }
        Ok(rows)
    }

    fn row(&self, chosen: &Chosen<'_>, output: &str, path: &Path) -> Result<Row, String> {
        let distro = chosen.distro;
        let info = distro.info();
        let read = |table: toml::Table| config_file::of_table(table, path, &info.options).map_err(|error| error.to_string());
        let of_all = read(self.of_all.clone())?;
        let said = |chosen: &Option<String>, of_all: &Option<Sourced<String>>| {
            chosen.clone().or_else(|| of_all.as_ref().map(|said| said.value.clone()))
        };
        let release = said(chosen.release, &of_all.release).or_else(|| info.releases.first().map(|release| release.name.clone()));
        let variant = said(chosen.variant, &of_all.variant).unwrap_or_else(|| info.default_variant.clone());
        let native = || Architecture::native().map(|architecture| architecture.name().to_owned());
        let architecture = said(chosen.architecture, &of_all.arch).or_else(native);
        let values = BTreeMap::from([
            ("distribution", info.name.as_str()),
            ("release", release.as_deref().unwrap_or_default()),
            ("variant", variant.as_str()),
            ("arch", architecture.as_deref().unwrap_or_default()),
        ]);
        let mut own = self.own.clone();
        for key in PATHS {
            if let Some(toml::Value::String(text)) = own.get_mut(key) {
                *text = expand(text, &values)?;
            }
        }
        let of_file = |value: &Option<String>, key| {
            value.as_ref().map(|value| Sourced::new(value.clone(), Source::File { path: path.to_owned(), key }))
        };
        let axes = Wishes {
            release: of_file(chosen.release, "release"),
            variant: of_file(chosen.variant, "variant"),
            arch: of_file(chosen.architecture, "arch"),
            ..Wishes::default()
        };
        Ok(Row { name: expand(output, &values)?, distro, wishes: axes.over(read(own)?).over(of_all) })
    }
}

/// One combination.
struct Chosen<'a> {
    distro: &'static dyn Distro,
    release: &'a Option<String>,
    variant: &'a Option<String>,
    architecture: &'a Option<String>,
}

fn words(key: &str, value: toml::Value) -> Result<Vec<String>, String> {
    let one = |value| match value {
        toml::Value::String(word) => Ok(word),
        _ => Err(format!("`{key}` is no text, nor a list of texts")),
    };
    match value {
        toml::Value::Array(values) if values.is_empty() => Err(format!("`{key}` is empty")),
        toml::Value::Array(values) => values.into_iter().map(one).collect(),
        value => one(value).map(|word| vec![word]),
    }
}

/// A failure in one text.
fn told(failure: &Failure) -> String {
    [failure.in_one()].into_iter().chain(failure.hint.clone()).collect::<Vec<_>>().join(": ")
}
