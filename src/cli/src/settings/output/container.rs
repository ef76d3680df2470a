//! Images of containers, which are named as skopeo names them: `oci:DIR[:TAG]`, `docker-archive:FILE[:NAME[:TAG]]`.

use std::path::PathBuf;

use rootfs_image::ContainerForm;

use super::compression::{self, Packing};
use super::disk;
use crate::container_name;
use crate::output::{Form, Format, Output};
use crate::setting_error::SettingError;
use crate::sourced::Sourced;
use crate::wishes::Wishes;

/// What an image is called where nothing else was said.
const LATEST: &str = "latest";

/// The image that is wished for; nothing where the name has none of the prefixes.
pub(super) fn settle(said: &Sourced<PathBuf>, wishes: &Wishes, packing: Option<Packing>) -> Result<Option<Output>, SettingError> {
    let Some(text) = said.value.to_str() else { return Ok(None) };
    let shown = said.with(text.to_owned());
    let Some((form, path, reference)) = container_name::split(text) else { return Ok(None) };
    let (format, reference) = match form {
        ContainerForm::Layout => {
            let tag = reference.unwrap_or(LATEST);
            if !is_tag(tag) {
                return Err(SettingError::invalid(&shown, format!("`{tag}` can't be a tag")));
            }
            (Format::Oci, Some(tag.to_owned()))
        }
        ContainerForm::DockerArchive => (Format::DockerArchive, reference.map(|name| full_name(name, &shown)).transpose()?),
        ContainerForm::OciArchive => {
            let hint = "write oci:DIR and pack the directory with tar, or docker-archive:FILE";
            return Err(SettingError::invalid_with_hint(&shown, "a layout in an archive is read, and not written", hint));
        }
    };
    if path.is_empty() {
        return Err(SettingError::invalid(&shown, "it names no place"));
    }
    if let Some(format) = &wishes.format {
        return Err(SettingError::invalid(format, format!("the name `{text}` is that of an image of containers")));
    }
    disk::refuse_all(wishes, format)?;
    let usual = if format == Format::Oci { rootfs_image::Compression::GZIP } else { rootfs_image::Compression::None };
    let packs = packing.as_ref().map(|packing| packing.said().clone());
    let compression = if packing.is_some() { compression::of_archive(packing, None, format)? } else { usual };
    let fits = match compression {
        rootfs_image::Compression::None | rootfs_image::Compression::Gzip { .. } => true,
        rootfs_image::Compression::Zstd { .. } => format == Format::Oci,
        rootfs_image::Compression::Xz { .. } => false,
    };
    if let (false, Some(packs)) = (fits, packs) {
        let which = if format == Format::Oci { "gz, zstd or none" } else { "gz or none" };
        return Err(SettingError::invalid(&packs, format!("{} is packed with {which}", format.described())));
    }
    let path = said.with(PathBuf::from(path)).path();
    let form = if format == Format::Oci { Form::Oci(reference, compression) } else { Form::DockerArchive(reference, compression) };
    Ok(Some(Output { path, form }))
}

/// With a tag, as engines want it.
fn full_name(name: &str, shown: &Sourced<String>) -> Result<String, SettingError> {
    let (repository, tag) = match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (name, LATEST),
    };
    let is_name = repository.split('/').all(|part| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-:".contains(&byte))
    });
    if is_name && is_tag(tag) {
        Ok(format!("{repository}:{tag}"))
    } else {
        Err(SettingError::invalid(shown, format!("`{name}` can't be the name of an image")))
    }
}

/// As the distribution specification has it.
fn is_tag(tag: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (1..=128).contains(&tag.len())
        && tag.bytes().next().is_some_and(is_word)
        && tag.bytes().all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
}
