//! Whose machine's programs a tree has.

use rootfs_image::ContainerPlatform;
use rootfs_plugin::Architecture;
use rootfs_tree::Tree;

use crate::customise::architecture_of_program;

/// Bytes at a program's start that say whose it is.
const HEAD: usize = 20;

/// The architecture of the tree's init, or of its shell; none where neither is a program for a machine that can be built for.
pub(crate) fn of(tree: &Tree) -> Option<Architecture> {
    ["/sbin/init", "/init", "/bin/sh"].iter().find_map(|path| {
        let id = tree.resolve(path.as_bytes()).ok()?;
        let mut head = vec![0; HEAD];
        std::io::Read::read_exact(&mut tree.open(id).ok()?, &mut head).ok()?;
        architecture_of_program(&head)
    })
}

/// Whether its machines are PCs, of which any can have a BIOS.
pub(crate) fn has_bios(architecture: Architecture) -> bool {
    matches!(architecture, Architecture::X86_64 | Architecture::I686)
}

/// As images of containers say it: `GOARCH`, and the variant that image-spec has for it.
pub(crate) fn of_container(architecture: Architecture) -> ContainerPlatform {
    let (name, variant) = match architecture {
        Architecture::X86_64 => ("amd64", None),
        Architecture::Aarch64 => ("arm64", Some("v8")),
        Architecture::Armv7l => ("arm", Some("v7")),
        Architecture::I686 => ("386", None),
        Architecture::Ppc64le => ("ppc64le", None),
        Architecture::Riscv64 => ("riscv64", None),
        Architecture::S390x => ("s390x", None),
    };
    ContainerPlatform::linux(name, variant)
}

/// As the type of a root partition says it.
pub(crate) fn of_partition(architecture: Architecture) -> rootfs_image::Architecture {
    match architecture {
        Architecture::X86_64 => rootfs_image::Architecture::X86_64,
        Architecture::Aarch64 => rootfs_image::Architecture::Arm64,
        Architecture::Armv7l => rootfs_image::Architecture::Arm,
        Architecture::I686 => rootfs_image::Architecture::X86,
        Architecture::Ppc64le => rootfs_image::Architecture::Ppc64Le,
        Architecture::Riscv64 => rootfs_image::Architecture::RiscV64,
        Architecture::S390x => rootfs_image::Architecture::S390X,
    }
}
