use std::path::Path;

use goblin::elf::Elf;
use goblin::elf::header::{EM_386, EM_AARCH64, EM_ARM, EM_PPC64, EM_RISCV, EM_S390, EM_X86_64, machine_to_str};
use rootfs_plugin::{Architecture, abi};

use crate::LoadError;

/// Fails unless a file is a plugin's library that this machine could load. Nothing of it is run.
pub(crate) fn require_library(path: &Path) -> Result<(), LoadError> {
    let refused = |reason: String, hint: Option<&str>| LoadError::Library { path: path.to_owned(), reason, hint: hint.map(str::to_owned) };
    let bytes = match fs_err::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(refused(
                "is not there".to_owned(),
                Some("build it: `cargo build --release`, or `make`, in the plugin's directory"),
            ));
        }
        Err(error) => return Err(LoadError::Read(error)),
    };
    let elf = Elf::parse(&bytes).map_err(|error| refused(format!("is no shared object: {error}"), None))?;
    let machine = elf.header.e_machine;
    if Architecture::native().map(machine_of) != Some(machine) {
        return Err(refused(format!("is for another machine ({})", machine_to_str(machine)), Some("build it on this machine")));
    }
    let exports = elf.dynsyms.iter().any(|symbol| !symbol.is_import() && elf.dynstrtab.get_at(symbol.st_name) == Some(abi::ENTRY));
    if exports {
        return Ok(());
    }
    let hint = "a library in Rust has one line `rootfs_plugin::export_distro!(…);`, one in C a function of this name";
    Err(refused(format!("does not export `{}`", abi::ENTRY), Some(hint)))
}

fn machine_of(architecture: Architecture) -> u16 {
    match architecture {
        Architecture::X86_64 => EM_X86_64,
        Architecture::Aarch64 => EM_AARCH64,
        Architecture::Armv7l => EM_ARM,
        Architecture::I686 => EM_386,
        Architecture::Ppc64le => EM_PPC64,
        Architecture::Riscv64 => EM_RISCV,
        Architecture::S390x => EM_S390,
    }
}
