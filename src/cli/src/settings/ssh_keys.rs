use std::path::PathBuf;

use crate::setting_error::SettingError;
use crate::sourced::Sourced;

/// The lines of the files that hold keys. A private key is refused: it would be in every guest.
pub(super) fn read(files: &[Sourced<PathBuf>]) -> Result<Vec<String>, SettingError> {
    let mut keys = Vec::new();
    for said in files {
        let shown = said.with(said.value.display());
        let text = fs_err::read_to_string(said.path()).map_err(|source| SettingError::Read { setting: shown.to_string(), source })?;
        if text.contains("PRIVATE KEY-----") {
            let hint = format!("name the public key, {}.pub", said.value.display());
            return Err(SettingError::invalid_with_hint(&shown, "this is a private key", hint));
        }
        let before = keys.len();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if !KINDS.iter().any(|kind| line.split_whitespace().any(|word| word.starts_with(kind))) {
                return Err(SettingError::invalid(&shown, format!("`{}` is not a public key", excerpt(line))));
            }
            keys.push(line.to_owned());
        }
        if keys.len() == before {
            return Err(SettingError::invalid(&shown, "there is no key in it"));
        }
    }
    Ok(keys)
}

/// How the type of a key begins (sshd(8), AUTHORIZED_KEYS FILE FORMAT); options may come before it.
const KINDS: [&str; 3] = ["ssh-", "ecdsa-sha2-", "sk-"];

fn excerpt(line: &str) -> String {
    line.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sourced::Source;

    fn read_text(text: &str) -> Result<Vec<String>, SettingError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs_err::write(file.path(), text).unwrap();
        read(&[Sourced::new(file.path().to_owned(), Source::Flag("--ssh-key"))])
    }

    #[test]
    fn public_keys_are_read_and_all_else_is_refused() {
        let keys = read_text("# mine\nssh-ed25519 AAAA me\n\nrestrict,pty ecdsa-sha2-nistp256 AAAA you\n").unwrap();
        assert_eq!(keys, ["ssh-ed25519 AAAA me", "restrict,pty ecdsa-sha2-nistp256 AAAA you"]);
        for (text, reason) in [
            ("-----BEGIN OPENSSH PRIVATE KEY-----\n", "this is a private key"),
            ("hello\n", "`hello` is not a public key"),
            ("\n# nothing\n", "there is no key in it"),
        ] {
            assert!(read_text(text).unwrap_err().to_string().contains(reason), "{text}");
        }
    }
}
