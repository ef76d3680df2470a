use std::path::{Path, PathBuf};

use rootfs_tests::{Failed, Finished, PlainUser, Process, Workbench, copy_tree};

use crate::builder::VERB;

/// Who builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Builder {
    Root,
    PlainUser,
}

impl Builder {
    pub(crate) const ALL: [Self; 2] = [Self::Root, Self::PlainUser];
}

/// A home with plugins in it, and who builds them there.
pub(crate) struct Place {
    user: PlainUser,
}

impl Place {
    pub(crate) fn new(workbench: &Workbench) -> Result<Self, Failed> {
        let user = PlainUser::new(workbench, 65536)?;
        fs_err::create_dir(user.home().join("plugins"))?;
        Ok(Self { user })
    }

    pub(crate) fn plugin(&self, name: &str) -> PathBuf {
        self.user.home().join("plugins").join(name)
    }

    /// Puts one of the project's directories there, unmodified.
    pub(crate) fn take(&self, name: &str) -> Result<PathBuf, Failed> {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/shell-directories").join(name);
        copy_tree(&from, &self.plugin(name))?;
        Ok(self.plugin(name))
    }

    /// Makes a directory of these two scripts.
    pub(crate) fn make(&self, name: &str, config: &str, library: Option<&str>) -> Result<(), Failed> {
        let path = self.plugin(name);
        fs_err::create_dir(&path)?;
        fs_err::write(path.join("config.sh"), config)?;
        library.map_or(Ok(()), |text| fs_err::write(path.join("rootfs_lib.sh"), text))?;
        Ok(())
    }

    /// Builds a directory that is there, with `NAME=VALUE` of the builder's.
    pub(crate) fn build(&self, builder: Builder, name: &str, settings: &[&str]) -> Result<Finished, Failed> {
        let home = self.user.home();
        let words = |work: &Path| {
            let paths = [self.user.program().to_owned(), self.plugin(name), work.to_owned()];
            let mut words: Vec<String> = paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
            words.insert(1, VERB.to_owned());
            words.extend(settings.iter().map(|setting| (*setting).to_owned()));
            words
        };
        match builder {
            Builder::Root => {
                let work = tempfile::tempdir_in("/var/tmp")?;
                let words = words(work.path());
                Process::new(&words[0]).args(&words[1..]).run()
            }
            Builder::PlainUser => {
                let quoted: Vec<String> = words(&home.join("work")).iter().map(|word| format!("'{word}'")).collect();
                self.user.script(&format!("mkdir -p work; exec {}", quoted.join(" "))).run()
            }
        }
    }
}

/// The lines of a tree, without who built it.
pub(crate) fn tree(built: &Finished) -> Vec<&str> {
    built.output.lines().filter(|line| line.starts_with('/')).collect()
}

/// The line of a path.
pub(crate) fn line<'a>(built: &'a Finished, path: &str) -> Result<&'a str, Failed> {
    let prefix = format!("{path} ");
    built.output.lines().find_map(|line| line.strip_prefix(&prefix)).ok_or_else(|| built.report(&format!("{path} is missing")).into())
}
