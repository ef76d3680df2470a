//! What tests take from the machine they run on.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use rootfs_boot::Kernel;
use rootfs_package::store::Store;

/// Something that a machine may lack.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Need {
    Program(&'static str),
    BusyBox,
    Kernel,
}

/// Debian's package that depends on its newest kernel for clouds.
const CLOUD_KERNEL: &str = "linux-image-cloud-amd64";

impl Need {
    /// Why it is missing.
    pub(crate) fn missing(&self) -> Option<String> {
        match self {
            Self::Program(name) if find(name).is_some() => None,
            Self::Program(name) => Some(format!("{name} is not installed")),
            Self::BusyBox => busybox().is_none().then(|| "no static busybox".to_owned()),
            Self::Kernel => kernel_file().as_ref().err().cloned(),
        }
    }
}

pub(crate) fn find(name: &str) -> Option<PathBuf> {
    ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].iter().map(|place| Path::new(place).join(name)).find(|path| path.exists())
}

pub(crate) fn busybox() -> Option<Vec<u8>> {
    let content = fs_err::read(find("busybox")?).ok()?;
    // One with an interpreter would need libraries.
    let is_static = !content[..content.len().min(4096)].windows(8).any(|window| window == b"/ld-linu");
    is_static.then_some(content)
}

/// The kernel's package as this machine's apt downloads it, once.
fn kernel_file() -> &'static Result<PathBuf, String> {
    static FILE: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    FILE.get_or_init(|| download().ok_or_else(|| "apt-get can't download a kernel".to_owned()))
}

fn download() -> Option<PathBuf> {
    let depends = output("apt-cache", &["depends", CLOUD_KERNEL])?;
    let package = depends.split_whitespace().find(|word| word.starts_with("linux-image-") && *word != CLOUD_KERNEL)?.to_owned();
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("kernel");
    fs_err::create_dir_all(&directory).ok()?;
    let prefix = format!("{package}_");
    let kept = || {
        let names = fs_err::read_dir(&directory).ok()?.flatten().map(|entry| entry.path());
        names.into_iter().find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&prefix)))
    };
    kept().or_else(|| {
        let fetched = command("apt-get")?.args(["-qq", "download", &package]).current_dir(&directory).output().ok()?;
        fetched.status.success().then(kept)?
    })
}

/// From a store that later runs find again.
pub(crate) fn kernel() -> &'static Kernel {
    static KERNEL: OnceLock<Kernel> = OnceLock::new();
    KERNEL.get_or_init(|| {
        let store = Store::open(&PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("store")).unwrap();
        let (digest, _) = store.insert_file(kernel_file().as_ref().unwrap()).unwrap();
        Kernel::from_tree(&store.deb(&digest).unwrap().tree().unwrap()).unwrap()
    })
}

/// Runs a program to its end; none when it is missing or fails.
pub(crate) fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = command(program)?.args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[expect(clippy::disallowed_methods, reason = "tests may start the machine's programs")]
pub(crate) fn command(program: &str) -> Option<Command> {
    find(program).map(Command::new)
}
