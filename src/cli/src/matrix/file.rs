use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Row;
use super::row::Axes;
use crate::config_file::OneOrMore;
use crate::failure::{Exit, Failure};
use crate::registry::Registry;

/// A table of builds as it is written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    output_dir: Option<PathBuf>,
    jobs: Option<usize>,
    sandbox: Option<bool>,
    docker_host: Option<OneOrMore<String>>,
    settings: toml::Table,
    build: Vec<toml::Table>,
}

/// A table of builds: each `[[build]]` stands for as many rows as its lists have combinations.
#[derive(Debug)]
pub(crate) struct MatrixFile {
    /// Where results go that have a relative path.
    pub(crate) output_dir: PathBuf,
    /// How many builds run at once.
    pub(crate) jobs: Option<usize>,
    /// Whether builds run on this machine, too.
    pub(crate) sandbox: bool,
    /// Engines.
    pub(crate) docker_hosts: Vec<String>,
    /// In the order of the file; of the lists, the last one changes first.
    pub(crate) rows: Vec<Row>,
}

impl MatrixFile {
    /// Reads it.
    ///
    /// # Errors
    /// When it can't be read, is no TOML, or a build in it can't be meant.
    pub(crate) fn read(path: &Path, registry: &Registry) -> Result<Self, Failure> {
        let text = fs_err::read_to_string(path).map_err(|error| Failure::of(&error).exit(Exit::Usage))?;
        Self::parse(&text, path, registry)
    }

    fn parse(text: &str, path: &Path, registry: &Registry) -> Result<Self, Failure> {
        let wrong = |error: toml::de::Error| {
            Failure::new(format!("the table of builds {} can't be used", path.display())).because(&error).exit(Exit::Usage)
        };
        let written: Written = toml::from_str(text).map_err(wrong)?;
        let mut rows = Vec::new();
        for (position, table) in written.build.into_iter().enumerate() {
            let rows_of = || Axes::of(table, &written.settings)?.rows(path, registry);
            let named = |reason: String| {
                let message = format!("{}: build {} can't be used", path.display(), position.saturating_add(1));
                Failure { causes: vec![reason], ..Failure::new(message) }.exit(Exit::Usage)
            };
            rows.extend(rows_of().map_err(named)?);
        }
        if rows.is_empty() {
            let hint = "begin with [[build]], distribution = \"debian\" and output = \"debian.img\"".to_owned();
            return Err(Failure::new(format!("{} has no build", path.display())).hint(Some(hint)).exit(Exit::Usage));
        }
        require_different(&rows)?;
        let directory = path.parent().unwrap_or(Path::new(""));
        Ok(Self {
            output_dir: written.output_dir.map_or_else(|| directory.to_owned(), |output| directory.join(output)),
            jobs: written.jobs,
            sandbox: written.sandbox.unwrap_or(true),
            docker_hosts: written.docker_host.map(OneOrMore::into_list).unwrap_or_default(),
            rows,
        })
    }
}

/// Two builds with one target would each undo the other.
fn require_different(rows: &[Row]) -> Result<(), Failure> {
    let mut names: Vec<&str> = rows.iter().map(|row| row.name.trim_end_matches('/')).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        None => Ok(()),
        Some(pair) => {
            let hint = "tell them apart by {distribution}, {release}, {variant} or {arch} in `output`".to_owned();
            Err(Failure::new(format!("two builds write `{}`", pair[0])).hint(Some(hint)).exit(Exit::Usage))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<MatrixFile, Failure> {
        MatrixFile::parse(text, Path::new("conf/builds.toml"), &Registry::default())
    }

    fn names(text: &str) -> Vec<String> {
        parse(text).unwrap().rows.into_iter().map(|row| row.name).collect()
    }

    #[test]
    fn lists_are_multiplied() {
        let text = r#"
            [[build]]
            distribution = ["debian", "ubuntu"]
            variant = "minbase"
            output = ["{distribution}-{release}.img", "{distribution}-{variant}/"]
            [[build]]
            distribution = "alpine"
            release = ["3.21", "3.22"]
            output = "{distribution}-{release}-{arch}.tar.xz"
            arch = "aarch64"
        "#;
        let names = names(text);
        assert_eq!(names[..2], ["debian-trixie.img", "debian-minbase/"]);
        assert!(names[2].starts_with("ubuntu-") && names[3] == "ubuntu-minbase/", "{names:?}");
        assert_eq!(names[4..], ["alpine-3.21-aarch64.tar.xz", "alpine-3.22-aarch64.tar.xz"]);
    }

    #[test]
    fn settings_of_all_builds_are_weaker_than_one_s_own() {
        let text = r#"
            settings = { variant = "minbase", hostname = "all", extra-pkg = "vim" }
            [[build]]
            distribution = "debian"
            output = "{variant}.img"
            hostname = "one"
            extra-pkg = ["nano"]
        "#;
        let row = parse(text).unwrap().rows.remove(0);
        assert_eq!(row.name, "minbase.img");
        assert_eq!(row.wishes.hostname.unwrap().value, "one");
        assert_eq!(row.wishes.extra_packages.into_iter().map(|said| said.value).collect::<Vec<_>>(), ["vim", "nano"]);
    }

    #[test]
    fn what_can_t_be_meant_is_named() {
        for (text, complaint) in [
            ("", "has no build"),
            ("biuld = 1", "unknown field"),
            ("[[build]]\noutput = \"x.img\"", "says no `distribution`"),
            ("[[build]]\ndistribution = \"debian\"", "says no `output`"),
            ("[[build]]\ndistribution = \"debain\"\noutput = \"x.img\"", "no distribution `debain`"),
            ("[[build]]\ndistribution = \"debian\"\noutput = \"{version}.img\"", "`{version}` is none of"),
            ("[[build]]\ndistribution = \"debian\"\noutput = \"x.img\"\nrelaese = \"trixie\"", "relaese"),
            ("[[build]]\ndistribution = \"debian\"\noutput = \"x.img\"\ndocker = true", "`docker` is not a build's to say"),
            ("[[build]]\ndistribution = \"debian\"\nrelease = [\"trixie\", \"bookworm\"]\noutput = \"x.img\"", "two builds write `x.img`"),
            ("[[build]]\ndistribution = \"debian\"\noutput = [\"x\", \"x/\"]", "two builds write `x`"),
            ("[[build]]\ndistribution = \"debian\"\noutput = []", "`output` is empty"),
        ] {
            let failure = parse(text).unwrap_err();
            assert!(failure.render().contains(complaint), "{text}: {}", failure.render());
            assert_eq!(failure.exit, Exit::Usage);
        }
    }

    #[test]
    fn results_go_beside_the_file() {
        let file = parse("output-dir = \"out\"\n[[build]]\ndistribution = \"debian\"\noutput = \"x.img\"").unwrap();
        assert_eq!(file.output_dir, Path::new("conf/out"));
    }
}
