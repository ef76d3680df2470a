use crate::args::RmArgs;
use crate::environment::Environment;
use crate::failure::{Exit, Failure};
use crate::privilege::become_owner;
use crate::target::{TargetError, record_path};

/// Removes trees that rootfs-gen has made, and what lies beside them.
pub(super) fn run(args: &RmArgs, environment: &Environment) -> Result<Exit, Failure> {
    let mut found = Vec::new();
    for path in &args.roots {
        let path = fs_err::canonicalize(path).map_err(|error| Failure::of(&error))?;
        if !record_path(&path).is_dir() {
            return Err(TargetError::Foreign { path }.into());
        }
        found.push(path);
    }
    found.iter().try_for_each(|path| become_owner(path, environment))?;
    for path in found {
        fs_err::remove_dir_all(&path).map_err(|error| Failure::of(&error))?;
        fs_err::remove_dir_all(record_path(&path)).map_err(|error| Failure::of(&error))?;
    }
    Ok(Exit::Done)
}
