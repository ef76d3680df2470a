use std::path::{Path, PathBuf};
use std::process::Command;

use rootfs_sandbox::{Exit, Outcome, Runner, Sandbox, SandboxError, SandboxOptions, Stream};

/// What the tests' scripts call, from the machine that runs them, besides the shell.
const PROGRAMS: [&str; 10] = ["sh", "cat", "sleep", "stat", "readlink", "ls", "head", "mknod", "sync", "mount"];

const PATH: &str = "/usr/bin:/bin";

/// A stage whose tree has a shell, from the host's own files.
pub(crate) struct Stage {
    pub(crate) directory: tempfile::TempDir,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let stage = Self { directory };
        fs_err::create_dir_all(stage.root().join("usr/bin")).unwrap();
        fs_err::create_dir(stage.root().join("tmp")).unwrap();
        for program in PROGRAMS {
            stage.install(program);
        }
        stage
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.path().join("root")
    }

    fn install(&self, program: &str) {
        let from = ["/usr/bin", "/bin"].map(|directory| Path::new(directory).join(program));
        let from = from.into_iter().find(|path| path.exists()).unwrap_or_else(|| panic!("this machine has no {program}"));
        for library in libraries(&from) {
            self.copy(&library, &library);
        }
        self.copy(&from, &Path::new("/usr/bin").join(program));
    }

    fn copy(&self, from: &Path, to: &Path) {
        let to = self.root().join(to.strip_prefix("/").unwrap());
        fs_err::create_dir_all(to.parent().unwrap()).unwrap();
        fs_err::copy(from, to).unwrap();
    }

    /// Puts the tree's programs beside it too.
    #[expect(clippy::disallowed_methods, reason = "a test may start the host's tools")]
    pub(crate) fn copy_beside(&self) {
        for entry in fs_err::read_dir(self.root()).unwrap() {
            let status = Command::new("cp").arg("-a").arg(entry.unwrap().path()).arg(self.path()).status().unwrap();
            assert!(status.success());
        }
    }

    pub(crate) fn script(&self, path: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.root().join(path);
        fs_err::write(&path, text).unwrap();
        fs_err::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    }

    pub(crate) fn start(&self) -> Sandbox {
        Sandbox::start(self.path(), &options()).unwrap()
    }
}

#[expect(clippy::disallowed_methods, reason = "a test may start the host's tools")]
fn libraries(program: &Path) -> Vec<PathBuf> {
    let output = Command::new("ldd").arg(program).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_whitespace().filter(|word| word.starts_with('/')).map(PathBuf::from).collect()
}

pub(crate) fn options() -> SandboxOptions {
    SandboxOptions { hostname: "guest-under-test".to_owned(), ..SandboxOptions::default() }
}

pub(crate) fn command(arguments: &[&str]) -> rootfs_sandbox::Command {
    rootfs_sandbox::Command {
        arguments: arguments.iter().map(|argument| argument.as_bytes().to_vec()).collect(),
        environment: vec![("PATH".to_owned(), PATH.to_owned())],
        directory: "/".to_owned(),
        input: Vec::new(),
    }
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) outcome: Outcome,
    pub(crate) output: String,
    pub(crate) error: String,
}

pub(crate) fn run(sandbox: &mut dyn Runner, command: &rootfs_sandbox::Command) -> Result<Done, SandboxError> {
    let (mut output, mut error) = (Vec::new(), Vec::new());
    let outcome = sandbox.run(command, &mut |stream, bytes| match stream {
        Stream::Output => output.extend_from_slice(bytes),
        Stream::Error => error.extend_from_slice(bytes),
    })?;
    Ok(Done { outcome, output: String::from_utf8(output).unwrap(), error: String::from_utf8(error).unwrap() })
}

/// A script that must succeed; what it writes, without the last newline.
pub(crate) fn shell(sandbox: &mut dyn Runner, script: &str) -> String {
    let done = run(sandbox, &command(&["sh", "-c", script])).unwrap();
    assert_eq!(done.outcome.exit, Exit::Code(0), "{script}\n{done:?}");
    done.output.trim_end().to_owned()
}
