use super::export::{json, parse};
use super::{Build, DONE, Text};
use crate::{BuildContext, BuildError, Command, Output, Plan};

/// The engine behind its table.
pub(super) struct Engine<'a> {
    build: &'a Build,
}

impl<'a> Engine<'a> {
    pub(super) fn new(build: &'a Build) -> Self {
        Self { build }
    }

    /// What a call of the engine gave: a result, or an error.
    fn call(&self, call: impl FnOnce(&Build, *mut Text) -> i32) -> Result<Vec<u8>, BuildError> {
        let mut result = Text::EMPTY;
        let status = call(self.build, &raw mut result);
        // SAFETY: the engine's texts live until it is called again.
        let bytes = unsafe { result.bytes() };
        if status == DONE {
            return Ok(bytes.to_vec());
        }
        Err(serde_json::from_slice(bytes).unwrap_or_else(|_| BuildError::new(String::from_utf8_lossy(bytes))))
    }
}

impl BuildContext for Engine<'_> {
    fn install(&mut self, plan: &Plan) -> Result<(), BuildError> {
        let plan = json(plan);
        // SAFETY: in all of these, the table is the engine's own, and texts outlive the calls.
        self.call(|build, error| unsafe { (build.install)(build.engine, Text::of(&plan), error) }).map(drop)
    }

    fn run(&mut self, command: &Command) -> Result<Output, BuildError> {
        let command = json(command);
        // SAFETY: as above.
        let output = self.call(|build, result| unsafe { (build.run)(build.engine, Text::of(&command), result) })?;
        parse(&output).map_err(BuildError::new)
    }

    fn read(&mut self, path: &str) -> Result<Vec<u8>, BuildError> {
        // SAFETY: as above.
        self.call(|build, result| unsafe { (build.read)(build.engine, Text::of(path.as_bytes()), result) })
    }

    fn list(&mut self, path: &str) -> Result<Vec<String>, BuildError> {
        // SAFETY: as above.
        let names = self.call(|build, result| unsafe { (build.list)(build.engine, Text::of(path.as_bytes()), result) })?;
        parse(&names).map_err(BuildError::new)
    }

    fn write(&mut self, path: &str, content: &[u8], mode: u32) -> Result<(), BuildError> {
        let (path, content) = (Text::of(path.as_bytes()), Text::of(content));
        // SAFETY: as above.
        self.call(|build, error| unsafe { (build.write)(build.engine, path, content, mode, error) }).map(drop)
    }

    fn remove(&mut self, path: &str) -> Result<(), BuildError> {
        // SAFETY: as above.
        self.call(|build, error| unsafe { (build.remove)(build.engine, Text::of(path.as_bytes()), error) }).map(drop)
    }

    fn symlink(&mut self, target: &str, path: &str) -> Result<(), BuildError> {
        let (target, path) = (Text::of(target.as_bytes()), Text::of(path.as_bytes()));
        // SAFETY: as above.
        self.call(|build, error| unsafe { (build.symlink)(build.engine, target, path, error) }).map(drop)
    }

    fn progress(&mut self, step: &str, done: u64, total: u64) {
        // SAFETY: as above.
        unsafe { (self.build.progress)(self.build.engine, Text::of(step.as_bytes()), done, total) }
    }

    fn log(&mut self, line: &str) {
        // SAFETY: as above.
        unsafe { (self.build.log)(self.build.engine, Text::of(line.as_bytes())) }
    }

    fn cancelled(&self) -> bool {
        // SAFETY: as above.
        unsafe { (self.build.cancelled)(self.build.engine) != 0 }
    }
}
