//! What is written, from the file's name and the flags: docs/images.md has the table.

mod compression;
mod container;
mod disk;
mod name;

use crate::output::{Container, Form, Format, Output};
use crate::setting_error::SettingError;
use crate::sourced::{Source, Sourced};
use crate::wishes::Wishes;
use compression::Packing;
use name::Name;

/// The file to write, if one is wished for.
///
/// # Errors
/// When the name says no form, or settings contradict it or each other.
pub(crate) fn settle(wishes: &Wishes) -> Result<Option<Output>, SettingError> {
    let packing = wishes.compress.as_ref().map(Packing::parse).transpose()?;
    let Some(said) = &wishes.output else {
        // A wrong value is wrong where nothing needs it, too.
        disk::settle(&Wishes { fs: None, table: None, boot: None, ..wishes.clone() }, None, None)?;
        return Ok(None);
    };
    if let Some(output) = container::settle(said, wishes, packing.clone())? {
        return Ok(Some(output));
    }
    let shown = said.with(said.value.display().to_string());
    let name = Name::of(&said.value);
    let format = match (wishes.format.as_ref().map(format_of).transpose()?, name.format()) {
        (Some(asked), Some(named)) if asked != named => {
            let reason = format!("the name `{}` is that of {}", shown.value, named.described());
            return Err(wishes.format.as_ref().map_or_else(|| SettingError::NoTarget, |format| SettingError::invalid(format, reason)));
        }
        (Some(asked), _) => asked,
        (None, Some(named)) => named,
        (None, None) if name == Name::Disk => Format::Disk,
        (None, None) => {
            let hint = "write a tar with -o rootfs.tar, a disk with -o guest.img, or say --format";
            return Err(SettingError::invalid_with_hint(&shown, "the suffix tells no format", hint));
        }
    };
    let form = match format {
        Format::Disk => {
            let (options, boot) = disk::settle(wishes, name.filesystem(), packing)?;
            Form::Disk(Box::new(options), boot, Container::Raw)
        }
        Format::Qcow2 => {
            let (options, boot, compression) = disk::settle_qcow2(wishes, packing)?;
            Form::Disk(Box::new(options), boot, Container::Qcow2(compression))
        }
        Format::Tar | Format::Cpio | Format::Oci | Format::DockerArchive => {
            disk::refuse_all(wishes, format)?;
            let compression = compression::of_archive(packing, name.compression(), format)?;
            if format == Format::Tar { Form::Tar(compression) } else { Form::Cpio(compression) }
        }
    };
    Ok(Some(Output { path: said.path(), form }))
}

fn format_of(said: &Sourced<String>) -> Result<Format, SettingError> {
    one_of(said, &Format::ALL)
}

/// The value of a name.
fn one_of<T: Copy>(said: &Sourced<String>, known: &[(&'static str, T)]) -> Result<T, SettingError> {
    let found = known.iter().find(|(name, _)| *name == said.value).map(|(_, value)| *value);
    found.ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        SettingError::invalid(said, format!("`{}` is none of {}", said.value, names.join(", ")))
    })
}

/// Refuses what was said for this one run and means nothing for what is written. A file of settings may be for several.
fn refuse<T: std::fmt::Display>(said: Option<&Sourced<T>>, why: &str) -> Result<(), SettingError> {
    match said {
        Some(said) if matches!(said.source, Source::Flag(_)) => Err(SettingError::invalid(said, why)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::ImageArgs;

    /// What a name and flags come to, in words.
    fn told(name: &str, args: ImageArgs) -> String {
        let output = Some(Sourced::new(name.into(), Source::Flag("--output")));
        match settle(&Wishes { output, ..Wishes::from(args) }) {
            Err(error) => error.to_string(),
            Ok(None) => "nothing".to_owned(),
            Ok(Some(output)) => match output.form {
                Form::Oci(tag, compression) => format!("oci {} {tag:?} {compression:?}", output.path.display()),
                Form::DockerArchive(name, compression) => format!("docker {} {name:?} {compression:?}", output.path.display()),
                Form::Tar(compression) => format!("tar {compression:?}"),
                Form::Cpio(compression) => format!("cpio {compression:?}"),
                Form::Disk(options, _, Container::Raw) => format!("{:?} {}", options.table, disk::name_of(&options.root)),
                Form::Disk(options, _, Container::Qcow2(compression)) => {
                    format!("{:?} {} in qcow2 {compression:?}", options.table, disk::name_of(&options.root))
                }
            },
        }
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn the_name_alone_says_the_form() {
        for (name, form) in [
            ("rootfs.tar", "tar None"),
            ("out/ROOTFS.TAR", "tar None"),
            ("rootfs.tar.gz", "tar Gzip { level: 6 }"),
            ("rootfs.txz", "tar Xz { level: 6 }"),
            ("rootfs.tar.zst", "tar Zstd { level: 3 }"),
            ("initrd.cpio", "cpio None"),
            ("initrd.cpio.xz", "cpio Xz { level: 6 }"),
            ("guest.img", "Mbr ext4"),
            ("guest.raw", "Mbr ext4"),
            ("root.ext4", "None ext4"),
            ("root.squashfs", "None squashfs"),
            ("root.erofs", "None erofs"),
            ("guest.qcow2", "Mbr ext4 in qcow2 None"),
            (".tar", "--output .tar: the suffix tells no format"),
            ("rootfs", "--output rootfs: the suffix tells no format"),
            ("rootfs.zip", "--output rootfs.zip: the suffix tells no format"),
        ] {
            assert_eq!(told(name, ImageArgs::default()), form, "{name}");
        }
    }

    #[test]
    fn flags_say_more_than_the_name() {
        let format = |format| ImageArgs { format: some(format), ..ImageArgs::default() };
        assert_eq!(told("initrd.img", format("cpio")), "cpio Gzip { level: 6 }");
        assert_eq!(told("initrd", format("cpio")), "cpio Gzip { level: 6 }");
        assert_eq!(told("x", format("zip")), "--format zip: `zip` is none of disk, qcow2, tar, cpio");
        assert_eq!(told("x.tar", format("cpio")), "--format cpio: the name `x.tar` is that of a tar");
        let compress = |name, compress| told(name, ImageArgs { compress: some(compress), ..ImageArgs::default() });
        assert_eq!(compress("x.tar", "zstd:19"), "tar Zstd { level: 19 }");
        assert_eq!(compress("x.tar.gz", "gz:9"), "tar Gzip { level: 9 }");
        assert_eq!(compress("x.tar.gz", "xz"), "--compress xz: the file's name says gz");
        assert_eq!(compress("x.tar", "lz4"), "--compress lz4: a tar is packed with gz, xz, zstd or none");
        assert_eq!(compress("x.tar", "xz:12"), "--compress xz:12: xz has the levels 0 to 9");
        assert_eq!(compress("x.img", "xz"), "--compress xz: ext4 has no compression");
        assert_eq!(compress("x.qcow2", "zstd"), "Mbr ext4 in qcow2 Zstd { level: 3 }");
        assert_eq!(compress("x.qcow2", "zstd:9"), "Mbr ext4 in qcow2 Zstd { level: 9 }");
        assert_eq!(compress("x.qcow2", "none"), "Mbr ext4 in qcow2 None");
        assert_eq!(compress("x.qcow2", "gz"), "--compress gz: a qcow2 is packed with zstd or none");
        let packed = ImageArgs { fs: some("squashfs"), compress: some("zstd"), ..ImageArgs::default() };
        assert_eq!(told("x.qcow2", packed), "Mbr squashfs in qcow2 None");
        assert_eq!(told("x.img", format("qcow2")), "Mbr ext4 in qcow2 None");
        assert_eq!(told("x.qcow2", format("disk")), "--format disk: the name `x.qcow2` is that of a qcow2");
        let mapped = ImageArgs { dax: true, ..ImageArgs::default() };
        assert_eq!(told("x.qcow2", mapped), "a guest maps the disk itself, and a qcow2 is none");
    }

    #[test]
    fn images_of_containers_are_named_as_skopeo_names_them() {
        let plain = |name| told(name, ImageArgs::default());
        assert_eq!(plain("oci:./layout"), "oci ./layout Some(\"latest\") Gzip { level: 6 }");
        assert_eq!(plain("oci:a/b:1.0"), "oci a/b Some(\"1.0\") Gzip { level: 6 }");
        assert_eq!(plain("docker-archive:x.tar"), "docker x.tar None None");
        assert_eq!(plain("docker-archive:x.tar:my/guest"), "docker x.tar Some(\"my/guest:latest\") None");
        assert_eq!(plain("docker-archive:x.tar:guest:9"), "docker x.tar Some(\"guest:9\") None");
        assert_eq!(plain("oci:a:b c"), "--output oci:a:b c: `b c` can't be a tag");
        assert_eq!(plain("oci::tag"), "--output oci::tag: it names no place");
        assert_eq!(plain("docker-archive:x.tar:Guest"), "--output docker-archive:x.tar:Guest: `Guest` can't be the name of an image");
        let compress = |name, compress| told(name, ImageArgs { compress: some(compress), ..ImageArgs::default() });
        assert_eq!(compress("oci:a", "zstd:9"), "oci a Some(\"latest\") Zstd { level: 9 }");
        assert_eq!(compress("oci:a", "xz"), "--compress xz: an OCI layout is packed with gz, zstd or none");
        assert_eq!(compress("docker-archive:x", "gz"), "docker x None Gzip { level: 6 }");
        assert_eq!(compress("docker-archive:x", "zstd"), "--compress zstd: a docker-archive is packed with gz or none");
        let sized = ImageArgs { size: some("1G"), ..ImageArgs::default() };
        assert_eq!(told("oci:a", sized), "--size 1G: an OCI layout has none");
        let formatted = ImageArgs { format: some("tar"), ..ImageArgs::default() };
        assert_eq!(told("oci:a", formatted), "--format tar: the name `oci:a` is that of an image of containers");
    }

    #[test]
    fn wrong_mixes_say_which() {
        let sized = ImageArgs { size: some("1G"), ..ImageArgs::default() };
        assert_eq!(told("x.tar", sized.clone()), "--size 1G: a tar has none");
        assert_eq!(told("x.squashfs", sized), "--size 1G: a squashfs is as large as what is in it");
        let table = |name, table| told(name, ImageArgs { table: some(table), ..ImageArgs::default() });
        assert_eq!(table("x.squashfs", "none"), "None squashfs");
        assert_eq!(table("x.squashfs", "gpt"), "--table gpt: the file's name says that it is a squashfs without a table");
        let boot = |name, boot, table: Option<&str>| {
            told(name, ImageArgs { boot: some(boot), table: table.map(str::to_owned), ..ImageArgs::default() })
        };
        assert_eq!(boot("x.img", "uefi", None), "Gpt ext4");
        assert_eq!(boot("x.img", "uefi", Some("mbr")), "--boot uefi: firmware finds its partition by a GPT, and --table says another");
        assert_eq!(boot("x.squashfs", "uefi", None), "--boot uefi: the file's name says that it is a squashfs without a table");
        assert_eq!(boot("x.img", "bios", None), "Mbr ext4");
        assert_eq!(boot("x.img", "bios", Some("gpt")), "Gpt ext4");
        assert_eq!(boot("x.img", "bios", Some("none")), "--boot bios: GRUB lies behind a table, and --table says that there is none");
        assert_eq!(boot("x.ext4", "bios", None), "--boot bios: the file's name says that it is an ext4 without a table");
        assert_eq!(boot("x.tar", "bios", None), "--boot bios: a tar has none");
        let bios = ImageArgs { boot: some("bios"), ..ImageArgs::default() };
        let squashfs = ImageArgs { fs: some("squashfs"), ..bios.clone() };
        assert_eq!(told("x.img", squashfs), "--boot bios: GRUB takes the kernel from an ext4, and --fs says squashfs");
        for mapped in [ImageArgs { dax: true, ..bios.clone() }, ImageArgs { verity: true, ..bios }] {
            assert_eq!(told("x.img", mapped), "--boot bios: what is mapped or has hashes gets its kernel from outside");
        }
        let filesystem = |name, filesystem| told(name, ImageArgs { fs: some(filesystem), ..ImageArgs::default() });
        assert_eq!(filesystem("x.img", "squashfs"), "Mbr squashfs");
        assert_eq!(filesystem("x.img", "erofs"), "Mbr erofs");
        assert_eq!(filesystem("x.ext4", "squashfs"), "--fs squashfs: the file's name says ext4");
        let profiled = ImageArgs { fs: some("squashfs"), ext4_profile: some("compat"), ..ImageArgs::default() };
        assert_eq!(told("x.img", profiled), "--ext4-profile compat: a squashfs has none");
    }
}
