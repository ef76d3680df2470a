use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rootfs_loader::shell::{ShellDirectory, ShellDistro};
use rootfs_package::engine::{Engine, EngineOptions, build_error};
use rootfs_package::fetch::FetchOptions;
use rootfs_package::lock::Lock;
use rootfs_package::observer::{Event, Observer};
use rootfs_package::store::Store;
use rootfs_plugin::{Architecture, BuildError, Distro, PackageRequest, Request};
use rootfs_sandbox::{enter_user_namespace, is_in_user_namespace};
use rootfs_tree::{Kind, Tree};

/// The first argument of this program when it is to build: the directory, one to work in, and `NAME=VALUE`.
pub(crate) const VERB: &str = "--build";

/// Builds, and prints the tree: for each path the kind, mode, owner, and what it holds.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let [directory, work, settings @ ..] = arguments else { return ExitCode::from(2) };
    if !rustix::process::geteuid().is_root() {
        enter_user_namespace("/usr/bin:/bin".as_ref()).unwrap();
    }
    match build(Path::new(directory), Path::new(work), settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut cause = Some(&error);
            while let Some(BuildError { message, hint, cause: next }) = cause {
                eprintln!("error: {message}\nhint: {}", hint.as_deref().unwrap_or("none"));
                cause = next.as_deref();
            }
            ExitCode::FAILURE
        }
    }
}

fn build(directory: &Path, work: &Path, settings: &[String]) -> Result<(), BuildError> {
    let directory =
        ShellDirectory::open(directory).map_err(|error| BuildError { hint: error.hint(), ..BuildError::new(error.to_string()) })?;
    let said = |name: &str| settings.iter().find_map(|setting| setting.strip_prefix(name)?.strip_prefix('=').map(str::to_owned));
    let distro = ShellDistro::new(directory);
    let mut request = Request::plain(&distro.info().name, Architecture::native().unwrap());
    request.release = said("release");
    request.mirrors = said("mirror").into_iter().collect();
    request.extra_packages =
        said("extra").unwrap_or_default().split_whitespace().map(|name| PackageRequest::Name(name.to_owned())).collect();
    let plan = distro.plan(&request).map_err(|error| BuildError::new(error.to_string()))?;
    let stage = tempfile::tempdir_in(work).map_err(|error| build_error(&error))?;
    let options = EngineOptions {
        stage: stage.path().to_owned(),
        fetch: FetchOptions { offline: said("offline").is_some(), ..FetchOptions::default() },
        now: 1_700_000_000,
        locked: said("locked").map(|_| Lock::parse(LOCK).unwrap()),
        agent: None,
        kernel: false,
        uefi_stub: false,
        bios_loader: false,
        source_date_epoch: None,
        hostname: "guest".to_owned(),
        reuse: None,
        seats: Arc::new(rootfs_sandbox::Local),
        cancelled: Arc::new(AtomicBool::new(false)),
    };
    let store = Store::open(&work.join("store")).map_err(|error| build_error(&error))?;
    let mut engine = Engine::new(options, &store, &Printed)?;
    distro.build_rootfs(&plan, &mut engine)?;
    let (tree, on_disk) = engine.installed().map_err(|error| build_error(&error))?;
    println!("in a user namespace: {}", is_in_user_namespace());
    print_tree(&tree);
    println!("devices on disk: {}", on_disk.walk().filter(|entry| is_device(&on_disk.node(entry.id).kind)).count());
    engine.finish()?;
    let left: Vec<_> = fs_err::read_dir(stage.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["root"], "the stage holds more than the root");
    Ok(())
}

/// A lock of nothing.
const LOCK: &str = "version = 1\ndistribution = \"trivial\"\nrelease = \"1.0\"\narchitecture = \"x86_64\"\n";

fn print_tree(tree: &Tree) {
    for entry in tree.walk() {
        let node = tree.node(entry.id);
        let what = match &node.kind {
            Kind::Directory(_) => "directory".to_owned(),
            Kind::File(file) if file.length < 400 => {
                format!("file {}", tree.read(entry.id, 400).unwrap().escape_ascii())
            }
            Kind::File(file) => format!("file of {}", file.sha256.map_or_else(String::new, |sha256| sha256.to_string())),
            Kind::Symlink(target) => format!("link {}", target.escape_ascii()),
            Kind::CharDevice { major, minor } => format!("char {major}:{minor}"),
            Kind::BlockDevice { major, minor } => format!("block {major}:{minor}"),
            Kind::Fifo => "fifo".to_owned(),
            Kind::Socket => "socket".to_owned(),
        };
        let metadata = &node.metadata;
        let attributes = metadata.xattrs.as_ref().map_or(0, |xattrs| xattrs.len());
        let path = entry.path.escape_ascii();
        println!("{path} {:04o} {}:{} +{attributes} {what}", metadata.mode, metadata.uid, metadata.gid);
    }
}

fn is_device(kind: &Kind) -> bool {
    matches!(kind, Kind::CharDevice { .. } | Kind::BlockDevice { .. })
}

/// Writes all that a build says to standard error.
struct Printed;

impl Observer for Printed {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::Script { origin, line } => eprintln!("{origin}| {line}"),
            Event::Note(note) => eprintln!("note: {note}"),
            Event::Item(item) => eprintln!("item: {item}"),
            _ => {}
        }
    }

    fn cancelled(&self) -> bool {
        false
    }
}
