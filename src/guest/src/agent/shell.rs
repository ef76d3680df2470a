use rootfs_guest::protocol::Exec;

/// Root's.
const HOME: &str = "/root";

/// Root's shell as a command line: a login shell, so that it reads the guest's own settings.
pub(super) fn command_line() -> Vec<Vec<u8>> {
    let accounts = fs_err::read("/etc/passwd").unwrap_or_default();
    vec![roots_shell(&accounts).unwrap_or(b"/bin/sh").to_vec(), b"-l".to_vec()]
}

/// Where a command starts that doesn't say so: in root's home, or in `/` where there is none.
pub(super) fn choose_directory(exec: &mut Exec) {
    if exec.directory.is_empty() {
        exec.directory = if std::path::Path::new(HOME).is_dir() { HOME.into() } else { b"/".to_vec() };
    }
}

/// The last field of root's line (passwd(5)).
fn roots_shell(accounts: &[u8]) -> Option<&[u8]> {
    let line = accounts.split(|byte| *byte == b'\n').find(|line| line.starts_with(b"root:"))?;
    line.split(|byte| *byte == b':').nth(6).filter(|shell| shell.starts_with(b"/"))
}

#[cfg(test)]
mod tests {
    use super::roots_shell;

    #[test]
    fn it_is_what_the_accounts_say() {
        assert_eq!(roots_shell(b"x:x:1:1::/:/x\nroot:x:0:0:root:/root:/bin/bash\n"), Some(b"/bin/bash".as_slice()));
        assert_eq!(roots_shell(b"root:x:0:0:root:/root:\n"), None);
        assert_eq!(roots_shell(b"root:x:0\n"), None);
        assert_eq!(roots_shell(b""), None);
    }
}
