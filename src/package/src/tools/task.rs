use rootfs_plugin::BuildError;
use rootfs_tree::Digest;
use sha2::{Digest as _, Sha256};

use crate::engine::build_error;
use crate::inputs::Inputs;
use crate::observer::Step;
use crate::root::Root;

/// No result has more bytes.
const MOST_BYTES: u64 = 64 << 20;

/// One run of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolTask {
    /// What messages call it: the program's name.
    pub name: String,
    /// Which step it is of a build.
    pub step: Step,
    /// The program, looked up in the packages when it has no slash, and its arguments.
    pub command: Vec<String>,
    /// What it reads besides its packages: absolute paths, and contents.
    pub files: Vec<(String, Vec<u8>)>,
    /// What is wanted of it afterwards: absolute paths of regular files, a package's own among them.
    pub results: Vec<String>,
}

impl ToolTask {
    /// The results' contents, after it has run.
    pub(super) fn results(&self, root: &Root) -> Result<Vec<Vec<u8>>, BuildError> {
        self.results.iter().map(|name| read(root, name)).collect()
    }

    /// All of it that its results depend on.
    pub(super) fn describe(&self, inputs: &mut Inputs) {
        inputs.set("command", self.command.join(" "));
        let hashed = |(path, content): &(String, Vec<u8>)| format!("{path} {}", Digest(Sha256::digest(content).into()));
        inputs.set_lines("files", self.files.iter().map(hashed));
        inputs.set("results", self.results.join(" "));
    }
}

/// A file that the program was to write. It may have written anything.
fn read(root: &Root, path: &str) -> Result<Vec<u8>, BuildError> {
    let failed = |why: &str| BuildError::new(format!("the distribution's program left {why} at `{path}`"));
    let stat = root.stat(path.as_bytes()).map_err(|error| build_error(&error))?.ok_or_else(|| failed("nothing"))?;
    match u64::try_from(stat.st_size) {
        _ if rustix::fs::FileType::from_raw_mode(stat.st_mode) != rustix::fs::FileType::RegularFile => Err(failed("what is no file")),
        Ok(size) if size <= MOST_BYTES => {
            let content = root.read(path.as_bytes()).map_err(|error| build_error(&error))?;
            content.ok_or_else(|| failed("nothing"))
        }
        _ => Err(failed("too large a file")),
    }
}

/// Contents in one: each with its length before it, in 64 bits.
pub(super) fn pack(results: &[Vec<u8>]) -> Vec<u8> {
    let mut packed = Vec::new();
    for result in results {
        packed.extend_from_slice(&(result.len() as u64).to_le_bytes());
        packed.extend_from_slice(result);
    }
    packed
}

/// So many contents that were packed; nothing when there are others.
pub(super) fn unpack(mut packed: &[u8], count: usize) -> Option<Vec<Vec<u8>>> {
    let mut results = Vec::new();
    for _ in 0..count {
        let (length, rest) = packed.split_first_chunk()?;
        let (result, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
        results.push(result.to_vec());
        packed = rest;
    }
    packed.is_empty().then_some(results)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_back_as_they_went() {
        let results = vec![b"one".to_vec(), Vec::new(), vec![7; 1000]];
        let packed = pack(&results);
        assert_eq!(unpack(&packed, 3), Some(results));
        for (bytes, count) in [(&packed[..], 2), (&packed, 4), (&packed[..packed.len() - 1], 3), (&[255; 8], 1)] {
            assert_eq!(unpack(bytes, count), None);
        }
    }

    #[test]
    fn a_program_may_leave_anything() {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::open(directory.path()).unwrap();
        root.write(b"/file", b"content", 0o644).unwrap();
        root.symlink(b"/file", b"/link").unwrap();
        root.make_directory(b"/directory").unwrap();
        let large = fs_err::File::create(directory.path().join("large")).unwrap();
        large.file().set_len(MOST_BYTES + 1).unwrap();
        assert_eq!(read(&root, "/file"), Ok(b"content".to_vec()));
        let why = |path: &str| read(&root, path).unwrap_err().message;
        assert_eq!(why("/gone"), "the distribution's program left nothing at `/gone`");
        for path in ["/link", "/directory"] {
            assert_eq!(why(path), format!("the distribution's program left what is no file at `{path}`"));
        }
        assert_eq!(why("/large"), "the distribution's program left too large a file at `/large`");
    }

    #[test]
    fn whatever_the_results_depend_on_tells_tasks_apart() {
        let task = ToolTask {
            name: "make".to_owned(),
            step: Step::Compile,
            command: vec!["make".to_owned(), "it".to_owned()],
            files: vec![("/in".to_owned(), b"1".to_vec())],
            results: vec!["/out".to_owned()],
        };
        let key = |task: &ToolTask| {
            let mut inputs = Inputs::default();
            task.describe(&mut inputs);
            inputs.key()
        };
        let others = [
            ToolTask { command: vec!["make".to_owned()], ..task.clone() },
            ToolTask { files: vec![("/in".to_owned(), b"2".to_vec())], ..task.clone() },
            ToolTask { results: vec!["/other".to_owned()], ..task.clone() },
        ];
        assert!(others.iter().all(|other| key(other) != key(&task)));
    }
}
