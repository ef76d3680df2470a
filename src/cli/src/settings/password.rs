use std::io::BufRead as _;
use std::path::PathBuf;

use rootfs_plugin::Password;

use crate::setting_error::SettingError;
use crate::sourced::Sourced;

/// Reads passwords in their four forms; standard input can be asked for once.
#[derive(Debug, Default)]
pub(super) struct Reader {
    input_used: bool,
}

impl Reader {
    /// `hashed:CRYPT`, `@FILE` (its first line), `-` (standard input's first line), or the password itself. No error shows the password.
    pub(super) fn read(&mut self, said: &Sourced<String>) -> Result<Password, SettingError> {
        let hidden = said.with("…");
        let text = said.value.as_str();
        if let Some(crypt) = text.strip_prefix("hashed:") {
            if !crypt.starts_with('$') || crypt.contains([':', '\n']) {
                let hint = "make one with `openssl passwd -6` or `mkpasswd`";
                return Err(SettingError::invalid_with_hint(&hidden, "what follows `hashed:` is not what crypt(3) writes", hint));
            }
            return Ok(Password::Hashed(crypt.to_owned()));
        }
        let clear = if let Some(file) = text.strip_prefix('@') {
            let file = said.with(PathBuf::from(file)).path();
            let text = fs_err::read_to_string(file).map_err(|source| SettingError::Read { setting: said.to_string(), source })?;
            first_line(&text).to_owned()
        } else if text == "-" {
            self.input(said)?
        } else {
            text.to_owned()
        };
        if clear.is_empty() {
            return Err(SettingError::invalid_with_hint(&hidden, "the password is empty", "leave it out to lock the account"));
        }
        if clear.contains(['\n', '\0']) {
            return Err(SettingError::invalid(&hidden, "a password is one line"));
        }
        Ok(Password::Clear(clear))
    }

    fn input(&mut self, said: &Sourced<String>) -> Result<String, SettingError> {
        if std::mem::replace(&mut self.input_used, true) {
            return Err(SettingError::invalid(said, "standard input holds one password, and another one has it"));
        }
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        read.map_err(|source| SettingError::Read { setting: said.to_string(), source })?;
        Ok(first_line(&line).to_owned())
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sourced::Source;

    fn read(text: &str) -> Result<Password, SettingError> {
        Reader::default().read(&Sourced::new(text.to_owned(), Source::Flag("--root-password")))
    }

    #[test]
    fn a_password_has_its_forms() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs_err::write(file.path(), "of file\nsecond line\n").unwrap();
        assert!(matches!(read("abc"), Ok(Password::Clear(clear)) if clear == "abc"));
        assert!(matches!(read("hashed:$6$s$h"), Ok(Password::Hashed(hash)) if hash == "$6$s$h"));
        assert!(matches!(read(&format!("@{}", file.path().display())), Ok(Password::Clear(clear)) if clear == "of file"));
    }

    #[test]
    fn a_wrong_password_is_not_shown() {
        for wrong in ["", "hashed:secret", "hashed:$6$a:secret", "sec\nret"] {
            let error = read(wrong).unwrap_err().to_string();
            assert!(error.starts_with("--root-password …: ") && !error.contains("sec"), "{error}");
        }
    }
}
