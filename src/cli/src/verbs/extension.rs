//! Images that extend Kata's guests (from version 4.0 on): an erofs and its hashes, on a disk that a guest knows by its serial number.

use crate::image_record::ImageRecord;
use crate::setting_error::SettingError;
use crate::sourced::{Source, Sourced};
use crate::wishes::Wishes;

/// Where a guest mounts them.
const PLACE: &str = "/run/kata-extensions";
/// What their serial numbers begin with.
const SERIAL: &str = "extension-";
/// `VIRTIO_BLK_ID_BYTES`: most bytes of a virtio disk's serial number.
const SERIAL_MAX: usize = 20;

/// What an extension is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Extension(String);

impl Extension {
    /// Small letters, digits and hyphens: it becomes a directory, a serial number and part of a kernel parameter.
    pub(super) fn named(name: &str) -> Result<Self, SettingError> {
        let said = Sourced::new(name.to_owned(), Source::Flag("--extension"));
        let limit = SERIAL_MAX - SERIAL.len();
        let is_good = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') && !name.starts_with('-');
        if is_good && (1..=limit).contains(&name.len()) {
            return Ok(Self(name.to_owned()));
        }
        Err(SettingError::invalid(
            &said,
            format!("a name has 1 to {limit} small letters, digits and hyphens, and a hyphen is not the first"),
        ))
    }

    /// What such an image always is.
    pub(super) fn wish(wishes: &mut Wishes) {
        wishes.fs = Some(Sourced::new("erofs".to_owned(), Source::Flag("--extension")));
        wishes.verity = Some(true);
    }

    /// What a runtime has to be told, by names.
    pub(super) fn told(&self, record: &ImageRecord) -> Vec<(&'static str, String)> {
        let Self(name) = self;
        let mut rows = vec![("serial", format!("{SERIAL}{name}")), ("mounted", format!("{PLACE}/{name}"))];
        let parameters = record.verity.as_ref().map(|verity| &verity.parameters);
        rows.extend(parameters.map(|parameters| ("kernel", format!("kata.extension.{name}.verity_params={parameters}"))));
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in ["gpu", "a", "0-9", "abcdefghij"] {
            assert_eq!(Extension::named(name).unwrap(), Extension(name.to_owned()));
        }
        for name in ["", "-a", "GPU", "a/b", "a.b", "abcdefghijk"] {
            let error = Extension::named(name).unwrap_err().to_string();
            assert!(error.ends_with("a name has 1 to 10 small letters, digits and hyphens, and a hyphen is not the first"), "{error}");
        }
    }
}
