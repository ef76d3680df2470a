//! GRUB for a PC's BIOS: made by the distribution's own programs, in front of a root filesystem that has the kernel.

use std::borrow::Cow;

use rootfs_boot::{Kernel, KernelError};
use rootfs_image::{BiosBoot, DiskLayout, Guid, Table};
use rootfs_package::observer::{Event, Observer as _, Step};
use rootfs_package::tools::{ToolTask, Tools};
use rootfs_plugin::Architecture;
use rootfs_tree::{Kind, Metadata, Node, Time, Tree, TreeError};

use crate::failure::Failure;
use crate::progress::Progress;

/// Where the package `grub-pc-bin` has the boot sector.
const BOOT_IMG: &str = "/usr/lib/grub/i386-pc/boot.img";
/// What the core image is made of and into, where it is made.
const SCRIPT: &str = "/early.cfg";
const CORE_IMG: &str = "/core.img";

/// What the script needs, besides what reads the partition table.
const MODULES: [&str; 7] = ["biosdisk", "ext2", "search_fs_uuid", "linux", "boot", "serial", "terminal"];

/// What the boot loader is made of.
#[derive(Debug)]
pub(crate) struct BiosParts {
    /// What the kernel's packages hold together.
    packages: Tree,
    tools: Tools,
    architecture: Architecture,
}

impl BiosParts {
    /// With the kernel's packages, and those of GRUB.
    pub(crate) fn new(packages: Tree, tools: Tools, architecture: Architecture) -> Self {
        Self { packages, tools, architecture }
    }

    /// The tree with a kernel in `/boot`, where it has none, and an initramfs of ours, where the kernel has none and needs one; and what to tell of that.
    ///
    /// # Errors
    /// When the tree has several kernels, or one is damaged.
    pub(crate) fn furnish<'a>(&self, tree: &'a Tree) -> Result<(Cow<'a, Tree>, Vec<String>), Failure> {
        let failed = |error: KernelError| Failure::of(&error).hint(error.hint().map(str::to_owned));
        let (kernel, is_own) = match Kernel::from_tree(tree) {
            Err(KernelError::NoImage) => (Kernel::from_tree(&self.packages).map_err(failed)?, false),
            Err(error @ KernelError::Several { .. }) => {
                let hint = "GRUB starts the one in /boot: leave one there, or none to get the distribution's newest";
                return Err(Failure::of(&error).hint(Some(hint.to_owned())));
            }
            own => (own.map_err(failed)?, true),
        };
        let Places { vmlinuz, initrd } = Places::of(kernel.release())?;
        let has_initrd = is_own && is_there(tree, &initrd)?;
        let initramfs = if has_initrd { None } else { kernel.general_initramfs(self.architecture).map_err(failed)? };
        let note = |verb: &str| vec![format!("GRUB starts {vmlinuz}{verb}")];
        let added: Vec<(&str, Vec<u8>)> = (!is_own)
            .then(|| (vmlinuz.as_str(), kernel.vmlinuz().to_vec()))
            .into_iter()
            .chain(initramfs.map(|initramfs| (initrd.as_str(), initramfs.to_cpio())))
            .collect();
        if added.is_empty() {
            return Ok((Cow::Borrowed(tree), note(", which the tree has")));
        }
        let names: Vec<&str> = added.iter().map(|(path, _)| *path).collect();
        let notes = note(&format!("; added to the tree: {}", names.join(", ")));
        let mut tree = tree.clone();
        let time = Time::from_seconds(tree.newest_mtime().seconds);
        for (path, content) in added {
            let node = Node { metadata: Metadata::root(0o644, time), kind: Kind::inline(content), package: None };
            tree.place(path.as_bytes(), node).map_err(|error| Failure::of(&error))?;
        }
        Ok((Cow::Owned(tree), notes))
    }

    /// GRUB's images for a disk of this layout, which start the kernel of its tree with this command line.
    ///
    /// # Errors
    /// When GRUB can't read the root filesystem, or its programs fail.
    pub(crate) fn loader(
        &self,
        tree: &Tree,
        layout: &DiskLayout,
        table: Table,
        command_line: &str,
        progress: &Progress,
    ) -> Result<BiosBoot, Failure> {
        let uuid = readable(layout)?;
        let kernel = Kernel::from_tree(tree).map_err(|error| Failure::of(&error))?;
        let places = Places::of(kernel.release())?;
        let has_initrd = is_there(tree, &places.initrd)?;
        let script = script(&uuid.to_string(), &places, has_initrd, command_line);
        let results = self.tools.run(&task(table, script), progress)?;
        progress.event(Event::Began(Step::Write));
        let [core_img, boot_img] = <[Vec<u8>; 2]>::try_from(results).ok().ok_or_else(|| Failure::new("GRUB's images are missing"))?;
        Ok(BiosBoot { boot_img, core_img })
    }
}

/// The root filesystem's identity, if GRUB can read it.
fn readable(layout: &DiskLayout) -> Result<Guid, Failure> {
    let ext4 = layout.ext4().ok_or_else(|| Failure::new("GRUB takes the kernel from an ext4"))?;
    if ext4.has_value_inodes() {
        let hint = "`--ext4-profile compat` names it; without that attribute, or with `--boot uefi`, the disk can be made";
        let message = "GRUB can't read the root filesystem: an extended attribute in it is too large for a block";
        return Err(Failure::new(message).hint(Some(hint.to_owned())));
    }
    Ok(Guid(ext4.uuid()))
}

/// Where GRUB finds a kernel and its initramfs, as Debian names them.
struct Places {
    vmlinuz: String,
    initrd: String,
}

impl Places {
    /// For a release as `uname -r` has it.
    fn of(release: &str) -> Result<Self, Failure> {
        if !release.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-._~".contains(&byte)) {
            return Err(Failure::new(format!("a kernel's release can't be `{}`", release.escape_default())));
        }
        Ok(Self { vmlinuz: format!("/boot/vmlinuz-{release}"), initrd: format!("/boot/initrd.img-{release}") })
    }
}

fn is_there(tree: &Tree, path: &str) -> Result<bool, Failure> {
    match tree.resolve(path.as_bytes()) {
        Ok(_) => Ok(true),
        Err(TreeError::NotFound { .. }) => Ok(false),
        Err(error) => Err(Failure::of(&error)),
    }
}

/// What GRUB does: line by line, going on after what fails, as its smallest interpreter has it. It speaks on the screen, and on the first serial port
/// where there is one.
fn script(uuid: &str, places: &Places, has_initrd: bool, command_line: &str) -> String {
    let Places { vmlinuz, initrd } = places;
    let initrd = if has_initrd { format!("initrd {initrd}\n") } else { String::new() };
    format!(
        "serial --unit=0 --speed=115200\nterminal_input --append serial\nterminal_output --append serial\n\
         search.fs_uuid {uuid} root\nlinux {vmlinuz} {command_line}\n{initrd}boot\n"
    )
}

/// How the core image is made. Its prefix is where a guest's own GRUB would have its modules.
fn task(table: Table, script: String) -> ToolTask {
    let (reader, partition) = if table == Table::Gpt { ("part_gpt", "gpt2") } else { ("part_msdos", "msdos1") };
    let prefix = format!("(,{partition})/boot/grub");
    let fixed = ["grub-mkimage", "--format", "i386-pc", "--prefix", &prefix, "--config", SCRIPT, "--output", CORE_IMG, reader];
    ToolTask {
        name: "the distribution's grub-mkimage".to_owned(),
        step: Step::Write,
        command: fixed.into_iter().chain(MODULES).map(str::to_owned).collect(),
        files: vec![(SCRIPT.to_owned(), script.into_bytes())],
        results: [CORE_IMG, BOOT_IMG].map(str::to_owned).to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use rootfs_image::DiskOptions;

    use super::*;

    #[test]
    fn the_script_says_all_that_grub_does() {
        let places = Places::of("6.12.48+deb13-cloud-amd64").unwrap();
        let told = script("0123-45", &places, true, "root=PARTUUID=1-01 rw");
        let expected = "serial --unit=0 --speed=115200\nterminal_input --append serial\nterminal_output --append serial\n\
             search.fs_uuid 0123-45 root\nlinux /boot/vmlinuz-6.12.48+deb13-cloud-amd64 root=PARTUUID=1-01 rw\n\
             initrd /boot/initrd.img-6.12.48+deb13-cloud-amd64\nboot\n";
        assert_eq!(told, expected);
        assert!(!script("0123-45", &places, false, "").contains("initrd"));
    }

    #[test]
    fn what_grub_cannot_read_is_refused() {
        let readable = |length: usize| {
            let mut tree = Tree::default();
            tree.node_mut(Tree::ROOT).metadata.xattrs = Some(Box::new([(b"user.a"[..].into(), vec![1; length].into())].into()));
            readable(&DiskLayout::plan(&tree, &DiskOptions::default()).unwrap())
        };
        assert!(readable(1000).is_ok());
        assert!(readable(5000).unwrap_err().message.contains("too large for a block"));
    }

    #[test]
    fn no_name_of_a_kernel_is_a_command() {
        for release in ["6.1\nhalt", "6.1 x", "6.1;halt", "$x", "../x"] {
            assert!(Places::of(release).is_err(), "{release}");
        }
    }

    #[test]
    fn grub_reads_the_table_that_the_disk_has() {
        let command = |table| task(table, String::new()).command.join(" ");
        let common = "biosdisk ext2 search_fs_uuid linux boot serial terminal";
        assert_eq!(
            command(Table::Mbr),
            format!(
                "grub-mkimage --format i386-pc --prefix (,msdos1)/boot/grub --config /early.cfg --output /core.img part_msdos {common}"
            )
        );
        assert!(command(Table::Gpt).contains("(,gpt2)/boot/grub") && command(Table::Gpt).contains(" part_gpt "));
    }
}
