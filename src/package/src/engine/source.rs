//! What the engine compiles.

use std::path::Path;

use rootfs_plugin::{BuildError, Plan, SourceBuild};

use super::{Engine, build_error};
use crate::apt::acquire::{fetch_packages, native};
use crate::lock::{Lock, LockedPackage};
use crate::observer::{Event, Step};
use crate::tools::{ToolOptions, ToolTask, Tools};

/// Where a source package is compiled.
const DIRECTORY: &str = "/build";

/// The script's own name there.
const SCRIPT: &str = "/build/.script";

impl Engine<'_> {
    /// The program that a plan has compiled, of the sources and by the compilers that the lock pins.
    pub(super) fn compile(&self, plan: &Plan, source: &SourceBuild, lock: &Lock) -> Result<Vec<u8>, BuildError> {
        let options = ToolOptions {
            stage: self.options.stage.clone(),
            architecture: native()?,
            reuse: self.options.reuse.clone(),
            seats: self.options.seats.clone(),
            cancelled: self.options.cancelled.clone(),
        };
        let tools = Tools::fetch(lock.compilers.clone(), plan, self.options.fetch.clone(), options, self.store, self.observer)?;
        fetch_packages(&lock.sources, plan, &self.fetcher()?)?;
        if let Some(menu) = &source.menu {
            self.ask(source, menu, &tools, lock)?;
        }
        let result = format!("{DIRECTORY}/{}", source.result);
        let task = self.task(source, lock, source.arguments.clone(), result)?;
        let [program] = <[Vec<u8>; 1]>::try_from(tools.run(&task, self.observer)?)
            .ok()
            .ok_or_else(|| BuildError::new(format!("compiling {} made nothing", source.package)))?;
        Ok(program)
    }

    /// Has the user choose on the terminal, and writes down what was chosen.
    fn ask(&self, source: &SourceBuild, menu: &rootfs_plugin::SourceMenu, tools: &Tools, lock: &Lock) -> Result<(), BuildError> {
        let path = source.files.get(&menu.file).ok_or_else(|| BuildError::new(format!("the plan has no file `{}`", menu.file)))?;
        let chosen = format!("{DIRECTORY}/{}", menu.file);
        let task = self.task(source, lock, vec![menu.argument.clone()], chosen)?;
        let [content] =
            <[Vec<u8>; 1]>::try_from(tools.attend(&task, self.observer)?).ok().ok_or_else(|| BuildError::new("nothing was chosen"))?;
        write_whole(path, &content).map_err(|error| build_error(&error))?;
        self.observer.event(Event::Note(&format!("what was chosen is in {}", path.display())));
        Ok(())
    }

    /// The script with all that it reads.
    fn task(&self, source: &SourceBuild, lock: &Lock, arguments: Vec<String>, result: String) -> Result<ToolTask, BuildError> {
        let mut files = vec![(SCRIPT.to_owned(), source.script.clone().into_bytes())];
        for (name, path) in &source.files {
            match fs_err::read(path) {
                Ok(content) => files.push((format!("{DIRECTORY}/{name}"), content)),
                // What the menu is to write may not be there yet.
                Err(error)
                    if error.kind() == std::io::ErrorKind::NotFound && source.menu.as_ref().is_some_and(|menu| menu.file == *name) => {}
                Err(error) => return Err(build_error(&error)),
            }
        }
        for file in &lock.sources {
            let path = self.store.verify(&file.sha256).map_err(|error| build_error(&error))?;
            files.push((format!("{DIRECTORY}/{}", name(file)), fs_err::read(path).map_err(|error| build_error(&error))?));
        }
        let command = ["dash".to_owned(), "-eu".to_owned(), SCRIPT.to_owned()].into_iter().chain(arguments).collect();
        let name = format!("compiling {}", source.package);
        Ok(ToolTask { name, step: Step::Compile, command, files, results: vec![result] })
    }
}

fn name(file: &LockedPackage) -> &str {
    file.path.rsplit('/').next().unwrap_or(&file.path)
}

/// All of it or nothing under its name.
fn write_whole(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    std::io::Write::write_all(&mut file, content)?;
    fs_err::set_permissions(file.path(), std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    file.persist(path).map(drop).map_err(|error| error.error)
}
