use rootfs_plugin::{BuildContext, BuildError};

/// What the package `ca-certificates` trusts unless a person says otherwise (its `README.Debian`).
const CERTIFICATES: &str = "/usr/share/ca-certificates/mozilla";

/// One file of all certificates, where OpenSSL, GnuTLS and curl look for it.
const BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Does what the script of `ca-certificates` does first of all: all certificates in one file. Nothing where there are none.
pub(crate) fn bundle(context: &mut dyn BuildContext) -> Result<(), BuildError> {
    let names = context.list(CERTIFICATES)?;
    let mut bundle = Vec::new();
    for name in names.iter().filter(|name| name.ends_with(".crt")) {
        bundle.extend(context.read(&format!("{CERTIFICATES}/{name}"))?);
        if !bundle.ends_with(b"\n") {
            bundle.push(b'\n');
        }
    }
    if bundle.is_empty() { Ok(()) } else { context.write(BUNDLE, &bundle, 0o644) }
}
