use std::ffi::OsString;

use rootfs_sandbox::attend;

use crate::args::ShellArgs;
use crate::container_name;
use crate::environment::Environment;
use crate::failure::{Exit, Failure};
use crate::privilege::become_owner;

/// What a command finds in its environment, besides the terminal's kind.
const VARIABLES: [(&str, &str); 3] =
    [("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"), ("HOME", "/root"), ("LANG", "C.UTF-8")];

/// Runs a command, or a shell, inside a tree.
pub(super) fn run(args: &ShellArgs, environment: &Environment) -> Result<Exit, Failure> {
    container_name::refuse(&args.root, ".tar")?;
    let tree = fs_err::canonicalize(&args.root).map_err(|error| Failure::of(&error))?;
    if !tree.is_dir() {
        let hint =
            "`rootfs-gen boot IMAGE` gives a shell in an image that has a kernel; a tar is unpacked with `tar -x`, as root".to_owned();
        return Err(Failure::new(format!("`{}` is no directory", args.root.display())).hint(Some(hint)).exit(Exit::Usage));
    }
    become_owner(&tree, environment)?;
    let mut variables: Vec<(OsString, OsString)> = VARIABLES.map(|(name, value)| (name.into(), value.into())).to_vec();
    variables.extend(environment.path("TERM").map(|kind| ("TERM".into(), kind.into_os_string())));
    let command = if args.command.is_empty() { vec!["/bin/sh".into()] } else { args.command.clone() };
    let hostname =
        tree.file_name().unwrap_or_default().to_string_lossy().chars().filter(char::is_ascii_alphanumeric).take(63).collect::<String>();
    let exit = attend(&tree, &hostname, &command, &variables).map_err(|error| Failure::of(&error).hint(error.hint()))?;
    Ok(Exit::Guest(u8::try_from(exit.status()).unwrap_or(u8::MAX)))
}
