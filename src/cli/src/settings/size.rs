//! Numbers of bytes with a binary suffix, as disks are measured: `512M`, `2G`, `1.5G`, `4096`.

use crate::setting_error::SettingError;
use crate::sourced::Sourced;

/// The number of bytes that a setting says.
pub(super) fn bytes(said: &Sourced<String>) -> Result<u64, SettingError> {
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
    fn sizes_have_binary_suffixes() {
        for (text, bytes) in [("4096", 4096), ("1K", 1024), ("512M", 512 << 20), ("2GiB", 2 << 30), ("1.5G", 3 << 29), ("1T", 1 << 40)] {
            assert_eq!(parse_bytes(text), Some(bytes), "{text}");
        }
        for text in ["", "M", "-1", "1.", "1.2.3M", "12X", "99999999999T", "1 G"] {
            assert_eq!(parse_bytes(text), None, "{text}");
        }
    }
}
