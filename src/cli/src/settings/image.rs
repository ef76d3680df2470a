use rootfs_image::{BlockSize, Profile};

use crate::args::ImageArgs;
use crate::invocation::ImageOptions;
use crate::setting_error::SettingError;
use crate::sourced::Sourced;
use crate::wishes::Wishes;

/// ext4 keeps this many bytes of a label.
const LONGEST_LABEL: usize = 16;

/// Profiles by the names they are asked for.
const PROFILES: [(&str, Profile); 3] = [("default", Profile::Default), ("read-only", Profile::ReadOnly), ("compat", Profile::Compat)];

/// What flags alone say of an image.
///
/// # Errors
/// When a value is none.
pub(crate) fn of_flags(args: &ImageArgs) -> Result<ImageOptions, SettingError> {
    settle(&Wishes::from(args.clone()))
}

/// What all sources say of an image.
pub(super) fn settle(wishes: &Wishes) -> Result<ImageOptions, SettingError> {
    if let (Some(size), Some(_)) = (&wishes.size, &wishes.free) {
        return Err(SettingError::invalid(size, "a size and free space exclude each other"));
    }
    Ok(ImageOptions {
        size: wishes.size.as_ref().map(bytes).transpose()?,
        free: wishes.free.as_ref().map(bytes).transpose()?,
        label: wishes.label.as_ref().map(label_of).transpose()?,
        profile: wishes.ext4_profile.as_ref().map(profile).transpose()?.unwrap_or_default(),
        block_size: wishes.block_size.as_ref().map(block_size).transpose()?.unwrap_or_default(),
    })
}

fn profile(said: &Sourced<String>) -> Result<Profile, SettingError> {
    let known = PROFILES.into_iter().find(|(name, _)| *name == said.value);
    let names = PROFILES.map(|(name, _)| name).join(", ");
    known.map(|(_, profile)| profile).ok_or_else(|| SettingError::invalid(said, format!("`{}` is none of {names}", said.value)))
}

fn block_size(said: &Sourced<String>) -> Result<BlockSize, SettingError> {
    let wanted = bytes(said)?;
    let known = BlockSize::ALL.into_iter().find(|size| u64::from(size.bytes()) == wanted);
    known.ok_or_else(|| SettingError::invalid(said, "a block has 1K, 2K or 4K"))
}

fn label_of(said: &Sourced<String>) -> Result<String, SettingError> {
    if said.value.len() > LONGEST_LABEL || said.value.contains('\0') {
        return Err(SettingError::invalid(said, format!("a label has at most {LONGEST_LABEL} bytes")));
    }
    Ok(said.value.clone())
}

/// A number of bytes with a binary suffix, as disks are measured: `512M`, `2G`, `1.5G`, `4096`.
fn bytes(said: &Sourced<String>) -> Result<u64, SettingError> {
    parse_bytes(&said.value)
        .ok_or_else(|| SettingError::invalid_with_hint(said, "it is no size", "write a number of bytes, or one with K, M, G or T, as 512M"))
}

/// See [`bytes`].
pub(crate) fn parse_bytes(text: &str) -> Option<u64> {
    let text = text.trim().trim_end_matches(['B', 'b']);
    let text = text.strip_suffix(['i']).unwrap_or(text);
    let (number, unit) = match text.char_indices().last()? {
        (at, 'K' | 'k') => (&text[..at], 1_u64 << 10),
        (at, 'M' | 'm') => (&text[..at], 1 << 20),
        (at, 'G' | 'g') => (&text[..at], 1 << 30),
        (at, 'T' | 't') => (&text[..at], 1 << 40),
        _ => (text, 1),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 3 || number.ends_with('.') {
        return None;
    }
    let thousandths: u64 = if fraction.is_empty() { 0 } else { format!("{fraction:0<3}").parse().ok()? };
    whole.parse::<u64>().ok()?.checked_mul(unit)?.checked_add(unit.checked_mul(thousandths)? / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_and_block_sizes_have_defaults() {
        let of = |profile: Option<&str>, block_size: Option<&str>| {
            let args =
                ImageArgs { ext4_profile: profile.map(str::to_owned), block_size: block_size.map(str::to_owned), ..ImageArgs::default() };
            of_flags(&args).map(|options| (options.profile, options.block_size)).map_err(|error| error.to_string())
        };
        assert_eq!(of(None, None), Ok((Profile::Default, BlockSize::K4)));
        for (text, block_size) in [("1K", BlockSize::K1), ("2048", BlockSize::K2), ("4KiB", BlockSize::K4)] {
            assert_eq!(of(Some("read-only"), Some(text)), Ok((Profile::ReadOnly, block_size)));
        }
        assert_eq!(of(None, Some("3K")), Err("--block-size 3K: a block has 1K, 2K or 4K".to_owned()));
    }

    #[test]
    fn sizes_have_binary_suffixes() {
        for (text, bytes) in [("4096", 4096), ("1K", 1024), ("512M", 512 << 20), ("2GiB", 2 << 30), ("1.5G", 3 << 29), ("1T", 1 << 40)] {
            assert_eq!(parse_bytes(text), Some(bytes), "{text}");
        }
        for text in ["", "M", "-1", "1.", "1.2.3M", "12X", "99999999999T", "1 G"] {
            assert_eq!(parse_bytes(text), None, "{text}");
        }
    }
}
