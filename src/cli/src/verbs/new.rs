use std::path::PathBuf;

use super::print;
use crate::args::{NewArgs, NewKind};
use crate::failure::{Exit, Failure};
use crate::registry::Registry;
use crate::scaffold;

/// Begins a plugin.
pub(super) fn run(args: &NewArgs, registry: &Registry) -> Result<Exit, Failure> {
    let name = &args.name;
    let wrong = |reason: &str| Failure::new(format!("`{name}` {reason}")).exit(Exit::Usage);
    if !rootfs_plugin::is_name(name) {
        return Err(wrong("can't be the name of a distribution").hint(Some("take lower-case letters, digits and `-`".to_owned())));
    }
    if !registry.is_free(name) {
        return Err(wrong("is taken").hint(Some("`rootfs-gen --help` shows all verbs".to_owned())));
    }
    let directory = args.dir.clone().unwrap_or_else(|| PathBuf::from(name));
    let occupied = fs_err::read_dir(&directory).is_ok_and(|mut entries| entries.next().is_some());
    if occupied || directory.is_file() {
        let message = format!("`{}` exists and is not empty", directory.display());
        return Err(Failure::new(message).hint(Some("name another place with `--dir DIR`".to_owned())).exit(Exit::Usage));
    }
    for (path, text) in scaffold::files(args.kind, name) {
        let path = directory.join(path);
        path.parent().map_or(Ok(()), fs_err::create_dir_all).map_err(|error| Failure::of(&error))?;
        fs_err::write(&path, text).map_err(|error| Failure::of(&error))?;
    }
    let build = match args.kind {
        NewKind::Rust => "  cargo test --release && cargo build --release\n",
        NewKind::C => "  make\n",
        NewKind::Shell | NewKind::File => "",
    };
    let directory = directory.display();
    print(&format!("{directory} is there. Next:\n  cd {directory}\n{build}  rootfs-gen {name} --plugin-dir . -r ./out\n"))?;
    Ok(Exit::Done)
}
